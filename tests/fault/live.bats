#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Things that change while the tools are at work: files that are written while they are read, several tools on one store or
# one target, signals, and locks (NEEDS.md B12, B13, B14, B31).

load ../lib/common

# start COMMAND...: in the background; its number is in pid, and in pids until it is waited for. What a pipe in a
# redirection of it leads to must be open already, or the shell waits here. Its stdin is that of the call: a shell gives
# background commands /dev/null unless they are redirected themselves.
start() {
    "$@" <&0 3>&- 6<&- 7>&- 8>&- &
    pid=$!
    pids+=("$pid")
}

# ended PID: waits for it at most a minute; its status is in ended_with.
ended() {
    until_true gone "$1"
    ended_with=0
    wait "$1" || ended_with=$?
}

gone() {
    ! kill -0 "$1" 2>/dev/null || [ "$(cut -d' ' -f3 <"/proc/$1/stat" 2>/dev/null)" = Z ]
}

# microseconds since 1970
now() {
    printf '%s\n' "${EPOCHREALTIME/./}"
}

# ---- a tree that changes while it is read ----

# paused_export CHANGE...: an export of src, whose file "large" is larger than all buffers, stands still in the middle of it;
# then the command is run, then it goes on. Its stream is in ./stream, its status in ended_with.
paused_export() {
    mkdir -p src
    head -c 24M /dev/urandom >src/large
    printf 'after\n' >src/zlast
    mkfifo pipe
    exec 7<>pipe 6<pipe
    start rs-export --threads 1 "${options[@]}" src >pipe 2>err
    exec 7>&-
    head -c 65536 <&6 >stream # now it is reading
    "$@"
    cat <&6 >>stream
    exec 6<&-
    ended "$pid"
}

append() { head -c 100K /dev/urandom >>src/large; }
shrink() { truncate -s 5M src/large; }
overwrite() { head -c 4K /dev/urandom | dd of=src/large bs=1M seek=20 conv=notrunc status=none; }
# The time of the directory was read before and is put back: names are not what changes here.
replace() { head -c 2M /dev/urandom >new && touch -r src directory && mv new src/large && touch -r directory src; }
retime() { touch -d 2001-01-01 src/large; }

@test "a file that changes once while it is read is read again, and is whole" {
    local change options=()
    for change in append shrink overwrite replace retime; do
        rm -rf src pipe out .out.rs-import
        paused_export "$change"
        [ "$ended_with" -eq 0 ] || fail "$change: $ended_with: $(cat err)"
        rs-import out <stream
        same src out
        rs-store init --reserve 0 "s-$change"
        rs-pull --store "s-$change" --name n <stream
        rm -rf out .out.rs-import
        restore "s-$change" n latest out
        same src out
    done
}

@test "hard links of a file whose first name is replaced while it is read keep its content" {
    local options=()
    mkdir src
    printf 'old\n' >src/zlast
    head -c 24M /dev/urandom >src/large
    ln src/large src/second
    cp src/large keep
    changed() { head -c 1M /dev/urandom >new && touch -r src directory && mv new src/large && touch -r directory src; }
    # paused_export makes src/large anew, so the pause is made here.
    mkfifo pipe
    exec 7<>pipe 6<pipe
    start rs-export --threads 1 src >pipe 2>err
    exec 7>&-
    head -c 65536 <&6 >stream
    changed
    cat <&6 >>stream
    exec 6<&-
    ended "$pid"
    [ "$ended_with" -eq 0 ] || fail "$(cat err)"
    rs-import out <stream
    cmp keep out/second
    cmp src/large out/large
}

moved_back() { mv src/zz/file src/aa/file; }
new_name() { : >src/aa/new; }

@test "a name that moves to where the walk has been makes no dump" {
    local change options
    for change in moved_back new_name; do
        rm -rf src pipe
        mkdir -p src/aa src/zz
        printf x >src/aa/x
        printf file >src/zz/file
        options=()
        paused_export "$change"
        [ "$ended_with" -eq 1 ] || fail "$change: $ended_with: $(cat err)"
        grep -q 'src/aa: names came or went while the tree was read' err
        run -65 rs-import out <stream
    done
    rm -rf src pipe
    mkdir -p src/aa src/zz
    printf file >src/zz/file
    options=(--allow-changed)
    paused_export new_name
    [ "$ended_with" -eq 1 ]
    rs-import out <stream || [ $? -eq 1 ]
    [ -e out/large ]
}

