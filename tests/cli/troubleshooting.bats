#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-troubleshooting(7): what it says to run does what it says, and what it quotes is what the tools say when that is wrong.
#
# One deployment for all tests, on three computers that are directories of this one, with an sshd in front of one of them, so that
# every instance has an sshd of its own. Each test breaks something and mends it.

load ../lib/common

setup_file() {
    # The tests go on where the one before has ended.
    export BATS_NO_PARALLELIZE_WITHIN_FILE=true
    python=$(python3 -c 'import sys; print(sys.executable)')
    export python PATH="$BATS_TEST_DIRNAME/../../scripts:$PATH"
    [ -n "${RS_BUILD-}" ] || PATH=$BATS_TEST_DIRNAME/../../build/tools:$PATH
    [ -x /usr/sbin/sshd ] || skip "needs sshd"
    export top=$BATS_FILE_TMPDIR page=$BATS_TEST_DIRNAME/../../man/rs-troubleshooting.7
    cd "$top" || return
    mkdir -p tmp/unpacked cron.d ssh sw
    ssh-keygen -q -t ed25519 -N '' -f ssh/host
    ssh-keygen -q -t ed25519 -N '' -f ssh/id
    export port
    port=$("$python" -S -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    printf '%s\n' "ListenAddress 127.0.0.1" "Port $port" "HostKey $top/ssh/host" "AuthorizedKeysFile $top/ssh/id.pub" \
        "PidFile $top/ssh/pid" 'PasswordAuthentication no' 'StrictModes no' 'UsePAM no' >ssh/sshd_config
    printf '[127.0.0.1]:%s %s\n' "$port" "$(cat ssh/host.pub)" >ssh/known_hosts
    printf '%s\n' "IdentityFile $top/ssh/id" 'IdentitiesOnly yes' "UserKnownHostsFile $top/ssh/known_hosts" >ssh/config
    [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
    # What fails is to fail at once, and not after a pause for each of some tries.
    cp -r "$BATS_TEST_DIRNAME/../../stack" stack
    sed -i 's/--tries 5 /--tries 1 /; s/^tries = 3/tries = 1/' stack/resilient/entry.sh.in stack/resilient/pbsready-export.cfg
    export RS_STACK=$top/stack
    # The software is the one that rs-profile(5) prints.
    awk '/^\$ cat notes\.cfg/ { name = $3; next } /^\.Ed/ { name = "" } name { print > ("sw/" name) }' "$BATS_TEST_DIRNAME/../../man/rs-profile.5"
    {
        printf '[deployment]\nname = w\nprofile = sw/notes.cfg\n\n[parameters]\nresilient-clone-number = 2\n'
        printf -- '-sla-notes0-computer_guid = alpha\n-sla-1-computer_guid = gamma\n-sla-2-computer_guid = beta\n'
        for name in alpha beta gamma; do
            printf '\n[%s]\nssh = local\nroot = %s/%s\naddress = 127.0.0.1\ncrontab = %s/cron.d\npath = %s\n' \
                "$name" "$top" "$name" "$top" "$(dirname "$(command -v rs-render)")"
        done | sed "/beta\]/,/^root/s|= local|= -F $top/ssh/config -p $port 127.0.0.1|"
    } >w.cfg
    # First the computer behind that sshd is away.
    run rs-deploy apply -q w.cfg
    run -69 rs-deploy status w.cfg
    printf '%s\n' "$output" >away
    sshd_start
    rs-deploy apply -q w.cfg
    export leader=$top/alpha/w/notes0 pbs=$top/gamma/w/PBS-notes-1 fallback=$top/gamma/w/notes1 other=$top/beta/w/PBS-notes-2
    export id=w-root-notes-1
    echo hello >"$leader/srv/data/notes.txt"
    sqlite3 "$leader/srv/data/notes.db" 'CREATE TABLE n(t); INSERT INTO n VALUES (1)'
    blocks
}

teardown_file() {
    local program
    for program in "$BATS_FILE_TMPDIR"/*/w/*/bin/services; do
        [ ! -x "$program" ] || RS_SERVICES_GRACE=2 "$program" stop >/dev/null || :
    done
    [ ! -e "$BATS_FILE_TMPDIR/ssh/pid" ] || sshd_stop
}

setup() {
    pids=() lib=$BATS_TEST_DIRNAME/../lib
    export LC_ALL=C
    cd "$BATS_TEST_TMPDIR" || return
}

sshd_start() {
    /usr/sbin/sshd -f "$top/ssh/sshd_config"
    until_true [ -s "$top/ssh/pid" ]
}

sshd_stop() {
    local pid
    read -r pid <"$BATS_FILE_TMPDIR/ssh/pid"
    kill "$pid"
    until_true [ ! -e "$BATS_FILE_TMPDIR/ssh/pid" ]
}

# ---- the page ----

# Splits the page: block/N are the commands of a block, block/N.is its section, where it is run, and the status; said has a line
# SECTION<tab>MESSAGE for each message.
blocks() {
    mkdir block
    awk '
        /^\.S[hs] / { section = $0; sub(/^\.S[hs] (\\&)?/, "", section) }
        /^\.\\" run / { where = $3; status = $4 + 0; next }
        /^\.Bd / { inside = 1; if (where != "") { ++n; printf "%s\t%s\t%d\n", section, where, status >("block/" n ".is") } next }
        /^\.Ed/ { inside = 0; where = ""; next }
        inside && where != "" { gsub(/\\e/, "\\"); print >("block/" n) }
        /^\.It "/ { text = $0; sub(/^\.It "/, "", text); sub(/ *"$/, "", text); print section "\t" text >"said" }' "$page"
}

# Runs the blocks of the section $1 as they are printed, or only number $3 of them; GEN is $2.
try() {
    local is block where status n=0
    for is in $(printf '%s\n' "$top"/block/*.is | sort -V); do
        IFS=$'\t' read -r section where status <"$is"
        [ "$section" = "$1" ] || continue
        n=$((n + 1))
        [ "$n" -eq "${3-$n}" ] || continue
        block=${is%.is}
        sed -e "s|/tmp/|$top/tmp/|g; s|\\bOTHER_ID\\b|w-root-notes-2|g; s|\\bOTHER\\b|$other/srv/backup/pbs|g; s|\\bID\\b|$id|g; s|\\bNAME\\b|notes|g" \
            -e "s|\\bGEN\\b|${2-latest}|g; s|\\bBRANCH\\b|${2-}|g; s|\\bFILE\\b|$top/w.cfg|g" "$block" >commands
        case $where in
        here) where=$top ;;
        leader) where=$leader ;;
        pbs) where=$pbs && settled ;;
        fallback) where=$fallback && settled ;;
        esac
        run --separate-stderr sh -euc 'cd "$1" && . "$2"' sh "$where" "$PWD/commands"
        [ "$status" -eq "$(cut -f 3 "$is")" ] || fail "$(cat commands)" "status $status" "$output" "$stderr"
        echo "${block##*/}" >>"$top/tried"
    done
    [ "$n" -gt 0 ] || fail "no such section: $1"
}

# The section $1 quotes a line of the text $2, and it begins with, or has in it, $3.
quotes() {
    local section message pattern found=no
    while IFS=$'\t' read -r section message; do
        [[ $section == "$1" && $message == *"$3"* ]] || continue
        found=yes
        pattern=$(sed -e 's/[][\.*^$(){}?+|]/\\&/g' -e 's/\b\(FAILED\|OK\)\b/\L&/g' \
            -e 's/\b[A-Z][A-Z_]*\b/.+/g' -e 's/failed$/FAILED/' <<<"$message")
        if tr -s ' ' <<<"$2" | grep -Eq -- "$pattern"; then
            printf '%s\t%s\n' "$section" "$message" >>"$top/heard"
            return
        fi
    done <"$top/said"
    [ "$found" = yes ] || fail "the page does not quote this in '$1': $3"
    fail "the page quotes in '$1' what was not said: $3" "$2"
}

# Waits until the backup servers have done what they were told.
settled() {
    local place lock
    for place in "$pbs" "$other"; do
        until_true worked_off "$place"
        for lock in "$place"/var/run/*.lock; do [ ! -e "$lock" ] || until_true flock -n "$lock" true; done
    done
}

worked_off() {
    ! rs-notify queue --json "$1/var/queue" | grep -q '"state":"waits"'
}

# replaced PROGRAM TEXT: it is that until `restored PROGRAM`.
replaced() {
    cp -p "$1" "$top/tmp/${1##*/}.kept"
    chmod u+w "$1"
    printf '#!/bin/sh\n%s\n' "$2" >"$1"
}
restored() {
    mv "$top/tmp/${1##*/}.kept" "$1"
}

# ---- all is well ----

@test "before the first dump, and one that cannot be loaded" {
    run -65 "$pbs/bin/pbs/${id}-pull_raw"
    quotes 'There is a dump, and nobody has pulled it' "$output" 'there is no dump yet'
    touch -d '2 days ago' "$pbs/etc/notifier/feeds"
    run -1 "$pbs/etc/promise/$id-pull"
    quotes 'WHAT PROMISES SAY' "$output" 'nothing has ever run'
    touch "$pbs/etc/notifier/feeds"
    "$leader/bin/dump"
    "$pbs/bin/pbs/${id}-pull_raw"
    replaced "$fallback/bin/notes-importer" 'exit 3'
    run -3 "$pbs/bin/pbs/${id}-push_raw"
    quotes 'It was pulled, and is not proven' "$output" 'no dump before it'
    restored "$fallback/bin/notes-importer"
    replaced "$fallback/bin/serve" "[ \"\$SSH_ORIGINAL_COMMAND\" = receive ] || exec $top/tmp/import-serve.kept have; cat >/dev/null; echo hello"
    run -69 "$pbs/bin/pbs/${id}-push_raw"
    quotes 'It was pulled, and is not proven' "$output" 'no proof came back'
    restored "$fallback/bin/serve"
    "$pbs/bin/pbs/${id}-push_raw"
}

@test "the chain works, step by step, as the page goes along it" {
    try DESCRIPTION
    try '1. The leader makes a dump'
    try '2. The backup server hears of it'
    try '3. The backup server pulls it'
    try '4. The backup server pushes it, and the fallback loads it'
    [[ $output == *"proven on notes1"* ]]
    try '5. The fallback has it'
    cmp "$leader/srv/data/notes.txt" "$fallback/srv/data/notes.txt"
    # What is only looked at when something is wrong does no harm when nothing is.
    for section in 'There is no new dump' 'There is a dump, and nobody has pulled it' 'It was pulled, and is not proven' \
        'A signature does not match' 'A disk is full' 'A computer was away' 'A clock is wrong' 'There are too many generations'; do
        try "$section"
    done
}

# ---- what is wrong ----

@test "there is no new dump" {
    mv "$leader/srv/data/notes.txt" kept
    run ! "$leader/bin/exporter"
    quotes 'There is no new dump' "$output" 'EXPORTER: failed with status'
    run -1 "$leader/etc/promise/exporter"
    quotes 'WHAT PROMISES SAY' "$output" 'FEED: failed'
    mv kept "$leader/srv/data/notes.txt"
    replaced "$leader/bin/notes-exporter" :
    run -65 "$leader/bin/dump"
    quotes 'There is no new dump' "$output" 'has left nothing'
    restored "$leader/bin/notes-exporter"
    run -0 "$leader/bin/exporter"
    sed -i '$ s/"time":"20../"time":"2006/' "$leader/etc/notifier/feeds/exporter"
    run -1 "$leader/etc/promise/exporter"
    quotes 'WHAT PROMISES SAY' "$output" 'FEED: stalled: TITLE'
    run -0 "$leader/bin/exporter"
    run -0 "$leader/etc/promise/exporter"
}

@test "somebody holds a lock; a dump is cut off" {
    replaced "$leader/bin/notes-exporter" ": >$PWD/begun; while [ -e $PWD/begun ]; do sleep 0.05; done; exec $top/tmp/notes-exporter.kept"
    "$leader/bin/exporter" 3>&- & pids+=($!)
    until_true [ -e begun ]
    run -75 "$leader/bin/exporter"
    quotes 'Somebody holds a lock' "$output" 'already running'
    [[ $output == *"process ${pids[-1]} since"* ]] || fail "$output"
    try 'Somebody holds a lock'
    [[ $output == */proc/${pids[-1]}/fd/* ]] || fail "$output"
    rm begun
    wait "${pids[-1]}"
    settled
    # What makes the dump is killed.
    printf '#!/bin/sh\nkill -9 $PPID\n' >"$leader/bin/notes-exporter"
    run -137 "$leader/bin/dump"
    run -65 "$pbs/bin/pbs/${id}-pull_raw"
    quotes 'There is a dump, and nobody has pulled it' "$output" 'was cut off'
    restored "$leader/bin/notes-exporter"
    "$leader/bin/exporter"
    settled
    (
        flock 9
        run -75 rs-store prune "$pbs/srv/backup/pbs"
        quotes 'Somebody holds a lock' "$output" 'another prune'
    ) 9>>"$pbs/srv/backup/pbs/prune-lock"
    (
        flock 9
        run -75 rs-deploy apply "$top/w.cfg"
        quotes 'Somebody holds a lock' "$output" 'another rs-deploy'
    ) 9>>"$top/.w.rs-deploy/lock"
}

@test "notifications and ssh do not come through" {
    "$pbs/bin/services" stop
    run -1 "$leader/bin/exporter"
    quotes 'There is a dump, and nobody has pulled it' "$output" 'Connection refused'
    [ "$(ls "$leader/var/spool" | wc -l)" -eq 1 ]
    "$pbs/bin/services" start
    until_true "$leader/bin/tell-again"
    [ -z "$(ls "$leader/var/spool")" ]

    mv "$pbs/etc/notifier/callbacks/alpha-notes0:notes" callback
    run -1 "$leader/bin/exporter"
    quotes 'There is a dump, and nobody has pulled it' "$output" 'nothing here hears of it'
    mv callback "$pbs/etc/notifier/callbacks/alpha-notes0:notes"

    try 'ssh does not come through'
    quotes 'ssh does not come through' "$stderr" 'standard input: empty'
    settled
    "$leader/bin/services" stop
    run -65 "$pbs/bin/pbs/${id}-pull_raw"
    quotes 'ssh does not come through' "$output" 'Connection refused'
    run -1 "$leader/etc/promise/sshd"
    quotes 'WHAT PROMISES SAY' "$output" 'no sshd with our key'
    "$leader/bin/services" start
    until_true "$leader/etc/promise/sshd"

    # The keys with which it is told differ; the leader shows another one than it has published; and it does not know ours.
    chmod u+w "$leader/etc/notifier/key"
    echo 0123456789abcdef0123456789abcdef >"$leader/etc/notifier/key"
    run -1 "$leader/bin/exporter"
    quotes 'There is a dump, and nobody has pulled it' "$output" 'not signed with our key'
    : >"$leader/etc/ssh/authorized_keys"
    run -65 "$pbs/bin/pbs/${id}-pull_raw"
    quotes 'ssh does not come through' "$output" 'Permission denied'
    ssh-keygen -q -t ed25519 -N '' -f "$PWD/another"
    sed -i "s|ssh-ed25519 .*|$(cut -d ' ' -f 1,2 another.pub)|" "$pbs/etc/ssh/known_hosts"
    run -65 "$pbs/bin/pbs/${id}-pull_raw"
    quotes 'ssh does not come through' "$output" 'Host key verification failed'
    # One remedy for all of it, as the page says.
    run rs-deploy apply "$top/w.cfg"
    [[ $output == *known_hosts* && $output == *authorized_keys* && $output == *keys/alpha-notes0* ]] || fail "$output"
    run -0 "$leader/bin/exporter"
    settled
    run -0 "$pbs/bin/pbs/${id}-pull_raw"
}

@test "a dump is not loaded, and the state before is there" {
    replaced "$fallback/bin/notes-importer" "[ \"\$(cat $fallback/srv/backup/notes/notes.txt)\" != bad ] || exit 1; exec $top/tmp/notes-importer.kept"
    echo bad >"$leader/srv/data/notes.txt"
    run -0 "$leader/bin/exporter"
    settled
    until_true grep -q 'is loaded again' "$pbs/var/log/equeue.log"
    run -69 "$pbs/bin/pbs/${id}-push_raw"
    quotes 'It was pulled, and is not proven' "$output" 'is loaded again'
    [ "$(cat "$fallback/srv/data/notes.txt")" = hello ]
    # The queue gives up, and says so.
    "$pbs/bin/services" stop
    rs-notify queue --retry "$pbs/var/queue"
    until_true flock -n "$pbs/var/queue/worker.lock" true
    run -1 rs-notify work --once --tries 2 --backoff 0 --queue "$pbs/var/queue"
    run -1 "$pbs/etc/promise/queue"
    quotes 'WHAT PROMISES SAY' "$output" 'KEY given up'
    printf '#!/bin/sh\nexit 3\n' >"$fallback/bin/notes-importer"
    run -3 "$pbs/bin/pbs/${id}-push_raw"
    quotes 'It was pulled, and is not proven' "$output" 'with the dump before, too'
    restored "$fallback/bin/notes-importer"
    "$fallback/bin/notes-importer"
    # Nor is it after a takeover, or while another one is.
    : >"$fallback/srv/takeover_triggered"
    run -77 "$pbs/bin/pbs/${id}-push_raw"
    quotes Fenced "$output" 'this instance has taken over'
    rm "$fallback/srv/takeover_triggered"
    (
        flock 9
        run -75 "$pbs/bin/pbs/${id}-push_raw"
        quotes 'It was pulled, and is not proven' "$output" 'another dump is being loaded'
    ) 9>>"$fallback/var/run/backup.lock"
    echo hello >"$leader/srv/data/notes.txt"
    "$pbs/bin/services" start
    run -0 rs-notify queue --retry "$pbs/var/queue"
    settled
    try 'It was pulled, and is not proven'
    run -0 "$leader/bin/exporter"
    settled
}

@test "a signature does not match" {
    cd "$leader"
    echo changed >>srv/backup/notes/notes.txt
    run ! sha256sum -c --quiet backup.signature
    run -1 sh -c 'cd srv/backup/notes && sha256sum -c --quiet backup.signature'
    quotes 'A signature does not match' "$output" 'FAILED'
    run -65 "$pbs/bin/pbs/${id}-pull_raw"
    quotes 'There is a dump, and nobody has pulled it' "$output" 'is here already'
    # It is so with one that was not pulled before, too.
    bin/dump
    echo changed >>srv/backup/notes/notes.txt
    "$pbs/bin/pbs/${id}-pull_raw"
    run -65 "$pbs/bin/pbs/${id}-push_raw"
    quotes 'It was pulled, and is not proven' "$output" 'have not the sums'
    [ "$(cat "$fallback/srv/data/notes.txt")" = hello ]
    run -0 bin/exporter
    settled
    try '4. The backup server pushes it, and the fallback loads it'
}

@test "a disk is full; a generation is of an old epoch" {
    "$leader/bin/dump"
    sed 's/rs-pull .*>/RS_FAULT=write:1+:ENOSPC &/' "$pbs/bin/pbs/${id}-pull_raw" >full
    run -74 sh full
    quotes 'A disk is full' "$output" 'No space left'
    run -0 "$pbs/bin/pbs/${id}-pull_raw"
    rs-store fence "$pbs/srv/backup/pbs" "$id" 2
    "$leader/bin/dump"
    run -77 "$pbs/bin/pbs/${id}-pull_raw"
    quotes Fenced "$output" 'epoch N has begun'
    try Fenced
    [ "${lines[-1]}" = 2 ] || fail "$output"
    # As the page has it, which is run where nobody has taken over.
    grep -qx 'echo 2.0 >srv/backup/.NAME.generation && bin/exporter' "$page"
    (cd "$leader" && echo 2.0 >srv/backup/.notes.generation && bin/exporter)
    settled
    run -0 rs-store show "$pbs/srv/backup/pbs" "$id" latest
    [[ $output == *'generation  2.1'*'proven '* ]] || fail "$output"
}

@test "a dump has shrunk; something has to be restored" {
    sqlite3 "$leader/srv/data/notes.db" 'INSERT INTO n VALUES (hex(randomblob(100000)))'
    for _ in 1 2 3; do
        "$leader/bin/dump"
        "$pbs/bin/pbs/${id}-pull_raw"
    done
    "$pbs/bin/pbs/${id}-push_raw"
    large=$(cat "$leader/srv/backup/.notes.generation")
    sqlite3 "$leader/srv/data/notes.db" 'DELETE FROM n; VACUUM'
    for frozen in 1 0; do
        "$leader/bin/dump"
        run "-$frozen" "$pbs/bin/pbs/${id}-pull_raw"
        [ "$frozen" -eq 1 ] || continue
        quotes 'A dump has shrunk' "$output" 'retention is frozen'
        quotes 'A dump has shrunk' "$output" 'were not removed'
        try 'A dump has shrunk' "$large"
    done
    try 'Something has to be restored' "$large"
    [ "$(sqlite3 "$fallback/srv/data/notes.db" 'SELECT length(t) FROM n WHERE length(t) > 9')" = 200000 ]
    diff -r "$top/tmp/restored" "$top/tmp/unpacked"
    rm -rf "$top/tmp/restored"
    run -0 "$leader/bin/exporter"
    settled
}

@test "a store is damaged, and another backup server has what the leader has not" {
    settled
    gen=$(rs-store list "$other/srv/backup/pbs" | awk 'NR == 1 { print $2 }')
    sqlite3 "$leader/srv/data/notes.db" 'CREATE TABLE gone(t); INSERT INTO gone VALUES (hex(randomblob(9000)))'
    "$leader/bin/exporter"
    settled
    gen=$(cat "$leader/srv/backup/.notes.generation")
    sqlite3 "$leader/srv/data/notes.db" 'DROP TABLE gone; VACUUM'
    "$leader/bin/exporter"
    settled
    rs-store check --read-data "$pbs/srv/backup/pbs"
    # The pack with most in it of that generation.
    pack=$(find "$pbs/srv/backup/pbs/packs" -newer "$pbs/srv/backup/pbs/names/$id/epoch" -name '*.pack' -size +8k | sort | tail -n 1)
    chmod u+w "$pack"
    printf XXXX | dd of="$pack" bs=1 seek=3000 conv=notrunc status=none
    run -65 rs-store check --read-data "$pbs/srv/backup/pbs"
    quotes 'A store is damaged' "$output" 'checksum mismatch'
    run -1 rs-store repair "$pbs/srv/backup/pbs"
    quotes 'A store is damaged' "$output" 'chunks are lost'
    try 'A store is damaged' "$gen" 2
    # As the page goes: nothing is wrong any more.
    try 'A store is damaged' "$gen" 1
}

@test "a store is lost, and another backup server has its history" {
    settled
    mv "$pbs/srv/backup/pbs/rs-store" kept
    run -66 rs-store list "$pbs/srv/backup/pbs"
    quotes 'A store is lost' "$output" 'not a store'
    run -66 "$pbs/bin/pbs/${id}-pull_raw"
    quotes 'A store is lost' "$output" 'has vanished'
    run -73 rs-store init "$pbs/srv/backup/pbs"
    quotes 'A store is lost' "$output" 'is not empty'
    rm -rf "$pbs/srv/backup/pbs"
    try 'A store is lost'
    diff <(rs-store list "$other/srv/backup/pbs" | cut -d ' ' -f 2) <(rs-store list "$pbs/srv/backup/pbs" | cut -d ' ' -f 2)
    try '3. The backup server pulls it'
    try '4. The backup server pushes it, and the fallback loads it'
}

@test "a computer was away; a clock is wrong" {
    quotes 'A computer was away' "$(cat "$top/away")" 'cannot be reached'
    quotes 'WHAT PROMISES SAY' "$(cat "$top/away")" 'no public key yet'
    try 'A computer was away'
    # A row of the future.
    sed -i '$ s/"time":"20/"time":"21/' "$pbs/etc/notifier/feeds/$id-pull"
    run -1 "$pbs/etc/promise/$id-pull"
    quotes 'A clock is wrong' "$output" 'in the future'
    try 'A clock is wrong'
    run -0 "$pbs/etc/promise/$id-pull"
    [ -z "$output" ]
}

@test "an instance waits for what nobody publishes" {
    mkdir sw
    printf '[buildout]\nparts = a\n[a]\nrecipe = request\nname = a\nsoftware-type = asks\n' >sw/first.cfg
    printf '[buildout]\nparts = b\n[b]\nrecipe = request\nname = b\nsoftware-type = silent\nreturn = word\n' >sw/asks.cfg
    printf '[buildout]\nparts =\n' >sw/silent.cfg
    printf '[buildout]\nparts = s\n[s]\nrecipe = switch-softwaretype\n' >sw/instance.cfg
    printf '%s = ${:_profile_base_location_}/%s.cfg\n' default first asks asks silent silent >>sw/instance.cfg
    printf '[deployment]\nname = x\nprofile = sw/instance.cfg\n[one]\nssh = local\nroot = %s/one\nsupervisor = none\n' "$PWD" >x.cfg
    run -75 rs-deploy apply x.cfg
    quotes 'A computer was away' "$output" 'not settled'
    run -1 rs-deploy status x.cfg
    quotes 'A computer was away' "$output" 'waiting for others'
}

@test "the leader is lost, and comes back" {
    echo 'nobody has this' >"$leader/srv/data/notes.txt"
    "$leader/bin/services" stop
    # It holds nothing, or nothing whole, and then nobody answers.
    mv "$fallback/srv/failover/held" held
    run -1 "$fallback/bin/takeover"
    quotes 'The leader is lost' "$output" 'does not take over'
    quotes 'The leader is lost' "$output" 'no dump was ever loaded'
    sed 's/^imported yes/imported no/' held >"$fallback/srv/failover/held"
    run -1 "$fallback/bin/takeover" --explain
    quotes 'The leader is lost' "$output" 'was not loaded, or only half of it'
    mv held "$fallback/srv/failover/held"
    "$pbs/bin/services" stop
    "$other/bin/services" stop
    run -1 "$fallback/bin/takeover"
    quotes 'The leader is lost' "$output" 'no backup server answers'
    "$pbs/bin/services" start
    "$other/bin/services" start
    until_true "$pbs/etc/promise/sshd"
    until_true "$other/etc/promise/sshd"
    try 'The leader is lost'
    grep -qx 'kind export' "$fallback/etc/failover"

    replaced "$leader/bin/notes-exporter" 'exit 1'
    "$leader/bin/services" start
    until_true "$leader/etc/promise/sshd"
    "$fallback/bin/takeover" --remind
    [ -e "$leader/srv/failover/superseded" ]
    run -69 "$leader/bin/takeover" --rejoin
    quotes 'The old leader is back' "$output" 'cannot be dumped'
    restored "$leader/bin/notes-exporter"
    "$pbs/bin/services" stop
    "$other/bin/services" stop
    run -69 "$leader/bin/takeover" --rejoin
    quotes 'The old leader is back' "$output" 'no backup server has taken'
    "$pbs/bin/services" start
    "$other/bin/services" start
    until_true "$pbs/etc/promise/sshd"
    try 'The old leader is back' '' 1
    grep -qx 'kind import' "$leader/etc/failover"
    try 'The old leader is back' "$(rs-store list "$pbs/srv/backup/pbs" | awk '/, branch/ { print $2 }' | tail -n 1)" 2
}

@test "every command of the page was tried; these messages were heard" {
    diff <(ls "$top/block" | sed -n 's/\.is$//p' | sort) <(sort -u "$top/tried") || fail "blocks that no test has tried"
    cut -f 2 "$top/said" | sort -u >said
    cut -f 2 "$top/heard" | sort -u >heard
    # These need an hour, a network that swallows packets, a computer without tools, and a software that changes all or nothing.
    printf '%s\n' 'BACKUP: still being read after an hour' 'ssh: connect to host HOST port PORT: Connection timed out' \
        'COMPUTER: not there: TOOLS' \
        'BACKUP: IMPORTER: failed with status STATUS; the dump before is back' | sort | diff - <(comm -23 said heard) || fail 'messages that no tool said'
}
