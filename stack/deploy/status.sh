#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# status; sourced by rs-deploy.
# shellcheck disable=SC2016,SC2154,SC2034 # programs of jq and of shells elsewhere; globals are those of rs-deploy

# Asks each computer how its instances are.
status() {
    [ -e "$state/placements.json" ] || die 66 "$state: nothing was deployed from here" "rs-deploy apply $file"
    mkdir -- "$work/rows"
    cp -- "$state/placements.json" "$work/placements.json"
    open_hosts
    : >"$work/rows.json"
    ask_promises root '' root '' || warned=yes
    : >"$work/services.said"
    add_row root '' root 'the first one'
    instances true >"$work/list"
    while read -r _slug _where _name <&3; do
        status_of "$_slug" "$_where" "$_name"
    done 3<"$work/list"
    _exit=0
    [ "$warned" = no ] || _exit=1
    [ -z "$unreached" ] || _exit=69
    if [ "$json" = yes ]; then
        jq -cs --arg name "$name" --argjson exit "$_exit" '{deployment: $name, instances: ., exit: $exit}' "$work/rows.json"
    else
        jq -r '"\(.name)\(if .computer then " on \(.computer)" else "" end): \(.state)" +
            (if .type and .type != "" then ", \(.type)" else "" end) +
            (if .services == {} then "" else ", services \([.services[] | select(.)] | length) of \(.services | length)" end),
            (.failing[] | "    promise not kept: \(.)"), (.services | to_entries[] | select(.value | not) | "    service down: \(.key)")' \
            "$work/rows.json" >"$work/text" || die 70 "the status cannot be shown"
        tr -d '\000-\011\013-\037\177' <"$work/text"
    fi
    exit "$_exit"
}

# Asks about the instance $3, slug $1, on the computer $2.
status_of() {
    : >"$work/services.said"
    : >"$work/promises"
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
        script_on "$2" supervise.sh status "$name-$1" "$(base_of "$2")/$1" $(settings_of "$2") >"$work/services.said" 2>"$work/errors" || warned=yes
        ask_promises "$3" '' "$1" "$2" || warned=yes
        ;;
    esac
    add_row "$3" "$2" "$1" "$_state"
}

# Adds a row for the instance $1 on the computer $2, slug $3, whose state is $4, with what was said of services and promises.
add_row() {
    jq -n -c --arg name "$1" --arg computer "$2" --arg state "$4" --rawfile services "$work/services.said" --rawfile promises "$work/promises" \
        --slurpfile placements "$work/placements.json" '
        def lines($text): $text | split("\n")[] | select(. != "");
        ($placements[0][$name] // {}) as $place |
        {name: $name, computer: (if $computer == "" then null else $computer end), directory: $place.directory, type: $place.type, state: $state,
         services: ([lines($services) | capture("^(?<how>up|down) (?<name>.*)$") | {(.name): (.how == "up")}] | add // {}),
         kept: [lines($promises) | select(startswith("kept ")) | .[5:]],
         failing: [lines($promises) | select(startswith("failing ")) | .[8:]]}' >>"$work/rows.json"
}
