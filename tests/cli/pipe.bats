#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The whole chain: rs-export | rs-pull, rs-pull --emit | rs-import, and rs-export | rs-import without a store, as full
# copies and as deltas; numbers, fencing, and the options of the three tools. Trees are compared by tests/lib/lister.py.

load ../lib/common

# export_import SRC DIR [OPTION of rs-export...]: without a store, as a delta if DIR holds something.
export_import() (
    set -o pipefail
    rs-import --have "$2" | rs-export --have=- "$1" "${@:3}" | rs-import "$2"
)

# Without root nobody can back up what he may not read.
readable() {
    [ "$(id -u)" -eq 0 ] || chmod -R u+rwX "$1"
}

size() {
    stat -c %s "$1"
}

# ---- trees ----

@test "a torture tree goes through the pipe, in full and as deltas, and every old generation comes back" {
    local round changes
    rs-store init --reserve 0 s
    torture make src --small
    for round in 0 1 2 3 4; do
        if [ "$round" -gt 0 ]; then
            changes=$(torture change src --seed 7 --round "$round" | wc -l)
            [ "$changes" -ge 20 ]
        fi
        readable src
        lister src >"listing.$round"
        [ "$(wc -l <"listing.$round")" -gt 1000 ]
        run -0 pull s n src
        [ "$output" = "1.$((round + 1))" ]
        push s n latest out
        same src out
        rs-import --check out
    done
    for round in 0 1 2 3 4; do
        ! cmp -s "listing.$round" "listing.$(((round + 1) % 5))"
        restore s n "1.$((round + 1))" "old.$round"
        same_as "listing.$round" "old.$round"
    done
    # From any generation to any other one, also back.
    for round in 0 4 1 3 2; do
        push s n "1.$((round + 1))" back
        same_as "listing.$round" back
    done
    rs-store check --read-data s
}

@test "a torture tree goes from directory to directory without a store, in full and as deltas" {
    local round
    torture make src --small --seed 4
    for round in 0 1 2 3; do
        [ "$round" -eq 0 ] || torture change src --seed 11 --round "$round" >changes
        readable src
        export_import src out
        same src out
        rs-import --check out
    done
    [ "$(wc -l <changes)" -ge 20 ]
    export_import src out --no-sha256
    same src out
    # What was imported is a source like any other.
    export_import out third
    same src third
}

@test "a delta is small, and an unchanged export sends next to nothing" {
    local full delta none
    rs-store init --reserve 0 s
    mini src
    rs-export src >full
    full=$(size full)
    pull s n src
    rs-pull --store s --name n --have >have
    rs-export --json --have have src >none 2>none.json
    none=$(size none)
    [ "$(json none.json unchanged_entries)" -eq "$(json none.json entries)" ]
    [ "$(json none.json new_bytes)" -eq 0 ]
    [ "$(json none.json read_bytes)" -eq 0 ]
    mini src 1
    rs-export --have have src >delta
    delta=$(size delta)
    say "stream: $full bytes in full, $delta as a delta, $none unchanged"
    [ "$none" -lt 400 ]
    [ "$delta" -lt $((full * 6 / 10)) ]
    rs-pull --store s --name n <delta
    restore s n latest out
    same src out
}

@test "a renamed and a copied file are not sent again" {
    rs-store init --reserve 0 s
    mkdir src
    head -c 500K /dev/urandom >src/one
    pull s n src
    mv src/one src/zwei
    cp src/zwei src/drei
    rs-pull --store s --name n --have | rs-export --have=- src >delta
    [ "$(size delta)" -lt 2000 ]
    rs-pull --store s --name n <delta
    restore s n latest out
    same src out
    export_import src direct
    mv src/drei src/aaa
    rs-import --have direct | rs-export --have=- src >delta
    [ "$(size delta)" -lt 2000 ]
    rs-import direct <delta
    same src direct
}

@test "a name may be any bytes, and a path 4,000 of them" {
    local name i deep=src
    mkdir src
    for i in {1..255}; do
        printf -v name '\\x%02x' "$i"
        printf -v name "$name"
        case $name in / | .) ;; *) printf '%s' "$i" >"src/$name" ;; esac
    done
    for ((i = 0; i < 15; i++)); do
        deep=$deep/$(printf 'd%.0s' {1..250})
        mkdir "$deep"
    done
    printf 'x\n' >"$deep/file"
    [ "$(find src -printf x | wc -c)" -eq 270 ]
    export_import src out
    same src out
    rs-store init --reserve 0 s
    pull s n src
    restore s n latest old
    same src old
}

# ---- numbers ----

@test "the first number is 1.1, then 1.2, whatever the tree" {
    rs-store init --reserve 0 s
    mini src
    run -0 pull s n src
    [ "$output" = 1.1 ]
    run -0 pull s n src
    [ "$output" = 1.2 ]
    run -0 pull s other src
    [ "$output" = 1.1 ]
    run -0 rs-store list s
    [ "${#lines[@]}" -eq 3 ]
    [[ ${lines[0]} == "n 1.1 "* && ${lines[1]} == "n 1.2 "* && ${lines[2]} == "other 1.1 "* ]]
    # Without a have stream there is nothing to count on.
    rs-export src | rs-pull --store s --name third
    run -65 --separate-stderr bash -c 'mkdir e; rs-export e | rs-pull --store s --name third'
    [[ $stderr == *"third 1.1: is here already, with other content"* ]]
}

