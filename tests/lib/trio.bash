# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
# A leader, two fallbacks and their backup servers on this machine, without a coordinator; for tests that load common and deployment.
# A suite has these: setup_file() { trio_made; } and setup() { trio; }
#
#   leader one two      Name0, which leads, and Name1 and Name2, in $fleet
#   quiet               nothing that is due waits at the backup servers, and nobody works any more
#   dumped INSTANCE [TEXT]   TEXT is written there, dumped, and has reached whoever it could
#   history N           what server N holds on the main line; branches N: what is beside it
#   kind_is INSTANCE KIND
#   lost INSTANCE       its machine is gone; found INSTANCE: it is there again as it was

# Instances know where they are: all tests have the one tree, and each its own time in it.
trio_made() {
    shared_fleet '{"count": 3}'
    # One that is lost is not tried five times.
    sed -i 's/--tries 5/--tries 1/' fleet/PBS*/bin/pbs/*
    cp -a fleet fresh
}

trio() {
    cd "$BATS_TEST_TMPDIR" || return
    # Who still works for the test before would make what is removed.
    until_true eval '! pgrep -f "$fleet/" >/dev/null'
    rm -rf "$fleet"
    cp -a "$BATS_FILE_TMPDIR/fresh" "$fleet"
    leader=$fleet/Name0 one=$fleet/Name1 two=$fleet/Name2
}

quiet() {
    local n
    for n in 1 2; do
        ! rs-notify queue --json "$fleet/PBS-Name-$n/var/queue" 2>/dev/null | grep -q '"state":"waits"' || return
        [ ! -e "$fleet/PBS-Name-$n/var/queue/worker.lock" ] || flock -n "$fleet/PBS-Name-$n/var/queue/worker.lock" true || return
    done
}

dumped() {
    [ -z "${2-}" ] || echo "$2" >"$1/srv/data/file"
    "$1/bin/exporter"
    until_true quiet
}

history() { rs-store list "$fleet/PBS-Name-$1/srv/backup/pbs" | awk '!/, branch/ { printf "%s%s", sep, $2; sep = " " }'; }
branches() { rs-store list "$fleet/PBS-Name-$1/srv/backup/pbs" | awk '/, branch/ { printf "%s%s", sep, $2; sep = " " }'; }

kind_is() { grep -qx "kind $2" "$1/etc/failover" && [ ! -e "$1/srv/failover/superseded" ]; }

lost() { mv "$1" "$1.away"; }
found() { mv "$1.away" "$1"; }
