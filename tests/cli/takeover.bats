#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-takeover, of a leader, two fallbacks and their backup servers on this machine, without a coordinator: what it refuses, what it
# leaves behind when it is killed, and that the line goes on. All tests have a deployment of their own.

load ../lib/common
load ../lib/deployment
load ../lib/trio

setup_file() { trio_made; }
setup() { trio; }

@test "the leader is lost: a fallback leads with what it holds, the line goes on, and who led comes back as a fallback" {
    dumped "$leader" 1
    dumped "$leader" 2
    echo unsent >"$leader/srv/data/file"
    run -0 "$one/bin/takeover" --explain
    [[ $output == "holds 1.2, loaded "*"Name0 leads, and answers: with --planned"* ]] || fail "$output"
    lost "$leader"
    run -0 "$one/bin/takeover" --explain
    [[ $output == "holds 1.2, loaded "* && $output != *leads* ]] || fail "$output"
    run -0 "$one/bin/takeover"
    [ "$(awk '{ print $1 }' <<<"$output" | tr '\n' ' ')" = "lock acquire raise freeze import retype hooks start publish follow Name1 " ] || fail "$output"
    [[ $output == *"not reached: Name0"*"leads with 1.2"*"2.1 is at: pbs-1 pbs-2"*"Name1 leads in epoch 2" ]] || fail "$output"
    grep -q 'rs-takeover: epoch 2: retype: ' "$one/var/log/resilient.log"
    kind_is "$one" export
    until_true quiet
    [ "$(history 1)" = "1.1 1.2 2.1" ]
    until_true eval '[ "$(cat "$two/srv/data/file")" = 2 ]'
    dumped "$one" 3
    [ "$(cat "$two/srv/data/file")" = 3 ]
    [ "$(history 2)" = "1.1 1.2 2.1 2.2" ]
    # Nobody loads anything into who leads.
    run -75 "$one/bin/serve" have
    run -64 --separate-stderr "$one/bin/takeover"
    [[ $stderr == *"leads already"* ]] || fail "$stderr"
    run -1 "$one/bin/takeover" --explain

    # It is back, and does not know yet: nothing of it is taken.
    found "$leader"
    "$leader/bin/exporter"
    until_true quiet
    [ "$(history 1)" = "1.1 1.2 2.1 2.2" ]
    # It is told, each minute.
    run -0 "$one/bin/takeover" --remind
    [ ! -s "$one/srv/failover/untold" ]
    until_true kind_is "$leader" import
    run -77 "$leader/bin/peer-serve" stand-down 1
    for n in 1 2; do [ "$(branches $n)" = 1.4 ] || fail "$(branches $n)"; done
    [ "$(rs-store cat "$fleet/PBS-Name-1/srv/backup/pbs" COMP-ROOT-root-Name-1 branch/1.4 file)" = unsent ]
    run -1 rs-store diff "$fleet/PBS-Name-1/srv/backup/pbs" COMP-ROOT-root-Name-1 branch/1.4 latest
    [[ $output == *file* ]] || fail "$output"
    # The set is whole again.
    dumped "$one" 4
    [ "$(cat "$leader/srv/data/file")" = 4 ]
    run -0 rs-store list "$fleet/PBS-Name-1/srv/backup/pbs"
    [[ $output == *"2.3 "*"proven on Name0"* ]] || fail "$output"
    "$fleet/PBS-Name-1/etc/promise/COMP-ROOT-root-Name-1-push-proven"
    # And can lead once more.
    run -0 "$leader/bin/takeover"
    until_true kind_is "$one" import
    dumped "$leader" 5
    [ "$(cat "$one/srv/data/file" "$two/srv/data/file" | tr '\n' ' ')" = '5 5 ' ]
    [ "$(history 1)" = "1.1 1.2 2.1 2.2 2.3 3.1 3.2" ]
}

