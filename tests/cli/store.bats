#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-store: what it shows, what it checks, what it removes and what it heals.

load ../lib/common

# history STORE ROUNDS: a store with that many generations of src under the name n; what each was is in was.1.N.
history() {
    local i
    rs-store init --reserve 0 "$1"
    for ((i = 0; i < $2; i++)); do
        mini src "$i"
        lister src >"was.1.$((i + 1))"
        pull "$1" n src >/dev/null
    done
    [ "$(rs-store list "$1" | wc -l)" -eq "$2" ]
}

# The numbers of the generations of a store, on one line.
numbers() {
    rs-store list "$1" | awk '{ print $2 }' | paste -sd' '
}

# all_restore STORE NUMBER...: each bit for bit as it was.
all_restore() {
    local number
    [ $# -gt 1 ]
    for number in "${@:2}"; do
        rm -rf restored .restored.rs-import
        restore "$1" n "$number" restored
        same_as "was.$number" restored
    done
}

# The middle byte of a file becomes another one.
flip_middle() {
    "$python" -S -c 'import os, sys
with open(sys.argv[1], "r+b") as file:
    at = os.fstat(file.fileno()).st_size * int(sys.argv[2]) // 100
    byte = os.pread(file.fileno(), 1, at)[0]
    os.pwrite(file.fileno(), bytes([byte ^ 0x55]), at)' "$1" "${2-50}"
}

# ---- init ----

@test "init makes a store once, in a new or an empty directory" {
    rs-store init s
    [ "$(stat -c %s s/reserve)" -eq $((64 << 20)) ]
    rs-store check s
    rs-store list s
    lister --no-holes s >before
    run -73 --separate-stderr rs-store init s
    [[ $stderr == *"s: is a store already"* ]]
    lister --no-holes s >after
    diff before after
    mkdir empty full
    rs-store init --reserve 0 empty
    [ ! -e empty/reserve ]
    printf x >full/file
    run -73 --separate-stderr rs-store init full
    [[ $stderr == *"full: is not empty"* ]]
    [ "$(ls full)" = file ]
    rs-store init --reserve 1M a.b
    [ "$(stat -c %s a.b/reserve)" -eq $((1 << 20)) ]
    [ "$(stat -c %a a.b)" = 700 ]
    # Each has a key of its own, unless it is to be like another.
    rs-store init --reserve 0 --like s like
    [ "$(grep ^key s/rs-store)" = "$(grep ^key like/rs-store)" ]
    [ "$(grep ^id s/rs-store)" != "$(grep ^id like/rs-store)" ]
    [ "$(grep ^key s/rs-store)" != "$(grep ^key empty/rs-store)" ]
}

# ---- list, show, stats, cat, diff ----

@test "list prints name and number first, of all names or of one" {
    history s 2
    pull s other src
    pull s other src --generation 7.70
    run -0 rs-store list s
    [ "${#lines[@]}" -eq 4 ]
    [[ ${lines[0]} =~ ^n\ 1\.1\ \ 20[0-9-]+T[0-9:]+Z\ \ [0-9.]+\ KiB\ in\ [0-9]+\ files,\ [0-9.]+\ KiB\ stored$ ]]
    [[ ${lines[3]} == "other 7.70 "* ]]
    run -0 rs-store list s --name n
    [ "${#lines[@]}" -eq 2 ]
    rs-store list --json s >json
    [ "$(json json generations)" -eq 4 ]
    [ "$(json_rows json '[(r["name"], r["generation"]) for r in rows]')" = "[('n', '1.1'), ('n', '1.2'), ('other', '1.1'), ('other', '7.70')]" ]
    [ "$(json_rows json 'all(len(r["digest"]) == 64 and r["entries"] > 10 and not r["suspicious"] for r in rows)')" = True ]
}

@test "numbers are ordered as numbers" {
    local number
    rs-store init --reserve 0 s
    mini src
    for number in 1.2 1.9 1.10 1.100 2.1 10.1; do pull s n src --generation "$number" >/dev/null; done
    [ "$(numbers s)" = "1.2 1.9 1.10 1.100 2.1 10.1" ]
    rs-store show --json s n latest >json
    [ "$(json json generation)" = 10.1 ]
}

@test "show describes a generation, and with --entries what is in it" {
    history s 2
    run -0 rs-store show s n 1.2
    [[ $output == *"generation  1.2"* && $output == *"parent      1.1"* ]]
    rs-store show --json s n latest >json
    [ "$(json json generation)" = 1.2 ]
    [ "$(json json new_chunks)" -lt "$(json json chunks)" ]
    [ "$(json json files)" -eq "$(find src -type f ! -path src/b/same -printf x | wc -c)" ]
    run -0 rs-store show s n 1.2 --entries
    [ "${#lines[@]}" -eq "$(wc -l <was.1.2)" ]
    rs-store show --json s n 1.2 --entries >json
    [ "$(json json entries)" -eq "$(wc -l <was.1.2)" ]
    [ "$(json_rows json 'sorted({r["type"] for r in rows})')" = "['directory', 'fifo', 'file', 'hardlink']" ]
    [ "$(json_rows json '[r["sha256"] for r in rows if r["path"] == "a/two"][0]')" = "$(sha256sum src/a/two | cut -d' ' -f1)" ]
    [ "$(json_rows json '[bytes.fromhex(r["path_hex"]) for r in rows if "path_hex" in r]')" = "[b'nl\\nback\\\\slash \\xff']" ]
}

@test "stats counts what is there, and what nobody refers to" {
    history s 3
    rs-store stats --json s >json
    [ "$(json json generations)" -eq 3 ] && [ "$(json json names)" -eq 1 ] && [ "$(json json packs)" -eq 3 ]
    [ "$(json json unused_chunk_bytes)" -eq 0 ] && [ "$(json json lost_chunks)" -eq 0 ]
    [ "$(json json pack_bytes)" -eq "$(cat s/packs/*.pack | wc -c)" ]
    [ "$(json json index_bytes)" -eq "$(cat s/index/*.idx | wc -c)" ]
    [ "$(json json tree_bytes)" -gt 1000000 ]
    run -0 rs-store stats s
    [ "${#lines[@]}" -eq 6 ]
    rm s/names/n/1.1.gen s/names/n/1.2.gen
    rs-store stats --json s >json
    [ "$(json json unused_chunk_bytes)" -gt 20000 ]
}

@test "cat writes one file, byte for byte" {
    history s 2
    rs-store cat s n 1.2 big | cmp - src/big
    rs-store cat s n 1.2 sparse | cmp - src/sparse
    rs-store cat s n latest ./a/two | cmp - src/a/two
    rs-store cat s n 1.2 b/same | cmp - src/b/same # a second name
    rs-store cat s n 1.1 b/empty | cmp - /dev/null
    rs-store cat s n 1.2 "$(printf 'nl\nback\\slash \xff')" | cmp - <(printf x)
    [ "$(rs-store cat s n 1.1 a/one | sha256sum | cut -d' ' -f1)" = "$(grep '^a/one ' was.1.1 | grep -o 'sha256=[0-9a-f]*' | cut -d= -f2)" ]
    run -66 --separate-stderr rs-store cat s n 1.2 missing
    [[ $stderr == *"n 1.2: has no missing"* ]]
    run -66 --separate-stderr rs-store cat s n 1.2 a
    [[ $stderr == *"a: is a directory, not a file"* ]]
    run -64 --separate-stderr rs-store cat s n 1.2
}

@test "diff tells two generations apart" {
    history s 2
    run -0 --separate-stderr rs-store diff s n 1.1 1.1
    [ -z "$output" ] && [ -z "$stderr" ]
    run -1 --separate-stderr rs-store diff s n 1.1 1.2
    [[ $output == *"+ b/new-1"* ]]
    [[ $output == *"~ big  content,time"* ]]
    [[ $output == *"~ a/link  type"* ]]
    [[ $output == *"- z/deep/file"* && $output == *"+ z/moved/file"* ]]
    [[ $output == *"~ a/two  mode"* ]]
    [[ $output != *"b/empty"* ]]
    rs-store diff --json s n 1.2 1.1 >json || [ $? -eq 1 ]
    [ "$(json json exit)" -eq 1 ]
    [ "$(json json added)" -eq 2 ] && [ "$(json json removed)" -eq 3 ]
    [ "$(json json changed)" -eq "$(json_rows json 'sum(r["change"] == "~" for r in rows)')" ]
    run -0 rs-store diff s n 1.2 ./src
    run -64 --separate-stderr rs-store diff s n 1.2 src
    [[ $stderr == *"'src': not a generation"*"give ./src"* ]]
    printf more >>src/a/two
    chmod 600 src/big
    printf Y | dd of=src/sparse bs=1 seek=5 conv=notrunc status=none
    touch -d "@$(stat -c %Y src/a/one)" src/sparse
    run -1 rs-store diff s n 1.2 ./src
    [ "$(grep -c '^~' <<<"$output")" -ge 3 ]
    [[ $output == *"~ a/two  content,time"* && $output == *"~ big  mode"* ]]
    run -1 rs-store diff s n 1.2 ./src --checksum
    [[ $output == *"~ sparse  content"* ]]
}

@test "prove records who proved what, and refuses another tree" {
    local digest
    history s 2
    rs-store show --json s n 1.2 >json
    digest=$(json json digest)
    rs-store prove s n 1.2 --instance import1 --seconds 12.5 --digest "$digest"
    rs-store prove s n 1.2 --instance import2
    rs-store show --json s n 1.2 >json
    [ "$(json json proofs.0.instance)" = import1 ] && [ "$(json json proofs.0.seconds)" = 12.5 ]
    [ "$(json json proofs.1.instance)" = import2 ]
    run -65 --separate-stderr rs-store prove s n 1.1 --instance import1 --digest "$digest"
    [[ $stderr == *"n 1.1: the digest is not that of this generation"* ]]
    run -0 rs-store list s
    [[ ${lines[0]} != *proven* && ${lines[1]} == *"proven on import1, proven on import2" ]]
    run -64 rs-store prove s n 1.1 --instance ../x
    run -64 rs-store prove s n 1.1
    run -66 rs-store prove s n 1.9 --instance i
    rs-store check s
}

# ---- check ----

@test "check says what it looked at; --read-data reads every chunk" {
    history s 3
    run -0 --separate-stderr rs-store check s
    [[ $output == "s: ok: 3 generations, 3 packs, "*" chunks" ]]
    [ -z "$stderr" ]
    rs-store check --json s >json
    [ "$(json json findings)" -eq 0 ] && [ "$(json json read_bytes)" -eq 0 ]
    rs-store check --json --read-data s >json
    [ "$(json json verified_chunks)" -eq "$(json json chunks)" ]
    [ "$(json json read_bytes)" -ge "$(cat s/packs/*.pack | wc -c)" ]
    [ "$(json json complete)" = true ]
}

@test "check --budget goes on where it stopped and comes to the end" {
    local runs=0 seen=0
    history s 5
    while :; do
        rs-store check --json --budget 0s s >json
        runs=$((runs + 1))
        seen=$((seen + $(json json verified_chunks)))
        [ "$(json json complete)" = false ] || break
        [ "$runs" -lt 10 ]
    done
    [ "$runs" -eq 5 ]
    [ "$seen" -eq "$(json json chunks)" ]
    # From the start again; and damage in the last pack is met by the last run.
    flip_middle "$(printf '%s\n' s/packs/*.pack | tail -n 1)"
    for ((runs = 1; runs < 10; runs++)); do
        run rs-store check --budget 0s s
        [ "$status" -eq 0 ] || break
    done
    [ "$status" -eq 65 ] && [ "$runs" -eq 5 ]
    rs-store check --budget 1h s || [ $? -eq 65 ]
    rs-store check --json --budget 1h s >json || [ $? -eq 65 ]
    [ "$(json json complete)" = true ]
    [ "$(json json findings)" -ge 1 ]
}

@test "check finds foreign, missing and swapped files" {
    history s 2
    printf x >s/packs/foreign
    run -65 rs-store check s
    [[ $output == *"packs/foreign: does not belong in a store"* ]]
    rm s/packs/foreign
    cp -a s t
    mv t/index/0000000001.idx x
    mv t/index/0000000002.idx t/index/0000000001.idx
    mv x t/index/0000000002.idx
    run -65 rs-store check t
    [[ $output == *"is the index of another pack"* ]]
    cp -a s u
    cp u/names/n/1.1.gen u/names/n/1.3.gen
    run -65 rs-store check u
    [[ $output == *"is generation 1.1"* ]]
    cp -a s v
    mkdir v/names/m
    cp v/names/n/1.1.gen v/names/m/1.1.gen
    run -65 rs-store check v
    [[ $output == *"m 1.1: is a generation of n"* ]]
    rs-store check --read-data s
}

# ---- healing ----

# heals DAMAGE...: a store is damaged by the command, found out, repaired, and healed by pulls from where the data still
# is: the source, which is as at 1.3, for 1.3; the store "good" for the others.
heals() {
    rm -rf s
    cp -a good s
    "$@"
    run -65 --separate-stderr rs-store check --read-data s
    [[ $output == *"packs/"* || $output == *"index/"* ]]
    run rs-store repair s
    [ "$status" -le 1 ]
    # What is damaged is named or nothing is.
    run rs-store check s
    [ "$status" -eq 0 ] || [[ $status -eq 65 && $output == *"n 1."* ]]
    run -0 --separate-stderr pull s n src
    [ "$output" = 1.4 ]
    cp was.1.3 was.1.4
    all_restore s 1.3 1.4
    local number
    for number in 1.1 1.2; do
        rs-pull --store good --name n --emit "$number" | rs-pull --store s --name n >out
        [ "$(cat out)" = "$number" ]
    done
    rs-store check s || fail "not healed after '$*'"
    all_restore s 1.1 1.2
    run -0 rs-store prune --keep-last 2 s
    all_restore s 1.3 1.4
    healed=$((healed + 1))
}

flip_pack() {
    flip_middle "s/packs/000000000$1.pack" "${2-50}"
}

drop() {
    [ -e "$1" ] && rm "$1"
}

@test "a byte that flips in the middle of a pack is found, named, and healed by the next pulls" {
    local healed=0
    history good 3
    local i
    for i in 1 2 3; do heals flip_pack "$i"; done
    [ "$healed" -eq 3 ]
}

@test "a byte that flips anywhere in a pack is found, and healed by the next pulls" {
    local healed=0
    history good 3
    local at
    for at in 1 10 25 75 90 95; do heals flip_pack 1 "$at"; done
    [ "$healed" -eq 6 ]
}

@test "a pack that is lost is found, named, and healed by the next pulls" {
    local healed=0
    history good 3
    local i
    for i in 1 2 3; do heals drop "s/packs/000000000$i.pack"; done
    [ "$healed" -eq 3 ]
}

@test "an index that is lost or damaged is found, and made anew" {
    local healed=0
    history good 3
    local i
    for i in 1 2 3; do
        heals drop "s/index/000000000$i.idx"
        heals flip_middle "s/index/000000000$i.idx"
        heals flip_middle "s/index/000000000$i.idx" 5
        heals truncate -s -10 "s/index/000000000$i.idx"
    done
    [ "$healed" -eq 12 ]
}

@test "repair of a lost index alone brings everything back, without a pull" {
    history s 3
    rm s/index/*.idx
    run -65 rs-store check s
    [ "$(grep -c 'has no index' <<<"$output")" -eq 3 ]
    run -0 rs-store repair s
    [[ $output == *"3 index files rebuilt, 0 chunks newly lost, 0 generations damaged"* ]]
    rs-store check --read-data s
    all_restore s 1.1 1.2 1.3
}

@test "a pack that is cut short is found, named, and healed by the next pulls" {
    local healed=0
    history good 3
    heals half s/packs/0000000001.pack
    heals truncate -s -100 s/packs/0000000002.pack
    heals truncate -s 40 s/packs/0000000003.pack
    heals truncate -s 0 s/packs/0000000001.pack
    [ "$healed" -eq 4 ]
}

# half FILE: as truncate has no per cent.
half() {
    truncate -s $(($(stat -c %s "$1") / 2)) "$1"
}

@test "repair names the generations and files that are hurt, and only those" {
    history s 3
    mkdir whole
    printf 'not hurt\n' >whole/f
    pull s other whole
    rm s/packs/0000000002.pack # what came with 1.2
    run -1 rs-store repair s
    [[ $output == *"packs/0000000002.pack: the pack is missing"* ]]
    [[ $output == *"n 1.2"* ]]
    [[ $output != *"n 1.1"* && $output != *"other 1.1"* ]]
    rs-store repair --json s >json || [ $? -eq 1 ]
    [ "$(json json exit)" -eq 1 ] && [ "$(json json damaged_generations)" -ge 1 ]
    all_restore s 1.1
    run -65 --separate-stderr rs-pull --store s --name n --emit 1.2
    [[ $stderr == *"n 1.2"* ]]
    restore s other latest other
    same whole other
}

@test "check --read-data is content with what was healed" {
    history s 3
    flip_pack 1
    run -65 rs-store check --read-data s
    run rs-store repair s
    rm -r src
    mini src 0
    pull s n src
    run -0 rs-store check s
    run -0 rs-store check --read-data s
}

@test "damage that hurts no chunk can be repaired too" {
    history good 2
    local at size
    # 0 to 31 is the header of the pack, 32 to 48 that of its first segment, whose head follows.
    for at in 0 9 20 32 34 36 39 40 47 48 49 50 52 -3 -20; do
        rm -rf s
        cp -a good s
        size=$(stat -c %s s/packs/0000000001.pack)
        "$python" -S -c 'import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte ^ 1]))' s/packs/0000000001.pack $(((at + size) % size))
        run rs-store check --read-data s
        if [ "$at" -ne 20 ]; then [ "$status" -eq 65 ] || fail "byte $at: not seen"; fi # 16 to 31: the id of the store
        run rs-store repair s
        [ "$status" -le 1 ]
        rm -rf src
        mini src 0
        pull s n src
        run rs-store check --read-data s
        [ "$status" -eq 0 ] || fail "byte $at: $output"
        all_restore s 1.1 1.2
    done
}

@test "a generation file that is damaged is set aside, and its number can come again" {
    history s 3
    rs-pull --store s --name n --emit 1.3 >copy
    flip_middle s/names/n/1.3.gen
    run -65 rs-store check s
    [[ $output == *"n 1.3: "*"digest mismatch"* ]]
    run -65 --separate-stderr rs-store list s
    [[ $stderr == *"n 1.3"*"digest mismatch"* ]]
    [ "$(wc -l <<<"$output")" -eq 2 ]
    run -65 rs-store prune --keep-last 1 s
    run -1 rs-store repair s
    [[ $output == *"n 1.3: "*"set aside as 1.3.gen.damaged"* ]]
    run -0 rs-store check s
    rs-pull --store s --name n <copy
    all_restore s 1.1 1.2 1.3
}

@test "a chunk that was lost is healed although the same bytes are elsewhere in the store" {
    mini src
    rs-store init --reserve 0 s
    # Two names that were pulled at once have the same chunks twice.
    rs-pull --store s --name a --have >have
    rs-export --have=have src >stream
    mkfifo pipe
    rs-pull --store s --name b <pipe &
    exec 8>pipe
    head -c 2000 stream >&8
    rs-pull --store s --name a <stream
    tail -c +2001 stream >&8
    exec 8>&-
    wait $!
    [ "$(find s/packs -name '*.pack' | wc -l)" -eq 2 ]
    flip_middle s/packs/0000000001.pack
    run -1 rs-store repair s
    local name=a hurt
    [[ $output != *"b 1.1: "* ]] || name=b
    run -65 rs-store check s
    pull s "$name" src
    rs-store check s
    restore s "$name" 1.1 out
    same src out
}

@test "a generation that is here and not whole is replaced by the same one that is" {
    history s 3
    rs-store init --reserve 0 t
    rs-store copy s t
    rm t/packs/0000000001.pack t/index/0000000001.idx # nobody knows its numbers any more
    run -65 rs-store check t
    rs-store copy --json s t >json
    [ "$(json json copied_generations)" -ge 1 ]
    rs-store check t
    all_restore t 1.1 1.2 1.3
}

@test "one damaged index does not stop pulls, also if its pack is gone" {
    history s 3
    flip_middle s/index/0000000001.idx
    pull s other src
    run -65 rs-store check s
    rm s/packs/0000000001.pack
    pull s other2 src
    run -1 rs-store repair s
    pull s n src
    pull s other src
}

@test "repair comes to an end, and what it cannot find its way in stays" {
    local size
    head -c 6M /dev/urandom >"$BATS_TEST_TMPDIR/random"
    mkdir src
    cp random src/large
    rs-store init --reserve 0 s
    pull s n src
    size=$(stat -c %s s/packs/0000000001.pack)
    rm s/index/0000000001.idx
    # The header of the third segment: 17 bytes, then its head and frame.
    "$python" -S -c 'import struct, sys
with open(sys.argv[1], "r+b") as file:
    at = 32
    for _ in range(2):
        file.seek(at)
        head, frame = struct.unpack("<II", file.read(8))
        at += 17 + head + frame
    file.seek(at + 1)
    byte = file.read(1)[0]
    file.seek(at + 1)
    file.write(bytes([byte ^ 0x55]))' s/packs/0000000001.pack
    local i
    for i in 1 2 3; do
        run rs-store repair s
        [ "$(stat -c %s s/packs/0000000001.pack)" -eq "$size" ]
        run -65 rs-store check s
    done
    # Nor does a prune take it, as long as something may be in it.
    run rs-store prune --keep-last 1 s
    [ "$(stat -c %s s/packs/0000000001.pack)" -eq "$size" ]
}

@test "a file that is too large to be a proof proves nothing" {
    history s 1
    head -c 5000 /dev/zero >s/names/n/1.1.proof.x
    rs-store list s
    rs-store prune --keep-last 1 s
}

@test "a reserve that was never set aside is set aside by the next prune" {
    rs-store init --reserve 1M s
    rm s/reserve
    run -137 env RS_FAULT=truncate:1:kill rs-store prune s
    rs-store prune s
    [ "$(stat -c %s s/reserve)" -eq 1048576 ]
}

# ---- prune ----

# pruned STORE ARGUMENT...: the dry run says what the real run does.
pruned() {
    rs-store prune --dry-run --json "${@:2}" "$1" >plan
    [ "$(json plan dry_run)" = true ]
    rs-store prune --json "${@:2}" "$1" >done
    "$python" -S -c 'import json
plan = [json.loads(line) for line in open("plan")]
done = [json.loads(line) for line in open("done")]
removed = lambda rows: sorted((r["name"], r["generation"]) for r in rows[:-1] if not r["keep"])
assert removed(plan) == removed(done), (removed(plan), removed(done))
assert all(r["reasons"] for r in plan[:-1] if r["keep"])
assert done[-1]["removed_generations"] == len(removed(done))'
    rs-store check --read-data "$1"
}

@test "prune keeps what each rule says, and a dry run changes nothing" {
    history base 6
    local case rule want
    for case in "--keep-last 2=1.5 1.6" "--keep 3B=1.4 1.5 1.6" "--keep 1B=1.6" "--keep 2W=1.1 1.2 1.3 1.4 1.5 1.6" "--keep 0s=1.6" \
        "--keep-hourly 1=1.6" "--keep-daily 9=1.6" "--keep-weekly 1=1.6" "--keep-monthly 2=1.6" "--keep-yearly 3=1.6" \
        "--keep 2B --keep-last 3=1.4 1.5 1.6" "--keep 2000-01-01=1.1 1.2 1.3 1.4 1.5 1.6" "--keep-last 100=1.1 1.2 1.3 1.4 1.5 1.6" \
        "--keep 1Y2M --keep-last 1=1.1 1.2 1.3 1.4 1.5 1.6"; do
        rule=${case%%=*} want=${case#*=}
        rm -rf s
        cp -a base s
        # What is near midnight in this test may be in two days.
        find s -printf '%p %i %T@\n' | sort >before
        # shellcheck disable=SC2086 # several words
        rs-store prune --dry-run $rule s >/dev/null
        find s -printf '%p %i %T@\n' | sort >after
        diff before after
        # shellcheck disable=SC2086 # several words
        pruned s $rule
        case $rule in
        --keep-hourly* | --keep-daily* | --keep-weekly* | --keep-monthly* | --keep-yearly*) [[ $(numbers s) == *"$want" ]] ;;
        *) [ "$(numbers s)" = "$want" ] || fail "$rule left $(numbers s)" ;;
        esac
        # shellcheck disable=SC2046 # several words
        all_restore s $(numbers s)
    done
    # Without a rule nothing goes.
    run -0 rs-store prune base
    [ "$(numbers base)" = "1.1 1.2 1.3 1.4 1.5 1.6" ]
}

@test "prune gives the space back, and what stays is whole" {
    local before after
    history s 6
    before=$(cat s/packs/* | wc -c)
    pruned s --keep-last 1
    after=$(cat s/packs/* | wc -c)
    say "packs: $before bytes before, $after after"
    [ "$after" -lt $((before * 7 / 10)) ]
    [ "$(json done freed_bytes)" -gt 0 ] && [ "$(json done removed_packs)" -gt 0 ] && [ "$(json done rewritten_packs)" -gt 0 ]
    all_restore s 1.6
    # A store of this one alone is not much smaller.
    rs-store init --reserve 0 fresh
    rs-pull --store s --name n --emit latest | rs-pull --store fresh --name n
    [ "$after" -lt $(($(cat fresh/packs/* | wc -c) * 3 / 2)) ]
    # The numbers of chunks stay the same although packs were rewritten: deltas go on.
    mini src 6
    lister src >was.1.7
    pull s n src
    all_restore s 1.6 1.7
    pruned s --keep-last 1
    all_restore s 1.7
    rs-store prune --json s >json
    [ "$(json json freed_bytes)" -eq 0 ]
}

@test "prune puts many small packs together, and does not do it again" {
    history s 20
    [ "$(find s/packs -type f | wc -l)" -eq 20 ]
    rs-store prune --keep-last 100 --json s >json
    [ "$(json json rewritten_packs)" -ge 16 ]
    [ "$(json json removed_generations)" -eq 0 ]
    [ "$(find s/packs -type f | wc -l)" -lt 5 ]
    rs-store check --read-data s
    all_restore s 1.1 1.10 1.20
    ls s/packs >before
    rs-store prune --keep-last 100 s
    ls s/packs | diff before -
    # The next delta finds all of it.
    rs-pull --store s --name n --have | rs-export --have=- --json src 2>json | rs-pull --store s --name n
    [ "$(json json new_chunks)" -eq 0 ]
    # What has become dead in the large pack goes.
    rs-store prune --keep-last 1 s
    rs-store check --read-data s
}

@test "small packs with lost chunks stay where they are, and the others are put together, once" {
    local i
    history s 24
    for i in 03 07 11 15; do flip_middle "s/packs/00000000$i.pack"; done
    run -1 rs-store repair s
    run -65 rs-store check s
    lost=$(grep -c . <<<"$output")
    rs-store prune --keep-last 100 --json s >json
    [ "$(json json rewritten_packs)" -ge 16 ]
    [ "$(json json removed_generations)" -eq 0 ]
    for i in 03 07 11 15; do [ -e "s/packs/00000000$i.pack" ] || fail "pack $i went"; done
    run -65 rs-store check s
    [ "$(grep -c . <<<"$output")" -eq "$lost" ]
    ls s/packs >before
    rs-store prune --keep-last 100 --json s >json
    [ "$(json json rewritten_packs)" -eq 0 ]
    ls s/packs | diff before -
    # What is sent again heals it.
    pull s n src
    lister src >want
    restore s n latest out
    same_as want out
}

@test "prune never removes the newest three proven ones, and counts proven ones first" {
    local i
    history base 7
    for i in 1 2 3 4; do rs-store prove base n "1.$i" --instance import1; done
    cp -a base s
    pruned s --keep-last 1
    [ "$(numbers s)" = "1.2 1.3 1.4 1.5 1.6 1.7" ] # three proven, and those that wait for their proof
    all_restore s 1.2 1.3 1.4 1.5 1.6 1.7
    rm -r s
    cp -a base s
    pruned s --keep-last 1 --floor 1
    [ "$(numbers s)" = "1.4 1.5 1.6 1.7" ]
    [ "$(find s -name '*.proof.*' | wc -l)" -eq 1 ]
    rs-store prove base n 1.7 --instance import1
    rm -r s
    cp -a base s
    pruned s --keep 4B --floor 1
    [ "$(numbers s)" = "1.2 1.3 1.4 1.7" ]
}

@test "prune of one name leaves the others alone" {
    history s 3
    pull s other src
    pull s other src
    pruned s --keep-last 1 --name n
    run -0 rs-store list s --name n
    [ "${#lines[@]}" -eq 1 ]
    run -0 rs-store list s --name other
    [ "${#lines[@]}" -eq 2 ]
    run -66 --separate-stderr rs-store prune --keep-last 1 --name missing s
    all_restore s 1.3
}

@test "prune leaves branches alone" {
    history s 3
    rs-export --generation 1.9 src >late
    pull s n src --generation 2.1
    rs-pull --store s --name n --branch <late
    pruned s --keep-last 1
    [ "$(numbers s)" = "2.1 1.9" ]
    restore s n branch/1.9 out
    same_as was.1.3 out
}

# prune_is_safe DAMAGE...: whatever an index has come to, prune takes nothing that a repair could still have brought back.
prune_is_safe() {
    rm -rf s
    cp -a good s
    "$@"
    run rs-store prune --keep-last 2 s
    [ "$status" -eq 65 ] || [ "$status" -eq 0 ] || fail "$*: $status: $output"
    run rs-store repair s
    run rs-store check s
    [ "$status" -eq 0 ] || fail "after '$*' and a prune: $output"
    all_restore s 1.2 1.3
    tried=$((tried + 1))
}

@test "prune removes nothing that it cannot tell is not referred to: a lost or damaged index" {
    local i at tried=0
    history good 3
    for i in 1 2 3; do
        prune_is_safe drop "s/index/000000000$i.idx"
        for at in 2 10 30 50 70 99; do prune_is_safe flip_middle "s/index/000000000$i.idx" "$at"; done
        prune_is_safe half "s/index/000000000$i.idx"
    done
    [ "$tried" -eq 24 ]
}

@test "prune removes nothing of a store with a lost pack or a damaged generation" {
    history good 3
    local damage
    for damage in "drop s/packs/0000000002.pack" "flip_middle s/names/n/1.3.gen" "half s/packs/0000000002.pack"; do
        rm -rf s
        cp -a good s
        $damage
        lister --no-holes s/packs >before
        run -65 --separate-stderr rs-store prune --keep-last 2 s
        [[ $stderr == "rs-store: error: "* ]]
        lister --no-holes s/packs >after
        diff before after
        [ -e s/names/n/1.1.gen ]
    done
}

@test "prune removes what arrived of a transfer that nobody resumes, after a week" {
    history s 2
    head -c 3M /dev/urandom >src/large
    rs-pull --store s --name n --have | rs-export --have=- src | head -c 2500000 >cut
    run -65 rs-pull --store s --name n <cut
    [ -n "$(find s/partial -type f)" ]
    rs-store prune s
    [ -n "$(find s/partial -type f)" ]
    find s/partial -type f -exec touch -d '8 days' {} +
    rs-store prune s # a time in the future counts as now
    [ -n "$(find s/partial -type f)" ]
    find s/partial -type f -exec touch -d '8 days ago' {} +
    rs-store prune --json s >json
    [ "$(json json freed_bytes)" -gt 1000000 ]
    [ -z "$(find s/partial -type f)" ]
    all_restore s 1.1 1.2
}

@test "a pack that is brought back is no longer lost" {
    history s 3
    mv s/packs/0000000001.pack aside
    run -1 rs-store repair s
    run -65 rs-store check s
    mv aside s/packs/0000000001.pack
    run -0 rs-store repair s
    rs-store check --read-data s
    all_restore s 1.1 1.2 1.3
}

@test "a delta that only takes over a generation of which a chunk is lost is refused" {
    history s 2
    rs-pull --store s --name n --have | rs-export --have=- src >unchanged
    rm s/packs/0000000001.pack
    run -1 rs-store repair s
    run -75 --separate-stderr rs-pull --store s --name n <unchanged
    [[ $stderr == *"refers to a chunk that is no longer here"*"no longer promises it"* ]]
    [ "$(numbers s)" = "1.1 1.2" ]
    rs-pull --store s --name n --have | rs-export --have=- src | rs-pull --store s --name n
    rs-pull --store s --name n --emit latest | rs-import out
    lister src >want
    same_as want out
}

@test "a generation whose manifest is lost stops prune until it is healed or set aside" {
    history s 3
    mv s/packs/0000000002.pack aside
    run -1 rs-store repair s
    run -65 --separate-stderr rs-store prune --keep 9B s
    [[ $stderr == *"n 1.2: a block of its manifest is lost"*"repair --set-aside"* ]]
    [ "$(numbers s)" = "1.1 1.2 1.3" ]
    cp -a s healed
    mv aside healed/packs/0000000002.pack
    run -0 rs-store repair --set-aside healed
    all_restore healed 1.1 1.2 1.3
    run -1 rs-store repair --set-aside s
    [[ $output == *"n 1.2: a block of its manifest is lost,"*"; set aside as 1.2.gen.damaged"* ]]
    [ -e s/names/n/1.2.gen.damaged ]
    rs-store repair --json s >json || [ $? -eq 1 ]
    [ "$(json json set_aside)" = 0 ]
    rs-store prune --keep 9B s
    [[ " $(numbers s) " == *" 1.1 "* ]]
    [[ " $(numbers s) " != *" 1.2 "* ]]
    all_restore s 1.1
    pull s n src
    rs-store prune --keep-last 1 s
}

# ---- fences ----

@test "fence: lower epochs are refused from then on, and epochs never go down" {
    mini src
    rs-store init --reserve 0 s
    rs-store fence s n 3 # before there is anything
    pulled() { rs-pull --store s --name n --have | rs-export --have=- "$@" src | rs-pull --store s --name n; }
    run -77 --separate-stderr pulled
    [[ $stderr == *"n 1.1: fenced: epoch 3 has begun"* ]]
    run -77 pulled --epoch 2
    run -0 pulled --epoch 3
    [ "$output" = 3.1 ]
    run -0 pulled --epoch 3
    [ "$output" = 3.2 ]
    run -77 --separate-stderr rs-store fence s n 2
    [[ $stderr == *"n: fenced: epoch 3 has begun"* ]]
    rs-store fence s n 3
    rs-store fence s n 5
    run -77 pulled
    # The old leader is told by the have stream as soon as the new one has dumped.
    run -0 pulled --epoch 5
    [ "$output" = 5.1 ]
    rs-pull --store s --name n --have >have
    run -77 --separate-stderr rs-export --have have --epoch 3 src
    [[ $stderr == *"epoch 3: fenced: epoch 5 has begun"* ]]
    [ -z "$output" ]
    rs-store init --reserve 0 t
    rs-store fence s n 9
    rs-store copy s t
    run -77 rs-store fence t n 8
}

# ---- copy ----

# digests STORE: name, number and tree digest of each generation.
digests() {
    rs-store list --json "$1" | "$python" -S -c 'import json, sys
for line in list(sys.stdin)[:-1]:
    row = json.loads(line)
    print(row["name"], row["generation"], row["branch"], row["digest"], len(row["proofs"]), row["time"], row["host"])'
}

@test "copy makes a second store that holds the same" {
    history s 4
    rs-export --generation 1.9 src >late
    pull s n src --generation 2.1
    rs-pull --store s --name n --branch <late
    pull s other src
    rs-store prove s n 1.2 --instance import1
    rs-store init --reserve 0 t
    run -0 rs-store copy s t
    [ "${#lines[@]}" -eq 7 ]
    digests s >digests.s
    digests t >digests.t
    diff digests.s digests.t
    [ "$(wc -l <digests.s)" -eq 7 ]
    rs-store check --read-data t
    all_restore t 1.1 1.2 1.3 1.4
    restore t n branch/1.9 branch
    same_as was.1.4 branch
    # Again: nothing to do. And only what is new.
    rs-store copy --json s t >json
    [ "$(json json copied_generations)" -eq 0 ] && [ "$(json json already_there)" -eq 7 ]
    mini src 4
    pull s n src
    rs-store copy --json s t >json
    [ "$(json json copied_generations)" -eq 1 ] && [ "$(json json new_bytes)" -lt 60000 ]
    digests s >digests.s
    digests t >digests.t
    diff digests.s digests.t
    # The copy is as small as the first.
    [ "$(cat t/packs/* | wc -c)" -lt $(($(cat s/packs/* | wc -c) * 12 / 10)) ]
}

@test "copy of one name, with the same key or another one" {
    history s 2
    pull s other src
    rs-store init --reserve 0 --like s like
    rs-store copy s like --name n
    run -0 rs-store list like
    [ "${#lines[@]}" -eq 2 ]
    all_restore like 1.1 1.2
    rs-store init --reserve 0 unlike
    rs-store copy s unlike
    digests s >a
    digests unlike >b
    diff a b
    run -64 rs-store copy s s
    run -66 rs-store copy s missing
    run -66 rs-store copy s like --name missing
    # Under another name, of which the store may hold some already.
    rs-store init --reserve 0 --like s named
    rs-store copy s named --name n --as m
    run -0 rs-store copy s named --name n --as m
    [ -z "$output" ]
    [ "$(rs-store list named | awk '{ print $1, $2 }')" = "$(rs-store list s --name n | awk '{ print "m", $2 }')" ]
    rm -rf out
    push named m latest out
    run -0 rs-store check --read-data named
    pull named m src
    run -64 rs-store copy s named --as m
    run -64 rs-store copy s named --name n --as ../m
    # A lost store is rebuilt from its copy, and goes on.
    rm -r s
    rs-store init --reserve 0 --like like s
    rs-store copy unlike s
    digests s >b
    diff a b
    mini src 2
    pull s n src
    push s n latest out
    same src out
}

@test "copy brings over what is whole, names what is not, and heals the other store" {
    history s 3
    rs-store init --reserve 0 t
    rs-store copy s t
    rm s/packs/0000000002.pack
    rs-store repair s || [ $? -eq 1 ]
    rs-store init --reserve 0 u
    run -65 --separate-stderr rs-store copy s u
    [[ $stderr == *"n 1.2: not copied: "* ]]
    [ "$(numbers u)" = "1.1" ] || [ "$(numbers u)" = "1.1 1.3" ]
    rs-store check --read-data u
    # Back from the good one: nothing to copy by number, so a pull of the present tree heals.
    pull s n src
    run rs-store copy t s
    rs-pull --store t --name n --emit 1.2 | rs-pull --store s --name n
    rs-store check s
    all_restore s 1.1 1.2 1.3
}

@test "copy heals what a second store has lost" {
    history s 3
    rs-store init --reserve 0 t
    rs-store copy s t
    rm t/packs/0000000001.pack
    rs-store repair t || [ $? -eq 1 ]
    run -65 rs-store check t
    rs-store copy s t
    rs-store check t
    all_restore t 1.1 1.2 1.3
}

@test "the frozen mark and the epoch are copied" {
    rs-store init --reserve 0 s
    mkdir src
    head -c 50K /dev/urandom >src/f
    pull s n src
    head -c 1K /dev/urandom >src/f
    pull s n src || [ $? -eq 1 ]
    rs-store init --reserve 0 t
    rs-store copy s t
    run -1 --separate-stderr rs-store prune --keep-last 1 t
    [[ $stderr == *"retention is frozen"* ]]
}

# ---- --json ----

@test "--json prints one object a line and the result last, of every subcommand" {
    local command
    history s 2
    rs-store init --reserve 0 t
    for command in "list s" "show s n latest" "show s n latest --entries" "stats s" "diff s n 1.1 1.1" "check s" "check s --read-data" \
        "check s --budget 1m" "repair s" "prune s" "prune s --keep 9B --dry-run" "prove s n 1.2 --instance i" "copy s t" "init --reserve 0 u"; do
        # shellcheck disable=SC2086 # several words
        rs-store --json $command >json 2>err
        [ "$(json json exit)" -eq 0 ] || fail "$command: $(cat json)"
        [ ! -s err ]
        # shellcheck disable=SC2086 # several words
        case $command in init* | copy*) ;; *) rs-store $command --json >json && [ "$(json json exit)" -eq 0 ] ;; esac
    done
    for command in "list missing" "show s n 9.9" "show s m latest" "stats missing" "diff s n 1.1 9.9" "check missing" "repair missing" \
        "prune s --name m" "prove s n 9.9 --instance i" "copy s missing"; do
        # shellcheck disable=SC2086 # several words
        rs-store $command --json >json 2>err || [ $? -eq 66 ]
        [ "$(json json exit)" -eq 66 ] && [ -n "$(json json error)" ] || fail "$command: $(cat json)"
        [ -s err ]
    done
}
