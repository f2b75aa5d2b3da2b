#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-elect(1): the service beside each instance. Name0 leads, Name1 and Name2 are candidates, b1 and b2 backup servers; what they do
# to themselves and ask one another are small programs of this test. One contract for both kinds of coordinator, then what
# can be told with one of them. Leases are short; what is waited for is that something becomes so.

load ../lib/common
load ../lib/etcd

patience=30
one=$(printf '1%.0s' {1..64})
two=$(printf '2%.0s' {1..64})

setup_file() {
    python=$(python3 -c 'import sys; print(sys.executable)')
    export python
    pids=() members=()
    etcd_start "$BATS_FILE_TMPDIR/etcd"
    export shared_endpoints=$endpoints shared_pid=${members[0]}
}

teardown_file() {
    kill -KILL "$shared_pid"
    wait "$shared_pid" 2>/dev/null || :
}

# programs DIR: what an instance has in bin. Beside the instances are down/WHO (is off) and hang/STEP (waits there).
programs() {
    mkdir -p "$1/bin"
    cat >"$1/bin/ask" <<'END'
#!/bin/sh
# ask WHO WORD...: off is who has a file in down; an instance is alive while it has the file serving.
world=${0%/*/bin/ask}
[ ! -e "$world/down/$1" ] || exit 69
case $2 in
bid) [ ! -e "$world/$1.bid" ] || exec cat "$world/$1.bid"; exec rs-elect bid "$world/$1" ;;
alive) [ -e "$world/$1/serving" ] ;;
observe) [ ! -e "$world/down/$3" ] && [ -e "$world/$3/serving" ] ;;
proofs) cat "$world/$1.proofs" ;;
esac
END
    cat >"$1/bin/takeover" <<'END'
#!/bin/sh
# takeover --step STEP --epoch E
here=${0%/bin/takeover} world=${0%/*/bin/takeover}
echo "$2 $4" >>"$here/begun"
while [ -e "$world/hang/$2" ]; do sleep 0.05; done
[ ! -e "$world/fail/$2" ] || exit 1
case $2 in
freeze)
    for other in "$world"/Name*; do
        [ "$other" = "$here" ] || [ -e "$world/down/${other##*/}" ] || [ ! -e "$other/serving" ] || echo "$4" >"$other/srv/failover/epoch"
    done
    ;;
start) : >"$here/serving" ;;
esac
echo "$2 $4" >>"$here/steps"
END
    cat >"$1/bin/rejoin" <<'END'
#!/bin/sh
# rejoin --step STEP [--epoch E]
here=${0%/bin/rejoin}
echo "$2${4:+ $4}" >>"$here/rejoined"
case $2 in
stop) rm -f "$here/serving" ;;
start) : >"$here/serving" ;;
esac
END
    chmod +x "$1"/bin/*
}

# instance N [LINE...]: NameN, with these lines in its configuration, instead of those with the same word.
instance() {
    local n=$1 dir=$PWD/Name$1 other
    shift
    mkdir -p "$dir/etc" "$dir/srv/failover" "$dir/state"
    programs "$dir"
    {
        printf '%s\n' "kind $kind" "state $dir/state" "timeout 5"
        case $kind in
        dir) echo "directory $PWD/coordinator" ;;
        etcd) printf '%s\n' "endpoints ${endpoints-$shared_endpoints}" "prefix t$BATS_TEST_NUMBER" ;;
        esac
    } >"$dir/etc/coordinator"
    {
        printf '%s\n' "$@"
        {
            printf '%s\n' 'line w' "instance Name$n" "number $n" "state $dir/srv/failover" "coordinator $dir/etc/coordinator" \
                "coordinate $RS_STACK/failover/coordinator" 'lease 2' 'block 0' "log $dir/log"
            [ "$n" -ne 0 ] || echo 'first yes'
        } | grep -vE "^($(printf '%s\n' "$@" | cut -d' ' -f1 | paste -sd'|')) " || :
        for other in 0 1 2; do [ "$other" = "$n" ] || echo "peer $other Name$other"; done
        printf '%s\n' ${servers-'server b1' 'server b2'}
    } | sed '/^$/d; s/^server$/& /' >"$dir/etc/failover"
}

# holds N GENERATION [CHECKED] [DIGEST]: what NameN has imported.
holds() {
    printf '%s\n' "generation $2" 'imported yes' "checked ${3-yes}" "digest ${4-$one}" >"Name$1/srv/failover/held.new"
    mv "Name$1/srv/failover/held.new" "Name$1/srv/failover/held"
}

# watch N: in the background; its number is in ./watch.N.
watch() {
    rs-elect watch "$PWD/Name$1" >>"Name$1/out" 2>>"Name$1/err" 3>&- &
    echo $! >"watch.$1"
    pids+=($!)
}

# set_up KIND [LINE...]: Name0 leads; Name1 and Name2 hold 1.5, proven, and watch. The lines are for the candidates.
set_up() {
    kind=$1
    shift
    mkdir -p down hang fail
    # What is killed leaves its scratch directory.
    export TMPDIR=$BATS_TEST_TMPDIR
    instance 0
    instance 1 "$@"
    instance 2 "$@"
    printf '%s\n' "1.5 $one Name1" "1.4 $one Name2" | tee b1.proofs >b2.proofs
    holds 1 1.5
    holds 2 1.5
    watch 0
    until_true leads 0
    until_true [ -e Name0/serving ]
}

said() { grep -q -- "$2" "Name$1/log" 2>/dev/null; }
leads() { said "$1" 'is leading, was'; }

# power_off N: as when somebody pulls the plug.
power_off() {
    touch "down/Name$1"
    kill -KILL "$(<"watch.$1")"
}

epoch() { "$RS_STACK/failover/coordinator" Name1/etc/coordinator view w | sed -n 's/^epoch //p'; }

all_steps() {
    local step
    for step in lock raise freeze import retype hooks start publish follow; do
        if [ "$step" = lock ]; then echo 'lock 0'; else echo "$step $1"; fi
    done
}

# took N EPOCH: all steps in order, each once.
took() {
    [ "$(<"Name$1/steps")" = "$(all_steps "$2")" ] || fail "$(cat "Name$1/steps" "Name$1/log")"
    diff "Name$1/begun" "Name$1/steps"
}

nobody_took() {
    [ ! -e Name1/begun ] && [ ! -e Name2/begun ] || fail "$(cat Name?/log)"
}

# ---- the contract ----

contract_killed() {
    set_up "$1"
    watch 1
    watch 2
    until_true said 2 'begins: '
    power_off 0
    until_true leads 1
    took 1 2
    [ ! -e Name2/begun ]
    [ -e Name1/serving ]
    [ "$(epoch)" = 2 ]
    [ "$("$RS_STACK/failover/coordinator" Name1/etc/coordinator read w | sed -n 's/^leader //p')" = Name1 ]
    said 1 'Name1: would win: holds 1.5, imported, checked and confirmed by a backup server'
    # Name0 comes back: it re-joins, and nothing of it is left.
    rm down/Name0
    watch 0
    until_true said 0 'has re-joined'
    [ "$(paste -sd' ' Name0/rejoined)" = "start 1 freeze stop branch rejoin" ]
    [ ! -e Name0/serving ]
    [ "$(epoch)" = 2 ]
}
@test "etcd: the leader is killed: the best candidate takes all steps, in order, once; the old one re-joins" { contract_killed etcd; }
@test "dir: the leader is killed: the best candidate takes all steps, in order, once; the old one re-joins" { contract_killed dir; }