@test "what is not proven does not lead, unless a person types the name of the instance" {
    run -1 --separate-stderr "$one/bin/takeover"
    [[ $stderr == *"no dump was ever loaded here"*"--force-data-loss Name1"* ]] || fail "$stderr"
    [ ! -e "$one/srv/takeover_triggered" ]
    dumped "$leader" 1
    # The importer is killed in the middle: half of the dump is loaded.
    cp "$one/bin/Name-importer" importer
    printf '#!/bin/sh\nkill -9 "$(ps -o ppid= -p "$PPID" | tr -d " ")" $PPID\n' >"$one/bin/Name-importer"
    "$leader/bin/exporter"
    until_true grep -q 'imported no' "$one/srv/failover/held"
    run -1 --separate-stderr "$one/bin/takeover"
    [[ $stderr == *"was not loaded, or only half of it"* ]] || fail "$stderr"
    run -1 "$one/bin/takeover" -x
    [[ $output == *"cannot lead: "* ]] || fail "$output"
    run -64 "$one/bin/takeover" --force-data-loss Name2
    kind_is "$one" import
    # The next one is loaded: it can lead.
    cp importer "$one/bin/Name-importer"
    until_true flock -n "$one/var/run/backup.lock" true
    dumped "$leader" 2
    run -0 "$one/bin/takeover" -x

    # Nobody can say whether there is something newer.
    for n in 1 2; do lost "$fleet/PBS-Name-$n"; done
    run -1 --separate-stderr "$two/bin/takeover"
    [[ $stderr == *"no backup server answers"* ]] || fail "$stderr"
    run -1 --separate-stderr "$two/bin/takeover" --force-data-loss Name2
    [[ $stderr == *"no backup server can be told"* ]] || fail "$stderr"
    kind_is "$two" export
    for n in 1 2; do found "$fleet/PBS-Name-$n"; done
    "$two/bin/takeover" --remind
    # It could give what it had to nobody: it tries again each minute.
    [ -e "$leader/srv/failover/superseded" ]
    kind=$(sed -n 's/^kind //p' "$leader/etc/failover")
    [ "$kind" = export ]
    "$leader/bin/takeover" --remind
    kind_is "$leader" import
    dumped "$two" 7
    [ "$(cat "$one/srv/data/file")" = 7 ]
}

@test "what a backup server holds and the fallback has not loaded yet is loaded first" {
    dumped "$leader" 1
    printf '#!/bin/sh\nexit 9\n' >"$fleet/PBS-Name-1/bin/pbs/COMP-ROOT-root-Name-1-push_raw"
    dumped "$leader" 2
    [ "$(cat "$one/srv/data/file")" = 1 ]
    lost "$leader"
    run -0 "$one/bin/takeover" -x
    [[ $output == *"would load 1.2 first"* ]] || fail "$output"
    run -0 "$one/bin/takeover"
    [[ $output == *"1.2 was loaded first"* ]] || fail "$output"
    [ "$(cat "$one/srv/data/file")" = 2 ]
    grep -qx 'took 1.2' "$one/srv/failover/takeover"
}

@test "what cannot be loaded is not what it leads with" {
    dumped "$leader" 1
    printf '#!/bin/sh\nexit 9\n' >"$fleet/PBS-Name-1/bin/pbs/COMP-ROOT-root-Name-1-push_raw"
    dumped "$leader" bad
    lost "$leader"
    sed -i "s,^cp ,! grep -q bad $one/srv/backup/Name/file || exit 1\n&," "$one/bin/Name-importer"
    grep -q 'grep -q bad' "$one/bin/Name-importer" || printf '#!/bin/sh\n! grep -q bad %s || exit 1\ncp -a %s %s\n' "$one/srv/backup/Name/file" "$one/srv/backup/Name/." "$one/srv/data" >"$one/bin/Name-importer"
    run -1 --separate-stderr "$one/bin/takeover"
    [[ $output == *"leads with 1.1, though there was 1.2"*"Name1 leads in epoch 2"* ]] || fail "$output" "$stderr"
    [ "$(cat "$one/srv/data/file")" = 1 ]
}

