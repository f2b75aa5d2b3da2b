#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The promises of the stack: each is broken by what it watches, and by nothing else; says what is wrong, where, and what to do; and
# is kept again when that is mended. All tests share a leader, a fallback and their backup server, and leave them well.

load ../lib/common
load ../lib/deployment

setup_file() {
    shared_fleet
    # What fails is tried twice here, and not for the time that five tries take.
    sed -i 's/--tries 5 /--tries 2 /' "fleet/$pbs/bin/pbs"/*
    # What other tests look at is there, whichever is the first.
    dumped
}

# The ways to the instances.
leader=Name0 fallback=Name1 pbs=PBS-Name-1 id=COMP-ROOT-root-Name-1

# dumped: a dump is made, and has reached the store and the fallback, or what failed has failed.
dumped() {
    "$fleet/Name0/bin/exporter"
    until_true quiet
}

# quiet: nothing that is due waits, and nobody works any more.
quiet() {
    ! rs-notify queue --json "$fleet/$pbs/var/queue" | grep -q '"state":"waits"' && flock -n "$fleet/$pbs/var/queue/worker.lock" true
}

# promises: a line `INSTANCE PROMISE: WHY` for each that is not kept.
promises() {
    local instance
    for instance in "$leader" "$fallback" "$pbs"; do
        sh "$RS_STACK/deploy/promises.sh" "$fleet/$instance" | sed -n "s/^failing /$instance /p"
    done
}

# all_kept: nothing is wrong.
all_kept() {
    promises >failing
    [ ! -s failing ] || fail "$(cat failing)"
}

# broken INSTANCE PROMISE TEXT...: that one alone is not kept, and says all of these in one line, and what to do behind a semicolon.
broken() {
    promises >failing
    [ "$(cut -d : -f 1 failing)" = "$1 $2" ] || fail "not $1 $2 alone:" "$(cat failing)"
    local text
    for text in "${@:3}" '; '; do grep -qF -e "$text" failing || fail "does not say: $text" "$(cat failing)"; done
}

# aged FEED: its last row is of four hours ago.
aged() {
    cp "$1" kept
    sed -i "\$ s/\"time\":\"[^\"]*\"/\"time\":\"$(date -u -d '4 hours ago' +%Y-%m-%dT%H:%M:%SZ)\"/" "$1"
}

# hours_later N COMMAND...: runs it with a date(1) that is ahead.
hours_later() {
    mkdir -p ahead
    # shellcheck disable=SC2016 # for the program
    printf '#!/bin/sh\n[ "$*" = +%%s ] || exec /bin/date "$@"\necho $(($(/bin/date +%%s) + %d * 3600))\n' "$1" >ahead/date
    chmod +x ahead/date
    PATH=$PWD/ahead:$PATH "${@:2}"
}

@test "all is well: every instance has the promises that watch it, and keeps them" {
    all_kept
    [ "$(ls "$fleet/Name0/etc/promise" | tr '\n' ' ')" = "disk exporter fine keys services spool takeover " ]
    [ "$(ls "$fleet/Name1/etc/promise" | tr '\n' ' ')" = "disk fine importer keys services takeover " ]
    [ "$(ls "$fleet/$pbs/etc/promise" | tr '\n' ' ')" = "$id-pull $id-push $id-push-proven disk keys queue services store " ]
}

@test "a dump that failed, one that is too old, and none at all" {
    exporter=$fleet/Name0/bin/Name-exporter feed=$fleet/Name0/etc/notifier/feeds/exporter
    cp -p "$exporter" kept-exporter
    printf '#!/bin/sh\necho no room; exit 64\n' >"$exporter"
    run -64 "$fleet/Name0/bin/exporter"
    broken Name0 exporter "$feed" failed 'status 64' "$fleet/Name0/var/log/resilient.log" "$fleet/Name0/bin/exporter"
    cp -p kept-exporter "$exporter"
    dumped
    all_kept

    aged "$feed"
    broken Name0 exporter "$feed" stalled '2 h 30 min'
    cp kept "$feed"
    all_kept

    mv "$feed" kept
    touch -d '4 hours ago' "$fleet/Name0/etc/notifier/feeds"
    broken Name0 exporter "$feed" 'nothing has ever run'
    mv kept "$feed"
    all_kept
}

@test "a pull, a push and a load that failed, or are too old" {
    for run in "$pbs $id-pull" "$pbs $id-push" "Name1 importer"; do
        feed=$fleet/${run% *}/etc/notifier/feeds/${run#* }
        aged "$feed"
        broken "${run% *}" "${run#* }" "$feed" stalled
        cp kept "$feed"
        all_kept
    done
    raw=$fleet/$pbs/bin/pbs/${id}-pull_raw
    cp -p "$raw" kept
    printf '#!/bin/sh\nexit 64\n' >"$raw"
    run -64 "$fleet/$pbs/bin/pbs/$id-pull"
    broken "$pbs" "$id-pull" failed "$fleet/$pbs/bin/pbs/$id-pull"
    cp -p kept "$raw"
    "$fleet/$pbs/bin/pbs/$id-pull"
    until_true quiet
    all_kept
}

@test "an importer that fails keeps its status, has a row, brings the dump before back, and fails the push" {
    importer=$fleet/Name1/bin/Name-importer
    cp -p "$importer" kept
    printf '#!/bin/sh\necho this one is bad; exit 65\n' >"$importer"
    before=$(cat "$fleet/Name1/srv/backup/Name/file")
    echo 2 >"$fleet/Name0/srv/data/file"
    dumped
    until_true eval '! flock -n "$fleet/Name1/var/run/backup.lock" false; rs-notify queue --json "$fleet/$pbs/var/queue" | grep -q "\"state\":\"retries\""'
    promises >failing
    [ "$(cut -d : -f 1 failing | sort | tr '\n' ' ')" = "Name1 importer $pbs $id-push " ] || fail "$(cat failing)"
    grep -q 'Name1 importer: .*failed: Loading Name .*status 65.*; look at .*resilient.log' failing || fail "$(cat failing)"
    grep -q 'Loading Name: this one is bad' "$fleet/Name1/var/log/resilient.log"
    [ "$(cat "$fleet/Name1/srv/backup/Name/file")" = "$before" ]
    cp -p kept "$importer"
    "$fleet/$pbs/bin/pbs/$id-push"
    rs-notify queue --retry "$fleet/$pbs/var/queue" >/dev/null
    "$fleet/$pbs/bin/equeue" --once
    until_true quiet
    all_kept
    [ "$(cat "$fleet/Name1/srv/data/file")" = 2 ]
}

@test "a dump that was loaded is proven, though no row of that can be written" {
    feed=$fleet/Name1/etc/notifier/feeds/importer
    mv "$feed" kept
    mkdir "$feed"
    "$fleet/$pbs/bin/pbs/$id-push"
    rmdir "$feed"
    mv kept "$feed"
    all_kept
}

@test "a generation that is not proven in time, though pushes say that all is well" {
    # A push that does nothing, as one that was stopped by hand.
    raw=$fleet/$pbs/bin/pbs/${id}-push_raw
    cp -p "$raw" kept
    printf '#!/bin/sh\n' >"$raw"
    dumped
    all_kept
    newest=$(rs-store show "$fleet/$pbs/srv/backup/pbs" "$id" latest | sed -n 's/^generation *//p')
    hours_later 4 broken "$pbs" "$id-push-proven" "$id $newest: not proven on Name1; the last that was is" "$fleet/$pbs/bin/pbs/$id-push"
    # A clock that was ahead when it was dumped hides nothing.
    hours_later -4 broken "$pbs" "$id-push-proven" "$id $newest: not proven on Name1; the last that was is"
    cp -p kept "$raw"
    "$fleet/$pbs/bin/pbs/$id-push"
    hours_later 4 all_kept
}

