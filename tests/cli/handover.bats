#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-takeover --planned: a leader that is well hands over. Nothing that was written is lost, and whatever comes between, it goes on.

load ../lib/common
load ../lib/deployment
load ../lib/trio

setup_file() { trio_made; }
setup() { trio; }

# can_hold: the leader can be held still: nobody writes while the file `still` is there.
can_hold() {
    printf '#!/bin/sh\ncase $1 in hold) : >%s/still ;; release) rm -f %s/still ;; esac\n' "$PWD" "$PWD" >hold
    chmod +x hold
    sed -i '/^hold/d' "$leader/etc/failover"
    echo "hold $PWD/hold" >>"$leader/etc/failover"
}

# slow_dump: the dump of a leader that is held still waits until the file `dumps` is gone, and tells that it has begun by `dumping`.
slow_dump() {
    : >dumps
    sed -i "2i [ ! -e $PWD/still ] || { : >$PWD/dumping; while [ -e $PWD/dumps ]; do sleep 0.05; done; }" "$leader/bin/Name-exporter"
}

# killed_while_held: planned, and killed while the leader makes its last dump, which it ends.
killed_while_held() {
    setsid "$one/bin/takeover" --planned >out 2>&1 3>&- & local pid=$!
    until_true [ -e dumping ]
    kill -KILL "-$pid"
    wait "$pid" || :
    rm dumps
    until_true flock -n "$leader/srv/failover/lock" true
    [ -e still ]
}

# goes_on: the leader is held still no more, and the fallback loads dumps.
goes_on() { [ ! -e still ] && [ ! -e "$leader/srv/failover/handing-over" ] && [ ! -e "$one/srv/takeover_triggered" ] && [ ! -s "$one/srv/failover/takeover" ]; }

@test "a leader that is well hands over: what was written is there, and what fails before that changes nothing" {
    dumped "$leader" 1
    echo 2 >"$leader/srv/data/file"
    # The leader cannot dump: it goes on.
    cp "$leader/bin/Name-exporter" exporter
    printf '#!/bin/sh\nexit 3\n' >"$leader/bin/Name-exporter"
    run -69 --separate-stderr "$one/bin/takeover" --planned
    [[ $stderr == *"Name0: cannot dump"* ]] || fail "$stderr"
    cp exporter "$leader/bin/Name-exporter"
    # It can, but not when it is held still.
    sed -i '2i [ ! -e '"$leader"'/srv/failover/handing-over ] || exit 3' "$leader/bin/Name-exporter"
    run -69 --separate-stderr "$one/bin/takeover" --planned
    [[ $stderr == *"Name0: does not hand over"*"the leader goes on"* ]] || fail "$stderr"
    [ ! -e "$leader/srv/failover/handing-over" ]
    [ ! -e "$one/srv/takeover_triggered" ]
    kind_is "$one" import
    cp exporter "$leader/bin/Name-exporter"
    echo 3 >"$leader/srv/data/file"
    # This software goes on while it hands over: that is told.
    run -1 --separate-stderr "$one/bin/takeover" --planned
    [[ $stderr == *"Name0: cannot be held still: what is written there from now on is in a branch"* ]] || fail "$stderr"
    [[ $output != *"nothing could be written for "* && $stderr != *"goes on with a takeover"* ]] || fail "$output" "$stderr"
    kind_is "$one" export
    [ "$(cat "$one/srv/data/file")" = 3 ]
    until_true kind_is "$leader" import
    lost "$one"
    run -69 --separate-stderr "$two/bin/takeover" --planned
    [[ $stderr == *"no leader answers"* ]] || fail "$stderr"
    found "$one"
}