@test "killed anywhere it goes on, ten times in a row, with a backup after each" {
    local turn pid who other killed=0 value
    dumped "$leader" start
    who=$one other=$leader
    for turn in 1 2 3 4 5 6 7 8 9 10; do
        # Killed again and again, each time a little later; then it may end.
        for delay in $((turn * 30)) $((turn * 90)) $((turn * 150)); do
            setsid "$who/bin/takeover" >out 2>&1 3>&- &
            pid=$!
            sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
            if kill -9 -- "-$pid" 2>/dev/null; then killed=$((killed + 1)); fi
            { wait "$pid" || :; } 2>/dev/null
            until_true flock -n "$who/srv/failover/lock" true
        done
        run "$who/bin/takeover"
        [ "$status" -le 1 ] || [[ $output == *"leads already"* ]] || fail "turn $turn: $status: $output"
        until_true kind_is "$who" export
        "$who/bin/takeover" --remind
        until_true kind_is "$other" import
        dumped "$who" "turn $turn"
        for value in "$fleet"/Name?/srv/data/file; do [ "$(cat "$value")" = "turn $turn" ] || fail "turn $turn: $value: $(cat "$value")"; done
        value=$who who=$other other=$value
    done
    echo "# $killed kills" >&3
    [ "$killed" -ge 10 ]
    # No generation is there twice, none went down, and each turn had an epoch of its own.
    [ "$(history 1 | tr ' ' '\n' | cut -d . -f 1 | sort -u | wc -l)" -eq 11 ] || fail "$(history 1)"
    for n in 1 2; do history $n | xargs -n 1 >numbers; sort -V numbers | cmp - numbers && [ -z "$(uniq -d numbers)" ]; done
}

@test "a takeover at any moment of an import leads with a dump or the one before it, and with no mix" {
    local turns=${RS_TAKEOVER_MOMENTS-4} turn who other loaded
    # An import that takes its time: of two files that are always the same, one after the other.
    mkdir slow
    cat >slow/cp <<'END'
#!/bin/sh
case "$2 $3" in
*/srv/backup/Name/.\ */srv/data)
    /bin/cp -a "$2/a" "$3/a"
    sleep 0.3
    exec /bin/cp -a "$2/b" "$3/b"
    ;;
esac
exec /bin/cp "$@"
END
    chmod +x slow/cp
    export PATH=$PWD/slow:$PATH
    echo 0 | tee "$leader/srv/data/a" >"$leader/srv/data/b"
    dumped "$leader"
    who=$one other=$leader
    for ((turn = 1; turn <= turns; turn++)); do
        echo "$turn" | tee "$other/srv/data/a" >"$other/srv/data/b"
        "$other/bin/exporter"
        # From the pull to the end of the load, and a little further.
        sleep "$(awk -v n="$turn" -v of="$turns" 'BEGIN { printf "%.3f", 1.2 * n / of }')"
        run "$who/bin/takeover"
        [ "$status" -le 1 ] || fail "turn $turn: $status: $output"
        loaded=$(cat "$who/srv/data/a")
        [ "$loaded" = "$(cat "$who/srv/data/b")" ] || fail "turn $turn: a mix" "$(head "$who"/srv/data/[ab])" "$output"
        [ "$loaded" = "$turn" ] || [ "$loaded" = $((turn - 1)) ] || fail "turn $turn: $loaded" "$output"
        grep -qx "took $(awk '$1 == "generation" { print $2 }' "$who/srv/failover/held")" "$who/srv/failover/takeover"
        kind_is "$who" export
        until_true kind_is "$other" import
        # The next one begins with what all have.
        echo "$turn" | tee "$who/srv/data/a" >"$who/srv/data/b"
        dumped "$who"
        until_true cmp "$who/srv/data/b" "$other/srv/data/b"
        loaded=$who who=$other other=$loaded
    done
    [ "$(history 1 | tr ' ' '\n' | cut -d . -f 1 | sort -u | wc -l)" -eq $((turns + 1)) ] || fail "$(history 1)"
}

@test "of two at once one leads, and the other one goes on as a fallback" {
    local first second
    dumped "$leader" 1
    lost "$leader"
    "$one/bin/takeover" >first 2>&1 3>&- & first=$!
    "$two/bin/takeover" >second 2>&1 3>&- & second=$!
    wait "$first" && first=0 || first=$?
    wait "$second" && second=0 || second=$?
    case $first:$second in 0:77 | 77:0) ;; 0:0) fail "both lead" "$(cat first second)" ;; *) fail "$first $second" "$(cat first second)" ;; esac
    [ "$first" -eq 0 ] || { local swap=$one; one=$two two=$swap; }
    kind_is "$one" export
    kind_is "$two" import
    [ ! -e "$two/srv/takeover_triggered" ]
    dumped "$one" 2
    [ "$(cat "$two/srv/data/file")" = 2 ]
}