@test "--have of an unknown name and of a missing directory is empty, and exits 0" {
    rs-store init --reserve 0 s
    mini src
    rs-pull --store s --name nobody --have >unknown
    rs-import --have nowhere >missing
    [ ! -e nowhere ] && [ ! -e .nowhere.rs-import ]
    [ -z "$(ls s/names)" ]
    local have
    for have in unknown missing; do
        [ "$(size $have)" -lt 200 ]
        rs-export --json --dry-run --have "$have" src >json
        [ "$(json json unchanged_entries)" -eq 0 ]
        [ "$(json json generation)" = 1.1 ]
        [ "$(json json entries)" -ge 15 ]
    done
    rs-export --have unknown src | rs-pull --store s --name nobody
    rs-export --have missing src | rs-import nowhere
    same src nowhere
}

@test "--generation sets the number, the next one follows it, and it cannot go back" {
    rs-store init --reserve 0 s
    mini src
    run -0 pull s n src --generation 3.118
    [ "$output" = 3.118 ]
    run -0 pull s n src
    [ "$output" = 3.119 ]
    rs-pull --store s --name n --have >have
    run -64 --separate-stderr rs-export --have have --generation 3.118 src
    [[ $stderr == *"3.118 comes before 3.119"* ]]
    # The same one once more is nothing new; another one with its number is refused.
    run -0 pull s n src --generation 3.119
    [ "$output" = 3.119 ]
    [ "$(rs-store list s | wc -l)" -eq 2 ]
    echo another >src/another
    run -65 --separate-stderr pull s n src --generation 3.119
    [[ $stderr == *"is here already, with other content"* ]]
    rm src/another
    rs-store check --read-data s
    # An old leader's dump goes out whole, and the store refuses it.
    rs-export --have have --generation 2.500 src >old
    run -77 --separate-stderr rs-pull --store s --name n <old
    run -0 pull s n src --generation 4.1
    [ "$output" = 4.1 ]
    rs-store show --json s n latest >json
    [ "$(json json generation)" = 4.1 ]
    [ "$(json json parent)" = 3.119 ]
}

@test "--host and --instance travel with the generation" {
    rs-store init --reserve 0 s
    mini src
    pull s n src --host db1.example --instance runner3
    rs-store show --json s n latest >json
    [ "$(json json host)" = db1.example ]
    [ "$(json json instance)" = runner3 ]
}

@test "the same stream twice is a no-op" {
    rs-store init --reserve 0 s
    mini src
    rs-pull --store s --name n --have | rs-export --have=- src >stream
    run -0 rs-pull --store s --name n <stream
    [ "$output" = 1.1 ]
    find s -type f ! -name lock -printf '%p %i %s %T@\n' | sort >before
    run -0 --separate-stderr rs-pull --store s --name n --json <stream
    printf '%s\n' "$output" >json
    [ "$(json json already_there)" = true ]
    [ "$(json json generation)" = 1.1 ]
    find s -type f ! -name lock -printf '%p %i %s %T@\n' | sort >after
    diff before after
    [ "$(wc -l <before)" -ge 4 ]
}

@test "the same number with other content is refused with 65" {
    rs-store init --reserve 0 s
    mini src
    rs-export src | rs-pull --store s --name n
    lister s >before
    mini src 1
    run -65 --separate-stderr bash -c 'rs-export src | rs-pull --store s --name n'
    [[ $stderr == *"n 1.1: is here already, with other content"* ]]
    [ -z "$output" ]
    run -0 rs-store list s
    [ "${#lines[@]}" -eq 1 ]
    restore s n 1.1 out
    rm -r src
    mini src
    same src out
}

@test "a delta that does not answer the present have is 75, and the next run is good" {
    rs-store init --reserve 0 s
    mini src
    pull s n src
    rs-pull --store s --name n --have >have
    rs-export src | rs-import t
    rs-import --have t >have-of-t
    mini src 1
    rs-export --have have src >delta
    rs-store init --reserve 0 other
    run -75 --separate-stderr rs-pull --store other --name n <delta
    [[ $stderr == *"builds on generation 1.1, which is not here"* ]]
    run -75 --separate-stderr rs-import t <delta
    [[ $stderr == *"builds on generation 1.1, which is not what is here"* ]]
    run -75 --separate-stderr rs-import fresh <delta
    [ ! -e fresh ]
    rs-pull --store s --name n <delta
    pull other n src
    export_import src t
    same src t
}

# ---- fencing ----

@test "an older epoch is refused with 77, and with --branch it is kept beside the main line" {
    rs-store init --reserve 0 s
    mini old
    pull s n old
    rs-export --generation 1.2 old >late # the old leader's last one, which never arrived
    mini new
    mini new 1
    rs-pull --store s --name n --have | rs-export --have=- --generation 2.1 new | rs-pull --store s --name n
    lister s >before
    run -77 --separate-stderr rs-pull --store s --name n <late
    [ -z "$output" ]
    [[ $stderr == *"n 1.2: fenced: epoch 2 has begun"* ]]
    lister s >after
    diff before after
    run -0 rs-pull --store s --name n --branch <late
    [ "$output" = 1.2 ]
    run -0 rs-pull --store s --name n --branch <late # again: nothing to do
    run -0 rs-store list s
    [ "${#lines[@]}" -eq 3 ]
    [[ ${lines[2]} == "n 1.2 "*"branch"* ]]
    restore s n branch/1.2 branch
    same old branch
    restore s n latest main
    same new main
    run -66 --separate-stderr rs-pull --store s --name n --emit 1.2
    run -0 pull s n new
    [ "$output" = 2.2 ]
    rs-store check --read-data s
    # Who looks for another leader takes none of this epoch.
    run -77 --separate-stderr bash -c 'rs-export --generation 2.3 new | rs-pull --store s --name n --lowest-epoch 3'
    [[ $stderr == *"n 2.3: epoch 3 or a later one was asked for"* ]] || fail "$stderr"
    # In the present epoch --branch changes nothing.
    run -0 bash -c 'rs-export --generation 2.3 new | rs-pull --store s --name n --branch'
    rs-store show --json s n 2.3 >json
    [ "$(json json branch)" = false ]
}

