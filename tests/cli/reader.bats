#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The formats are what rs-stream(5) and rs-store(5) say: a reader that was written from these pages alone gives back
# every tree, the bytes in the pages are those of golden files, and golden files of every version can still be read.

bats_require_minimum_version 1.5.0

# The interpreter itself: in front of it may be a wrapper that takes longer than the work here.
setup_file() {
    python=$(python3 -c 'import sys; print(sys.executable)')
    export python
}

setup() {
    top=$(cd -- "$BATS_TEST_DIRNAME/../.." && pwd)
    v1=$top/tests/data/store/v1
    export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$top/tests/lib LC_ALL=C
    umask 022
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    [ "$(id -u)" -eq 0 ] || chmod -R u+rwx "$BATS_TEST_TMPDIR"
}

reader() {
    "$python" -S "$top/tests/lib/rs_reader.py" "$@"
}

lister() {
    "$python" -S "$top/tests/lib/lister.py" "$@"
}

torture() {
    "$python" -S "$top/tests/lib/torture.py" "$@"
}

# readable DIR: without root, nobody could dump what has mode 000.
readable() {
    [ "$(id -u)" -eq 0 ] || chmod -R u+rwX "$1"
}

# copy_golden: a copy of the golden store of version 1, as it was before git dropped what is empty.
copy_golden() {
    cp -R -- "$v1/store" store
    mkdir -p store/tmp store/partial
}

# golden_generations: "NAME GENERATION LISTING", a line for each generation of the golden store of version 1.
golden_generations() {
    printf '%s\n' 'demo 1.1 demo-1.1' 'tree 1.2 tree-1.2' 'tree 1.3 tree-1.3' 'tree 2.1 tree-2.1' \
        'tree branch/1.4 tree-branch-1.4'
}

# is_listed DIR LISTING: DIR is what the golden listing says.
is_listed() {
    lister --no-owner --no-holes "$1" | diff -- - "$v1/$2.list"
}

@test "a stream is restored by the independent reader" {
    torture make tree --small --seed 11
    readable tree
    rs-export tree >dump.rss
    reader stream dump.rss out
    lister --diff tree out
}

@test "a stream that a store emits is restored by the independent reader" {
    torture make tree --small --seed 12
    readable tree
    rs-store init --reserve 0 store
    rs-export tree | rs-pull --store store --name n
    rs-pull --store store --name n --emit latest >dump.rss
    reader stream dump.rss out
    lister --diff tree out
}

@test "the oldest and the newest generation of a store are restored by the independent reader" {
    rs-store init --reserve 0 store
    torture make tree --small --seed 13
    for round in 1 2 3 4; do
        readable tree
        lister tree >"$round.list"
        rs-pull --store store --name n --have | rs-export --have - tree | rs-pull --store store --name n
        torture change tree --seed 13 --round "$round" >/dev/null
    done
    for generation in 1 4; do
        reader store store n "1.$generation" "out$generation"
        lister "out$generation" | diff -- - "$generation.list"
    done
}

@test "a dump without SHA-256 is restored, and every file of it named" {
    mkdir tree
    seq 10000 >tree/file
    : >tree/empty
    rs-export --no-sha256 tree >dump.rss
    run --separate-stderr reader stream dump.rss out
    [ "$status" -eq 0 ]
    lister --diff tree out
    # shellcheck disable=SC2154 # run sets it
    [ "$stderr" = "b'empty': has no SHA-256; its bytes are not proven
b'file': has no SHA-256; its bytes are not proven" ]
}

@test "a have stream, a delta, a foreign file and a directory that is not empty are refused" {
    mkdir tree empty
    seq 10000 >tree/file
    rs-store init --reserve 0 store
    rs-export tree | rs-pull --store store --name n
    rs-pull --store store --name n --have >have.rss
    seq 20000 >tree/file
    rs-export --have have.rss tree >delta.rss
    rs-export tree >whole.rss
    refused() {
        run reader stream "$1" "$2"
        [ "$status" -eq 65 ] || return
        [ "${lines[*]}" = "rs_reader.py: error: $1: $3" ] || { printf '%s\n' "${lines[@]}" && false; }
        [ -z "$(ls -A -- empty)" ]
    }
    refused have.rss empty 'not the header of a dump'
    refused delta.rss empty 'a delta, which builds on another generation'
    refused tree/file empty 'not a stream'
    refused whole.rss tree 'the directory is not empty'
    run reader stream whole.rss
    [ "$status" -eq 64 ]
}

@test "a stream that was cut anywhere, or of which any byte is wrong, is refused" {
    "$python" -S - "$v1/dump.rss" <<'END'
import sys, tempfile, rs_reader

good = open(sys.argv[1], "rb").read()
bad = [good[:size] for size in range(len(good))] + [good + b"\0"]
bad += [good[:at] + bytes([good[at] ^ flip]) + good[at + 1:] for at in range(len(good)) for flip in (0x01, 0x20)]
passed = []
for data in bad:
    with open("bad.rss", "wb") as file:
        file.write(data)
    with tempfile.TemporaryDirectory(dir=".") as out:
        try:
            rs_reader.read_stream("bad.rss", out.encode())
            passed.append(data)
        except rs_reader.Refused:
            pass
# Two flags of zstd say nothing of the content, for one: what counts is that the tree is right then.
for data in passed:
    assert data[0x54:0x62] != good[0x54:0x62] and data[:0x54] + data[0x62:] == good[:0x54] + good[0x62:], data
END
}

@test "a wrong byte in an index or in a generation file is refused" {
    copy_golden
    "$python" -S - <<'END'
import tempfile, rs_reader

for name in ("store/index/0000000001.idx", "store/names/demo/1.1.gen"):
    good = open(name, "rb").read()
    for at in range(len(good)):
        with open(name, "wb") as file:
            file.write(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1:])
        with tempfile.TemporaryDirectory(dir=".") as out:
            try:
                rs_reader.read_store("store", "demo", "1.1", out.encode())
                raise AssertionError(f"{name}: byte {at}")
            except rs_reader.Refused:
                pass
    with open(name, "wb") as file:
        file.write(good)
END
}