vanish() { rm src/large; }
vanish_later() { rm src/zlast; }
into_directory() { rm src/large && mkdir src/large; }

@test "a name that goes away while the tree is read makes no dump" {
    local change options
    for change in vanish vanish_later into_directory; do
        for options in --level=3 --allow-changed; do
            rm -rf src pipe
            options=("$options")
            paused_export "$change"
            [ "$ended_with" -eq 1 ] || fail "$change: $ended_with: $(cat err)"
            grep -q 'vanished while the tree was read' err
            run -65 rs-import out <stream
            [ ! -e out ]
        done
    done
}

# A writer that never stops: whole megabytes of one byte, one after another.
rewrite_for_ever() {
    exec "$python" -S -c 'import os, sys
fd, turn = os.open(sys.argv[1], os.O_WRONLY), 0
while True:
    turn = turn % 255 + 1
    for at in range(3):
        os.pwrite(fd, bytes([turn]) * (1 << 20), at << 20)' "$1"
}

@test "a file that never stops changing makes no dump: exit 1, no trailer" {
    mkdir src
    head -c 3M /dev/zero >src/busy
    start rewrite_for_ever src/busy
    local writer=$pid i
    rs-store init --reserve 0 s
    for i in 1 2 3; do
        run -1 --separate-stderr bash -c 'rs-export src >stream'
        [[ $stderr == *"src/busy: changed while it was read, 3 times"* ]]
        run -65 --separate-stderr rs-pull --store s --name n <stream
    done
    run -0 rs-store list s
    [ -z "$output" ]
    # Who allows it gets it, and a mark that stays with it.
    run -1 --separate-stderr bash -c 'rs-export --allow-changed --json src >stream 2>json'
    grep -q 'src/busy: changed while it was read; kept as it came' json
    sed -i '/^rs-export: /d' json
    [ "$(json json changed.0)" = busy ]
    run -1 --separate-stderr rs-pull --store s --name n <stream
    [ "$output" = 1.1 ]
    [[ $stderr == *"n 1.1: some files changed while they were dumped"* ]]
    run -0 rs-store list s
    [[ $output == *"changed while read"* ]]
    rs-pull --store s --name n --emit latest >emitted
    run -1 --separate-stderr rs-import out <emitted
    [[ $stderr == *"generation 1.1: some files changed while they were dumped"* ]]
    rs-import --check out
    kill "$writer"
    ended "$writer"
    # Once it is quiet the mark is gone with the next one.
    pull s n src
    push s n latest out
    same src out
    rs-store show --json s n latest >json
    [ "$(json json changed_while_read)" = false ]
}

# mixed FILE: it has more than one kind of byte.
mixed() {
    [ "$(LC_ALL=C tr -d "\\$(printf '%03o' "'$(head -c 1 "$1")")" <"$1" | head -c 1 | wc -c)" -ne 0 ]
}

# never_mixed DIR: files in it are rewritten for ever; whatever a dump publishes holds none that is half old and half new.
never_mixed() {
    local i j published=0 refused=0
    mkdir "$1/src"
    for i in 1 2; do
        head -c 3M /dev/zero >"$1/src/busy$i"
        start rewrite_pausing "$1/src/busy$i"
    done
    # However fast this machine is today, until there is some of both.
    for ((i = 0; i < 40 || (i < 1000 && (published < 3 || refused < 3)); i++)); do
        if rs-export "$1/src" >stream 2>err; then
            rm -rf out .out.rs-import
            rs-import out <stream
            for j in 1 2; do
                ! mixed "out/busy$j" || fail "run $i: busy$j is mixed, and nobody said so"
            done
            published=$((published + 1))
        else
            refused=$((refused + 1))
        fi
    done
    reap
    say "$published dumps published, $refused refused"
    [ "$published" -gt 0 ] && [ "$refused" -gt 0 ]
}

# As rewrite_for_ever, with pauses of up to 35 ms, in which a reader may come through.
rewrite_pausing() {
    exec "$python" -S -c 'import os, random, sys, time
fd, turn, rng = os.open(sys.argv[1], os.O_WRONLY), 0, random.Random(sys.argv[1])
while True:
    turn = turn % 9 + 1
    for at in range(12):
        os.pwrite(fd, b"%d" % turn * (1 << 18), at << 18)
    time.sleep(rng.random() * 0.035)' "$1"
}