@test "an administrator's programs are run in order, and one that fails is told of" {
    dumped "$leader" 1
    mkdir -p "$one/etc/takeover.d" "$leader/etc/takeover.d"
    for name in 10-address 20-name; do
        printf '#!/bin/sh\necho "${0##*/} $1 $RS_NAME $RS_INSTANCE $RS_EPOCH" >>%s/hooks\n' "$PWD" >"$one/etc/takeover.d/$name"
    done
    cp "$one/etc/takeover.d/10-address" "$leader/etc/takeover.d/10-address"
    printf 'no program\n' >"$one/etc/takeover.d/30.conf"
    printf '#!/bin/sh\nexit 3\n' >"$one/etc/takeover.d/15-bad"
    chmod +x "$one"/etc/takeover.d/??-* "$leader"/etc/takeover.d/??-*
    run -1 --separate-stderr "$one/bin/takeover"
    [[ $stderr == *"15-bad start: failed with status 3"* ]] || fail "$stderr"
    [[ $output == *"ran: 10-address 15-bad 20-name; failed: 15-bad"* ]] || fail "$output"
    until_true kind_is "$leader" import
    sort hooks >sorted
    printf '10-address start Name Name1 2\n10-address stop Name Name0 2\n20-name start Name Name1 2\n' | cmp - sorted || fail "$(cat hooks)"
}

@test "a rehearsal loads, checks and starts in a place that is gone afterwards; nobody is told, and the instance is as it was" {
    dumped "$leader" 1
    mkdir place
    find "$one" -type f ! -path '*/var/*' -exec cksum {} + | sort >before
    TMPDIR=$PWD/place run -0 "$one/bin/takeover" --rehearse
    [[ $output == *"1.1 was fetched, loaded and checked"*"it leads, and the service is well"*"a takeover takes about "*"since 1.1 is loaded already"* ]] || fail "$output"
    find "$one" -type f ! -path '*/var/*' -exec cksum {} + | sort | cmp before - || fail 'the instance was touched'
    [ -z "$(ls -A place)" ]
    run ! pgrep -f "$PWD/place"
    [ "$(history 1)" = 1.1 ]
    kind_is "$leader" export
    # What would fail fails here, and nothing is left of that either.
    cp "$BATS_FILE_TMPDIR/sw/mysoftware-import.cfg" kept
    sed -i 's/^command-line = cp .*/command-line = false/' "$BATS_FILE_TMPDIR/sw/mysoftware-import.cfg"
    TMPDIR=$PWD/place run -69 "$one/bin/takeover" --rehearse
    cp kept "$BATS_FILE_TMPDIR/sw/mysoftware-import.cfg"
    [[ $output == *"1.1: cannot be loaded: "* ]] || fail "$output"
    [ -z "$(ls -A place)" ]
}

@test "a step by itself; wrong usage" {
    dumped "$leader" 1
    run -0 "$one/bin/takeover" --step lock --epoch 2
    [ -e "$one/srv/takeover_triggered" ]
    run -0 "$one/bin/takeover" --step unlock
    [ ! -e "$one/srv/takeover_triggered" ]
    dumped "$leader" 2
    [ "$(cat "$one/srv/data/file")" = 2 ]
    for step in lock raise freeze import retype hooks start publish follow; do
        run -0 "$one/bin/takeover" --step "$step" --epoch 7
        run -0 "$one/bin/takeover" --step "$step" --epoch 7
    done
    kind_is "$one" export
    until_true kind_is "$leader" import
    [ "$("$two/bin/takeover" --known-epoch)" = 7 ]
    [[ $(history 2) == "1.1 1.2 7.1"* ]] || fail "$(history 2)"

    run -64 rs-takeover
    run -64 rs-takeover "$one" "$two"
    run -64 rs-takeover --bogus "$one"
    run -64 rs-takeover --step nothing "$one"
    run -64 rs-takeover --stand-down 0 "$one"
    run -64 rs-takeover --stand-down 9999999999999999 "$one"
    run -64 rs-takeover --stand-down 999999999999999 "$two"
    run -66 rs-takeover "$PWD/nowhere"
    run -66 rs-takeover "$fleet/PBS-Name-1"
    echo bogus 1 >>"$two/etc/failover"
    run -78 --separate-stderr rs-takeover "$two"
    [[ $stderr == *"etc/failover:"*"bogus: no such word"* ]] || fail "$stderr"
    run -0 rs-takeover --help
}