@test "what was given up, and what nobody works on" {
    queue=$fleet/$pbs/var/queue
    item=$(ls "$queue/items" | grep -e '-pull$')
    cp "$queue/items/$item" kept
    sed -i 's/"given_up": false/"given_up": true/; s/"wanted": "[^"]*"/"wanted": "9.9"/; s/"tries": 0/"tries": 10/' "$queue/items/$item"
    broken "$pbs" queue "$item" 'given up' "rs-notify queue --retry $queue"

    sed "s/\"wanted\": \"[^\"]*\"/\"wanted\": \"9.9\"/; s/\"since\": [0-9]*/\"since\": $(($(date +%s) - 3600))/" kept >"$queue/items/$item"
    broken "$pbs" queue "$item" 'wants 9.9' 'nobody works on it' "$fleet/$pbs/bin/equeue"
    # Somebody does.
    flock --no-fork "$queue/worker.lock" sleep 1000 & pids+=($!)
    until_true eval '! flock -n "$queue/worker.lock" true'
    all_kept
    reap
    until_true flock -n "$queue/worker.lock" true
    cp kept "$queue/items/$item"
    all_kept
}

@test "a backup server that was never told, however often there was something to tell" {
    spool=$fleet/Name0/var/spool callbacks=$fleet/$pbs/bin/serve
    mv "$callbacks" kept
    run -1 "$fleet/Name0/bin/exporter"
    all_kept
    entry=$(find "$spool" -type f ! -name '.*')
    touch -d '4 hours ago' "$entry"
    run -1 "$fleet/Name0/bin/exporter"
    broken Name0 spool "$spool" 'has not been told of dumps since' "$fleet/Name0/bin/tell-again"
    # Nor does a time in the future hide it.
    touch -d '4 hours' "$entry"
    broken Name0 spool "$spool" 'has not been told of dumps since'
    mv kept "$callbacks"
    "$fleet/Name0/bin/tell-again"
    until_true quiet
    all_kept
}