@test "no dump that is published holds a file that is half old and half new" {
    never_mixed .
}

@test "nor where the file system's clock is coarse" {
    need_root
    mkdir coarse
    mount -t ramfs ramfs coarse || skip "ramfs cannot be mounted here"
    never_mixed coarse
}

# ---- the lock on the dump directory ----

# hold FILE: a lock on it, exclusive, until the process is killed.
hold() {
    exec flock -x "$1" sh -c "touch '$1.held'; exec sleep 1000"
}

@test "an export waits for who replaces the directory, and then reads the new one" {
    mkdir src new
    printf 'old\n' >src/f
    printf 'new\n' >new/f
    start hold src
    local holder=$pid
    until_true test -e src.held
    run -75 --separate-stderr rs-export --wait 0 src
    [[ $stderr == *"src: is being replaced by another process"* ]]
    start bash -c 'exec rs-export --wait 20 src >stream'
    local exporter=$pid
    # In two steps there is a moment without it: it must have been opened before.
    until_true eval "ls -l /proc/$exporter/fd | grep -qF '$PWD/src'"
    mv src old
    mv new src
    # Its child holds the lock as well, and first: without it nobody knows whose child that is.
    pkill -KILL -P "$holder"
    kill -KILL "$holder" 2>/dev/null || :
    ended "$exporter"
    [ "$ended_with" -eq 0 ]
    rs-import out <stream
    [ "$(cat out/f)" = new ]
}

@test "while a directory is exported nobody replaces it who asks for the lock" {
    local options=()
    try_lock() {
        run -1 flock -n -x src true
        run -0 flock -n -s src true
    }
    paused_export try_lock
    [ "$ended_with" -eq 0 ]
    flock -n -x src true
}

# ---- several at once ----

# pull_often NAME SRC TIMES: statuses are 0 or 75; each generation that was acknowledged is in ack.NAME.
pull_often() {
    local i status
    for ((i = 0; i < $3; i++)); do
        [ "$1" = shared ] || printf '%s %s\n' "$1" "$i" >>"$2/log"
        status=0
        pull s "$1" "$2" >>"ack.$1" 2>>"err.$1" || status=$?
        printf '%s\n' "$status" >>statuses
    done
}

prune_for_ever() {
    local status
    while [ ! -e stop ]; do
        status=0
        rs-store prune --keep-last 2 s >>prune.log 2>>prune.err || status=$?
        printf '%s\n' "$status" >>prune.statuses
    done
}

check_for_ever() {
    local status
    while [ ! -e stop ]; do
        status=0
        rs-store check s >>check.log 2>>check.err || status=$?
        printf '%s\n' "$status" >>check.statuses
    done
}

@test "pulls of several names and of one name, a prune and a check at once: 0 or 75, and all is whole after it" {
    local i workers=()
    rs-store init --reserve 0 s
    for i in 1 2 3 4 5 shared; do
        mini "src.$i"
        head -c 300K /dev/urandom >"src.$i/data"
    done
    start prune_for_ever
    local pruner=$pid
    start check_for_ever
    local checker=$pid
    for i in 1 2 3; do start pull_often "n$i" "src.$i" 8 && workers+=("$pid"); done
    for i in 1 2; do start pull_often shared src.shared 8 && workers+=("$pid"); done
    for i in "${workers[@]}"; do wait "$i"; done
    touch stop
    ended "$pruner"
    ended "$checker"
    pids=()
    say "pulls: $(sort statuses | uniq -c | paste -sd, | tr -s ' '); prunes: $(sort prune.statuses | uniq -c | paste -sd, | tr -s ' '); checks: $(sort check.statuses | uniq -c | paste -sd, | tr -s ' ')"
    [ "$(wc -l <statuses)" -eq 40 ]
    [ "$(wc -l <prune.statuses)" -ge 3 ]
    ! grep -vE '^(0|75)$' statuses || fail "$(cat err.*)"
    ! grep -vE '^(0|75)$' prune.statuses || fail "$(cat prune.err)"
    ! grep -vE '^0$' check.statuses || fail "$(cat check.log check.err)"
    rs-store check --read-data s
    [ -z "$(ls s/tmp)" ]
    for i in n1:1 n2:2 n3:3 shared:shared; do
        # The last one acknowledged is the newest that is there, and is the source.
        [ "$(tail -n 1 "ack.${i%:*}")" = "$(rs-store list s --name "${i%:*}" | tail -n 1 | cut -d' ' -f2)" ] || [ "$i" = shared:shared ]
        restore s "${i%:*}" latest "out.${i#*:}"
        same "src.${i#*:}" "out.${i#*:}"
    done
    rs-store prune --keep-last 1 s
    rs-store check --read-data s
}

