#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How instances are: what rs-deploy status and rs-status ask; sourced by both.
# shellcheck disable=SC2016,SC2154,SC2034 # programs of jq and of shells elsewhere; globals are those of the program

# Asks the promises of the instance $1 on the computer $4, slug $3; of the first one here if $4 is empty.
# $work/promises has what they said. Returns 0 if all are kept, 66 if it is not there any more, 255 if the computer cannot be reached.
ask_promises() {
    if [ -z "$4" ]; then
        sh "$lib/promises.sh" "$state/root" >"$work/promises" 2>/dev/null 9>&-
    else
        script_on "$4" "$lib/promises.sh" "$(base_of "$4")/$3" >"$work/promises" 2>"$work/errors"
    fi
}

# Asks each computer how its instances are: a row for each in $work/rows.json, with what look.sh tells if `closely` is yes.
# Sets warned if something is not well, and unreached.
ask_all() {
    [ -e "$state/placements.json" ] || die 66 "$state: nothing was deployed from here" "rs-deploy apply $file"
    cp -- "$state/placements.json" "$work/placements.json"
    open_hosts
    : >"$work/rows.json"
    nothing_said
    ask_promises root '' root '' || warned=yes
    add_row root '' root 'the first one'
    instances true >"$work/list"
    while read -r _slug _where _name <&3; do
        status_of "$_slug" "$_where" "$_name"
    done 3<"$work/list"
}

# Nothing was said of an instance yet.
nothing_said() {
    for _what in services promises facts; do : >"$work/$_what"; done
}

# Asks about the instance $3, slug $1, on the computer $2.
status_of() {
    nothing_said
    _state=$(jq -r --arg name "$3" '.[$name] | if .wanted == false then "not asked for any more" elif .rendered == null then "placed"
        elif .state != "started" then .state elif .rendered == 0 then "settled" else "waiting for others" end' "$state/placements.json")
    case $_state in
    settled | waiting* | placed)
        if [ ! -e "$work/host/$2" ] || ! look_at "$2"; then
            [ -e "$work/host/$2" ] || unreached="$unreached $2"
            add_row "$3" "$2" "$1" unreachable
            return
        fi
        [ "$_state" = settled ] || warned=yes
        [ "$_state" != placed ] || { add_row "$3" "$2" "$1" placed && return; }
        # shellcheck disable=SC2046 # settings are words
        script_on "$2" "$stack/deploy/supervise.sh" status "$name-$1" "$(base_of "$2")/$1" $(settings_of "$2") >"$work/services" 2>"$work/errors" || warned=yes
        _kept=0
        ask_promises "$3" '' "$1" "$2" || _kept=$?
        [ "$_kept" -eq 0 ] || warned=yes
        [ "$_kept" -ne 66 ] || _state="not there any more"
        [ "$closely" = no ] || script_on "$2" "$own_stack/status/look.sh" "$(base_of "$2")/$1" >"$work/facts" 2>"$work/errors" || warned=yes
        # The line may have been cut meanwhile; then what was said is not all.
        if [ -e "$work/host/$2/unreached" ]; then
            lose_line "$2"
            _state=unreachable
        fi
        ;;
    esac
    add_row "$3" "$2" "$1" "$_state"
}

# Adds a row for the instance $1 on the computer $2, slug $3, whose state is $4, with what was said of it.
add_row() {
    jq -n -c --arg name "$1" --arg computer "$2" --arg state "$4" --rawfile services "$work/services" --rawfile promises "$work/promises" \
        --rawfile facts "$work/facts" --slurpfile placements "$work/placements.json" '
        def lines($text): $text | split("\n")[] | select(. != "");
        ($placements[0][$name] // {}) as $place |
        {name: $name, computer: (if $computer == "" then null else $computer end), directory: $place.directory, type: $place.type, state: $state,
         services: ([lines($services) | capture("^(?<how>up|down) (?<name>.*)$") | {(.name): (.how == "up")}] | add // {}),
         kept: [lines($promises) | select(startswith("kept ")) | .[5:]],
         failing: [lines($promises) | select(startswith("failing ")) | .[8:]], facts: $facts}' >>"$work/rows.json"
}
