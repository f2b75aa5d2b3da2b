#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Asks instances of this computer by their directories; sourced by rs-status.
# shellcheck disable=SC2154,SC2034 # globals are those of rs-status

# Asks those in the directories $@: rows as those of ask_all.
# Ends with 66 if one is no instance.
ask_here() {
    state=$work
    : >"$work/rows.json"
    for _place in "$@"; do
        [ -d "$_place/etc" ] || die 66 "$_place: is not the directory of an instance" "it has etc, srv and var in it"
    done
    for _place in "$@"; do
        _place=$(cd -- "$_place" && pwd)
        nothing_said
        # What it was given has keys in it, of which nothing is looked at.
        jq -c --arg directory "$_place" '{name, type: ."software-type"} | map_values(strings) | .directory = $directory' \
            "$_place/etc/instance.json" >"$work/given" 2>/dev/null || printf '{"directory": ""}\n' >"$work/given"
        _name=$(jq -r '.name // ""' "$work/given")
        [ -n "$_name" ] || _name=${_place##*/}
        jq -n --arg name "$_name" --slurpfile given "$work/given" '{($name): $given[0]}' >"$work/placements.json"
        [ ! -x "$_place/bin/services" ] || "$_place/bin/services" status >"$work/services" 2>/dev/null </dev/null || :
        sh "$lib/promises.sh" "$_place" >"$work/promises" 2>/dev/null || :
        sh "$own_stack/status/look.sh" "$_place" >"$work/facts" 2>"$work/errors" || warn "$_place: $(tail -n 1 -- "$work/errors")"
        add_row "$_name" '' '' here
    done
}
