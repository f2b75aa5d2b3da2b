#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# scripts/check-layers: the tree as it is passes, and each kind of violation is found where it stands.

setup() {
    cp -R -- "$BATS_TEST_DIRNAME/../../lib" "$BATS_TEST_DIRNAME/../../tools" "$BATS_TEST_TMPDIR/"
    check=$BATS_TEST_DIRNAME/../../scripts/check-layers
    local list
    for list in "$BATS_TEST_TMPDIR"/lib/*/meson.build; do printf "# 'planted.cpp'\n" >>"$list"; done
}

# Plants the lines $2... as a new file $1 of the copy, and runs the check on the copy.
plant() {
    local file=$1
    shift
    mkdir -p -- "$BATS_TEST_TMPDIR/$(dirname -- "$file")"
    printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/$file"
    run "$check" "$BATS_TEST_TMPDIR"
}

# The check failed, and says $1 and nothing else.
found() {
    [ "$status" -eq 1 ]
    [ "$output" = "$1" ] || { printf 'expected: %s\nfound: %s\n' "$1" "$output" && false; }
}

@test "the tree as it is has no violation" {
    run "$check" "$BATS_TEST_TMPDIR"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "an include that goes upwards is found" {
    plant lib/base/planted.hpp '#pragma once' '' '  #  include "io/fd.hpp"'
    found 'lib/base/planted.hpp:3: lib/base may not use io (io/fd.hpp)'
}

@test "tree and store may not know each other" {
    plant lib/tree/planted.cpp '#include "base/error.hpp"' '#include "store/store.hpp"'
    found 'lib/tree/planted.cpp:2: lib/tree may not use store (store/store.hpp)'
}

@test "nothing in lib may include tools/" {
    plant lib/tool/planted.cpp '#include "tools/rs-export.hpp"'
    found 'lib/tool/planted.cpp:1: includes tools/rs-export.hpp: nothing includes tools/'
}

@test "an include without its module is found, however it is spelled" {
    plant lib/store/planted.cpp '#include "../io/fd.hpp"'
    found 'lib/store/planted.cpp:1: includes ../io/fd.hpp without the name of its module'
    plant lib/store/planted.cpp '#include "pack.hpp"'
    found 'lib/store/planted.cpp:1: includes pack.hpp without the name of its module'
}

@test "a third-party header outside of its place is found, in tools too" {
    plant tools/planted.cpp '#include <zstd.h>'
    found 'tools/planted.cpp:1: includes zstd.h, which belongs to lib/chunk'
    rm -- "$BATS_TEST_TMPDIR/tools/planted.cpp"
    plant lib/store/planted.cpp '#include <openssl/evp.h>'
    found 'lib/store/planted.cpp:1: includes openssl/evp.h, which belongs to lib/chunk lib/template lib/instance lib/notify'
    plant lib/store/planted.cpp '#include <nlohmann/json.hpp>'
    found 'lib/store/planted.cpp:1: includes nlohmann/json.hpp, which belongs to lib/tool lib/sla lib/instance lib/notify tools'
}

@test "a module that is not in the table is found" {
    plant lib/fancy/planted.hpp '#include "base/error.hpp"'
    found 'lib/fancy/planted.hpp:1: lib/fancy is not in the table of scripts/check-layers'
}

@test "library code that prints is found, in whatever way" {
    local line
    for line in 'std::cout << 1;' 'std::cerr<<x;' 'printf("%d", 1);' 'std::fprintf(stderr, "x");' \
        '::fputs(text, stdout);' 'perror ("x");'; do
        plant lib/store/planted.cpp 'void f() {' "    $line" '}'
        found 'lib/store/planted.cpp:2: prints: report to a Monitor or throw rs::Error'
    done
}

@test "library code that exits is found" {
    local line
    for line in 'exit(1);' 'std::exit(1);' 'if (bad) ::_exit (2);'; do
        plant lib/io/planted.cpp "$line"
        found 'lib/io/planted.cpp:1: exits: throw rs::Error'
    done
}

@test "comments, literals and longer names are not taken for printing" {
    plant lib/store/planted.cpp '// std::cout, then exit(1)' '/* printf("x")' ' * exit(1) */' \
        'auto s = "std::cerr \" printf(";' 'std::snprintf(buf, 9, "x");' 'run.exit(1); on_exit(f);' \
        'int stderr_fd = 2;'
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "lib/tool and the tools may print and exit" {
    plant lib/tool/planted.cpp '#include <CLI/CLI.hpp>' 'void f() { std::cerr << 1; }'
    plant tools/planted.cpp '#include <nlohmann/json.hpp>' 'int main() { std::exit(1); }'
    [ "$status" -eq 0 ]
}

@test "a tree without sources is a mistake, not a success" {
    mkdir -p -- "$BATS_TEST_TMPDIR/empty/lib" "$BATS_TEST_TMPDIR/empty/tools"
    run "$check" "$BATS_TEST_TMPDIR/empty"
    [ "$status" -eq 1 ]
}

@test "a source that no meson.build names is found" {
    plant lib/io/planted.cpp 'int x;'
    [ "$status" -eq 0 ]
    plant lib/io/forgotten.cpp 'int x;'
    found 'lib/io/forgotten.cpp:1: is not named in lib/io/meson.build, so it is not built'
}
