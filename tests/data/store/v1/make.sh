#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How the golden files of version 1 were made; README says what they are. A released version is never made again.
#
#   make.sh OUT    OUT must not exist. The tools must be in PATH.
#
# Id and key of the store are fixed; times of dumps, inode numbers and what zstd makes of it are not.
# Globals: out, work (a scratch directory), top (of the source tree).
set -eu
if [ $# -ne 1 ] || [ -e "$1" ]; then
    printf '%s\n' 'usage: make.sh OUT (which must not exist)' >&2
    exit 64
fi
top=$(cd -- "$(dirname -- "$0")/../../../.." && pwd)
mkdir -p -- "$1"
out=$(cd -- "$1" && pwd)
umask 022
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
cd -- "$work"

# Sets the time of everything below $1 to noon of 20 November 2026.
# Nothing else about it changes, but the ctime: it is now.
set_times() {
    find "$1" -depth -exec touch -h -d 2026-11-20T12:00:00Z -- {} +
}

# Pulls the directory $1 under the name tree as generation $2; what follows goes to rs-export.
# The delta answers what the store holds.
pull() {
    _dir=$1 _generation=$2
    shift 2
    rs-pull --store "$out/store" --name tree --have >have
    rs-export --have have --host alpha --generation "$_generation" "$@" "$_dir" >dump
    rs-pull --store "$out/store" --name tree <dump
}

# Keeps what the lister says of the directory $1 as the listing $2.
# Owners and holes are left out: not every caller and file system can have them.
list() {
    PYTHONDONTWRITEBYTECODE=1 python3 "$top/tests/lib/lister.py" --no-owner --no-holes "$1" >"$out/$2.list"
}

rs-store init "$out/store"
rm -- "$out/store/reserve"
cat >"$out/store/rs-store" <<'END'
rs-store 1
id a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
key 000102030405060708090a0b0c0d0e0f
reserve 0
END

# The example of the pages: a file of five bytes and a symbolic link to it. A witness is left out only of what changed
# within the last 50 ms; the shortest of some streams has none.
rs-pull --store "$out/store" --name demo --have >"$out/have.rss"
for _try in 1 2 3 4 5 6 7 8 9; do
    rm -rf demo
    mkdir demo
    printf hello >demo/a
    ln -s a demo/b
    set_times demo
    rs-export --have "$out/have.rss" --host alpha demo >dump
    if [ ! -e "$out/dump.rss" ] || [ "$(wc -c <dump)" -lt "$(wc -c <"$out/dump.rss")" ]; then
        cp -- dump "$out/dump.rss"
    fi
done
rs-pull --store "$out/store" --name demo <"$out/dump.rss"
list demo demo-1.1

# A tree with a bit of everything that a caller without root can restore, in five generations.
mkdir -p tree/a tree/dir/deep tree/empty-dir
seq 1 6000 >tree/text
python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(1).randbytes(40000))' >tree/noise
cp -- tree/noise tree/dir/twice
printf b >tree/a/b
printf x >tree/a-b
printf y >tree/a0
: >tree/empty
printf 'new\nline' >"tree/odd
name \\"
truncate -s 200000 tree/hole
printf middle | dd of=tree/hole bs=1 seek=100000 conv=notrunc status=none
{ head -c 5000 tree/noise; head -c 20000 /dev/zero; head -c 5000 tree/text; } >tree/zeros
ln tree/text tree/dir/text-2
ln -s ../text tree/dir/link
ln -s no/such/file tree/dangling
mkfifo tree/fifo
printf '#!/bin/sh\n' >tree/dir/deep/run
chmod 4755 tree/dir/deep/run
chmod 0700 tree/empty-dir
set_times tree
pull tree 1.1

rm -- tree/noise tree/dir/twice
sed -i '3000s/$/ and a change/' tree/text
mv -- tree/a0 tree/a1
set_times tree
pull tree 1.2
list tree tree-1.2
rs-store prove "$out/store" tree 1.2 --instance import1 --seconds 12.5

seq 1 2000 >tree/no-digest
set_times tree
pull tree 1.3 --no-sha256
list tree tree-1.3

printf 'epoch 2' >tree/empty
set_times tree
pull tree 2.1
list tree tree-2.1

# Fenced: kept as a branch. The stream is whole, and its chunk ids have another key.
printf 'of the old leader' >tree/empty
set_times tree
rs-export --host beta --generation 1.4 tree | rs-pull --store "$out/store" --name tree --branch
list tree tree-branch-1.4

# 1.1 goes, and with it most of its pack: what lives there moves, and keeps its numbers.
rs-store prune "$out/store" --name tree --keep-last 3
