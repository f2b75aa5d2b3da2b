#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The lister sees each kind of difference, alone; the torture tree is the same for the same seed; its rounds of
# changes change something and never fail. Other tests trust tests/lib/lister.py and torture.py because of this file.

bats_require_minimum_version 1.5.0

# The interpreter itself: in front of it may be a wrapper that takes longer than the work here.
setup_file() {
    python=$(python3 -c 'import sys; print(sys.executable)')
    export python
}

setup() {
    lib=$BATS_TEST_DIRNAME/../lib
    export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C
    umask 022
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    if [ "$(id -u)" -ne 0 ]; then # without root nothing below a mode 000 directory could be removed
        chmod -R u+rwx "$BATS_TEST_TMPDIR"
    fi
}

lister() {
    "$python" -S "$lib/lister.py" "$@"
}

torture() {
    "$python" -S "$lib/torture.py" "$@"
}

need_root() {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
}

# set_xattr PATH NAME VALUE: of the path itself, also if it is a symbolic link; skips the test where that is
# not possible.
set_xattr() {
    "$python" -S -c 'import os, sys; os.setxattr(*map(os.fsencode, sys.argv[1:]), follow_symlinks=False)' "$@" ||
        skip "no extended attributes here"
}

# times DIR: equal mtimes for all that is in it.
times() {
    find "$1" -depth -exec touch -h -d @1234567890.123456789 {} +
}

# pair: makes two equal trees a and b with one of each thing that every user may make.
pair() {
    for tree in a b; do
        mkdir -p "$tree/dir"
        printf 'content\n' >"$tree/file"
        printf 'two names\n' >"$tree/dir/first"
        ln "$tree/dir/first" "$tree/second"
        ln -s dir/first "$tree/symlink"
        mkfifo "$tree/fifo"
        truncate -s 64K "$tree/sparse"
        printf x | dd of="$tree/sparse" bs=1 seek=20000 conv=notrunc status=none
        times "$tree"
    done
}

# only_differs PATH KEY: of a and b (their mtimes made equal) just this path differs, and of it just this field.
only_differs() {
    times a
    times b
    only_differs_now "$@"
}

only_differs_now() {
    run -1 --separate-stderr lister --diff a b
    printf '%s\n' "$output"
    [ -z "$stderr" ]
    [ "${#lines[@]}" -eq 5 ]
    [ "${lines[0]}" = "--- a" ]
    [ "${lines[1]}" = "+++ b" ]
    case ${lines[3]} in "-$1 "*) ;; *) false ;; esac
    case ${lines[4]} in "+$1 "*) ;; *) false ;; esac
    [ "${lines[3]#-}" != "${lines[4]#+}" ]
    [ "$(without "$2" "${lines[3]#-}")" = "$(without "$2" "${lines[4]#+}")" ]
}

# without KEY LINE: the line less this field.
without() {
    printf '%s\n' "$2" | sed "s/ $1=[^ ]*//"
}

equal() {
    run -0 --separate-stderr lister --diff "$@"
    [ -z "$output$stderr" ]
}

@test "equal trees list equal" {
    pair
    equal a b
    lister a >list.a
    lister b >list.b
    cmp list.a list.b
    [ "$(wc -l <list.a)" -eq 8 ]
}

@test "a line holds what the contract says" {
    mkdir a
    printf 'content\n' >"$(printf 'a/new\nline \\\377')"
    chmod 4750 a/new*
    times a
    sum=$(printf 'content\n' | sha256sum | cut -d ' ' -f 1)
    run -0 lister --no-owner a
    [ "${lines[0]}" = ". type=d mode=0755 mtime=1234567890123456789" ]
    [ "${lines[1]}" = "new\\x0aline\\x20\\x5c\\xff type=f mode=4750 mtime=1234567890123456789 size=8 sha256=$sum" ]
    run -0 lister a
    case ${lines[1]} in *" mode=4750 uid=$(id -u) gid=$(id -g) mtime="*) ;; *) false ;; esac
}