@test "restores go on while a prune moves what they read" {
    local i
    rs-store init --reserve 0 s
    for i in 0 1 2 3; do
        mini src "$i"
        lister src >"was.$i"
        pull s n src
    done
    start prune_for_ever
    local pruner=$pid
    # The prune has work again and again; what is restored stays the same.
    for i in 4 5 6 7 8 9; do
        mini src "$i"
        lister src >"was.$i"
        pull s n src >/dev/null || [ $? -eq 75 ]
        rm -rf out .out.rs-import
        restore s n latest out || fail "a restore during a prune: $?"
        same_as "was.$i" out || same_as "was.$((i - 1))" out
    done
    touch stop
    ended "$pruner"
    pids=()
    [ "$(sort -u prune.statuses)" = 0 ]
    rs-store check --read-data s
}

@test "a generation that comes again while a prune removes it is whole" {
    need_root
    local i
    rs-store init --reserve 0 s
    for i in 0 1 2 3; do
        mini src "$i"
        pull s n src
    done
    rs-store init --reserve 0 t
    rs-store copy s t
    # The prune stands still between what it removes first and what it looks at last.
    start strace -f -qq -o trace -e trace=fsync -e inject=fsync:delay_enter=3000000:when=2 rs-store prune -q --keep-last 1 t
    local pruner=$pid
    until_true sh -c '! test -e t/names/n/1.1.gen'
    rs-store copy s t
    ended "$pruner"
    [ "$ended_with" -eq 0 ]
    rs-store check --read-data t
    run -0 rs-store list t
    [ "${#lines[@]}" -eq 4 ]
}

@test "whoever lists the indexes while a prune replaces them sees no damage that is not there" {
    need_root
    local i waiting
    rs-store init --reserve 0 s
    for i in 0 1 2 3 4; do
        mini src "$i"
        pull s n src
    done
    # It stands still between the list of the indexes and their opening.
    start strace -f -qq -o trace -P "$PWD/s/index" -e trace=getdents64 \
        -e inject=getdents64:delay_exit=3000000:when=2 rs-pull --store s --name n --emit latest >emitted 2>err
    waiting=$pid
    until_true grep -q getdents64 trace
    rs-store prune -q --keep-last 2 s
    kill -0 "$waiting" # else nothing was seen
    ended "$waiting"
    [ "$ended_with" -eq 0 ] || fail "$ended_with: $(cat err)"
    rs-import out <emitted
    same src out
}

@test "an import that may not open enough files says so, and goes on to trust the tree that is there" {
    local n limited=0
    mini src
    rs-store init --reserve 0 s
    pull s n src
    rs-pull --store s --name n --emit latest | rs-import t
    mini src 1
    pull s n src
    rs-import --have t | rs-pull --store s --name n --emit latest --have=- >delta
    for n in {12..26}; do
        run sh -c "ulimit -n $n && exec rs-import t <delta"
        [ "$status" -ne 0 ] || break
        [[ $status -eq 75 || $status -eq 127 ]] || fail "$n files: $status: $output"
        [[ $output != *"not what the last import left"* ]] || fail "$n files: $output"
        limited=$((limited + 1))
        rs-import --check t
    done
    [ "$limited" -ge 1 ]
    [ "$status" -eq 0 ] || rs-import t <delta
    same src t
}

@test "twenty imports into one target at once: each is done or 75, and the tree is whole" {
    local i statuses=() busy=0
    mini src
    rs-export src >stream
    for i in {1..20}; do start rs-import t <stream 2>>err; done
    for i in "${pids[@]}"; do
        ended "$i"
        statuses+=("$ended_with")
        [ "$ended_with" -eq 0 ] || [ "$ended_with" -eq 75 ] || fail "$ended_with: $(cat err)"
        [ "$ended_with" -eq 0 ] || busy=$((busy + 1))
    done
    pids=()
    [[ " ${statuses[*]} " == *" 0 "* ]]
    say "imports at once: $((20 - busy)) done, $busy told to come again"
    same src t
    rs-import --check t
}