@test "too little room" {
    for instance in Name0 Name1 "$pbs"; do
        promise=$fleet/$instance/etc/promise/disk
        cp -p "$promise" kept
        sed -i "s/floor='5% 10G'/floor='100% 9000T'/" "$promise"
        broken "$instance" disk "$fleet/$instance" 'less than 100% 9000T' 'make room'
        sed -i "s/floor='100% 9000T'/floor='100% 1K'/" "$promise"
        all_kept
        cp -p kept "$promise"
    done
}

@test "a key that is gone, or that others can read" {
    for key in Name0/etc/ssh/id Name0/etc/notifier/key Name1/etc/ssh/id "$pbs/etc/ssh/pbs-client"; do
        chmod 0640 "$fleet/$key"
        broken "${key%%/*}" keys "$fleet/$key: mode and owner are 640" 'chmod 600'
        chmod 0600 "$fleet/$key"
        mv "$fleet/$key" kept
        broken "${key%%/*}" keys "$fleet/$key: there is no key in it"
        mv kept "$fleet/$key"
        all_kept
    done
}

@test "a service that does not run" {
    cp "$RS_STACK/deploy/services.sh" "$fleet/Name1/bin/services"
    broken Name1 services 'do not run: beat' "$fleet/Name1/bin/services start"
    "$fleet/Name1/bin/services" start
    all_kept
    RS_SERVICES_GRACE=2 "$fleet/Name1/bin/services" stop
    rm "$fleet/Name1/bin/services"
}

@test "a store that has vanished is an alarm, and never a new history; one that is damaged is told of" {
    store=$fleet/$pbs/srv/backup/pbs
    mv "$store" "$store.away"
    broken "$pbs" store "$store: has vanished" "remove $fleet/$pbs/var/store.made"
    run -66 --separate-stderr "$fleet/$pbs/bin/pbs/${id}-pull_raw"
    [[ $stderr == *"has vanished"*"rs-store copy"* ]] || fail "$stderr"
    # An empty directory, as where a disk was mounted, is no store either.
    mkdir "$store"
    run -66 "$fleet/$pbs/bin/pbs/${id}-pull_raw"
    [ -z "$(ls -A "$store")" ]
    broken "$pbs" store "$store: has vanished"
    rmdir "$store"
    mv "$store.away" "$store"
    all_kept

    generation=$(find "$store" -name '*.gen' | sort | head -n 1)
    cp "$generation" kept
    printf 'x' | dd of="$generation" bs=1 seek=40 conv=notrunc status=none
    promises >failing
    grep -qF "$pbs store: " failing || fail "$(cat failing)"
    grep -qF "; rs-store check $store, rs-store repair" failing || fail "$(cat failing)"
    cat kept >"$generation"
    all_kept
}

