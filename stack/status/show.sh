#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Shows what was asked; sourced by rs-status.
# shellcheck disable=SC2154,SC2034 # globals are those of rs-status

# Makes of the rows what is shown, shows it, and ends with the status that says how things are.
show() {
    _jq=$own_stack/status
    jq -c .facts "$work/rows.json" >"$work/facts.json"
    jq -c -L "$_jq" -f "$_jq/facts.jq" "$work/facts.json" >"$work/seen.json" || die 70 "what was told cannot be read"
    _all=false
    [ -z "$file" ] || _all=true
    jq -s -L "$_jq" --slurpfile seen "$work/seen.json" --arg title "$title" --argjson time "$(date +%s)" --argjson all "$_all" \
        -f "$_jq/whole.jq" "$work/rows.json" >"$work/whole.json" || die 70 "what was told cannot be read"
    _exit=$(jq .exit "$work/whole.json")
    [ -z "$unreached" ] || _exit=69
    jq -c --argjson exit "$_exit" '.exit = $exit' "$work/whole.json" >"$work/whole.new"
    mv -- "$work/whole.new" "$work/whole.json"
    if [ -n "$output" ]; then
        # Beside it, so that it becomes the new one in one step; a name that no collector of files takes for one of his.
        beside=$(mktemp -- "$(dirname -- "$output")/.${output##*/}.XXXXXX") || die 73 "$output: cannot be made"
        { render >"$beside" && chmod 0644 -- "$beside" && sync -- "$beside" && mv -f -- "$beside" "$output"; } || die 74 "$output: cannot be written"
        beside=
    else
        render || die 74 "standard output: cannot be written"
    fi
    exit "$_exit"
}

# Prints the document in the form that was asked for.
render() {
    _colour=false
    if [ -z "$output" ] && [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-}" != dumb ]; then _colour=true; fi
    _quiet=false
    [ "$quiet" = no ] || _quiet=true
    case $form in
    json) cat -- "$work/whole.json" ;;
    html) jq -r -L "$_jq" --rawfile style "$_jq/page.css" -f "$_jq/html.jq" "$work/whole.json" ;;
    prometheus) jq -r -L "$_jq" -f "$_jq/prometheus.jq" "$work/whole.json" ;;
    text)
        # An escape of a colour is the only one there is.
        jq -r -L "$_jq" --argjson colour "$_colour" --argjson quiet "$_quiet" -f "$_jq/text.jq" "$work/whole.json"
        ;;
    esac
}
