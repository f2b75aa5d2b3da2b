#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Takeovers on five machines, ordered by hand: the leader's machine loses its power, or its line; it comes back, in every state.

load ../lib/common
load ../lib/deployment
load ../lib/hosts
load ../lib/chain

@test "the leader's machine loses its power: a fallback leads at once, the others follow, and the machine comes back as a fallback" {
    on_machines 5
    impatient
    local old new third began
    old=$(instance Name0) new=$(instance Name1) third=$(instance Name2)
    echo one >"$old/srv/data/file"
    exported
    until_true arrived 1 2
    echo 'not dumped' >"$old/srv/data/file"
    power_off "$(machine Name0)"
    began=$(date +%s%N)
    run -0 of Name1 bin/takeover
    echo "# led after $(awk '/^(lock|acquire|raise|freeze|import|retype|hooks|start) / { s += $2 } END { print s }' <<<"$output") s, all $((($(date +%s%N) - began) / 1000000)) ms" >&3
    [[ $output == *"told: pbs-1 pbs-2"*"not reached: Name0"*"leads with 1.1"*"2.1 is at: pbs-1 pbs-2"* ]] || fail "$output"
    leads "$new"
    "$new/bin/services" status
    until_true eval '[ "$(cat "$third/srv/failover/held" | head -n 1)" = "generation 2.1" ]'
    [ "$(history 1)" = "1.1 2.1" ]
    echo two >"$new/srv/data/file"
    of Name1 bin/exporter
    until_true eval '[ "$(cat "$third/srv/data/file")" = two ]'

    # It comes back and does not know: what it dumps is taken by nobody.
    power_on "$(machine Name0)" "$old"
    run of Name0 bin/exporter
    until_true eval '[ "$(history 1)" = "1.1 2.1 2.2" ]'
    run -0 of Name1 bin/takeover --remind
    until_true follows "$old"
    run -0 rs-store cat "$(store 1)" wiki-root-Name-1 "branch/$(rs-store list "$(store 1)" | awk '/, branch/ { print $2 }' | tail -n 1)" file
    [ "$output" = 'not dumped' ]
    echo three >"$new/srv/data/file"
    of Name1 bin/exporter
    until_true eval '[ "$(cat "$old/srv/data/file" "$third/srv/data/file" | tr "\n" " ")" = "three three " ]'
    # Names follow, and nothing else changes.
    run --separate-stderr rs-deploy apply wiki.cfg
    [ "$status" -eq 0 ] || fail "$output" "$stderr"
    [[ $output == *"Name1 has taken over in epoch 2: it is Name0 from now on"* ]] || fail "$output"
    [ "$(instance Name0)" = "$new" ]
    leads "$new"
    follows "$old"
    echo four >"$new/srv/data/file"
    exported
    until_true arrived 1 2
    run -0 rs-deploy apply wiki.cfg
    [[ $output == *"nothing to do"* ]] || fail "$output"
    run -0 rs-status --deployment wiki.cfg
    # And back again, while all machines are there.
    run -0 of Name1 bin/takeover
    until_true follows "$new"
    [ "$(rs-store list "$(store 2)" | awk '!/, branch/ { print $2 }' | tail -n 1)" = 3.1 ]
}

@test "the leader is cut off and goes on by itself: when the line is there again, nothing of it is taken for the line, and nothing is lost" {
    on_machines 5
    impatient
    local old new third i
    old=$(instance Name0) new=$(instance Name1) third=$(instance Name2)
    echo one >"$old/srv/data/file"
    exported
    until_true arrived 1 2
    link_cut "$(machine Name0)"
    for i in a b; do
        echo "alone $i" >"$old/srv/data/file"
        run of Name0 bin/exporter
    done
    run -0 of Name1 bin/takeover
    # A server was away, too: it is told later, and until then it knows of nothing.
    link_cut "$(machine "$(pbs 2)")"
    echo two >"$new/srv/data/file"
    run of Name1 bin/exporter
    until_true eval '[[ $(history 1) == "1.1 2.1 2.2" ]]'
    back Name0
    back "$(pbs 2)"
    # Both lines at once: the old leader tells once more what it could not, the server looks by itself.
    run of Name0 bin/tell-again
    run of "$(pbs 1)" bin/pbs/wiki-root-Name-1-pull
    run of "$(pbs 2)" bin/pbs/wiki-root-Name-2-pull
    [ "$(history 1)" = "1.1 2.1 2.2" ]
    [[ $(history 2) == "1.1 2.1"* ]] || fail "$(history 2)"
    of Name1 bin/takeover --remind
    until_true follows "$old"
    run -0 rs-store cat "$(store 1)" wiki-root-Name-1 "branch/$(rs-store list "$(store 1)" | awk '/, branch/ { print $2 }' | tail -n 1)" file
    [ "$output" = 'alone b' ]
    of Name1 bin/exporter
    until_true eval '[ "$(cat "$old/srv/data/file" "$third/srv/data/file" | tr "\n" " ")" = "two two " ]'
}