@test "handing over that is ended in the midst: the leader goes on at once, and the next time begins anew" {
    can_hold
    dumped "$leader" 1
    slow_dump
    setsid "$one/bin/takeover" --planned >out 2>&1 3>&- & local pid=$!
    until_true [ -e dumping ]
    [ -e still ]
    kill -TERM "-$pid"
    wait "$pid" && fail 'it went on' || [ $? -eq 143 ]
    # What asked for it has ended; the leader does when its dump does.
    rm dumps
    until_true goes_on
    grep -q 'the leader goes on' out || fail "$(cat out)"
    kind_is "$leader" export
    run -0 "$leader/etc/promise/takeover"

    # Killed, it could tell nobody.
    rm -f dumping
    : >dumps
    killed_while_held
    find "$one/srv/failover" -type f -exec touch -d '20 minutes ago' {} +
    run -1 "$one/etc/promise/takeover"
    [[ $output == *"planned was cut off"*"--planned to begin anew"* ]] || fail "$output"
    # Somebody writes, once it goes on by itself.
    touch -d '20 minutes ago' "$leader/srv/failover/handing-over"
    "$leader/bin/takeover" --remind
    [ ! -e still ]
    echo later >"$leader/srv/data/file"
    run -0 --separate-stderr "$one/bin/takeover" --planned
    [[ $output == *"nothing could be written for "* && -z $stderr ]] || fail "$output" "$stderr"
    [ "$(cat "$one/srv/data/file")" = later ]
    kind_is "$one" export
    until_true kind_is "$leader" import
    [ ! -e still ]
}

@test "killed while the leader is held still, and ordered by hand then: the leader is let go" {
    can_hold
    dumped "$leader" 1
    slow_dump
    killed_while_held
    run -0 "$one/bin/takeover"
    kind_is "$one" export
    until_true kind_is "$leader" import
    [ ! -e still ]
}

@test "killed while the leader is held still, which is lost then: that it is not told is said, and nothing waits for it" {
    can_hold
    dumped "$leader" 1
    slow_dump
    killed_while_held
    lost "$leader"
    run -0 --separate-stderr "$one/bin/takeover"
    [[ $stderr == *"Name0: was not told that it goes on"*"by itself after a quarter of an hour"* ]] || fail "$stderr"
    kind_is "$one" export
    found "$leader"
    run -0 "$one/bin/takeover" --remind
    until_true kind_is "$leader" import
    [ ! -e still ]
}

@test "a last dump that takes long: it is held still for as long as somebody says so, and not longer" {
    can_hold
    dumped "$leader" 1
    slow_dump
    "$leader/bin/peer-serve" hand-over >handed 2>&1 3>&- & local pid=$!
    until_true [ -e dumping ]
    # Not while it is at work.
    touch -d '20 minutes ago' "$leader/srv/failover/handing-over"
    run -0 "$leader/bin/takeover" --quiet --remind
    [ -e still ]
    rm dumps
    wait "$pid" || fail "$(cat handed)"
    run -0 "$leader/bin/takeover" --quiet --remind
    [ -e still ]
    run -0 "$leader/bin/peer-serve" held-still
    touch -d '14 minutes ago' "$leader/srv/failover/handing-over"
    run -0 "$leader/bin/peer-serve" held-still
    touch -d '14 minutes ago' "$leader/srv/failover/handing-over"
    run -0 "$leader/bin/takeover" --quiet --remind
    [ -e still ]
    touch -d '16 minutes ago' "$leader/srv/failover/handing-over"
    run -0 "$leader/bin/takeover" --quiet --remind
    [ ! -e still ]
    run -75 "$leader/bin/peer-serve" held-still
    # Told to go on while it dumps, it does.
    rm -f dumping
    : >dumps
    "$leader/bin/peer-serve" hand-over >handed 2>&1 3>&- & pid=$!
    until_true [ -e dumping ]
    "$leader/bin/peer-serve" hand-back & local back=$!
    until_true grep -qx back "$leader/srv/failover/handing-over"
    rm dumps
    wait "$pid" && fail 'it handed over' || [ $? -eq 75 ]
    wait "$back"
    [ ! -e still ]
    [ ! -e "$leader/srv/failover/handing-over" ]
}

@test "a leader that has gone on while its last dump was loaded is not taken over from" {
    can_hold
    dumped "$leader" 1
    sed -i "2i [ ! -e $PWD/still ] || $leader/bin/peer-serve hand-back" "$one/bin/Name-importer"
    run -69 --separate-stderr "$one/bin/takeover" --planned
    [[ $stderr == *"Name0: has gone on meanwhile"* ]] || fail "$stderr"
    kind_is "$leader" export
    kind_is "$one" import
    goes_on
}