# limits GIVEN: of the promises of instances that are given these parameters by the first one, `INSTANCE NAME LIMIT`, sorted.
limits() {
    printf '%s\n' "$1" >parameters
    rm -rf other
    ln -sfn "$BATS_FILE_TMPDIR/sw" sw
    "$python" -S "$lib/deploy.py" sw/instance.cfg other parameters >/dev/null || return
    sed -n "s|^run \([^ ]*\) [a-z]* \([0-9a-z]*\) .*|\1 \2|p; s|^spool \([^ ]*\) .*|spool \1|p; s|^proven [^ ]* \([^ ]*\) .*|proven \1|p" other/*/etc/watched |
        sed 's/COMP-ROOT-root-Name-1-//' | sort | tr '\n' ' '
}

@test "limits are two periods of the schedule and half an hour, everywhere, unless they are given" {
    two_days=$((2 * 86400 + 1800))
    [ "$(limits '{}')" = "exporter 9000 importer 9000 proven 9000 pull 9000 push 9000 spool 9000 " ]
    # A pull looks by itself, however rarely there is something new.
    [ "$(limits '{"resiliency-backup-periodicity": "daily"}')" = "exporter $two_days importer $two_days proven $two_days pull 9000 push $two_days spool $two_days " ]
    for promise in Name0/etc/promise/exporter Name1/etc/promise/importer PBS-Name-1/etc/promise/COMP-ROOT-root-Name-1-push; do
        grep -q -e "--max-age $two_days " "other/$promise" || fail "$(cat "other/$promise")"
    done
    [ "$(limits '{"resiliency-backup-periodicity": "daily", "dump-max-age": "26h"}')" = "exporter 26h importer 26h proven 26h pull 9000 push 26h spool 26h " ]
    grep -q 'limit=93600$' other/PBS-Name-1/etc/promise/COMP-ROOT-root-Name-1-push-proven
    grep -q 'limit=93600$' other/Name0/etc/promise/spool
    # Where no dump is planned, none is too old.
    [ "$(limits '{"resiliency-backup-periodicity": "#by hand"}')" = "exporter 0 importer 0 proven 0 pull 9000 push 0 spool 0 " ]
}

@test "the floor of the disk is handed to every instance, and one that is none is refused" {
    limits '{"disk-floor": "3% 2.5G"}'
    for name in Name0 Name1 PBS-Name-1; do
        grep -q "floor='3% 2.5G'" "other/$name/etc/promise/disk"
        grep -qx 'floor 3% 2.5G' "other/$name/etc/watched"
    done
    for floor in lots 5%% 10GB '5 percent' '1G;x'; do
        run -1 limits "{\"disk-floor\": \"$floor\"}"
        [[ $output == *'disk-floor: not N% or a size'* ]] || fail "$output"
    done
}

@test "an sshd that does not answer, where there is an address" {
    command -v /usr/sbin/sshd >/dev/null || skip "needs sshd"
    ln -s "$BATS_FILE_TMPDIR/sw" sw
    "$python" -S "$lib/deploy.py" sw/instance.cfg far --address 127.0.0.1
    for name in Name0 Name1 PBS-Name-1; do
        run -1 "far/$name/etc/promise/sshd"
        [[ $output == *"no sshd with our key answers at "*127.0.0.1*"; does the service sshd run? look at "*"$PWD/far/$name/var/log/sshd.log"* ]] || fail "$output"
        "far/$name/etc/service/sshd" 2>/dev/null 3>&- & pids+=($!)
        until_true eval '"far/$name/etc/promise/sshd" 2>/dev/null'
    done
}

@test "somebody is told: cron runs what names the promises that are not kept, and says nothing else" {
    for name in "$leader" "$fallback" "$pbs"; do
        run -0 "$fleet/$name/bin/alarm"
        [ -z "$output" ] || fail "$output"
        grep -q " $fleet/$name/bin/alarm$" "$fleet/$name/etc/cron.d/alarm"
    done
    # Of those that are broken each one is told, whatever they print, and one that never answers keeps nobody waiting for ever.
    printf '#!/bin/sh\nprintf "first\\nlast \\033[31mred; look\\n" >&2\nexit 3\n' >"$fleet/Name0/etc/promise/zz-loud"
    printf '#!/bin/sh\nexit 4\n' >"$fleet/Name0/etc/promise/zz-mute"
    chmod +x "$fleet/Name0/etc/promise/"zz-*
    run -1 --separate-stderr "$fleet/Name0/bin/alarm"
    rm "$fleet/Name0/etc/promise/"zz-*
    [ "$output" = "$fleet/Name0: a promise is not kept: zz-loud: last [31mred; look"$'\n'"$fleet/Name0: a promise is not kept: zz-mute: exit 4" ] || fail "$output"
    [ -z "$stderr" ]
    # By hand, and closer.
    run -0 "$fleet/$pbs/bin/status"
    [[ $output == *"$id"* ]] || fail "$output"
    run -0 "$fleet/$pbs/bin/status" --json
    jq -e '.instances | length == 1' <<<"$output"
    limits '{"alarm-periodicity": "#never"}'
    for name in Name0 Name1 PBS-Name-1; do [[ $(cat "other/$name/etc/cron.d/alarm") == '#'* ]] || fail "$name"; done
}

@test "logs that have become large are put aside, and who writes to them goes on" {
    command -v logrotate >/dev/null || PATH=$PATH:/usr/sbin
    command -v logrotate >/dev/null || skip "needs logrotate"
    local log=$fleet/$pbs/var/log/equeue.log before
    "$fleet/$pbs/bin/rotate-logs"
    [ "$(find "$fleet/$pbs/var/log" -name '*.gz' | wc -l)" -eq 0 ]
    cp "$log" kept
    yes 'a line of a log' | head -c 21000000 >>"$log"
    before=$(stat -c %i "$log")
    "$fleet/$pbs/bin/rotate-logs"
    [ "$(stat -c '%i %s' "$log")" = "$before 0" ]
    [ "$(zcat "$log.1.gz" | head -c "$(stat -c %s kept)" | cmp - kept && stat -c %a "$log.1.gz")" = 600 ]
    run -0 "$fleet/$pbs/bin/rotate-logs"
    [ -z "$output" ]
    dumped
    [ -s "$log" ]
    all_kept
    # Without it somebody is told.
    sed 's|^PATH=.*|PATH=/none|; s|:/usr/sbin:/sbin||' "$fleet/$pbs/bin/rotate-logs" >without
    run -69 sh without
    [[ $output == *"logrotate is not there"* ]] || fail "$output"
}