@test "a wrong byte in a frame of a pack is refused, and so is a pack that is missing" {
    copy_golden
    printf j | dd of=store/packs/0000000001.pack bs=1 seek=$((0x3d)) conv=notrunc status=none # of "hello"
    run reader store store demo 1.1 out
    [ "$status" -eq 65 ]
    [ "$output" = "rs_reader.py: error: store: b'a': SHA-256 mismatch" ]
    rm -- store/index/0000000001.idx
    run reader store store demo 1.1 out2
    [ "$status" -eq 65 ]
    [ "$output" = 'rs_reader.py: error: store: chunk 1048577 is lost' ]
}

@test "the bytes in the pages are those of the golden files" {
    "$python" -S - "$v1" "$top/man/rs-stream.5" "$top/man/rs-store.5" <<'END'
import re, sys

seen = []
for page in sys.argv[2:]:
    for name, dump in re.findall(r'^\.\\" hex (\S+)\n(.*?)^\.Ed$', open(page).read(), re.M | re.S):
        data = b""
        for offset, row in re.findall(r"^([0-9a-f]{4})  ([0-9a-f]{2}(?: [0-9a-f]{2}){0,11})(?=  |$)", dump, re.M):
            assert int(offset, 16) == len(data), f"{page}: {name}: offset {offset}"
            data += bytes.fromhex(row)
        assert data == open(f"{sys.argv[1]}/{name}", "rb").read(), f"{page}: {name} differs"
        seen.append(name)
assert seen == ["have.rss", "dump.rss", "store/packs/0000000001.pack", "store/index/0000000001.idx",
                "store/names/demo/1.1.gen"], seen
tree_digest = open(f"{sys.argv[1]}/store/names/demo/1.1.gen", "rb").read()[0x45:0x65].hex()
assert re.search(f"^{tree_digest}$", open(sys.argv[2]).read(), re.M)
END
}

@test "rs-export cuts as rs-stream(5) says" {
    mkdir tree
    "$python" -S - "$top/man/rs-stream.5" <<'END'
import hashlib, re, struct, subprocess, sys, rs_reader

gear, state = [], 0
for _ in range(256):
    z = state = (state + 0x9e3779b97f4a7c15) % 2**64
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 % 2**64
    z = (z ^ z >> 27) * 0x94d049bb133111eb % 2**64
    gear.append(z ^ z >> 31)


def cut(p, bits):
    average = 1 << bits
    end, hashed = min(len(p), 4 * average), 0
    for i in range(average // 4, end):
        hashed = ((hashed << 1) + gear[p[i]]) % 2**64
        if hashed >> 64 - (bits + 2 if i < average else bits - 2) == 0:
            return i + 1
    return end


data, lengths = b"".join(hashlib.sha256(struct.pack("<I", i)).digest() for i in range(2048)), []
while sum(lengths) < len(data):
    lengths.append(cut(data[sum(lengths):], 12))
page = re.search(r"are chunks of\n([0-9, and]*) bytes", open(sys.argv[1]).read())[1]
assert lengths == [int(n) for n in re.findall("[0-9]+", page)], lengths

with open("tree/file", "wb") as file:
    file.write(data)
record = rs_reader.Reader(subprocess.run(["rs-export", "tree"], stdout=subprocess.PIPE, check=True).stdout)
record.raw(8)
while (kind := record.raw(1)) != b"S":
    record.raw(record.fixed(4))
record.fixed(8)  # sizes of the record and of what is before the frame
assert record.fixed(1) == 1
assert lengths == [record.varint() for _ in range(record.varint())]
END
}

@test "version 1: the independent reader restores every generation" {
    copy_golden
    reader stream "$v1/dump.rss" out
    is_listed out demo-1.1
    rm -r out
    while read -r name generation listing; do
        reader store store "$name" "$generation" out 2>errors
        is_listed out "$listing"
        rm -r out
    done < <(golden_generations)
}

@test "version 1: our tools restore every generation, and the newest is the newest" {
    copy_golden
    rs-import out <"$v1/dump.rss"
    is_listed out demo-1.1
    while read -r name generation listing; do
        rs-pull --store store --name "$name" --emit "$generation" | rs-import out
        is_listed out "$listing"
    done < <(golden_generations)
    rs-pull --store store --name tree --emit latest | rs-import latest
    is_listed latest tree-2.1
}

@test "version 1: the store passes its check and takes a new generation" {
    copy_golden
    rs-store check --read-data store
    rs-pull --store store --name tree --emit 2.1 | rs-import tree
    printf 'something new' >tree/new
    rs-pull --store store --name tree --have | rs-export --have - tree | rs-pull --store store --name tree
    reader store store tree 2.2 out 2>errors
    lister --diff tree out
    reader store store tree 1.2 old
    is_listed old tree-1.2
    rs-store check --read-data store
}

@test "every golden store is read by a test" {
    for directory in "$top"/tests/data/store/v*; do
        version=${directory##*/v}
        grep -q "^@test \"version $version: " "$BATS_TEST_FILENAME"
    done
}