@test "a takeover that is half done is an alarm" {
    dumped "$leader" 1
    local promise=$one/etc/promise/takeover state=$one/srv/failover
    says() {
        run -0 "$promise"
        find "$state" -type f -exec touch -d '20 minutes ago' {} +
        run -1 "$promise"
        [[ $output == *"$1"* ]] || fail "$output"
    }
    run -0 "$one/bin/takeover" --step lock --epoch 2
    says 'a takeover was begun, and is not finished: acquire comes next; run '
    run -0 "$one/bin/takeover" --step unlock
    run -0 "$promise"
    lost "$leader"
    run -0 "$one/bin/takeover"
    says "could not be told that this instance leads: Name0"
    found "$leader"
    run -0 "$one/bin/takeover" --remind
    run -0 "$promise"
    until_true kind_is "$leader" import
    run -0 "$leader/etc/promise/takeover"
    # One that can give what it had to nobody.
    for n in 1 2; do lost "$fleet/PBS-Name-$n"; done
    run "$one/bin/takeover" --quiet --stand-down 9
    promise=$one/etc/promise/takeover
    until_true [ -e "$state/superseded" ]
    until_true flock -n "$state/lock" true
    says 'another instance leads since epoch 9, and this one is no fallback yet; run '
}

@test "a backup server does for each source what it may, and no more" {
    dumped "$leader" 1
    serve() { "$fleet/PBS-Name-1/bin/serve" --from "$@" </dev/null; }
    run -0 serve COMP-0-Name1 newest
    [ "$output" = 1.1 ]
    run -77 serve COMP-0-Name7 newest
    run -64 serve COMP-0-Name1 lead 0x
    run -64 serve COMP-0-Name1 lead 99999999999999
    run -64 serve COMP-0-Name1 emit latest
    run -64 serve COMP-0-Name1 'sh -c id'
    run -1 serve COMP-0-Name1 observe COMP-0-Name2
    run -0 serve COMP-0-Name1 observe COMP-0-Name0
    run -0 serve COMP-0-Name1 lead 5
    run -0 serve COMP-0-Name1 lead 5
    run -77 serve COMP-0-Name2 lead 5
    run -77 serve COMP-0-Name2 lead 4
    run -0 serve COMP-0-Name2 epoch
    [ "$output" = 5 ]
    SSH_ORIGINAL_COMMAND='newest; id' run -64 "$fleet/PBS-Name-1/bin/serve" --from COMP-0-Name1
    SSH_ORIGINAL_COMMAND='--from COMP-0-Name2 newest' run -64 "$fleet/PBS-Name-1/bin/serve" --from COMP-0-Name1
    # A pattern tells nobody the names of files.
    cd /etc
    for program in "$fleet/PBS-Name-1/bin/serve --from COMP-0-Name1" "$leader/bin/serve" "$one/bin/serve" "$one/bin/peer-serve"; do
        SSH_ORIGINAL_COMMAND='host* *' run -64 $program
        [[ $output != *hostname* ]] || fail "$output"
    done
    # What it was told of as loaded.
    for wrong in '' '1.1 x' '* 1' '1.1 -1' '1.1 99999999999999999999'; do run -64 serve COMP-0-Name1 proven $wrong; done
    run ! serve COMP-0-Name1 proven 1.7 3
    run -77 serve COMP-0-Name7 proven 1.1 3
    run -0 serve COMP-0-Name2 proven 1.1 3
    run -0 rs-store list "$fleet/PBS-Name-1/srv/backup/pbs"
    [[ $output == *"proven on Name2"* ]] || fail "$output"
}

@test "a backup server whose history cannot be read is one that does not answer, and not one that has nothing" {
    dumped "$leader" 1
    for n in 1 2; do
        cp -a "$fleet/PBS-Name-$n/srv/backup/pbs" "kept.$n"
        for file in "$fleet/PBS-Name-$n/srv/backup/pbs/names/"*/1.1.gen; do chmod u+w "$file" && echo damaged >"$file"; done
    done
    run -65 "$fleet/PBS-Name-1/bin/serve" --from COMP-0-Name1 newest
    run -65 "$fleet/PBS-Name-1/bin/serve" --from COMP-0-Name1 epoch
    run -1 "$one/bin/takeover" --explain
    [[ $output == *"no backup server answers"* ]] || fail "$output"
    rm -r "$fleet/PBS-Name-2/srv/backup/pbs"
    mv kept.2 "$fleet/PBS-Name-2/srv/backup/pbs"
    run -0 "$one/bin/takeover" --explain
}
