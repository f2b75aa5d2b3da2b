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

# programs DIR: what an instance has in bin. Beside the instances are down/WHO (is off), hang/STEP (waits
# there), fail/STEP, deaf (no bid is heard) and NAME.bid (what it says instead).
programs() {
    mkdir -p "$1/bin"
    cat >"$1/bin/ask" <<'END'
#!/bin/sh
# ask WHO WORD...: off is who has a file in down; an instance is alive while it has the file serving.
world=${0%/*/bin/ask}
[ ! -e "$world/down/$1" ] || exit 69
case $2 in
bid) [ ! -e "$world/deaf" ] || exit 69; [ ! -e "$world/$1.bid" ] || exec cat "$world/$1.bid"; exec rs-elect bid "$world/$1" ;;
alive) [ -e "$world/$1/serving" ] ;;
observe) [ ! -e "$world/down/$3" ] && [ -e "$world/$3/serving" ] ;;
proofs) cat "$world/$1.proofs" ;;
esac
END
    cat >"$1/bin/takeover" <<'END'
#!/bin/sh
# takeover --step STEP --epoch E
here=${0%/bin/takeover} world=${0%/*/bin/takeover}
[ $# -eq 4 ] || set -- "$1" "$2" '' 0
echo "$2 $4" >>"$here/begun"
while [ -e "$world/hang/$2" ]; do sleep 0.05; done
[ ! -e "$world/fail/$2" ] || exit 69
case $2 in
freeze)
    for other in "$world"/Name*; do
        [ "$other" = "$here" ] || [ -e "$world/down/${other##*/}" ] || [ ! -e "$other/serving" ] || echo "$4" >"$other/srv/failover/epoch"
    done
    ;;
start) : >"$here/serving" ;;
esac
echo "$2 $4" >>"$here/steps"
# Done, with a warning.
[ "$2" != raise ] || exit 1
END
    cat >"$1/bin/rejoin" <<'END'
#!/bin/sh
# rejoin --step STEP [--epoch E]
here=${0%/bin/rejoin}
echo "$2${4:+ $4}" >>"$here/rejoined"
while [ -e "${here%/*}/hang/rejoin-$2" ]; do sleep 0.05; done
[ ! -e "${here%/*}/fail/rejoin-$2" ] || exit 77
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
                'kind import' 'namebase w' 'lease 3' 'block 0' "log $dir/log"
            if [ "$n" -eq 0 ]; then echo 'first yes'; else echo "coordinate $RS_STACK/failover/coordinator"; fi
        } | grep -vE "^($(printf '%s\n' "$@" | cut -d' ' -f1 | paste -sd'|')) " || :
        for other in 0 1 2; do [ "$other" = "$n" ] || echo "peer $other Name$other"; done
        for other in $(seq "${servers-2}"); do echo "server b$other"; done
    } | sed '/^$/d' >"$dir/etc/failover"
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

# The command fails: bats does not look at the status of `! command`.
not() {
    ! "$@"
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
    said 1 'step raise: done, with warnings: status 1'
    [ ! -e Name2/begun ]
    [ -e Name1/serving ]
    [ "$(epoch)" = 2 ]
    [ "$("$RS_STACK/failover/coordinator" Name1/etc/coordinator read w | sed -n 's/^leader //p')" = Name1 ]
    said 1 'Name1: would win: holds 1.5, imported, checked and confirmed by a backup server'
    # Name0 comes back: it re-joins, and nothing of it is left.
    rm down/Name0
    watch 0
    until_true said 0 'has re-joined'
    [ "$(paste -sd' ' Name0/rejoined)" = "start 1 freeze 2 stop branch rejoin" ]
    [ ! -e Name0/serving ]
    [ "$(epoch)" = 2 ]
}
@test "etcd: the leader is killed: the best candidate takes all steps, in order, once; the old one re-joins" { contract_killed etcd; }
@test "dir: the leader is killed: the best candidate takes all steps, in order, once; the old one re-joins" { contract_killed dir; }

