#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Takeovers that meet: one that was overtaken leads nothing, an epoch has one leader, what an old leader has is kept, and what is
# older is not loaded.

load ../lib/common
load ../lib/deployment
load ../lib/trio

setup_file() { trio_made; }
setup() { trio; }

# conducted INSTANCE EPOCH STEP...
conducted() {
    local step
    for step in "${@:3}"; do "$1/bin/takeover" --quiet --step "$step" --epoch "$2"; done
}

# nothing_begun INSTANCE: no takeover is half done there.
nothing_begun() { [ ! -e "$1/srv/failover/takeover" ] && [ ! -e "$1/srv/takeover_triggered" ] && [ ! -e "$1/srv/failover/leads" ]; }

@test "a takeover that was cut off is over when another one leads, and loads dumps again" {
    dumped "$leader" 1
    conducted "$one" 2 lock raise freeze import
    run -0 "$two/bin/takeover"
    [[ $output == *"leads in epoch 3"* ]] || fail "$output"
    nothing_begun "$one"
    dumped "$two" 2
    [ "$(cat "$one/srv/data/file")" = 2 ]
    # One that does not know it yet, since it was at work.
    conducted "$one" 4 lock raise freeze import
    exec 5>>"$one/srv/failover/lock"
    flock 5
    run -0 "$leader/bin/takeover"
    [[ $output == *"leads in epoch 5"* ]] || fail "$output"
    [ -e "$one/srv/takeover_triggered" ]
    exec 5>&-
    run -77 --separate-stderr "$one/bin/takeover" --step retype --epoch 4
    [[ $stderr == *"another instance leads in epoch 5"* ]] || fail "$stderr"
    nothing_begun "$one"
    kind_is "$one" import
    dumped "$leader" 3
    [ "$(cat "$one/srv/data/file")" = 3 ]
}

@test "half a leader that was overtaken is a fallback again; a whole one keeps what it has as a branch" {
    dumped "$leader" 1
    # Killed as it becomes a leader.
    conducted "$one" 2 lock raise freeze import
    mkdir slow
    printf '#!/bin/sh\nkill -9 "$PPID"\n' >slow/rs-render
    chmod +x slow/rs-render
    # shellcheck disable=SC2030,SC2031
    (PATH=$PWD/slow:$PATH; run ! rs-takeover --step retype --epoch 2 "$one")
    [ "$(cat "$one/srv/failover/leads")" = 2 ]
    run -0 "$two/bin/takeover"
    nothing_begun "$one"
    kind_is "$one" import
    dumped "$two" 2
    [ "$(cat "$one/srv/data/file")" = 2 ]
    # A leader before its programs run.
    conducted "$one" 4 lock raise freeze import retype
    until_true kind_is "$two" import
    exec 5>>"$one/srv/failover/lock"
    flock 5
    run -0 "$leader/bin/takeover"
    exec 5>&-
    run "$one/bin/takeover"
    until_true kind_is "$one" import
    until_true nothing_begun "$one"
    dumped "$leader" 3
    [ "$(cat "$one/srv/data/file" "$two/srv/data/file" | tr '\n' ' ')" = '3 3 ' ]
}

@test "one that has waited since before another one led does not lead after it" {
    dumped "$leader" 1
    exec 5>>"$one/var/run/backup.lock"
    flock 5
    "$one/bin/takeover" >out 2>&1 3>&- 5>&- & local pid=$!
    until_true [ -e "$one/srv/takeover_triggered" ]
    run "$two/bin/takeover"
    exec 5>&-
    wait "$pid" && fail "$(cat out)" || [ $? -eq 77 ]
    grep -q 'another instance leads in epoch 2 since this takeover has begun' out || fail "$(cat out)"
    nothing_begun "$one"
    kind_is "$two" export
}

