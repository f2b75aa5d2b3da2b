# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the suites of the reference softwares share; behind common.bash. Each test deploys one of them to `fleet`.

# A server that makes its tables, and a dump that is loaded by one, take a while.
patience=${RS_PATIENCE-240}

# What runs the programs of an instance: words in front of a command.
as=()

# run_as USER: instances are those of USER, since their server refuses to be run by root; of the caller if that is not root.
run_as() {
    [ "$(id -u)" -eq 0 ] || return 0
    local place=$BATS_TEST_TMPDIR
    chown "$1" "$place"
    # He must get there, though he sees nothing on the way.
    while [ "$place" != "${BATS_RUN_TMPDIR%/*}" ]; do
        chmod o+x "$place"
        place=${place%/*}
    done
    as=(setpriv --reuid "$1" --regid "$(id -g "$1")" --init-groups -- env "HOME=$PWD" "TMPDIR=$PWD")
    # The interpreter may be one of root's own.
    python=/usr/bin/python3
    # So may the place where all of this lies.
    if ! "${as[@]}" test -x "$(command -v rs-render)" -a -r "$RS_STACK/resilient/pbsready.cfg" -a -r "$lib/deploy.py"; then
        mkdir tools
        cp "$(dirname "$(command -v rs-render)")"/rs-* tools/ 2>/dev/null || [ -x tools/rs-render ]
        cp -r "$RS_STACK" stack
        cp -r "$lib" lib
        chmod -R o+rX tools stack lib
        export PATH=$PWD/tools:$PATH RS_STACK=$PWD/stack
        lib=$PWD/lib
    fi
}

# serve INSTANCE SERVICE: starts it as a supervisor does; its messages are in INSTANCE.log.
serve() {
    "${as[@]}" "fleet/$1/etc/service/$2" >>"$1.log" 2>&1 & pids+=($!)
}

# deployed SOFTWARE [PARAMETERS [STACK]]: its instances, SOFTWARE0 the leader and SOFTWARE1 a fallback, from the stack of that name
# or STACK.
deployed() {
    software=$1 leader=$PWD/fleet/${1}0 fallback=$PWD/fleet/${1}1 pbs=$PWD/fleet/PBS-$1-1
    local none='{}'
    printf '%s\n' "${2-$none}" >parameters
    run -0 "${as[@]}" "$python" -S "$lib/deploy.py" "$RS_STACK/${3-$1}/instance.cfg" fleet parameters
    # What cannot be loaded is tried twice here, and not for the time that five tries take.
    [ "$(grep -l -e '--tries 5 ' "$pbs"/bin/pbs/* | wc -l)" -eq 2 ]
    sed -i 's/--tries 5 /--tries 2 /' "$pbs"/bin/pbs/*
}

# exported: a dump is made, and has been told.
exported() {
    "${as[@]}" "$leader/bin/exporter" || fail "the exporter failed with $?"
}

# generations N: the backup server holds so many.
generations() {
    [ "$(rs-store list "$pbs/srv/backup/pbs" 2>/dev/null | grep -c "$software")" -eq "$1" ]
}

# settled N: the backup server holds N generations, and nothing runs on it any more.
settled() {
    until_true generations "$1"
    until_true worked_off
    local lock
    for lock in "$pbs"/var/run/*.lock; do until_true flock -n "$lock" true; done
}

# Everything that was heard of has been tried, once at least.
worked_off() {
    ! rs-notify queue --json "$pbs/var/queue" | grep -q '"state":"waits"'
}

# proven N: generation N has been pushed, and the fallback's importer has ended with 0.
proven() {
    settled "$1"
    ! grep -q 'failed with status' "$pbs/var/log/equeue.log" || fail "$(cat "$pbs/var/log/equeue.log")"
    diff -r -x backup.signature --no-dereference "$leader/srv/backup/$software" "$fallback/srv/backup/$software" || fail 'the last dump has not come'
}

# importer [OPTION...]: loads what lies on the fallback, as a push does.
importer() {
    "${as[@]}" "$fallback/bin/$software-importer" "$@"
}