contract_proven() {
    set_up "$1"
    # Name1 has something newer that its check has not passed; Name2 is the best of those that are proven.
    holds 1 1.9 no
    holds 2 1.6
    echo "1.6 $one Name2" | tee -a b1.proofs >>b2.proofs
    watch 1
    watch 2
    until_true said 1 'begins: '
    power_off 0
    until_true leads 2
    took 2 2
    [ ! -e Name1/begun ]
}
@test "etcd: what is not proven does not win, however new it is" { contract_proven etcd; }
@test "dir: what is not proven does not win, however new it is" { contract_proven dir; }

# Its bid is the best, and nothing is done with it: its watch stands still.
contract_idle() {
    set_up "$1"
    holds 2 1.6
    echo "1.6 $one Name2" | tee -a b1.proofs >>b2.proofs
    watch 1
    watch 2
    until_true said 1 'begins: '
    until_true said 2 'begins: '
    kill -STOP "$(<watch.2)"
    power_off 0
    until_true leads 1
    took 1 2
    said 1 'another candidate wins'
    said 1 'Name2: is passed over: has won 2 rounds and done nothing'
    # It would have acquired the next one of an epoch that there is no more.
    kill -CONT "$(<watch.2)"
    until_true eval '[ "$(<Name2/srv/failover/epoch)" = 2 ]'
    [ ! -e Name2/begun ]
    [ "$(epoch)" = 2 ]
}
@test "etcd: the best candidate answers and does nothing: the next best one takes over" { contract_idle etcd; }
@test "dir: the best candidate answers and does nothing: the next best one takes over" { contract_idle dir; }

