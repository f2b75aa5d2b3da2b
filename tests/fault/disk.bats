#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A full or a failing disk: exit 74 and a message, nothing that was acknowledged is lost, and the next run completes
# (NEEDS.md B3, B4). RS_FAULT makes the Nth call fail, or the Nth and all that follow; a tmpfs is really full.
# What is looked at after each fault is in tests/lib/faults.py.

load ../lib/common

@test "no space at any call of rs-pull: 74, nothing lost, the next pull completes" {
    faults_say fail pull any ENOSPC
}

@test "no space from any call of rs-pull on: 74, nothing lost, the next pull completes" {
    faults_say fail pull any ENOSPC +
}

@test "no space at any call of rs-import: 74, the old tree, the next import completes" {
    faults_say fail import any ENOSPC
}

@test "an I/O error from any call of rs-import on: 74, the old tree or the new, the next import completes" {
    faults_say fail import any EIO +
}

@test "no space at any call of rs-store prune: nothing lost, the next prune completes" {
    faults_say fail prune any ENOSPC
}

@test "an I/O error at any call of rs-store copy: 74, nothing lost, the next copy completes" {
    faults_say fail copy any EIO
}

@test "a flush that fails is never followed by exit 0" {
    local what
    for what in pull import prune copy; do
        mkdir "$what"
        cd "$what"
        faults_say fail "$what" fsync EIO
        cd ..
    done
}

@test "a write that fails once is never followed by exit 0" {
    local what
    for what in pull import; do
        mkdir "$what"
        cd "$what"
        faults_say fail "$what" write EIO
        cd ..
    done
}

@test "writes that are cut short are no fault at all" {
    local n
    mini src
    for n in 1 2 3 5 8; do
        rs-store init --reserve 0 "s$n"
        rs-export src >"stream$n"
        RS_FAULT="write:$n+:short" rs-export src >"short$n"
        [ "$(wc -c <"stream$n")" -gt 10000 ]
        RS_FAULT="write:$n+:short" rs-pull --store "s$n" --name n <"short$n"
        rs-store check --read-data "s$n"
        rs-pull --store "s$n" --name n --emit latest >emitted
        RS_FAULT="write:$n+:short" rs-import "t$n" <emitted
        same src "t$n"
    done
}

@test "rs-pull onto a file system of any size: 74 or done, nothing lost" {
    need_root
    mount_tmpfs m 64m
    faults_say full pull "$PWD/m"
}

@test "rs-import onto a file system of any size: 74 or done, the old tree or the new" {
    need_root
    mount_tmpfs m 64m
    faults_say full import "$PWD/m"
}

@test "rs-store prune on a full file system without a reserve: nothing lost" {
    need_root
    mount_tmpfs m 64m
    faults_say full prune "$PWD/m"
}

# A store whose file system has no free byte; its older generations are most of it.
full_store() {
    local i
    mount_tmpfs m 64m
    rs-store init --reserve "$1" m/s
    for i in 1 2 3 4; do
        mkdir -p src
        head -c 2M /dev/urandom >src/data
        pull m/s n src
    done
    [ "$(rs-store list m/s | wc -l)" -eq 4 ]
    dd if=/dev/zero of=m/filler bs=64K status=none 2>err || grep -q 'No space left' err
    dd if=/dev/zero bs=512 status=none >>m/filler 2>err || grep -q 'No space left' err
    [ "$(stat -f -c %f m)" -eq 0 ]
}

@test "prune frees space where not one byte is free" {
    need_root
    full_store 1M
    run -74 --separate-stderr pull m/s n src
    [[ $stderr == *"No space left"* ]]
    run -0 rs-store list m/s
    [ "${#lines[@]}" -eq 4 ]
    rs-store check --read-data m/s
    rs-store prune --keep-last 2 m/s
    run -0 rs-store list m/s
    [ "${#lines[@]}" -eq 2 ]
    [ "$(($(stat -f -c %f m) * $(stat -f -c %S m)))" -gt 3000000 ] # two of 2 MiB have gone, the reserve is back
    [ "$(stat -c %s m/s/reserve)" -eq 1048576 ]
    rs-store check --read-data m/s
    restore m/s n latest out
    same src out
    pull m/s n src
}

@test "old generations can be read where not one byte is free" {
    need_root
    full_store 1M
    restore m/s n latest out
    same src out
    rs-store show m/s n 1.2
    rs-store diff m/s n 1.3 1.4 || [ "$?" -eq 1 ]
    rs-store check m/s
    pull m/s other src && fail "a pull onto a full disk said that it is done"
    rs-store check --read-data m/s
}

@test "an output that cannot be written is never exit 0" {
    mini src
    rs-store init --reserve 0 s
    pull s n src
    local -a commands=("rs-export src" "rs-pull --store s --name n --have" "rs-pull --store s --name n --emit latest"
        "rs-store list s" "rs-store show s n latest" "rs-store stats s" "rs-store cat s n latest big" "rs-export --dry-run src"
        "rs-export --help" "rs-store --version" "rs-store list --json s" "rs-store show s n latest --entries")
    local command
    for command in "${commands[@]}"; do
        run bash -c "$command >/dev/full"
        [ "$status" -eq 74 ] || fail "$command: $status"
    done
    rs-import t < <(rs-export src)
    for command in "rs-import --have t" "rs-import --signature t"; do
        run bash -c "$command >/dev/full"
        [ "$status" -eq 74 ] || fail "$command: $status"
    done
    touch t/more
    run bash -c "rs-import --check t >/dev/full"
    [ "$status" -ne 0 ]
}