# ---- locks ----

# held_import: an import of ./stream into t that has begun and waits for more; its pid is in pid, its input at descriptor 8.
held_import() {
    mkfifo pipe
    exec 8<>pipe
    start rs-import t <pipe
    head -c 2000 stream >&8
    until_true test -d .t.rs-import/new
}

@test "a second import while one is at work is 75 at once, and looking is allowed" {
    mini src
    rs-export src | rs-import t
    lister t >before
    mini src 1
    rs-export src >stream
    held_import
    local holder=$pid begin
    begin=$(now)
    run -75 --separate-stderr rs-import t <stream
    [[ $stderr == *"t: another import is at work here"* ]]
    run -75 --separate-stderr rs-import --proven t
    run -75 --separate-stderr rs-import --rollback t
    [ $(($(now) - begin)) -lt 3000000 ]
    same_as before t
    rs-import --check t
    rs-import --have t >have
    rs-import --signature t >signature
    # The first one is not disturbed.
    tail -c +2001 stream >&8
    exec 8>&-
    ended "$holder"
    [ "$ended_with" -eq 0 ]
    same src t
}

@test "after a kill -9 of who held the lock the next import starts at once" {
    local i begin
    mini src
    rs-export src | rs-import t
    lister t >before
    mini src 1
    rs-export src >stream
    for i in 1 2 3 4 5; do
        rm -f pipe
        held_import
        kill -KILL "$pid"
        ended "$pid"
        exec 8>&-
        [ "$ended_with" -eq 137 ]
        same_as before t
        rs-import --check t
    done
    begin=$(now)
    rs-import t <stream
    [ $(($(now) - begin)) -lt 3000000 ]
    same src t
    [ ! -e .t.rs-import/new ]
}

@test "a second prune while one is at work is 75, after a kill -9 the next one runs" {
    mini src
    rs-store init --reserve 0 s
    pull s n src
    rs-store prune --keep-last 1 s
    start hold s/prune-lock
    local holder=$pid
    until_true test -e s/prune-lock.held
    run -75 --separate-stderr rs-store prune --keep-last 1 s
    [[ $stderr == *"s: another prune is at work"* ]]
    # A dry run only looks; pulls and reads go on.
    rs-store prune --dry-run --keep-last 1 s
    pull s n src
    rs-store check s
    pkill -KILL -P "$holder" || :
    kill -KILL "$holder" || :
    ended "$holder"
    rm s/prune-lock.held
    rs-store prune --keep-last 1 s
}

# ---- signals ----

# interrupted SIGNAL: a pull gets the signal in the middle of its stream, which keeps coming.
interrupted() {
    rm -rf s pipe
    rs-store init --reserve 0 s
    mkfifo pipe
    start bash -c 'exec rs-export --limit 20M src >pipe 2>/dev/null'
    local writer=$pid
    start bash -c 'exec rs-pull --store s --name n <pipe'
    local reader=$pid
    # When something has arrived.
    until_true sh -c 'test "$(cat s/tmp/*/*.pack 2>/dev/null | wc -c)" -gt 3000000'
    kill "-$1" "$reader"
    ended "$reader"
    reader_status=$ended_with
    ended "$writer"
}

