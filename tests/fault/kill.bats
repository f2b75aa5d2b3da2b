#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Killed anywhere: the generations that were acknowledged restore bit for bit, the target of an import is the old tree
# or the new one, no lock is left, and the next run completes and leaves nothing behind (NEEDS.md B1). RS_FAULT kills
# before the Nth call that writes, for each N; with strace the kernel does it at some of them. A recovery is killed, too
# (B33). What is looked at after each kill is in tests/lib/faults.py.

load ../lib/common

@test "rs-pull killed before each of its calls loses nothing" {
    faults_say kill pull
}

@test "rs-import killed before each of its calls leaves the old tree or the new one" {
    faults_say kill import
}

@test "rs-store prune killed before each of its calls loses nothing that it was to keep" {
    faults_say kill prune
}

@test "rs-store copy killed before each of its calls loses nothing in either store" {
    faults_say kill copy
}

@test "the kernel kills rs-pull at some of its calls: the same holds" {
    faults_say strace pull
}

@test "the kernel kills rs-import at some of its calls: the same holds" {
    faults_say strace import
}

@test "rs-store init killed before each of its calls leaves no store that only looks like one" {
    local n killed=0
    for ((n = 1; n < 100; n++)); do
        run env RS_FAULT="any:$n:kill" rs-store init --reserve 4K "s$n"
        [ "$status" -ne 0 ] || break
        [ "$status" -eq 137 ]
        killed=$((killed + 1))
        # Whatever is there is a whole store or none.
        run rs-store check "s$n"
        [ "$status" -eq 0 ] || [ "$status" -eq 66 ]
        if [ "$status" -eq 66 ]; then
            rm -rf "s$n"
            rs-store init --reserve 4K "s$n"
        fi
        rs-store check "s$n"
    done
    [ "$killed" -ge 8 ]
    rs-store check "s$n"
    say "init: killed before each of $killed calls"
}

@test "an export killed at any time is never taken for a whole one" {
    local n killed=0
    mini src
    rs-store init --reserve 0 s
    for ((n = 1; n < 100; n++)); do
        RS_FAULT="write:$n:kill" rs-export src >stream || killed=$((killed + 1))
        [ "$killed" -eq "$n" ] || break
        run -65 --separate-stderr rs-pull --store s --name n <stream
        run -0 rs-store list s
        [ -z "$output" ]
    done
    [ "$killed" -ge 1 ]
    rs-pull --store s --name n <stream
    say "export: killed before each of $killed writes"
}

# twice WHAT: 12 pairs of a kill and a second one in the recovery; `make check-faults` tries thousands.
twice() {
    run --separate-stderr "$python" -S "$lib/pairs.py" "$1" "${RS_BUILD-$lib/../../build}/tests/fault/store-verifier" 12
    [ "$status" -eq 0 ] || fail "$output" "$stderr"
    say "$output"
}

@test "rs-pull killed, and killed again in the next run: nothing is lost, the third run completes" {
    twice pull
}

@test "rs-import killed, and killed again in the next run: the old tree or the new one, the third run completes" {
    twice import
}

@test "rs-store prune killed, and killed again in the next run: nothing is lost, the third run completes" {
    twice prune
}

@test "rs-store copy killed, and killed again in the next run: nothing is lost, the third run completes" {
    twice copy
}