@test "names are sorted by the bytes of the whole path" {
    mkdir -p a/a
    touch a/a-b a/a.b a/a/b a/a0 a/B
    run -0 lister a
    [ "$(printf '%s\n' "${lines[@]%% *}" | tr '\n' ' ')" = ". B a a-b a.b a/b a0 " ]
}

@test "mode" {
    pair
    chmod 4644 b/file
    only_differs file mode
}

@test "mode of a directory" {
    pair
    chmod 1755 b/dir
    only_differs dir mode
}

@test "owner" {
    need_root
    pair
    chown 12345 b/file
    only_differs file uid
    run -0 lister --diff --no-owner a b
}

@test "group of a symbolic link" {
    need_root
    pair
    chown -h 0:54321 b/symlink
    only_differs symlink gid
}

@test "mtime of a file by 1 ns" {
    pair
    touch -d @1234567890.123456788 b/file
    only_differs_now file mtime
}

@test "mtime of a directory by 1 ns" {
    pair
    touch -d @1234567890.123456790 b/dir
    only_differs_now dir mtime
}

@test "mtime of a symbolic link by 1 ns" {
    pair
    touch -h -d @1234567890.123456790 b/symlink
    only_differs_now symlink mtime
}

@test "mtime of the root" {
    pair
    touch -d @-1.5 b
    only_differs_now . mtime
}

@test "content by one bit" {
    pair
    printf 'contenu\n' >b/file # t is 0x74, u is 0x75
    only_differs file sha256
    run -0 lister --diff --no-hash a b
}

@test "size" {
    pair
    printf 'content\nx' >b/file
    times b
    run -1 lister --diff --no-hash a b
    case ${lines[4]} in "+file "*" size=9") ;; *) false ;; esac
}

@test "xattr value" {
    pair
    set_xattr a/file user.key one
    set_xattr b/file user.key two
    only_differs file x:user.key
}

@test "xattr of many bytes by the last one" {
    pair
    big=$(printf '%01000d' 0)
    set_xattr a/dir user.key "${big}0"
    set_xattr b/dir user.key "${big}1"
    only_differs dir x:user.key
}

@test "xattr that is empty, against none" {
    pair
    set_xattr b/file user.key ''
    only_differs file x:user.key
}

@test "xattr of a symbolic link" {
    need_root
    pair
    set_xattr b/symlink trusted.key value
    only_differs symlink x:trusted.key
}

@test "access ACL" {
    pair
    setfacl -m u:12345:r,m::r a/file b/file || skip "no ACLs here"
    setfacl -m u:12345:-,m::r b/file
    only_differs file x:system.posix_acl_access
}

@test "default ACL" {
    pair
    setfacl -d -m g:54321:rx b/dir || skip "no ACLs here"
    only_differs dir x:system.posix_acl_default
}