@test "who led and cannot dump stays as it is until it can, or a person types its name" {
    local state=$leader/srv/failover
    dumped "$leader" 1
    echo unsent >"$leader/srv/data/file"
    cp "$leader/bin/Name-exporter" exporter
    printf '#!/bin/sh\nexit 1\n' >"$leader/bin/Name-exporter"
    run -69 "$leader/bin/dump"
    run -0 "$one/bin/takeover"
    until_true grep -q 'cannot be dumped: ' "$leader/var/log/resilient.log"
    until_true flock -n "$state/lock" true
    run -69 --separate-stderr "$leader/bin/takeover" --rejoin
    [[ $stderr == *"written since the last dump cannot be dumped: "*"to give it up: "*"--force-data-loss Name0"* ]] || fail "$stderr"
    [ -e "$state/superseded" ]
    [ "$(cat "$leader/srv/data/file")" = unsent ]
    grep -qx 'kind export' "$leader/etc/failover"
    # Nothing is published, nothing loaded.
    dumped "$one" 2
    [ "$(cat "$leader/srv/data/file")" = unsent ]
    cp exporter "$leader/bin/Name-exporter"
    "$leader/bin/takeover" --quiet --remind
    kind_is "$leader" import
    [ "$(rs-store cat "$fleet/PBS-Name-1/srv/backup/pbs" COMP-ROOT-root-Name-1 branch/1.2 file)" = unsent ]
    dumped "$one" 3
    [ "$(cat "$leader/srv/data/file")" = 3 ]

    printf '#!/bin/sh\nexit 1\n' >"$one/bin/Name-exporter"
    run -0 "$leader/bin/takeover"
    until_true flock -n "$one/srv/failover/lock" true
    run -64 "$one/bin/takeover" --rejoin --force-data-loss Name0
    [ -e "$one/srv/failover/superseded" ]
    run -1 --separate-stderr "$one/bin/takeover" --rejoin --force-data-loss Name1
    [[ $stderr == *"is given up"* ]] || fail "$stderr"
    kind_is "$one" import
}

@test "what was superseded twice is kept twice" {
    dumped "$leader" 1
    # As if it was killed when it had been a fallback for a moment.
    echo 'branched 2' >"$leader/srv/failover/rejoin"
    conducted "$one" 3 lock raise
    echo unsent >"$leader/srv/data/file"
    run -0 "$leader/bin/takeover" --stand-down 3 --rejoin
    kind_is "$leader" import
    [ "$(branches 1)" = 1.2 ] || fail "$(branches 1)"
    [ ! -e "$leader/srv/failover/rejoin" ]
}

@test "whose lease is gone is superseded in its own epoch; what others say is not enough for that" {
    dumped "$leader" 1
    run -0 "$one/bin/takeover"
    until_true kind_is "$leader" import
    run -77 "$one/bin/takeover" --stand-down 2
    run -77 "$one/bin/takeover" --supersede 1
    kind_is "$one" export
    run -0 "$one/bin/rejoin" --step freeze --epoch 2
    [ "$(cat "$one/srv/failover/superseded")" = 2 ]
    run -77 "$one/bin/dump"
    # It has heard of a later one meanwhile.
    echo 5 >"$one/srv/failover/epoch"
    run -0 "$one/bin/rejoin" --step freeze --epoch 2
    [ "$(cat "$one/srv/failover/superseded")" = 5 ]
}

@test "an older epoch is not loaded after a newer one" {
    local store=$fleet/PBS-Name-1/srv/backup/pbs
    dumped "$leader" 1
    dumped "$leader" 2
    lost "$leader"
    run -0 "$one/bin/takeover"
    until_true quiet
    dumped "$one" 3
    [ "$(cat "$two/srv/data/file")" = 3 ]
    "$two/bin/serve" have | rs-pull --quiet --store "$store" --name COMP-ROOT-root-Name-1 --emit 1.2 --have=- >old
    run -77 "$two/bin/serve" receive <old
    [[ $output == *"1.2 is older than epoch 2"*"the dump before is back"* ]] || fail "$output"
    grep -qx 'generation 2.2' "$two/srv/failover/held"
    grep -qx 'imported yes' "$two/srv/failover/held"
    [ "$(cat "$two/srv/data/file")" = 3 ]
    (cd "$two/srv/backup/Name" && [ "$(cat file)" = 3 ])
    dumped "$one" 4
    [ "$(cat "$two/srv/data/file")" = 4 ]
}