@test "a delta of a fenced leader is kept as a branch, too" {
    rs-store init --reserve 0 s
    mini src
    pull s n src
    rs-pull --store s --name n --have >have
    mini src 1
    rs-export --have have src >late
    pull s n src --generation 2.1
    run -77 --separate-stderr rs-pull --store s --name n <late
    rs-pull --store s --name n --branch <late
    restore s n branch/1.2 out
    same src out
}

# ---- retention ----

@test "a suspicious shrink is kept, exits 1, and freezes prune until it is accepted" {
    local i
    rs-store init --reserve 0 s
    mkdir src
    head -c 100K /dev/urandom >src/data
    for i in 1 2 3 4; do
        pull s n src
    done
    head -c 10K /dev/urandom >src/data
    run -1 --separate-stderr pull s n src
    [ "$output" = 1.5 ]
    [[ $stderr == *"n 1.5: "*"much less than the generations before it"* ]]
    restore s n 1.5 out
    same src out
    run -0 rs-store list s
    [[ ${lines[4]} == "n 1.5 "*suspicious* ]]
    run -1 --separate-stderr rs-store prune --keep-last 1 s
    [[ $stderr == *"n: retention is frozen"* ]]
    run -0 rs-store list s
    [ "${#lines[@]}" -eq 5 ]
    # Others are not.
    pull s other src
    pull s other src
    run -1 rs-store prune --keep-last 1 s
    run -0 rs-store list s --name other
    [ "${#lines[@]}" -eq 1 ]
    # What was accepted is what the next ones are compared with, though the large ones are still there.
    rs-store prune --keep 2W --accept-shrink s
    head -c 9K /dev/urandom >src/data
    run -0 --separate-stderr pull s n src
    run -0 rs-store list s --name n
    [[ ${#lines[@]} -eq 6 && ${lines[5]} != *suspicious* ]]
    head -c 1K /dev/urandom >src/data
    run -1 --separate-stderr pull s n src
    [[ $stderr == *"much less than the generations before it"* ]]
    rs-store prune --keep-last 1 --accept-shrink s
    run -0 rs-store list s --name n
    [ "${#lines[@]}" -eq 1 ]
    # Who knows that it is right says so at once; and the limit can be set.
    run -0 pull s n src
    head -c 3K /dev/urandom >src/data
    rs-export --generation 1.9 src >small
    rs-store init --reserve 0 s2
    head -c 10K /dev/urandom >src/data
    rs-export --generation 1.1 src | rs-pull --store s2 --name n
    run -0 --separate-stderr rs-pull --store s2 --name n --shrink 80 <small
    rs-export --generation 1.10 src | rs-pull --store s2 --name n
    head -c 1K /dev/urandom >src/data
    run -0 --separate-stderr bash -c 'rs-export --generation 1.11 src | rs-pull --store s2 --name n --accept-shrink'
    rs-store prune --keep-last 1 s2
}

# ---- --exec ----

@test "--exec: the output of a command is a file, and a delta the second time" {
    rs-store init --reserve 0 s
    head -c 400K /dev/urandom >data
    set -o pipefail
    rs-pull --store s --name n --have | rs-export --have=- --exec dump.sql -- cat data | rs-pull --store s --name n
    restore s n latest out
    cmp data out/dump.sql
    [ "$(ls -A out)" = dump.sql ]
    printf 'more\n' >>data
    rs-pull --store s --name n --have | rs-export --have=- --exec dump.sql -- cat data >delta
    [ "$(size delta)" -lt 30000 ]
    rs-pull --store s --name n <delta
    push s n latest out
    cmp data out/dump.sql
    (cd out && rs-import --signature ../out | sha256sum -c --quiet)
}

# exec_fails PATTERN COMMAND...: exit 69, the message, and nothing that a store would take.
exec_fails() {
    local pattern=$1
    shift
    run -69 --separate-stderr bash -c 'rs-export --exec d -- "$@" >stream' bash "$@"
    # shellcheck disable=SC2053 # a pattern it is
    [[ $stderr == *$pattern* ]] || fail "$stderr"
    run -65 --separate-stderr rs-pull --store s --name n <stream
    [ ! -e s/names/n ]
}

@test "--exec: a command that fails, dies or writes nothing publishes nothing" {
    rs-store init --reserve 0 s
    exec_fails 'sh: exited with status 3' sh -c 'printf data; exit 3'
    exec_fails 'sh: exited with status 1' sh -c 'printf data; false'
    exec_fails 'sh: killed by signal 9' sh -c 'printf data; kill -9 $$'
    exec_fails 'sh: killed by signal 15' sh -c 'printf data; kill $$'
    exec_fails 'true: exited with status 0 but wrote nothing' true
    exec_fails 'no-such-command: cannot run it: No such file' no-such-command
    exec_fails '/: cannot run it: Permission denied' /
    run -0 rs-store list s
    [ -z "$output" ]
}

@test "--exec: a dumper that is killed after any number of bytes publishes nothing" {
    local k tried=0
    rs-store init --reserve 0 s
    for k in {1..20} 100 1000 4095 4096 4097 65535 65536 65537 131072 1048575 1048576 1048577 2000000; do
        run -69 --separate-stderr bash -c 'rs-export --exec d -- sh -c "head -c $1 /dev/zero | tr \\\\0 x; kill -9 \$\$" >stream' bash "$k"
        run -65 --separate-stderr rs-pull --store s --name n <stream
        tried=$((tried + 1))
    done
    [ "$tried" -eq 33 ]
    [ ! -e s/names/n ]
}

@test "--exec: arguments come as they are, there is no shell" {
    rs-export --exec d -- printf '[%s]' 'a b' '' '*' '$HOME' '; true' "it's" '--json' '--have=x' '--' | rs-import out
    [ "$(cat out/d)" = "[a b][][*][\$HOME][; true][it's][--json][--have=x][--]" ]
    run -69 --separate-stderr rs-export --exec d -- 'echo hi'
    [[ $stderr == *"echo hi: cannot run it"* ]]
    # Options of ours stand before the command, whatever it is called.
    rs-export --exec=d --level 1 -- printf %s --help | rs-import out2
    [ "$(cat out2/d)" = --help ]
}

@test "--exec: the command's messages come through, and it does not get the have stream" {
    rs-store init --reserve 0 s
    run -69 --separate-stderr bash -c 'rs-export --exec d -- sh -c "echo it broke >&2; exit 2" >/dev/null'
    [[ $stderr == *"it broke"* ]]
    rs-pull --store s --name n --have |
        rs-export --have=- --exec d -- sh -c 'echo x; readlink /proc/self/fd/0 >stdin' | rs-pull --store s --name n
    [ "$(cat stdin)" = /dev/null ]
}

@test "--exec: wrong usage is 64" {
    run -64 --separate-stderr rs-export --exec d
    run -64 --separate-stderr rs-export --exec d --
    run -64 --separate-stderr rs-export --exec a/b -- echo x
    run -64 --separate-stderr rs-export --exec .. -- echo x
    run -64 --separate-stderr rs-export --exec d . -- echo x
    run -64 --separate-stderr rs-export . -- echo x
    run -64 --separate-stderr rs-export --exec '' -- echo x
}

# ---- what of a tree is sent ----

@test "--exclude and --exclude-from take one pattern each, wherever they stand" {
    mkdir src
    printf x >src/f
    printf y >src/g
    printf '/g\n' >patterns
    rs-export --exclude g src | rs-import t1
    rs-export --exclude=g src | rs-import t2
    rs-export --exclude-from patterns src | rs-import t3
    rs-export src --exclude g | rs-import t4
    local t
    for t in t1 t2 t3 t4; do [ "$(ls "$t")" = f ]; done
}

# A listing of src without the paths that match $1.
without() {
    lister src | grep -vE "^($1)( |/)" >want
}

@test "--exclude and --exclude-from leave out what matches, and only that" {
    mkdir -p src/{a/b,tmp/x,keep/tmp}
    local f
    for f in one.o two.c a/three.o a/b/four.c tmp/x/y keep/tmp/z top a/top '#file' 'sp ace'; do printf '%s' "$f" >"src/$f"; done
    rs-export src --exclude '*.o' | rs-import out1
    without '[^ ]*\.o'
    same_as want out1
    rs-export src --exclude /top --exclude tmp/ | rs-import out2
    without 'top|tmp|keep/tmp'
    same_as want out2
    printf '# a comment\n\n; another\n*.c\n+ keep\n/a/b\nsp ace\n' >patterns
    rs-export src --exclude-from patterns --exclude '#file' | rs-import out3
    without '[^ ]*\.c|a/b|sp\\x20ace|#file'
    same_as want out3
    # What a delta leaves out is gone on the other side.
    rs-export src | rs-import out4
    export_import src out4 --exclude 'a'
    without 'a'
    same_as want out4
    run -64 --separate-stderr rs-export src --exclude ''
    printf 'good\nmerge file\n' >patterns
    run -64 --separate-stderr rs-export src --exclude-from patterns
    [[ $stderr == *"patterns:2: "* ]]
    run -66 --separate-stderr rs-export src --exclude-from missing
    [[ $stderr == *"missing: cannot open"* ]]
}

@test "--one-file-system keeps a mount point and leaves out what is in it" {
    need_root
    mkdir -p src/mnt src/other
    printf x >src/other/f
    mount_tmpfs src/mnt 1m
    printf y >src/mnt/inside
    rs-export src | rs-import all
    same src all
    rs-export --one-file-system src | rs-import one
    [ -d one/mnt ]
    [ -z "$(ls -A one/mnt)" ]
    lister src | grep -v '^mnt/' >want
    same_as want one
}

@test "--dry-run sends nothing and says how much it would" {
    mini src
    run -0 --separate-stderr rs-export --dry-run src
    [ "${#lines[@]}" -eq 1 ]
    [[ $output =~ ^1\.1:\ .*\ [0-9.]+\ KiB\ would\ be\ sent$ ]]
    rs-export --dry-run --json src >json
    rs-export src >stream
    # Times and sizes in the header differ by a few bytes, no more.
    local said=$(json json stream_bytes) real=$(size stream)
    [ "$said" -gt 10000 ]
    [ $((said - real)) -lt 50 ] && [ $((real - said)) -lt 50 ]
    [ "$(json json dry_run)" = true ]
}

@test "--no-sha256 goes the whole way, is checked by chunks, and is made good later" {
    rs-store init --reserve 0 s
    mini src
    pull s n src --no-sha256
    restore s n latest out
    same src out
    rs-import --check out
    run -65 --separate-stderr rs-import --signature out
    [[ $stderr == *"was exported without its SHA-256"* ]]
    printf X | dd of=out/big bs=1 seek=50000 conv=notrunc status=none
    touch -r src/big out/big
    run -65 rs-import --check out
    [[ $output == *"big: its chunks differ"* ]]
    pull s n src
    push s n latest out
    same src out
    rs-import --check out
    [ "$(rs-import --signature out | wc -l)" -ge 8 ]
    (cd out && rs-import --signature ../out | sha256sum -c --quiet)
}

@test "--level and --threads change the size of the stream at most" {
    local options
    mini src
    for options in "--level 1" "--level 19" "--threads 1" "--threads 7"; do
        # shellcheck disable=SC2086 # two words
        rs-export $options src | rs-import "out${options// /}"
        same src "out${options// /}"
    done
    rs-store init --reserve 0 s
    pull s n src --level 1
    rs-pull --store s --name n --emit latest --level 9 --threads 2 | rs-import emitted
    same src emitted
}

@test "--limit holds the rate, of rs-export and of rs-pull --emit" {
    local begin
    mkdir src
    head -c 60K /dev/urandom >src/f
    rs-store init --reserve 0 s
    pull s n src
    begin=${EPOCHREALTIME/./}
    rs-export --limit 40K src | rs-import out
    [ $((${EPOCHREALTIME/./} - begin)) -ge 1200000 ]
    same src out
    begin=${EPOCHREALTIME/./}
    rs-pull --store s --name n --emit latest --limit 40K | rs-import out2
    [ $((${EPOCHREALTIME/./} - begin)) -ge 1200000 ]
    same src out2
    begin=${EPOCHREALTIME/./}
    rs-export --limit 1G src >/dev/null
    [ $((${EPOCHREALTIME/./} - begin)) -lt 1000000 ]
}

# ---- --emit ----

@test "--emit takes latest, a number, a time and an age" {
    local now
    rs-store init --reserve 0 s
    mini src
    pull s n src
    mini src 1
    pull s n src
    lister src >want
    now=$(date -u +%Y-%m-%dT%H:%M:%S)
    local form
    for form in latest 1.2 2100-01-01 "@4000000000" 0s; do
        rm -rf out .out.rs-import
        until_true restore s n "$form" out # a second may have to pass for 0s
        same_as want out
    done
    run -66 --separate-stderr rs-pull --store s --name n --emit 1h
    [[ $stderr == *"n: no generation as old as 1h"* ]]
    run -66 --separate-stderr rs-pull --store s --name n --emit 2001-01-01T00:00
    [ "${now:0:2}" = 20 ]
}

# ---- --json ----

@test "--json prints one object a line and the result with its exit last, of every tool" {
    rs-store init --json --reserve 0 s >json
    [ "$(json json exit)" -eq 0 ]
    mini src
    rs-export --json src >stream 2>json # standard output carries the stream
    [ "$(json json exit)" -eq 0 ]
    [ "$(json json files)" -ge 7 ]
    [ "$(json json stream_bytes)" -eq "$(size stream)" ]
    rs-pull --json --store s --name n <stream >json
    [ "$(json json generation)" = 1.1 ]
    [ "$(json json received_bytes)" -eq "$(size stream)" ]
    [ "$(json json new_chunks)" -gt 0 ]
    rs-pull --json --store s --name n --emit latest 2>json >emitted
    [ "$(json json sent_entries)" -ge 15 ]
    rs-pull --json --store s --name n --have 2>json >have
    [ "$(json json exit)" -eq 0 ]
    rs-import --json out <emitted >json
    [ "$(json json generation)" = 1.1 ]
    [ "$(json json kept_entries)" -eq 0 ]
    rs-import --json --check out >json
    [ "$(json json differences)" -eq 0 ]
    printf 'more' >>out/a/two
    touch "$(printf 'out/\xff')"
    run -65 --separate-stderr rs-import --json --check out
    printf '%s\n' "$output" >json
    [ "$(json json exit)" -eq 65 ]
    [ "$(json json differences)" -ge 2 ]
    [[ $(json json error) == *"out: "*"not as generation 1.1 has it"* ]]
    [ "$(json_rows json 'sorted({row["path_hex"] for row in rows if "path_hex" in row})')" = "['ff']" ]
    rs-import --json --rollback missing >json || :
    [ "$(json json exit)" -eq 66 ]
    [ -n "$(json json error)" ]
    printf 'no stream' >bad
    rs-pull --json --store s --name n <bad >json 2>err || :
    [ "$(json json exit)" -eq 65 ]
    rs-import --json out <bad >json 2>err || :
    [ "$(json json exit)" -eq 65 ]
}

# ---- rs-import ----

# A tree that was imported, beside its source.
imported() {
    mini src
    printf 'target\n' >src/z/t
    rs-export src | rs-import t
    rs-import --check t
}

# found PATTERN: rs-import --check t says 65 and this, and the tree is not as it was.
found() {
    run -65 --separate-stderr rs-import --check t
    grep -qE -- "$1" <<<"$output" || fail "'$1' not in: $output"
    [[ $stderr == *"t: "*"not as generation 1.1 has it"* ]]
}

@test "--check finds content that changed behind the same size and time" {
    imported
    printf X | dd of=t/big bs=1 seek=77777 conv=notrunc status=none
    touch -r src/big t/big
    found '^big: SHA-256 differs$'
}

@test "--check finds files that grew, shrank, came and went" {
    imported
    printf more >>t/a/two
    : >t/big
    touch t/b/extra
    mkdir t/newdir
    rm t/b/empty t/z/deep/file
    found '^a/two: has 9004 bytes, not 9000$'
    found '^big: has 0 bytes, not 120000$'
    found '^b/extra: not part of the generation$'
    found '^newdir: not part of the generation$'
    found '^b/empty: missing$'
    found '^z/deep/file: missing$'
    rm -r t/z
    found '^z: missing$'
    found '^z/deep: missing$'
}

@test "--check finds another mode, time, type, link target and hard link" {
    imported
    chmod 640 t/a/two
    chmod 711 t/b
    touch -d 2001-02-03 t/b/empty
    ln -sfn elsewhere t/a/link
    rm t/z/t t/b/fifo
    mkdir t/z/t
    touch t/b/fifo
    cp -p --remove-destination src/a/one t/b/same
    found '^a/two: mode differs$'
    found '^b: mode differs$'
    found '^b/empty: time differs$'
    found '^a/link: points elsewhere$'
    found '^z/t: is a directory, not a file$'
    found '^b/fifo: is a file, not a fifo$'
    found '^b/same: is not the same file as a/one$'
}

@test "--check finds another owner" {
    need_root
    imported
    chown 12345 t/a/two
    found '^a/two: owner differs$'
    chgrp -h 12345 t/a/link
    found '^a/link: owner differs$'
}

@test "--check finds another extended attribute or ACL" {
    imported
    setfattr -n user.k -v v t/big 2>/dev/null || skip "no extended attributes here"
    found '^big: attributes differ$'
    setfattr -x user.k t/big
    rs-import --check t
    setfattr -x user.kind t/a/two
    found '^a/two: attributes differ$'
    setfattr -n user.kind -v two t/a/two
    setfacl -m u:12345:r t/b/empty
    found '^b/empty: '
}

@test "--check finds another device number" {
    need_root
    mkdir src
    mknod src/null c 1 3 || skip "no devices here"
    rs-export src | rs-import t
    rm t/null
    mknod t/null c 1 5
    touch -r src/null t/null
    chmod --reference=src/null t/null
    found '^null: device number differs$'
}

@test "--check of what is as it was says nothing, and reads it all" {
    imported
    run -0 --separate-stderr rs-import --check t
    [ -z "$output" ] && [ -z "$stderr" ]
    rs-import --check --json t >json
    [ "$(json json checked_bytes)" -ge 390000 ]
    [ "$(json json entries)" -ge 15 ]
    mkdir plain
    run -66 --separate-stderr rs-import --check plain
    [[ $stderr == *"plain: was not written by rs-import"* ]]
    run -66 --separate-stderr rs-import --check missing
}

@test "--signature is what sha256sum -c reads, for every name" {
    local name
    mkdir -p src/dir
    for name in plain $'new\nline' 'back\slash' $'\\\n\r both' ' blank' '*star' $'car\rriage' '-dash' $'\xff\xfe' 'dir/in it' './-x'; do
        printf '%s' "$name" >"src/$name"
    done
    ln src/plain src/hard
    ln -s plain src/soft
    mkfifo src/fifo
    rs-export src | rs-import t
    rs-import --signature t >signature
    [ "$(cd t && sha256sum -c --strict ../signature | grep -c ': OK$')" -eq 12 ]
    (cd src && sha256sum -c --quiet --strict ../signature)
    # That of any tree is the same, whatever was excluded aside.
    rs-export --signature src | cmp - signature
    rs-export --signature --threads 1 src | cmp - signature
    rs-export --signature --exclude /dir/ --exclude hard src | cmp - <(grep -v '\./dir/\|\./hard' signature)
    rs-export --signature src >/dev/full && false
    [ $? -eq 74 ]
    printf x >>"t/"$'new\nline'
    printf x >>t/hard
    run -1 bash -c 'cd t && sha256sum -c ../signature'
    [ "$(grep -c ': FAILED$' <<<"$output")" -eq 3 ] # the names of the hard link both
}

@test "the previous tree is kept until --proven, and --rollback brings it back" {
    mini src
    lister src >first
    rs-export src | rs-import t
    run -66 --separate-stderr rs-import --rollback t
    [[ $stderr == *"t: there is no previous tree"* ]]
    rs-import --proven t
    mini src 1
    lister src >second
    export_import src t
    same_as second t
    same_as first .t.rs-import/previous
    rs-import --rollback t
    same_as first t
    rs-import --check t
    rs-import --rollback t
    same_as second t
    rs-import --check t
    rs-import --proven t
    [ ! -e .t.rs-import/previous ]
    run -66 --separate-stderr rs-import --rollback t
    same_as second t
    rs-import --proven t # nothing to do
    # After a rollback the next delta builds on what is there then.
    mini src 2
    lister src >third
    export_import src t
    rs-import --rollback t
    export_import src t
    same_as third t
    rs-import --check t
}

@test "the last proven tree outlives an import that was not proven" {
    mini src
    lister src >proven
    rs-export src | rs-import t
    rs-import --proven t
    mini src 1
    export_import src t
    mini src 2
    export_import src t
    rs-import --rollback t
    same_as proven t
}

@test "unchanged files are linked, with --copy they are not, and the trees are equal" {
    mini src
    rs-export src | rs-import t
    export_import src t
    [ "$(stat -c %h t/z/deep/file)" -eq 2 ]
    same src t
    rs-export src | rs-import u
    rs-import --have u | rs-export --have=- src | rs-import --copy u
    [ "$(stat -c %h u/z/deep/file)" -eq 1 ]
    same src u
    printf 'changed by the service\n' >>u/z/deep/file
    rs-import --rollback u
    same src u
}

@test "owners come by name or number, and with --no-owner they are the caller's" {
    need_root
    mkdir src
    printf x >src/f
    chown 1:2 src/f
    chown 54321:54322 src
    rs-export src | rs-import t
    same src t
    rs-export src | rs-import --numeric-owner n
    same src n
    rs-export src | rs-import --no-owner mine
    [ "$(stat -c %u:%g mine mine/f | sort -u)" = 0:0 ]
    mkdir -m 777 place
    rs-export src >stream
    setpriv --reuid=65534 --regid=65534 --clear-groups rs-import place/t <stream
    [ "$(stat -c %u:%g place/t place/t/f | sort -u)" = 65534:65534 ]
    same src place/t --no-owner
}

@test "a tree whose root its owner may not write is exchanged, rolled back and told proven without root" {
    need_root
    mkdir -m 777 place
    mkdir src
    printf one >src/f
    chmod 555 src
    rs-export src >one
    chmod 1500 src
    printf two >src/f
    rs-export src >two
    as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    "${as_nobody[@]}" rs-import place/t <one
    [ "$(stat -c %a place/t)" = 555 ]
    "${as_nobody[@]}" rs-import place/t <two
    [ "$(stat -c %a place/t place/.t.rs-import/previous)" = "$(printf '1500\n555')" ]
    "${as_nobody[@]}" rs-import --rollback place/t
    [ "$(stat -c %a place/t place/.t.rs-import/previous)" = "$(printf '555\n1500')" ]
    # Killed at any step, the trees have their modes again after the next one.
    for call in chmod renameat2; do
        for nth in 1 2 3 4; do
            "${as_nobody[@]}" strace -f -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$nth" \
                rs-import place/t <two || :
            "${as_nobody[@]}" rs-import --rollback place/t || "${as_nobody[@]}" rs-import place/t <one
            "${as_nobody[@]}" rs-import place/t <one
            [ "$(stat -c %a place/t)" = 555 ]
            [ "$(stat -c %a place/.t.rs-import/previous)" = 1500 ] || [ "$(stat -c %a place/.t.rs-import/previous)" = 555 ]
            [ ! -e place/.t.rs-import/modes ]
        done
    done
    "${as_nobody[@]}" rs-import --proven place/t
    [ "$(ls -A place/.t.rs-import | grep -vc -e tree- -e lock)" -eq 0 ]
}

@test "local damage is healed by the next delta after a check" {
    rs-store init --reserve 0 s
    mini src
    pull s n src
    push s n latest t
    push s n latest t # with links to the previous tree
    rs-import --proven t
    printf X | dd of=t/big bs=1 seek=77777 conv=notrunc status=none
    touch -r src/big t/big
    rm t/a/one
    chmod 777 t/a/two
    printf 'more' >>t/b/same
    touch t/extra
    ln -sfn elsewhere t/a/link
    run -65 rs-import --check t
    [ "${#lines[@]}" -ge 5 ]
    push s n latest t || push s n latest t # 75 once, where a delta would have built on what differs
    same src t
    rs-import --check t
}

@test "without a check a delta heals what time or size tell, and never spreads what they do not" {
    rs-store init --reserve 0 s
    mini src
    pull s n src
    push s n latest t
    push s n latest t
    rm -r t/z
    printf 'more' >>t/a/two
    : >t/b/empty
    mini src 1
    pull s n src
    push s n latest t || push s n latest t
    same src t
    # The same size and time, and the delta changes that file: its chunks are verified while they are read.
    printf X | dd of=t/big bs=1 seek=3 conv=notrunc status=none
    touch -r src/big t/big
    mini src 2
    pull s n src
    push s n latest t || push s n latest t
    same src t
    rs-import --check t
}

@test "another owner or attribute of a file is not carried into the next import" {
    need_root
    rs-store init --reserve 0 s
    mini src
    pull s n src
    push s n latest t
    chown 12345 t/b/empty
    setfattr -n user.k -v v t/b/empty
    mini src 1
    pull s n src
    push s n latest t || push s n latest t
    same src t
}

@test "a hole stays a hole beside an attribute that fills a block" {
    mkdir src
    truncate -s 1 src/small
    truncate -s 8K src/half
    printf x | dd of=src/half bs=1 seek=4096 conv=notrunc status=none
    setfattr -n user.k -v "$(printf 'v%.0s' {1..300})" src/small src/half 2>/dev/null || skip "no extended attributes here"
    lister src | grep -q 'holes=' || skip "no holes here"
    rs-export src | rs-import t
    same src t
}

@test "the root of the tree has its mode, owner and time too" {
    mkdir -m 1751 src
    printf x >src/f
    touch -d 2011-11-11T11:11:11.123456789 src
    rs-export src | rs-import t
    same src t
    rs-export src/ | rs-import t2/
    same src t2
    (cd src && rs-export . | rs-import ../t3)
    same src t3
}

# ---- what an import meets at its target ----

@test "what is mounted below the target is not touched, and the import says so" {
    need_root
    mini src
    rs-export src | rs-import t
    mkdir t/up
    mount_tmpfs t/up 1m
    printf precious >t/up/file
    rs-export src >stream
    run -73 --separate-stderr rs-import t <stream
    [[ $stderr == *"something is mounted on "*"t/up"* ]]
    [ "$(cat t/up/file)" = precious ]
    umount t/up
    rs-import t <stream
    # A bind mount of the same file system, too, and below the tree that is kept.
    mkdir vol
    printf precious >vol/file
    mkdir -p .t.rs-import/previous/up
    mount --bind vol .t.rs-import/previous/up
    run -74 --separate-stderr rs-import --proven t
    [[ $stderr == *"is a mount point"* ]]
    [ "$(cat vol/file)" = precious ]
    umount .t.rs-import/*/up
    rs-import --proven t
    [ "$(cat vol/file)" = precious ]
}

@test "--proven that is killed leaves no half tree to roll back to" {
    local n=0 i
    mini src
    rs-export src >one
    mini src 1
    rs-export --generation 1.2 src >two
    while :; do
        n=$((n + 1))
        rm -rf t .t.rs-import
        rs-import t <one
        rs-import t <two
        lister t >now
        run env RS_FAULT="any:$n:kill" rs-import --proven t
        [ "$status" -eq 137 ] || break
        same_as now t
        if rs-import --rollback t 2>err; then
            rm -rf was .was.rs-import
            rs-import was <one
            same was t
        fi
        rs-import --check t
    done
    [ "$status" -eq 0 ] && [ "$n" -gt 5 ]
    for i in t; do same_as now "$i"; done
}

@test "files without a chunk that were damaged come again" {
    mkdir src
    truncate -s 1M src/hole
    head -c 100K /dev/zero >src/zeros
    : >src/empty
    head -c 10K /dev/urandom >src/data
    faults mini settle 0
    rs-export src | rs-import t
    # A byte of the zeros, with the times kept.
    touch -r t/zeros times
    printf x | dd of=t/zeros bs=1 seek=5000 conv=notrunc status=none
    touch -r times t/zeros
    run -65 rs-import --check t
    rs-import --have t | rs-export --have=- src | rs-import t
    rs-import --check t
    same src t --no-holes
    touch t/empty
    rs-import --have t | rs-export --have=- --generation 1.3 src | rs-import t
    same src t --no-holes
}

@test "default ACLs of the directory around it do not leak into an import" {
    mkdir par src
    setfacl -d -m u:65534:rwx par || skip "no ACLs here"
    printf x >src/f
    chmod 640 src/f
    mkdir -m 750 src/d
    rs-export src | rs-import par/t
    rs-import --check par/t
    same src par/t
    rs-import --have par/t | rs-export --have=- src | rs-import par/t
    same src par/t
}

@test "a state directory of somebody else is not used" {
    need_root
    mini src
    rs-export src >stream
    mkdir -m 1777 pub
    mkdir pub/.t.rs-import
    chown 65534 pub/.t.rs-import
    run -73 --separate-stderr rs-import pub/t <stream
    [[ $stderr == *"pub/.t.rs-import: belongs to somebody else"* ]]
    [ ! -e pub/t ]
}

@test "a tree that is being read is not removed under its reader" {
    mini src
    rs-export src >one
    rs-import t <one
    rs-export --generation 1.2 src | rs-import t
    exec 8<.t.rs-import/previous
    flock -s 8
    run -75 --separate-stderr rs-import --proven t
    [[ $stderr == *"is being read"* ]]
    exec 8<&-
    rs-import --proven t
    same src t
}

@test "--no-setuid refuses files that would give somebody a right, and leaves what is there" {
    rs-store init --reserve 0 s
    mini src
    pull s n src >/dev/null
    push s n latest there
    lister there >before
    chmod g+s src/.
    mkdir src/shared
    chmod 2775 src/shared
    pull s n src >/dev/null
    rs-import --have there | rs-pull --store s --name n --emit latest --have=- >delta
    rs-import --no-setuid there <delta
    same src there
    lister there >before
    local bits
    for bits in 4755 2755 6711; do
        echo x >src/tool
        chmod "$bits" src/tool
        pull s n src >/dev/null
        rs-pull --store s --name n --emit latest >whole
        run -65 --separate-stderr rs-import --no-setuid there <whole
        [[ $stderr == *"tool: has a setuid or setgid bit"* ]]
        same_as before there
    done
    rs-import there <whole
    [ "$(stat -c %a there/tool)" = 6711 ]
}