@test "a hard link that is broken" {
    pair
    cp -p b/second b/copy
    mv b/copy b/second
    times b
    run -1 lister --diff a b
    [ "${#lines[@]}" -eq 8 ] # two hunks of one line each
    case ${lines[3]} in "-dir/first "*" link=dir/first") ;; *) false ;; esac
    [ "$(without link "${lines[3]#-}")" = "${lines[4]#+}" ]
    case ${lines[6]} in "-second "*" link=dir/first") ;; *) false ;; esac
    [ "$(without link "${lines[6]#-}")" = "${lines[7]#+}" ]
}

@test "hard links grouped in another way" {
    for tree in a b; do
        mkdir $tree
        touch $tree/1 $tree/2
    done
    ln a/1 a/3
    ln a/2 a/4
    ln b/1 b/4
    ln b/2 b/3
    times a
    times b
    run -1 lister --diff a b
    [ "${#lines[@]}" -eq 7 ] # 3 and 4, one hunk
}

@test "a name of the group outside of the tree does not count" {
    pair
    ln b/file outside
    equal a b
}

@test "a hole that is filled with zeros" {
    pair
    dd if=/dev/zero of=b/sparse bs=4096 count=1 seek=9 conv=notrunc status=none
    [ "$(lister a | sed -n 's/^sparse .* holes=//p')" = 0-3,5-15 ] || skip "no holes of 4 KiB here"
    [ "$(lister b | sed -n 's/^sparse .* holes=//p')" = 0-3,5-8,10-15 ]
    only_differs sparse holes
    equal --no-holes a b
    run -1 lister --diff --holes-superset a b
    equal --holes-superset b a
}

@test "more holes do not hide other differences" {
    pair
    dd if=/dev/zero of=a/sparse bs=4096 count=1 seek=9 conv=notrunc status=none
    times a
    equal --holes-superset a b
    chmod 600 b/sparse
    run -1 lister --diff --holes-superset a b
    touch b/sparse
    printf y | dd of=b/sparse bs=1 seek=20000 conv=notrunc status=none
    chmod 644 b/sparse
    times b
    run -1 lister --diff --holes-superset a b
}

@test "symlink target" {
    pair
    ln -sfn dir/firsu b/symlink
    only_differs symlink target
}

@test "a name that is added" {
    pair
    touch b/dir/new
    times b
    run -1 lister --diff a b
    [ "${#lines[@]}" -eq 4 ]
    [ "${lines[2]}" = "@@ -3,0 +4,1 @@" ]
    case ${lines[3]} in "+dir/new type=f "*) ;; *) false ;; esac
}

@test "a name that is removed" {
    pair
    rm b/fifo
    times b
    run -1 lister --diff a b
    [ "${#lines[@]}" -eq 4 ]
    case ${lines[3]} in "-fifo type=p "*) ;; *) false ;; esac
}

@test "a name of other bytes that looks the same" {
    mkdir a b
    touch "$(printf 'a/\303\251')" "$(printf 'b/e\314\201')"
    times a
    times b
    run -1 lister --diff a b
    [ "${#lines[@]}" -eq 5 ]
}

@test "type: fifo and socket" {
    pair
    rm b/fifo
    "$python" -S -c 'import os, stat; os.mknod("b/fifo", stat.S_IFSOCK | 0o644)'
    only_differs fifo type
}

@test "type: empty file and empty directory" {
    pair
    touch a/thing
    mkdir b/thing
    times a
    times b
    run -1 lister --diff a b
    case ${lines[3]} in "-thing type=f "*) ;; *) false ;; esac
    case ${lines[4]} in "+thing type=d "*) ;; *) false ;; esac
}

@test "device number" {
    need_root
    pair
    mknod a/device c 1 3 || skip "no devices here"
    mknod b/device c 1 5
    only_differs device dev
}

@test "device type" {
    need_root
    pair
    mknod a/device c 7 0 || skip "no devices here"
    mknod b/device b 7 0
    only_differs device type
}

@test "what cannot be read is called unreadable" {
    [ "$(id -u)" -ne 0 ] || skip "root reads all"
    pair
    set_xattr a/file user.key value
    chmod 0 a/file a/dir
    run -0 --separate-stderr lister a
    [ -z "$stderr" ]
    lister a >list
    grep '^file type=f mode=0000 .* sha256=unreadable holes=unreadable x:user.key=unreadable$' list
    grep '^dir type=d mode=0000 .* entries=unreadable$' list
}

@test "trouble is exit 2, not a difference" {
    mkdir a
    touch file
    run -2 --separate-stderr lister none
    [ -z "$output" ]
    run -2 --separate-stderr lister --diff a none
    [ -z "$output" ]
    run -2 --separate-stderr lister file
    run -2 --separate-stderr lister --diff a
    run -2 --separate-stderr lister --holes-superset a
    touch a/file
    run -2 --separate-stderr torture make a
    [ "$(ls a)" = file ]
}

