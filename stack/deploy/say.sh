#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How rs-deploy and rs-status say what is wrong; sourced by them.
# Globals: me (the program), verbose, and what becomes of the status: warned.
# shellcheck disable=SC2154,SC2034 # globals are those of the program

# Says what is wrong, $2, and what to do about it, $3 if given; ends with status $1.
die() {
    complain error "$2" "${3-}"
    exit "$1"
}

# Says the $1 (error, warning) $2, with the hint $3 if there is one, on standard error.
# What came from elsewhere has no control characters then.
complain() {
    printf '%s: %s: %s\n' "$me" "$1" "$(printf '%s' "$2" | tr '\n' ' ' | tr -d '\000-\037\177')" >&2
    [ -z "$3" ] || printf '%s: hint: %s\n' "$me" "$3" >&2
}

# A warning $1 with the hint $2 if given: the status will be 1, unless something is worse.
warn() {
    complain warning "$1" "${2-}"
    warned=yes
}

# Says $* with -v.
note() {
    [ "$verbose" = no ] || printf '%s: %s\n' "$me" "$*" >&2
}

# Ends with status 64 if the option $1 has no value: $2 is how many words are left.
needs_value() {
    [ "$2" -ge 2 ] || die 64 "$1: needs a value" "$me --help lists the options"
}

# Ends with status 69 if one of the programs $@ is not there.
needs_tools() {
    for _tool in "$@"; do
        command -v "$_tool" >/dev/null || die 69 "$_tool: not found" "install it, or set PATH"
    done
}

# Prints the version of the stack behind the name of the program.
say_version() {
    version=$(rs-render --version) || die 69 "rs-render: not found" "install the resilient stack, or set PATH"
    printf '%s %s\n' "$me" "${version#* }"
}