@test "a pull that is interrupted leaves nothing visible, and what came is not sent again" {
    local signal number full
    mkdir src
    head -c 12M /dev/urandom >src/large
    full=$(rs-export src | wc -c)
    for signal in TERM:143 INT:130 HUP:129; do
        number=${signal#*:} signal=${signal%:*}
        # A background job of a script starts with SIGINT ignored, and so it must stay (nohup).
        [ "$signal" != INT ] || continue
        interrupted "$signal"
        [ "$reader_status" -eq "$number" ]
        run -0 rs-store list s
        [ -z "$output" ]
        rs-store check --read-data s
        [ -z "$(ls s/tmp)" ]
        rs-pull --store s --name n --have | rs-export --have=- src >stream
        say "$signal: $(wc -c <stream) of $full bytes are sent the next time"
        [ "$(wc -c <stream)" -lt $((full - 2500000)) ]
        rs-pull --store s --name n <stream
        restore s n latest out
        same src out
        rm -rf out .out.rs-import
        rs-store check --read-data s
        [ -z "$(find s/partial -type f)" ]
    done
}

@test "a pull whose line is cut keeps what came" {
    local full cut
    mkdir src
    head -c 6M /dev/urandom >src/large
    rs-store init --reserve 0 s
    rs-pull --store s --name n --have | rs-export --have=- src >stream
    full=$(wc -c <stream)
    for cut in 2500000 2000000; do
        rs-pull --store s --name n --have | rs-export --have=- src >stream
        run -65 --separate-stderr bash -c "head -c $cut stream | rs-pull --store s --name n"
        [[ $stderr == *"truncated at byte "* ]]
        run -0 rs-store list s
        [ -z "$output" ]
        rs-store check --read-data s
    done
    rs-pull --store s --name n --have | rs-export --have=- src >stream
    say "after two cuts $(wc -c <stream) of $full bytes are left to send"
    # What is lost of each is less than a segment of 1 MiB and its head.
    [ "$(wc -c <stream)" -lt $((full - 2500000 - 2000000 + 2 * 1060000)) ]
    rs-pull --store s --name n <stream
    restore s n latest out
    same src out
}

@test "an import that is interrupted leaves the old tree and nothing else" {
    mini src
    rs-export src | rs-import t
    lister t >before
    head -c 12M /dev/urandom >src/large
    mkfifo pipe
    start bash -c 'exec rs-export --limit 20M src >pipe 2>/dev/null'
    start bash -c 'exec rs-import t <pipe'
    local reader=$pid
    until_true sh -c 'test "$(stat -c %s .t.rs-import/new/large 2>/dev/null || echo 0)" -gt 1000000'
    kill -TERM "$reader"
    ended "$reader"
    [ "$ended_with" -eq 143 ]
    same_as before t
    rs-import --check t
    [ ! -e .t.rs-import/new ]
    rs-export src | rs-import t
    same src t
}

# quits SIGNAL COMMAND...: a command that waits for something that does not come ends within a second of the signal.
quits() {
    local signal=$1 begin
    shift
    rm -f pipe
    mkfifo pipe
    exec 8<>pipe
    start "$@" <pipe >/dev/null 2>>err
    until_true sleeping "$pid"
    begin=$(now)
    kill "-$signal" "$pid"
    until_true gone "$pid"
    exec 8>&-
    [ $(($(now) - begin)) -lt 1500000 ] || fail "$*: $(($(now) - begin)) microseconds after SIG$signal"
    ended_with=0
    wait "$pid" || ended_with=$?
    [ "$ended_with" -eq $((128 + $(kill -l "$signal"))) ] || fail "$*: $ended_with"
}

# The process waits in a system call, and is the tool already.
sleeping() {
    [[ $(cat "/proc/$1/comm") == rs-* && $(cut -d' ' -f3 <"/proc/$1/stat") == S ]]
}

@test "a signal ends a tool that waits for its input, within a second" {
    mini src
    rs-store init --reserve 0 s
    pull s n src
    quits TERM rs-pull --store s --name n
    quits HUP rs-import t
    quits TERM rs-export --have=- src
    quits TERM rs-pull --store s --name n --emit latest --have=-
    [ ! -e t ]
    rs-store check s
}

@test "a signal ends an export whose command is silent, and the command with it" {
    quits TERM rs-export --exec f -- sh -c 'echo $$ >child; exec sleep 1000'
    [ -s child ]
    until_true gone "$(cat child)"
}

@test "a killed export takes its command with it" {
    start rs-export --exec f -- sh -c 'echo $$ >child.tmp; mv child.tmp child; exec sleep 1000' >stream
    until_true test -s child
    kill -KILL "$pid"
    ended "$pid"
    until_true gone "$(cat child)"
    run -65 rs-import t <stream
}

@test "a signal ends an export that waits for the lock of its directory" {
    mkdir src
    start hold src
    until_true test -e src.held
    quits TERM rs-export --wait 60 src
}

@test "a second signal ends a tool that does not heed the first" {
    rs-store init --reserve 0 s
    mkfifo pipe
    exec 8<>pipe
    start rs-pull --store s --name n <pipe 2>err
    until_true sleeping "$pid"
    kill -TERM "$pid"
    kill -TERM "$pid" || :
    ended "$pid"
    exec 8>&-
    [ "$ended_with" -eq 143 ]
}