@test "make gives equal trees for one seed, whatever the umask, the path and its form" {
    torture make a --seed 5 --small >made.a
    mkdir -p deeper/b
    (umask 077 && torture make deeper/b/ --seed 5 --small >made.b)
    cmp made.a made.b
    equal a "$PWD/deeper/b"
    torture make c --seed 6 --small >made.c
    run -1 lister --diff a c
}

@test "make holds what it says" {
    torture make a --small >made
    lister a >list
    [ "$(find a/byte -type f -printf 'x\n' | wc -l)" -eq 254 ]
    [ "$(find a -printf '%f\n' | awk '{ if (length($0) > most) most = length($0) } END { print most }')" -eq 255 ]
    [ "$(find a/wide -type f | wc -l)" -eq 300 ]
    [ "$(find a/deep -type d | wc -l)" -eq 21 ]
    [ "$(find a/symlinks/4095 -printf %l | wc -c)" -eq 4095 ] || grep '^skipped symlink' made
    for field in type=f type=d type=l type=p type=s mode=0000 mode=4755 mode=2755 mode=1777 mtime=0 mtime=-1 \
        mtime=-1000000000000000000 mtime=4102444800123456789 link=links/0-symlink link=links/0-fifo; do
        grep -q " $field\( \|\$\)" list
    done
    grep -q ' holes=' list || skip "no holes here"
    grep -q ' x:user.empty=$' list || grep '^skipped xattr user' made
    grep -q ' x:system.posix_acl_access=' list || grep '^skipped ACLs' made
    grep -q ' x:system.posix_acl_default=' list || grep '^skipped ACLs' made
    need_root
    grep -q ' dev=1:3' list || grep '^skipped devices' made
    grep -q ' uid=12345 gid=54321' list || grep '^skipped owners' made
    grep -q ' type=l .* x:trusted.torture=' list || grep '^skipped xattr trusted' made
    grep -q ' x:security.capability=' list || grep '^skipped xattr security' made
}

@test "each of 5 rounds changes something, and equal trees alike" {
    torture make a --seed 2 --small >/dev/null
    torture make b --seed 2 --small >/dev/null
    lister a >before
    for round in 1 2 3 4 5; do
        torture change a --seed 2 --round "$round" >changes
        torture change b --seed 2 --round "$round" >changes.b
        cmp changes changes.b
        lister a >after
        run -1 cmp -s before after
        mv after before
    done
    equal a b
}

# rounds SEED: 20 rounds in one process; sys.path is set as for the command.
rounds() {
    "$python" -S - "$lib" "$1" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
import torture
seed = int(sys.argv[2])
torture.make("tree", seed, small=True)
for number in range(20):
    done = torture.change("tree", seed, number)
    assert len(done) >= 20, (seed, number, done)
END
    lister --no-hash tree >/dev/null
    [ "$(du -sk tree | cut -f 1)" -lt 100000 ]
}

@test "20 rounds, seed 11" {
    rounds 11
}

@test "20 rounds, seed 12" {
    rounds 12
}

@test "20 rounds, seed 13" {
    rounds 13
}

@test "make, change and list without root" {
    need_root # else all tests above are without root
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
    chmod 777 "$BATS_TEST_TMPDIR"
    nobody="setpriv --reuid=65534 --regid=65534 --clear-groups env PATH=/usr/bin:/bin"
    $nobody python3 "$lib/torture.py" --help >/dev/null || skip "nobody cannot run torture.py here"
    $nobody python3 "$lib/torture.py" make a --small >made
    grep -q '^skipped devices: EPERM$' made
    $nobody python3 "$lib/torture.py" make b --small >made
    for round in 1 2; do
        $nobody python3 "$lib/torture.py" change a --seed 1 --round "$round" >changes
        $nobody python3 "$lib/torture.py" change b --seed 1 --round "$round" >changes.b
        cmp changes changes.b
    done
    equal a b
    $nobody python3 "$lib/lister.py" a >list
    grep -q '^modes/dir-0000 .* entries=unreadable$' list
    grep -q ' sha256=unreadable holes=unreadable' list
}