@test "a dump that was loaded is what could be led with again, after one that was cut off and one that failed" {
    dumped "$leader" 1
    cp "$one/bin/Name-importer" importer
    printf '#!/bin/sh\nkill -9 "$(ps -o ppid= -p "$PPID" | tr -d " ")" $PPID\n' >"$one/bin/Name-importer"
    "$leader/bin/exporter"
    until_true grep -q 'imported no' "$one/srv/failover/held"
    until_true flock -n "$one/var/run/backup.lock" true
    until_true quiet
    # The third one cannot be loaded; the first one is again.
    { head -n 1 importer && echo "! grep -q bad $one/srv/backup/Name/file || exit 3" && tail -n +2 importer; } >"$one/bin/Name-importer"
    dumped "$leader" bad
    grep -qx 'generation 1.1' "$one/srv/failover/held" || fail "$(cat "$one/srv/failover/held")"
    grep -qx 'imported yes' "$one/srv/failover/held" || fail "$(cat "$one/srv/failover/held")"
    [ "$(cat "$one/srv/data/file")" = 1 ]
    run -0 "$one/bin/takeover" -x
}

@test "two who lead in one epoch: a backup server keeps to the one that it has heard of" {
    dumped "$leader" 1
    lost "$leader"
    lost "$two"
    lost "$fleet/PBS-Name-2"
    # Told where it could be; that a server is off is no failure.
    run -1 --separate-stderr "$one/bin/takeover"
    [[ $output == *"publish"*"2.1 is at: pbs-1"*"Name1 leads in epoch 2"* ]] || fail "$output" "$stderr"
    found "$two"
    found "$fleet/PBS-Name-2"
    lost "$one"
    lost "$fleet/PBS-Name-1"
    run "$two/bin/takeover"
    [[ $output == *"Name2 leads in epoch 2"* ]] || fail "$output"
    found "$fleet/PBS-Name-1"
    until_true quiet
    run ! "$fleet/PBS-Name-1/bin/pbs/COMP-ROOT-root-Name-1-pull"
    [ "$(history 1)" = "1.1 2.1" ] || fail "$(history 1)"
    rs-store list --json "$fleet/PBS-Name-1/srv/backup/pbs" | jq -r 'select(.generation == "2.1") | .instance' >who
    [ "$(cat who)" = COMP-0-Name1 ] || fail "$(cat who)"
    # Both are there again, and each of them is refused by the server of the other one.
    found "$one"
    run -0 "$one/bin/takeover" --remind
    [[ $output == *"pbs-2: refuses epoch 2"* ]] || fail "$output"
    dumped "$one" one
    dumped "$two" two
    # A person decides.
    for step in raise freeze retype publish follow; do
        run "$two/bin/takeover" --step "$step" --epoch 3
        [ "$status" -eq 0 ] || [ "$step:$status" = freeze:69 ] || fail "$step: $status: $output"
    done
    until_true kind_is "$one" import
    until_true quiet
    dumped "$two" 7
    [ "$(cat "$one/srv/data/file")" = 7 ]
    [ "$(history 1)" = "1.1 2.1 2.2 3.1 3.2" ] || fail "$(history 1)"
    [ "$(rs-store cat "$fleet/PBS-Name-1/srv/backup/pbs" COMP-ROOT-root-Name-1 branch/2.3 file)" = one ] || fail "$(branches 1)"
}

@test "who is gone for good is not told for ever" {
    dumped "$leader" 1
    run -0 "$one/bin/takeover"
    printf 'Gone\n' >"$one/srv/failover/untold"
    run -0 "$one/bin/takeover" --remind
    [ ! -s "$one/srv/failover/untold" ]
    # One that becomes a fallback has nobody to tell.
    printf 'Name0\n' >"$one/srv/failover/untold"
    until_true kind_is "$leader" import
    run -0 "$leader/bin/takeover"
    until_true kind_is "$one" import
    until_true [ ! -e "$one/srv/failover/untold" ]
    grep -rq -- '--remind' "$one/etc/cron.d"
}