contract_two() {
    set_up "$1"
    # Neither hears the bid of the other, so that each elects itself.
    touch deaf
    watch 1
    watch 2
    until_true said 1 'begins: '
    until_true said 2 'begins: '
    power_off 0
    until_true eval 'leads 1 || leads 2'
    local winner=1 loser=2
    leads 1 || winner=2 loser=1
    took $winner 2
    not leads $loser
    # If it had begun, it has let its imports run again.
    if [ -e Name$loser/begun ]; then
        until_true grep -q '^unlock ' Name$loser/steps
        [ "$(sort -u Name$loser/begun)" = "lock 0
unlock 0" ]
    fi
    [ "$(epoch)" = 2 ]
}
@test "etcd: two that elect themselves: one leads, the other lets its imports run again" { contract_two etcd; }
@test "dir: two that elect themselves: one leads, the other lets its imports run again" { contract_two dir; }

contract_resume() {
    local step
    set_up "$1"
    for step in $(all_steps 2 | cut -d' ' -f1); do touch "hang/$step"; done
    watch 1
    until_true said 1 'begins: '
    power_off 0
    for step in $(all_steps 2 | cut -d' ' -f1); do
        until_true eval '[ "$(tail -n 1 Name1/begun 2>/dev/null | cut -d" " -f1)" = '"$step"' ]'
        kill -KILL "$(<watch.1)"
        rm "hang/$step"
        watch 1
    done
    until_true leads 1
    # Before the epoch was its own there was nothing to go on with; what it had started before the kill may have ended with it.
    [ "$(cut -d' ' -f1 Name1/steps | paste -sd' ')" = "unlock lock raise freeze import retype hooks start start publish start publish follow" ] || fail "$(cat Name1/steps)"
    [ "$(grep -v 'lock 0$' Name1/steps | cut -d' ' -f2 | sort -u)" = 2 ]
    [ "$(epoch)" = 2 ]
}
@test "etcd: who is killed in a step goes on with it" { contract_resume etcd; }
@test "dir: who is killed in a step goes on with it" { contract_resume dir; }

contract_stopped() {
    set_up "$1"
    watch 1
    # A pause that nobody has used: it goes on as the leader.
    kill -STOP "$(<watch.0)"
    until_true eval '! "$RS_STACK/failover/coordinator" Name1/etc/coordinator read w | grep -q ^leader'
    until_true said 1 'nobody is elected: most observers reach the leader'
    kill -CONT "$(<watch.0)"
    until_true said 0 'our epoch is proven again'
    until_true said 1 'is follower, was suspecting'
    nobody_took
    [ "$(<Name0/rejoined)" = "start 1" ]
    # One that another has used.
    touch down/Name0
    kill -STOP "$(<watch.0)"
    until_true leads 1
    rm down/Name0
    [ -e Name0/serving ]
    kill -CONT "$(<watch.0)"
    until_true said 0 'has re-joined'
    [ "$(paste -sd' ' Name0/rejoined)" = "start 1 freeze 2 stop branch rejoin" ]
    [ ! -e Name0/serving ]
    said 0 'a newer epoch exists'
    took 1 2
}
@test "etcd: a leader that was stopped for longer than its lease freezes and re-joins, if another one leads" { contract_stopped etcd; }
@test "dir: a leader that was stopped for longer than its lease freezes and re-joins, if another one leads" { contract_stopped dir; }

contract_order() {
    set_up "$1"
    watch 2
    until_true said 2 'begins: '
    # It need not be the best one, nor the leader dead.
    # Whoever writes it with a shell makes the file first.
    : >Name2/srv/failover/order
    until_true eval '[ $(($(date +%s) - $(stat -c %Y Name2/srv/failover/order))) -ge 2 ]'
    echo take-over >Name2/srv/failover/order
    until_true leads 2
    took 2 2
    [ ! -e Name2/srv/failover/order ]
    said 2 'ordered: a takeover begins'
    until_true said 0 'has re-joined'
    [ ! -e Name0/serving ]
    # It leads, and is told to stand down: nobody does then.
    echo stand-down >Name2/srv/failover/order
    until_true said 2 'has re-joined'
    until_true eval '! "$RS_STACK/failover/coordinator" Name1/etc/coordinator read w | grep -q ^leader'
    rs-elect explain Name1 >out
    grep -qx 'no election now: who led last is not known: a takeover is an order of a person' out || fail "$(<out)"
}
@test "etcd: an order takes the lease of the leader, which freezes and re-joins" { contract_order etcd; }
@test "dir: an order takes the lease of the leader, which freezes and re-joins" { contract_order dir; }

@test "an order that has waited for an import does not go by what was seen of the lease before that" {
    set_up dir 'block 3600'
    watch 1
    until_true said 1 'begins: '
    power_off 0
    until_true said 1 'nobody is elected: '
    touch hang/lock
    echo take-over >Name1/srv/failover/order
    until_true grep -q ^lock Name1/begun
    # More than half a lease.
    touch begun
    until_true eval '[ $(($(date +%s) - $(stat -c %Y begun))) -ge 3 ]'
    rm hang/lock
    until_true grep -qx 'old uncertain' Name1/srv/failover/machine
    until_true leads 1
    # Its holder is told until a lease is over.
    [ "$(uniq Name1/steps)" = "$(all_steps 2)" ]
}

@test "an order is tried again while the coordinator does not answer, and one that is old is not followed" {
    set_up dir
    watch 2
    until_true [ -s Name2/state/seen/w ]
    echo take-over >order
    touch -d '10 minutes ago' order
    mv order Name2/srv/failover/order
    until_true said 2 'order: too old an order'
    [ ! -e Name2/srv/failover/order ]
    flock coordinator/lines/w/lock sh -c 'echo >held; until [ -e enough ]; do sleep 0.05; done' 3>&- &
    pids+=($!)
    until_true [ -e held ]
    echo take-over >Name2/srv/failover/order
    until_true said 2 'the order is tried again'
    [ ! -e Name2/srv/failover/order ]
    touch enough
    until_true leads 2
    [ "$(epoch)" = 2 ]
    until_true said 0 'has re-joined'
}

# A takeover with what is not proven is done by rs-takeover alone, while nobody watches; then the service is started again.
contract_by_hand() {
    set_up "$1"
    watch 1
    until_true said 1 'begins: '
    until_true grep -qx 'epoch 1' Name1/srv/failover/machine
    kill -TERM "$(<watch.1)"
    wait "$(<watch.1)" || :
    power_off 0
    "$RS_STACK/failover/coordinator" Name1/etc/coordinator order w Name1 1 3
    "$RS_STACK/failover/coordinator" Name1/etc/coordinator settle w Name1 2
    echo 2 | tee Name1/srv/failover/epoch >Name1/srv/failover/leads
    printf '%s\n' 'epoch 2' 'step publish' >Name1/srv/failover/takeover
    : >Name1/serving
    watch 1
    until_true grep -qx 'epoch 2' Name1/srv/failover/machine
    # Not before it is done.
    grep -qx 'claim 0' Name1/srv/failover/machine
    printf '%s\n' 'epoch 2' 'step done' >Name1/srv/failover/takeover
    until_true leads 1
    said 1 'a takeover was ordered here while nobody watched: we lead in epoch 2'
    grep -qx 'claim 2' Name1/srv/failover/machine
    [ ! -e Name1/begun ]
    until_true eval '"$RS_STACK/failover/coordinator" Name1/etc/coordinator read w | grep -qx "leader Name1"'
    # One that is superseded does not.
    kill -KILL "$(<watch.1)"
    rm Name1/srv/failover/machine
    echo 3 >Name1/srv/failover/superseded
    watch 1
    until_true eval '[ "$(grep -c "begins: " Name1/log)" -eq 3 ]'
    until_true grep -qx 'epoch 2' Name1/srv/failover/machine
    until_true eval '! "$RS_STACK/failover/coordinator" Name1/etc/coordinator read w | grep -q ^leader'
    grep -qx 'claim 0' Name1/srv/failover/machine
}
@test "etcd: who was made leader by rs-takeover while nobody watched leads when it is watched again" { contract_by_hand etcd; }
@test "dir: who was made leader by rs-takeover while nobody watched leads when it is watched again" { contract_by_hand dir; }

# ---- when nobody is elected ----

@test "etcd: a coordinator that does not answer: nobody is elected, and the leader goes on serving" {
    local endpoints
    etcd_start "$PWD/etcd"
    set_up etcd
    watch 1
    until_true said 1 'begins: '
    etcd_end 0
    until_true said 0 'no proof of our epoch for half a lease'
    until_true said 1 'the coordinator: no answer in '
    # Also not when the leader has gone.
    touch down/Name0
    run -69 rs-elect observe Name1
    grep -q '^the coordinator: etcd at' <<<"$output"
    rs-elect explain Name1 >out
    grep -qx 'no election now: the coordinator does not answer' out
    nobody_took
    [ -e Name0/serving ]
    rm down/Name0
    etcd_member "$PWD/etcd" 0
    etcd_answers
    until_true said 0 'our epoch is proven again'
    until_true said 1 'the coordinator answers again'
    [ "$(<Name0/rejoined)" = "start 1" ]
}

@test "a coordinator that refuses, and yet says that we lead, has not said that somebody else does" {
    set_up dir
    printf '%s\n' '#!/bin/sh' "[ \$2 != renew ] || [ ! -e '$PWD/refuses' ] || exit 77" "exec $RS_STACK/failover/coordinator \"\$@\"" >coordinate
    chmod +x coordinate
    kill -TERM "$(<watch.0)"
    wait "$(<watch.0)" || :
    instance 0 "coordinate $PWD/coordinate"
    : >Name0/log
    watch 0
    until_true said 0 'our epoch is proven again'
    touch refuses
    until_true said 0 'no proof of our epoch for half a lease'
    said 0 'the coordinator: it has refused us the lease, and says that we had it last'
    not said 0 'is returned'
    : >Name0/log
    rm refuses
    until_true said 0 'our epoch is proven again'
    [ "$(sort -u Name0/rejoined)" = 'start 1' ]
}

@test "a coordinator that was wiped is not believed" {
    set_up dir
    watch 1
    until_true [ -s Name1/state/seen/w ]
    mv coordinator away
    until_true said 0 'no proof of our epoch for half a lease'
    until_true said 1 'was wiped'
    [ -e Name0/serving ]
    nobody_took
    rm -rf coordinator
    mv away coordinator
    until_true said 0 'our epoch is proven again'
}

@test "in maintenance it is not elected, but another one is" {
    set_up dir
    touch m1
    instance 1 "maintenance $PWD/m1"
    watch 1
    watch 2
    until_true said 1 'maintenance begins'
    power_off 0
    until_true leads 2
    took 2 2
    [ ! -e Name1/begun ]
    rm m1
    until_true said 1 'maintenance ends'
}

# refused WORDS LINE...: with these lines the leader dies and nobody is elected; the log has the words. An order is followed.
refused() {
    local words=$1
    shift
    set_up dir "$@"
    watch 1
    watch 2
    until_true said 1 'begins: '
    power_off 0
    until_true said 1 "nobody is elected: $words"
    until_true said 2 "nobody is elected: $words"
    rs-elect explain Name1 >out
    grep -q "^no election now: $words" out
    grep -qx 'winner: Name1' out
    nobody_took
    echo take-over >Name1/srv/failover/order
    until_true leads 1
    took 1 2
}

@test "within the block time of the last takeover nobody is elected" { refused 'the last takeover is too recent' 'block 3600'; }
@test "where nothing is automatic nobody is elected" { refused 'elections are not automatic here' 'automatic no'; }
@test "with fewer than three observers nobody is elected" { servers=1 refused 'fewer than three observers'; }

@test "what nobody has proven is not elected, nor taken over with by an order" {
    set_up dir
    holds 1 1.5 yes "$two"
    watch 1
    until_true said 1 'begins: '
    power_off 0
    until_true said 1 'nobody is elected: what we hold is not proven'
    rs-elect explain Name1 >out
    grep -q '^Name1: would not win: says that it holds 1.5, but no backup server has a proof' out
    echo take-over >Name1/srv/failover/order
    until_true [ ! -e Name1/srv/failover/order ]
    said 1 'order: take-over'
    until_true eval '[ "$(grep -c "what we hold is not proven" Name1/log)" -ge 2 ]'
    nobody_took
}

@test "a leader that observers reach is left alone, as is one of whom too few say" {
    set_up dir
    watch 1
    until_true said 1 'begins: '
    # Cut off from the coordinator alone.
    kill -KILL "$(<watch.0)"
    until_true said 1 'nobody is elected: most observers reach the leader'
    touch down/b1 down/b2
    rm Name0/serving
    until_true said 1 'nobody is elected: too few observers'
    nobody_took
    rm down/b2
    until_true leads 1
    took 1 2
}

@test "who is killed while it comes back goes on with that, and leads nothing" {
    local step
    set_up dir
    watch 1
    until_true said 1 'begins: '
    power_off 0
    until_true leads 1
    rm down/Name0
    for step in freeze stop branch rejoin; do touch "hang/rejoin-$step"; done
    watch 0
    for step in freeze stop branch rejoin; do
        until_true eval '[[ $(tail -n 1 Name0/rejoined) == "$step"* ]]'
        kill -KILL "$(<watch.0)"
        grep -qx 'returned yes' Name0/srv/failover/machine
        rm "hang/rejoin-$step"
        watch 0
    done
    until_true said 0 'has re-joined'
    grep -qx 'returned no' Name0/srv/failover/machine
    until_true grep -qx 'unlock 0' Name0/steps
    [ "$(epoch)" = 2 ]
}

@test "a freeze that is refused is tried again in the epoch that is known by then" {
    set_up dir
    touch fail/rejoin-freeze
    echo 2 >Name0/srv/failover/epoch
    until_true said 0 'freeze: ended with status 77'
    [ "$(grep ^freeze Name0/rejoined | sort -u)" = 'freeze 2' ]
    echo 3 >Name0/srv/failover/epoch
    until_true grep -qx 'freeze 3' Name0/rejoined
    rm fail/rejoin-freeze
    until_true said 0 'has re-joined'
    [ "$(uniq Name0/rejoined | paste -sd' ')" = 'start 1 freeze 2 freeze 3 stop branch rejoin' ]
}

# Killed before its Nth call that writes, from the first one on, until it has got through.
@test "killed at any point of its writes, it takes over in one epoch" {
    local n
    set_up dir
    power_off 0
    for n in $(seq 1 200); do
        RS_FAULT=any:$n:kill watch 1
        until_true eval 'leads 1 || [ ! -e /proc/$(<watch.1) ] || grep -q "^State:.Z" /proc/$(<watch.1)/status'
        leads 1 && break
    done
    leads 1
    [ "$n" -gt 5 ]
    # An epoch that it was given and killed before it could write that down is nobody's.
    [ "$(epoch)" -ge 2 ]
    [ "$(grep -v 'lock 0$' Name1/steps | cut -d' ' -f2 | sort -u)" = "$(epoch)" ]
    # In order, each of them at least once.
    [ "$(grep -v 'unlock' Name1/steps | uniq | awk '!seen[$1]++ { print $1 }' | paste -sd' ')" = "lock raise freeze import retype hooks start publish follow" ]
}

@test "a full disk: nothing is begun that could not be remembered" {
    set_up dir
    RS_FAULT=any:4+:ENOSPC watch 1
    power_off 0
    until_true eval '[ ! -e /proc/$(<watch.1) ] || grep -q "^State:.Z" /proc/$(<watch.1)/status'
    local status=0
    wait "$(<watch.1)" || status=$?
    [ "$status" -eq 74 ]
    nobody_took
    [ "$(epoch)" = 1 ]
    # The log is not what it needs.
    instance 1 "log $PWD/nowhere/log"
    watch 1
    until_true eval 'grep -q "is leading, was" Name1/err || [ -e Name1/serving ]'
}

@test "a leader tells when its service is not well" {
    set_up dir
    instance 0 "probe $PWD/probe" 'first yes'
    printf '#!/bin/sh\n[ ! -e sick ] || { echo "cannot connect" >&2; exit 1; }\n' >probe
    chmod +x probe
    touch sick
    kill -TERM "$(<watch.0)"
    wait "$(<watch.0)" || :
    watch 0
    until_true said 0 'the service here is not well: cannot connect'
}

# ---- others are not trusted ----

@test "a bid of another name, a long one, none, and one that never ends" {
    local bid
    set_up dir
    watch 1
    until_true said 1 'begins: '
    rs-elect bid Name1 | sed 's/^generation .*/generation 1.6/; s/^epoch .*/epoch 7/' >better
    echo "1.6 $one Name2" | tee -a b1.proofs >>b2.proofs
    cp better Name2.bid
    rs-elect explain Name1 >out
    grep -q '^Name2: is not heard: bid of Name1, number 1, where that of Name2, number 2, was asked for' out
    grep -qx 'winner: Name1' out
    for bid in 's/^number 2/number 3/' 's/^end/fin/' '1,5d' 's/^digest .*/&0/'; do
        sed 's/Name1/Name2/; s/^number .*/number 2/' better | sed "$bid" >Name2.bid
        rs-elect explain Name1 >out
        grep -q '^Name2: is not heard: ' out || fail "$bid" "$(cat out)"
        grep -qx 'winner: Name1' out
    done
    sed 's/Name1/Name2/; s/^number .*/number 2/' better >Name2.bid
    [ "$(rs-elect explain Name1 | grep ^winner)" = 'winner: Name2' ]
    yes 2>/dev/null | head -c 100000 >Name2.bid
    rs-elect explain Name1 >out
    grep -q '^Name2: no bid: ' out
    # Within its limit, with all that it has started.
    rm Name2.bid
    mkfifo Name2.bid
    SECONDS=0
    rs-elect explain Name1 >out
    [ "$SECONDS" -le 5 ]
    grep -q '^Name2: no bid: no answer in time' out
    not pgrep -f "cat $PWD/Name2.bid"
}

@test "proofs that are none confirm nothing" {
    local proof
    set_up dir
    for proof in "1.5 $one" "1.5 $one Name1 x" "1.5 ${one}0 Name1" "x $one Name1" "01.5 $one Name1" "1.5 $one ../x" "1.5  $one Name1" "1.6 $one Name1"; do
        echo "$proof" | tee b1.proofs >b2.proofs
        rs-elect explain Name1 >out
        grep -qx 'winner: nobody' out || fail "$proof" "$(cat out)"
    done
    printf '1.5 %s Name1' "$one" | tee b1.proofs >b2.proofs
    [ "$(rs-elect explain Name1 | grep ^winner)" = 'winner: nobody' ]
    echo "1.5 $one Name1" >b2.proofs
    [ "$(rs-elect explain Name1 | grep ^winner)" = 'winner: Name1' ]
}

# ---- what people see ----

@test "bid, explain and observe say how things are, as text and as JSON" {
    set_up dir
    holds 2 1.4
    watch 1
    watch 2
    until_true said 1 'begins: '
    until_true said 2 'begins: '
    rs-elect bid Name1 >bid
    [ "$(wc -l <bid)" -eq 11 ]
    grep -qx 'instance Name1' bid
    grep -qx 'generation 1.5' bid
    rs-elect bid Name1 --json >json
    [ "$(json json generation)" = 1.5 ]
    rs-elect explain Name1 >out
    [ "$(<out)" = "Name1: would win: holds 1.5, imported, checked and confirmed by a backup server
Name2: would not win: holds 1.4, Name1 has 1.5
Name0: no bid: this instance leads, in epoch 1
winner: Name1
no election now: the leader has its lease" ] || fail "$(<out)"
    rs-elect --json explain Name1 >json
    [ "$(json json winner)" = Name1 ]
    [ "$(json json possible)" = false ]
    [ "$(json_rows json '[row["candidate"] for row in rows if "candidate" in row]')" = "['Name1', 'Name2']" ]
    rs-elect observe Name1 >out
    grep -vE '^lease [0123]$' out >facts
    [ "$(<facts)" = "epoch 1
leader Name0
takeover finished
observer 0 Name1: reaches the leader
observer 1 b1: reaches the leader
observer 2 b2: reaches the leader" ] || fail "$(<out)"
    touch down/b1 down/Name0
    rs-elect observe Name1 >out
    grep -qx 'observer 0 Name1: does not reach the leader' out
    grep -qx 'observer 1 b1: does not say' out
    grep -qx 'observer 2 b2: does not reach the leader' out
    grep -q '^b1: does not say whether it reaches Name0' out
    rs-elect observe Name1 --json >json
    [ "$(json json leader)" = Name0 ]
    [ "$(json_rows json '[row["reaches"] for row in rows if "observer" in row]')" = "[False, None, False]" ]
    sed -i '/^coordinator /d' Name1/etc/failover
    rs-elect explain Name1 >out
    grep -qx 'no election now: no coordinator is set up: a takeover is an order of a person' out || fail "$(<out)"
    # Nothing was asked of the coordinator's lease, and nobody has done anything.
    nobody_took
}

@test "who could not take over does not bid: without a watch, or while it leads; explain says so" {
    set_up dir
    run -69 --separate-stderr rs-elect bid Name1
    [[ $stderr == *"no rs-elect watches this instance"*"rs-elect explain Name1" ]]
    [ -z "$output" ]
    run -69 --separate-stderr rs-elect bid Name0
    [[ $stderr == *"this instance leads, in epoch 1"* ]]
    power_off 0
    until_true eval '! "$RS_STACK/failover/coordinator" Name1/etc/coordinator read w | grep -q ^leader'
    rs-elect explain Name1 >out
    grep -qx 'Name1: would win: holds 1.5, imported, checked and confirmed by a backup server' out
    grep -qx 'Name1: does not bid: no rs-elect watches this instance' out
    grep -qx 'Name2: no bid: no rs-elect watches this instance' out
    grep -qx 'no election now: no rs-elect watches this instance' out
    rs-elect explain --json Name1 >json
    [ "$(json json possible)" = false ]
    [ "$(json json why)" = 'no rs-elect watches this instance' ]
    watch 1
    until_true rs-elect bid Name1
    until_true leads 1
    run -69 rs-elect bid Name1
}

@test "explain --at tells from the log what was so, and why" {
    set_up dir
    printf '%s\n' '2026-01-01T00:00:00Z epoch 3 follower: begins: Name1' '2026-01-01T10:00:00Z epoch 3 suspecting: the lease of the leader has run out' \
        'no line of ours' '2026-01-01T10:00:05Z epoch 4 taking: elected: a takeover begins' >Name1/log
    rs-elect explain Name1 --at 2026-01-01T10:00:01 >out
    [ "$(<out)" = "at 2026-01-01T10:00:01Z: suspecting, epoch 3
2026-01-01T00:00:00Z epoch 3 follower: begins: Name1
2026-01-01T10:00:00Z epoch 3 suspecting: the lease of the leader has run out" ] || fail "$(<out)"
    rs-elect explain Name1 --json --at 2026-01-02 >json
    [ "$(json json role)" = taking ]
    [ "$(json_rows json 'len(rows)')" = 3 ]
    run -66 rs-elect explain Name1 --at 2025-12-31
    run -64 rs-elect explain Name1 --at yesterday
}

# ---- as a service ----

@test "one watches an instance; it ends at once when it is asked to, and a step with it" {
    set_up dir
    run -75 --separate-stderr rs-elect watch Name0
    [[ $stderr == *"another process watches it"* ]]
    touch hang/import
    watch 1
    until_true said 1 'begins: '
    power_off 0
    until_true grep -q ^import Name1/begun
    local at status=0
    at=$(date +%s%N)
    kill -TERM "$(<watch.1)"
    wait "$(<watch.1)" || status=$?
    [ "$status" -eq 143 ]
    [ $((($(date +%s%N) - at) / 1000000)) -le 1500 ]
    said 1 'ends: asked to'
    rm hang/import
    watch 1
    until_true leads 1
    [ "$(<Name1/steps)" = "$(all_steps 2)" ]
}

@test "a step that fails is tried again" {
    set_up dir
    touch fail/hooks
    watch 1
    until_true said 1 'begins: '
    power_off 0
    until_true said 1 'step hooks: ended with status 69'
    until_true eval '[ "$(grep -c ^hooks Name1/begun)" -ge 2 ]'
    rm fail/hooks
    until_true leads 1
    [ "$(<Name1/steps)" = "$(all_steps 2)" ]
}

@test "what is damaged is refused, and what to do is said" {
    set_up dir
    watch 1
    until_true [ -e Name1/srv/failover/machine ]
    kill -TERM "$(<watch.1)"
    wait "$(<watch.1)" || :
    sed -i '/^step/d' Name1/srv/failover/machine
    run -65 --separate-stderr rs-elect watch Name1
    [[ $stderr == *"machine: is damaged"*"hint: "* ]]
    rm Name1/srv/failover/machine
    echo x >Name1/srv/failover/held
    run -65 rs-elect bid Name1
    # Who watches goes on, and holds nothing.
    watch 1
    until_true said 1 'nothing is held: '
    run -66 rs-elect bid nowhere
}

@test "the configuration is data: each error has its line" {
    local row
    mkdir -p n/etc
    for row in 'colour red' 'instance Name1|instance Name1' 'number 1000' 'number x' 'number' 'instance a;b' 'state srv' 'lease 1' 'lease 86401' \
        'automatic maybe' 'peer 1' 'peer x Name2' 'server a b' 'priority -1' 'instance Name1|state /s' 'instance Name1|number 1' \
        'instance Name1|number 1|state /s|peer 1 Name2' 'instance Name1|number 1|state /s|peer 2 Name1' 'instance Name1|number 1|state /s|coordinator /c' \
        'instance Name1|number 1|state /s|server b|server b' ''; do
        tr '|' '\n' <<<"$row" >n/etc/failover
        run -78 --separate-stderr rs-elect bid n
        [[ $stderr =~ 'rs-elect: error: n/etc/failover:'[0-9]+': ' ]] || fail "$row" "$stderr"
    done
    run -64 rs-elect
    run -64 rs-elect vote n
    run -64 rs-elect bid
}
