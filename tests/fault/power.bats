#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The power goes: what was not flushed is on the disk, or is not, or is there in part, in any combination. In each such
# state what was acknowledged is there, a full check says the truth, and the next run completes (NEEDS.md B2). What a
# disk may do is in tests/lib/diskmodel.py; RS_POWER_STATES (16) is how many ways are drawn for each moment.

load ../lib/common

# holds WHAT [OPTION...]
holds() {
    run --separate-stderr "$python" -S "$lib/powerloss.py" "$1" "${RS_BUILD-$lib/../../build}/tests/fault/store-verifier" "${RS_POWER_STATES-16}" 30 "${@:2}"
}

# survives WHAT
survives() {
    need_strace
    holds "$1"
    [ "$status" -eq 0 ] || fail "$output" "$stderr"
    say "$output"
}

need_strace() {
    strace -o /dev/null true || skip "needs strace"
}

@test "rs-pull and a loss of power: what was acknowledged is there, the next pull completes" {
    survives pull
}

@test "rs-import and a loss of power: the old tree or the new one, the next import completes" {
    survives import
}

@test "rs-store prune and a loss of power: what is kept is there, the next prune completes" {
    survives prune
}

@test "rs-store copy and a loss of power: nothing is lost, the next copy completes" {
    survives copy
}

@test "without its syncs a pull would not survive: the model sees it" {
    need_strace
    holds pull --lazy
    [ "$status" -eq 1 ]
    [[ $stderr == *"the check says: "* ]]
}
