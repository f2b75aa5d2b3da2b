#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# destroy; sourced by rs-deploy.
# shellcheck disable=SC2016,SC2154,SC2034 # programs of jq and of shells elsewhere; globals are those of rs-deploy

# Ends when the name $1 is not typed, or given with --yes; $2 says what it is about.
confirm() {
    if [ -n "$yes" ]; then
        [ "$yes" = "$1" ] || die 64 "--yes $yes: it is $1 that would be destroyed"
        return 0
    fi
    [ -t 0 ] || die 64 "$2: nobody is here to confirm it" "--yes '$1' says that it is meant"
    printf '%s. Type %s to do it: ' "$2" "$1" >&2
    IFS= read -r _typed || _typed=
    [ "$_typed" = "$1" ] || die 64 "nothing was removed: that was not $1"
}

# Ends the instance $1, slug $2, on the computer $3, and removes its tree.
# Returns 1 if that cannot be done, which has been said. What no run of rs-render has made is not removed.
remove() {
    if [ ! -e "$work/host/$3" ]; then
        complain error "$1: the deployment has no computer $3 any more: what is there was not removed" ''
        unreached="$unreached $3"
        return 1
    fi
    supervise down "$1" "$2" "$3" || return 1
    _got=0
    on "$3" sh -c '[ -e "$1" ] || exit 0
        [ -e "$1/.rs-installed.json" ] || [ -e "$1/.rs-lock" ] || exit 3
        rm -rf -- "$1" 2>/dev/null || { chmod -R u+rwX -- "$1" && rm -rf -- "$1"; }' sh "$(base_of "$3")/$2" </dev/null 2>"$work/errors" || _got=$?
    case $_got in
    0) tell "- $1 on $3: removed" && return ;;
    255) lose_line "$3" ;;
    3) warn "$1 on $3: $(base_of "$3")/$2 is no instance: it was not removed" ;;
    *) warn "$1 on $3: $(tail -n 1 -- "$work/errors")" ;;
    esac
    return 1
}

# Prints lines `SLUG COMPUTER NAME` of all that is, or was left, anywhere; with $1, of the instance of that name.
remnants() {
    jq -rn --slurpfile placements "$state/placements.json" --slurpfile left "$state/left.json" --arg only "${1-}" '
        ([$placements[0] | to_entries[] | .value + {name: .key}] + [$left[0][]])[] | select($only == "" or .name == $only) |
        "\(.slug) \(.computer) \(.name)"'
}

# Removes the instances $@, or all of the deployment.
destroy() {
    [ -e "$state/placements.json" ] || die 66 "$state: nothing was deployed from here"
    take_state
    open_hosts
    if [ $# -gt 1 ]; then die 64 "one instance at a time, or all of them"; fi
    if [ $# -eq 1 ]; then
        [ -n "$(remnants "$1")" ] || die 64 "$1: there is no such instance"
        [ "$(placed "$1" wanted)" != true ] || [ "$(remnants "$1" | wc -l)" -gt 1 ] ||
            die 64 "$1: is asked for, and would be made again" "change the parameters first, and apply"
    fi
    remnants "${1-}" >"$work/remnants"
    # Of an instance that is asked for, only what was left elsewhere.
    if [ $# -eq 1 ] && [ "$(placed "$1" wanted)" = true ]; then
        jq -r --arg only "$1" '.[] | select(.name == $only) | "\(.slug) \(.computer) \(.name)"' "$state/left.json" >"$work/remnants"
    fi
    if [ "$dry_run" = yes ]; then
        while read -r _slug _where _name; do tell "- $_name on $_where: would be removed"; done <"$work/remnants"
        return 0
    fi
    if [ $# -eq 1 ]; then
        confirm "$1" "The data of $1 is removed"
    else
        confirm "$name" "All instances of $name are removed, and their data: $(cut -d ' ' -f 3- "$work/remnants" | tr '\n' ' ')"
    fi
    while read -r _slug _where _name <&3; do
        remove "$_name" "$_slug" "$_where" || continue
        update placements.json 'if .[$name].computer == $computer then del(.[$name]) else . end' --arg name "$_name" --arg computer "$_where" || :
        update left.json 'del(.[$key])' --arg key "$_slug $_where" || :
        for _json in published requests given; do
            [ -n "$(placed "$_name" slug)" ] || update "$_json.json" 'del(.[$name])' --arg name "$_name" || :
        done
    done 3<"$work/remnants"
    [ $# -eq 1 ] || destroy_rest
    conclude
}

# Removes the software from computers that have no instance any more, and the state when nothing is left of it.
destroy_rest() {
    for _place in "$work"/host/*; do
        _where=${_place##*/}
        remnants | awk -v computer="$_where" '$2 == computer { found = 1 } END { exit !found }' && continue
        [ "$(jq -r --arg name "$_where" '.[$name] // ""' "$state/shipped.json")" != '' ] || continue
        look_at "$_where" || continue
        # What is not ours stays, and so does the directory then.
        on "$_where" sh -c 'chmod -R u+rwX -- "$1/software" 2>/dev/null; rm -rf -- "$1/software" "$1"/.source.rs-import "$1"/.stack.rs-import
            rmdir -- "$1" 2>/dev/null || :; rm -f -- "$1/../.crontab.lock"' sh "$(base_of "$_where")" </dev/null || continue
        update shipped.json 'del(.[$name])' --arg name "$_where" || :
    done
    [ -z "$(remnants)" ] || return 0
    [ "$(jq length "$state/shipped.json")" -eq 0 ] || return 0
    rm -rf -- "$state/root" "$state/software" "$state"/*.json "$state/name" "$state/lock"
    close_hosts
    rmdir -- "$state" 2>/dev/null || :
}
