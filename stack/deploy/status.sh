#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# status; sourced by rs-deploy.
# shellcheck disable=SC2016,SC2154,SC2034 # programs of jq and of shells elsewhere; globals are those of rs-deploy

# Asks each computer how its instances are.
status() {
    ask_all
    _exit=0
    [ "$warned" = no ] || _exit=1
    [ -z "$unreached" ] || _exit=69
    if [ "$json" = yes ]; then
        jq -cs --arg name "$name" --argjson exit "$_exit" '{deployment: $name, instances: map(del(.facts)), exit: $exit}' "$work/rows.json"
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
