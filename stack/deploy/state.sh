#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What rs-deploy knows from one run to the next, a JSON file each in the state directory; sourced by rs-deploy.
# shellcheck disable=SC2016,SC2154,SC2034 # programs of jq and of shells elsewhere; globals are those of rs-deploy

# Replaces the JSON file $1 of the state by what the jq program $2 makes of it, with the options after it.
# Succeeds if that is something else.
update() {
    _file=$state/$1 _program=$2
    shift 2
    [ -e "$_file" ] || printf '{}\n' >"$_file"
    jq -S "$@" "$_program" "$_file" >"$_file.new" || die 70 "$_file: cannot be updated"
    if cmp -s -- "$_file" "$_file.new"; then
        rm -f -- "$_file.new"
        return 1
    fi
    mv -f -- "$_file.new" "$_file"
}

# Prints the member $2 of the placement of the instance $1, nothing if there is none.
placed() {
    jq -r --arg name "$1" --arg member "$2" '.[$name][$member] // ""' "$state/placements.json"
}

# Prints lines `SLUG COMPUTER NAME` of those placements that the jq expression $1 is true of.
# A name may have blanks, the two others have none.
instances() {
    jq -r "to_entries[] | select(.value | $1) | \"\\(.value.slug) \\(.value.computer) \\(.key)\"" "$state/placements.json"
}

# Makes the state directory, and takes its lock: one at a time.
take_state() {
    mkdir -p -- "$state" || die 73 "$state: cannot be made" "--state DIR names another place"
    chmod 0700 "$state"
    exec 9>>"$state/lock"
    flock -n 9 || die 75 "$state: another rs-deploy is at work with $name" "try again when it has ended"
    [ ! -e "$state/name" ] || [ "$(cat -- "$state/name")" = "$name" ] ||
        die 78 "$state: is that of $(cat -- "$state/name")" "a deployment keeps its name; --state DIR names another place"
    printf '%s\n' "$name" >"$state/name"
    fill_state
}

# Has each file of the state be there.
fill_state() {
    for _json in placements requests published given left shipped members; do
        [ -e "$state/$_json.json" ] || printf '{}\n' >"$state/$_json.json"
    done
}
