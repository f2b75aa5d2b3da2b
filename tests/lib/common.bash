# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the suites of the tools share; `load ../lib/common` at the top of a suite.
#
# Every test starts in its own empty directory. Tools are those of PATH when scripts/run-checks calls (RS_BUILD is
# set then), else those of ./build. Globals: lib (tests/lib), python, pids (what reap ends), host (may be used).

bats_require_minimum_version 1.5.0

# The interpreter itself: in front of it may be a wrapper that takes longer than the work here.
setup_file() {
    python=$(python3 -c 'import sys; print(sys.executable)')
    export python
}

# begin DIR: what each test begins with, in that directory; a suite whose tests share what they have made has another one.
begin() {
    lib=$BATS_TEST_DIRNAME/../lib
    export RS_STACK=$BATS_TEST_DIRNAME/../../stack
    pids=()
    export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C
    unset RS_FAULT
    umask 022
    [ -n "${RS_BUILD-}" ] || PATH=$BATS_TEST_DIRNAME/../../build/tools:$PATH
    command -v rs-store >/dev/null || fail 'rs-store: not found; build it, or call scripts/run-checks'
    cd "$1" || return
}

setup() {
    begin "$BATS_TEST_TMPDIR"
}

# Ends what a test started, also one that failed; undoes its mounts.
teardown() {
    reap
    unmount_all
    [ "$(id -u)" -eq 0 ] || chmod -R u+rwx "$BATS_TEST_TMPDIR"
}

# ---- words for tests ----

fail() {
    printf '%s\n' "$@" >&2
    return 1
}

# A line that is seen in the report also when all is well.
say() {
    printf '# %s\n' "$*" >&3
}

need_root() {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
}

lister() {
    "$python" -S "$lib/lister.py" "$@"
}

torture() {
    "$python" -S "$lib/torture.py" "$@"
}

faults() {
    "$python" -S "$lib/faults.py" "$@"
}

# faults_say ARGUMENTS...: runs a loop of faults.py; its summary is seen in the report.
faults_say() {
    run --separate-stderr faults "$@"
    # shellcheck disable=SC2154 # set by run
    [ "$status" -eq 0 ] || fail "$output" "$stderr"
    # shellcheck disable=SC2154 # set by run
    [ "${#lines[@]}" -gt 0 ]
    local line
    for line in "${lines[@]}"; do say "$line"; done
}

# same A B [OPTION...]: two trees do not differ in anything that a copy must keep, and hold something.
same() {
    lister --diff "${@:3}" "$1" "$2" || fail "$1 and $2 differ"
    [ -n "$(ls -A "$1")" ] || fail "$1 is empty: nothing was compared"
}

# same_as LISTING DIR: the tree is the one that the listing was taken of.
same_as() {
    lister "$2" >"$BATS_TEST_TMPDIR/.listing"
    diff "$1" "$BATS_TEST_TMPDIR/.listing" || fail "$2 is not as $1 says"
    [ "$(wc -l <"$1")" -gt 1 ] || fail "$1 has one line: nothing was compared"
}

# json FILE KEY: the value in the last line of FILE; fails unless each line is an object and the last has exit.
json() {
    "$python" -S -c 'import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert rows and all(isinstance(row, dict) for row in rows), "not lines of objects"
assert isinstance(rows[-1]["exit"], int), "the last line has no exit"
assert not any("exit" in row for row in rows[:-1]), "a result before the last line"
value = rows[-1]
for key in sys.argv[2].split("."):
    value = value[int(key) if isinstance(value, list) else key]
print(json.dumps(value) if isinstance(value, (list, dict, bool)) else value)' "$@"
}

# json_rows FILE EXPRESSION: Python over `rows`, the objects but the last line.
json_rows() {
    "$python" -S -c 'import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])][:-1]
print(eval(sys.argv[2]))' "$@"
}

# A small tree of some fifteen names, at round $2 (0 makes it, 1 and more change it), old enough for its times to be
# trusted.
mini() {
    faults mini "$1" "${2-0}"
}

# ---- the pipes; each fails if any of its parts does ----

# pull STORE NAME DIR [OPTION of rs-export...]: what cron on a backup server does. Prints the generation.
pull() (
    set -o pipefail
    rs-pull --store "$1" --name "$2" --have |
        rs-export --have=- "$3" "${@:4}" |
        rs-pull --store "$1" --name "$2"
)

# push STORE NAME GEN DIR: a generation into a tree, as a delta if there is one.
push() (
    set -o pipefail
    rs-import --have "$4" |
        rs-pull --store "$1" --name "$2" --emit "$3" --have=- |
        rs-import "$4"
)

# restore STORE NAME GEN DIR: a generation as a whole into a new tree.
restore() (
    set -o pipefail
    rs-pull --store "$1" --name "$2" --emit "$3" |
        rs-import "$4"
)

# ---- processes and mounts ----

# Waits until the command succeeds, at most a minute, or `patience` seconds: a test must not fail because a machine has other work.
until_true() {
    local end=$((SECONDS + ${patience-60}))
    while [ "$SECONDS" -lt "$end" ]; do
        if "$@"; then return; fi
        "$python" -S -c 'import time; time.sleep(0.01)'
    done
    fail "never true: $*"
}

# aged DIR: what was changed last there is old enough not to be looked at again: rs-export(1) says 50 ms.
aged() {
    local young
    young=$(find "$1" -newerct "@$(date +%s.%N | awk '{ printf "%.3f", $1 - 0.1 }')" | wc -l; exit "${PIPESTATUS[0]}") && [ "$young" -eq 0 ]
}

# Ends all that is in pids.
reap() {
    local pid
    for pid in "${pids[@]}"; do
        kill -KILL "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    pids=()
}

# mount_tmpfs DIR SIZE
mount_tmpfs() {
    mkdir -p "$1"
    mount -t tmpfs -o "size=$2" tmpfs "$1" || skip "tmpfs cannot be mounted here"
}

unmount_all() {
    local place
    awk -v top="$BATS_TEST_TMPDIR/" 'index($2, top) == 1 { print $2 }' /proc/mounts | sort -r |
        while IFS= read -r place; do umount -l "$place"; done
}
