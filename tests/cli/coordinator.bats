#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# stack/failover/coordinator, rs-failover(7): one contract for both kinds, then what each kind has of its own.
# Leases are as short as they may be; what is waited for is that something becomes so.

load ../lib/common
load ../lib/etcd

patience=20

# on KIND [ENDPOINTS]: writes ./conf; its state is ./state.
on() {
    members=()
    # What is killed leaves its scratch directory.
    export TMPDIR=$BATS_TEST_TMPDIR
    printf '%s\n' "# of a test" "kind $1" "state $PWD/state" "timeout ${wait_for-5}" >conf
    case $1 in
    dir) printf 'directory %s\n' "$PWD/dir" >>conf ;;
    etcd)
        endpoints=${2-$shared_endpoints}
        printf '%s\n' "endpoints $endpoints" "prefix t$BATS_TEST_NUMBER" >>conf
        ;;
    esac
}

# With the descriptor of bats closed: what is left running must not have the suite wait for it.
coordinator() {
    "$RS_STACK/failover/coordinator" "${conf-conf}" "$@" 3>&-
}

# leads NAME EPOCH PHASE: what read says.
leads() {
    coordinator read w >said
    [ "$(sed -n 's/^leader //p; s/^epoch //p; s/^phase //p' said | paste -sd ' ')" = "$2 $1 $3" ] || fail "$(cat said)"
    grep -qE '^lease [0-9]+$' said
}

# The command fails: bats does not look at the status of `! command`.
not() {
    ! "$@"
}

# Nobody leads any more.
free() {
    ! coordinator read w | grep -q ^leader
}

# answers STATUS COMMAND...: the coordinator ends with that.
answers() {
    local wanted=$1 status_=0
    shift
    coordinator "$@" >out 2>err || status_=$?
    [ "$status_" -eq "$wanted" ] || fail "$* ended with $status_, not $wanted" "$(cat out err)"
}

# gone PID: it has ended; one that nobody has waited for has, too.
gone() {
    [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# keeper TTL [COMMAND...]: keeps the lease of a in epoch 1, or `term`, in the background; keeper_pid, its status in ./kept.
keeper() {
    local ttl=$1
    shift
    rm -f kept keeper
    {
        got=0
        (echo "$BASHPID" >keeper && exec "$RS_STACK/failover/coordinator" conf keep w a "${term-1}" "$ttl" ${1:+--} "$@") >kept.out 2>kept.err || got=$?
        echo "$got" >kept.new
        mv kept.new kept
    } 3>&- &
    until_true [ -s keeper ]
    keeper_pid=$(<keeper)
    pids+=("$keeper_pid")
}

# A command that works on, and a child of it that does not listen to SIGTERM.
stubborn() {
    cat >work <<'END'
#!/bin/sh
sh -c 'trap "" TERM; echo $$ >child; while sleep 0.05; do date +%s%N >at; done' &
echo $$ >parent
wait
END
    chmod +x work
}

# ended STATUS: the keeper has ended with it.
ended() {
    until_true [ -e kept ]
    [ "$(<kept)" -eq "$1" ] || fail "the keeper ended with $(<kept), not $1" "$(cat kept.err)"
}

# ---- the contract ----

contract_life() {
    coordinator read w >out
    [ "$(<out)" = "epoch 0" ]
    [ "$(coordinator acquire w a 0 5)" = "epoch 1" ]
    leads a 1 taking
    coordinator settle w a 1
    leads a 1 leading
    coordinator prove w a 1
    answers 77 prove w b 1
    answers 77 prove w a 2
    answers 77 settle w b 1
    answers 77 release w b 1
    answers 75 acquire w b 1 5
    grep -q 'a leads in epoch 1' err
    answers 75 acquire w b 0 5
    answers 75 order w b 0 5
    grep -q 'epoch 1, not 0' err
    coordinator release w a 1
    [ "$(coordinator read w)" = "epoch 1" ]
    answers 77 prove w a 1
    answers 77 release w a 1
    [ "$(coordinator acquire w b 1 5)" = "epoch 2" ]
    # Lines have nothing to do with each other.
    [ "$(coordinator acquire other a 0 5)" = "epoch 1" ]
    coordinator prove w b 2
    coordinator check >out
}
@test "etcd: a life: acquire, settle, prove, release" { on etcd && contract_life; }
@test "dir: a life: acquire, settle, prove, release" { on dir && contract_life; }

# sees WORDS: what view says, but for the age.
sees() {
    coordinator view w >said
    [ "$(grep -v '^age ' said | paste -sd ' ')" = "$1" ] || fail "$(cat said)"
}

contract_view() {
    sees 'epoch 0'
    coordinator acquire w a 0 2
    sees 'epoch 1 leader a holder a phase taking'
    until_true free
    # Who led last is known as long as nobody else has, and for how long it has been so.
    sees 'epoch 1 holder a phase taking'
    grep -qE '^age [0-9]$' said
    coordinator renew w a 1 2 leading
    sees 'epoch 1 leader a holder a phase leading'
    # What is finished stays so.
    coordinator renew w a 1 2 taking
    sees 'epoch 1 leader a holder a phase leading'
    coordinator release w a 1
    sees 'epoch 1 phase released'
    coordinator acquire w b 1 5
    sees 'epoch 2 leader b holder b phase taking'
}
@test "etcd: view tells who led last, and how far it was" { on etcd && contract_view; }
@test "dir: view tells who led last, and how far it was" { on dir && contract_view; }

contract_renew() {
    local at
    answers 77 renew w a 0 2 leading
    coordinator acquire w a 0 2
    answers 77 renew w b 1 2 leading
    answers 77 renew w a 2 2 leading
    # Longer than the lease, by the clock that it is measured with.
    at=$(cut -d. -f1 /proc/uptime)
    while [ $(($(cut -d. -f1 /proc/uptime) - at)) -lt 4 ]; do coordinator renew w a 1 2 leading; done
    coordinator prove w a 1
    # One that nobody remembers, or of another length, is replaced.
    rm -rf state/lease
    coordinator renew w a 1 2 leading
    leads a 1 leading
    coordinator renew w a 1 60 leading
    [ "$(coordinator read w | sed -n 's/^lease //p')" -gt 2 ]
    [ "$1" = dir ] || echo "1 2 $(cut -d' ' -f3 state/lease/w);x" >state/lease/w
    coordinator renew w a 1 2 leading
    leads a 1 leading
    [ "$(coordinator read w | sed -n 's/^lease //p')" -le 2 ]
    # Nobody has led since: it has it again, as a new one.
    until_true free
    answers 77 prove w a 1
    answers 77 renew w b 1 2 leading
    coordinator renew w a 1 2 leading
    coordinator prove w a 1
    # What was given up is not taken back, nor what another one has, or had.
    coordinator release w a 1
    answers 77 renew w a 1 2 leading
    coordinator acquire w b 1 2
    answers 77 renew w a 1 2 leading
    until_true free
    answers 77 renew w a 1 2 leading
    answers 77 renew w a 2 2 leading
    coordinator renew w b 2 2 leading
    answers 64 renew w b 2 2
    answers 64 renew w b 2 2 released
}
@test "etcd: renew keeps the lease and proves; one that is over comes back only to who had it" { on etcd && contract_renew etcd; }
@test "dir: renew keeps the lease and proves; one that is over comes back only to who had it" { on dir && contract_renew dir; }

# race COMMAND EPOCH: 20 at once; one is done, in the next epoch, and that one leads.
race() {
    local i got
    for i in $(seq 20); do
        {
            got=0
            coordinator "$1" w "n$i" "$2" 5 >"got.$i" 2>/dev/null || got=$?
            echo "$got" >"status.$i"
        } &
    done
    wait
    [ "$(cat status.* | sort | uniq -c | tr -s ' ')" = " 1 0
 19 75" ] || fail "$(cat status.*)"
    [ "$(cat got.*)" = "epoch $(($2 + 1))" ]
    coordinator prove w "n$(grep -lx 0 status.* | cut -d. -f2)" $(($2 + 1))
}

contract_race() {
    race acquire 0
    coordinator release w "$(coordinator read w | sed -n 's/^leader //p')" 1
    race acquire 1
    race order 2
}
@test "etcd: of 20 that acquire or order at once one does, and the epoch rises by one" { on etcd && contract_race; }
@test "dir: of 20 that acquire or order at once one does, and the epoch rises by one" { on dir && contract_race; }

contract_expiry() {
    coordinator acquire w a 0 2
    until_true free
    answers 77 prove w a 1
    answers 77 settle w a 1
    [ "$(coordinator acquire w b 1 5)" = "epoch 2" ]
    answers 77 prove w a 1
    coordinator prove w b 2
}
@test "etcd: a lease that is over: another one leads, and the old one does not" { on etcd && contract_expiry; }
@test "dir: a lease that is over: another one leads, and the old one does not" { on dir && contract_expiry; }

contract_order() {
    stubborn
    coordinator acquire w a 0 5
    keeper 5 ./work
    until_true [ -e at ]
    [ "$(coordinator order w b 1 5)" = "epoch 2" ]
    answers 77 prove w a 1
    leads b 2 taking
    ended 77
    grep -q 'b leads' kept.err
    gone "$(<child)" && gone "$(<parent)"
    coordinator prove w b 2
}
@test "etcd: an order fences the one that leads, and ends what it does" { on etcd && contract_order; }
@test "dir: an order fences the one that leads, and ends what it does" { on dir && contract_order; }

contract_keep() {
    local at
    coordinator acquire w a 0 2
    keeper 2 sh -c 'cat >in; until [ -e enough ]; do sleep 0.05; done; exit 7'
    until_true [ -e in ]
    # Longer than the lease, by the clock that it is measured with.
    at=$(cut -d. -f1 /proc/uptime)
    until_true eval '[ $(($(cut -d. -f1 /proc/uptime) - at)) -ge 4 ]'
    coordinator prove w a 1
    touch enough
    ended 7
    # Without a command it stays until it is ended.
    keeper 2
    coordinator prove w a 1
    kill -TERM "$keeper_pid"
    ended 143
    answers 77 keep w b 1 2 -- touch never
    [ ! -e never ]
}
@test "etcd: keep keeps, for as long as its command runs" { on etcd && contract_keep; }
@test "dir: keep keeps, for as long as its command runs" { on dir && contract_keep; }

@test "etcd: a lease is not kept as if it were a longer one" {
    on etcd
    coordinator acquire w a 0 5
    answers 64 keep w a 1 30 -- touch never
    grep -q 'is one of 5 s' err
    [ ! -e never ]
}

contract_stopped() {
    stubborn
    coordinator acquire w a 0 2
    keeper 2 ./work
    until_true [ -e at ]
    kill -STOP "$keeper_pid"
    # What acts is ended although its keeper is stopped: before another one can lead.
    until_true gone "$(<child)"
    not free
    until_true free
    coordinator acquire w b 1 5
    kill -CONT "$keeper_pid"
    ended 77
    grep -q 'no proof' kept.err
    coordinator prove w b 2
    gone "$(<parent)"
}
@test "etcd: a keeper that was stopped ends with 77, and what it kept has ended before" { on etcd && contract_stopped; }
@test "dir: a keeper that was stopped ends with 77, and what it kept has ended before" { on dir && contract_stopped; }

@test "etcd: a machine that was stopped as a whole ends what it kept when it goes on" {
    local all
    stubborn
    on etcd
    coordinator acquire w a 0 2
    keeper 2 ./work
    until_true [ -e at ]
    all=$(ps -o pid= --ppid "$keeper_pid" | tr '\n' ' ')
    # shellcheck disable=SC2086
    kill -STOP "$keeper_pid" $all "$(<child)"
    until_true free
    coordinator acquire w b 1 5
    not gone "$(<child)"
    # shellcheck disable=SC2086
    kill -CONT $all "$(<child)" "$keeper_pid"
    ended 77
    until_true gone "$(<child)"
    until_true gone "$(<parent)"
    coordinator prove w b 2
}

contract_killed() {
    stubborn
    coordinator acquire w a 0 5
    keeper 5 ./work
    until_true [ -e at ]
    kill -KILL "$keeper_pid"
    until_true gone "$(<child)"
    until_true gone "$(<parent)"
}
@test "etcd: a keeper that was killed leaves no orphan" { on etcd && contract_killed; }
@test "dir: a keeper that was killed leaves no orphan" { on dir && contract_killed; }

contract_words() {
    local bad
    for bad in '' . .. -x .x 'a b' a/b 'a
b' 'ä' 'a"b' "$(printf '%0200d' 0)"; do
        answers 64 read "$bad"
        answers 64 acquire w "$bad" 0 5
    done
    for bad in '' -1 01 x 1x 0x1 1.5 9999999999999999999999; do
        answers 64 prove w a "$bad"
        answers 64 acquire w a 0 "$bad"
    done
    answers 64 acquire w a 0 1
    answers 64 acquire w a 0 5 6
    answers 64 keep w a 0 5 ls
    answers 64 keep w a 0 5 --
    answers 64 lead w
    answers 64 read
    [ "$(coordinator read w)" = "epoch 0" ]
}
@test "etcd: what is no word and no number is wrong usage" { on etcd && contract_words; }
@test "dir: what is no word and no number is wrong usage" { on dir && contract_words; }

contract_lower() {
    coordinator acquire w a 0 5
    # Somebody here had seen more.
    echo 7 >state/seen/w
    answers 65 prove w a 1
    grep -q 'epoch 1, and was at 7' err
    grep -q 'adopt' err
    answers 65 read w
    answers 65 keep w a 1 5 -- touch never
    answers 65 check
    answers 65 acquire w b 1 5
    [ "$(coordinator adopt)" = "w epoch 7" ]
    [ "$(coordinator read w)" = "epoch 7" ]
    [ "$(coordinator acquire w b 7 5)" = "epoch 8" ]
    : >state/seen/w
    answers 65 prove w b 8
}
@test "etcd: an epoch below what was seen is refused until a person adopts it" { on etcd && contract_lower; }
@test "dir: an epoch below what was seen is refused until a person adopts it" { on dir && contract_lower; }

@test "CONF is data: each error has its line, and nothing in it is run" {
    local row
    answers 66 read w
    for row in 'kind dir|directory /d' 'kind zookeeper|state /s' 'kind dir|state s|directory /d' 'kind dir|state /s' \
        'kind etcd|state /s' 'kind dir|kind dir' 'kind dir|state /s|directory /d|colour red' 'kind dir|state' \
        'kind etcd|state /s|endpoints http://a;touch never' 'kind etcd|state /s|endpoints $(touch never)' \
        'kind etcd|state /s|endpoints --help' 'kind etcd|state /s|endpoints a:1|prefix a"b' \
        'kind etcd|state /s|endpoints a:1|user u' 'kind dir|state /s|directory /d|timeout 0' ''; do
        tr '|' '\n' <<<"$row" >conf
        answers 78 read w
        grep -qE '^coordinator: error: conf:[0-9]+: ' err || fail "$row" "$(cat err)"
    done
    [ ! -e never ]
    printf 'kind etcd\nstate /s\nendpoints a:1\nuser u\npassword-file %s\n' "$PWD/none" >conf
    answers 66 read w
}

# ---- dir ----

@test "dir: a lease of before a reboot is over" {
    on dir
    coordinator acquire w a 0 3600
    sed -i 's/^boot .*/boot 00000000-0000-0000-0000-000000000000/' dir/lines/w/state
    answers 77 prove w a 1
    [ "$(coordinator acquire w b 1 5)" = "epoch 2" ]
}

@test "dir: a directory that was wiped, or is another one, is refused until a person adopts it" {
    on dir
    coordinator acquire w a 0 5
    mv dir old
    answers 65 prove w a 1
    answers 65 acquire w b 0 5
    answers 65 check
    [ ! -e dir ]
    # Another machine has made a new one meanwhile.
    sed "s|^state .*|state $PWD/state.2|" conf >conf.2
    conf=conf.2 coordinator acquire w z 0 5
    answers 65 acquire w b 1 5
    [ "$(coordinator adopt)" = "w epoch 1" ]
    coordinator prove w z 1
    coordinator check >out
}

@test "dir: a damaged file is refused, and so is a lock that somebody holds" {
    local damage
    wait_for=1 on dir
    coordinator acquire w a 0 5
    cp dir/lines/w/state whole
    for damage in '$d' '1d' 's/^epoch 1/epoch x/' 's/^epoch 1/epoch 01/' 's/^until .*/until -1/' 's/^leader a/leader a;b/' '1i x y'; do
        sed "$damage" whole >dir/lines/w/state
        # shellcheck disable=SC2016
        [ "$damage" = 1d ] && { answers 65 prove w a 1 && continue; }
        answers 65 prove w a 1
    done
    cp whole dir/lines/w/state
    : >dir/lines/w/state
    answers 65 read w
    cp whole dir/lines/w/state
    flock dir/lines/w/lock sh -c 'echo >held; exec sleep 60' 3>&- &
    pids+=($!)
    until_true [ -e held ]
    answers 69 prove w a 1
    pkill -P "$!" sleep
}

# Takes over again and again by programs that kill the coordinator when they are asked for the Nth time; then at random.
@test "dir: killed at any point of its writes, it is readable and its epoch is the old one or the next" {
    local n tool epoch=0 new random
    on dir
    coordinator read w
    mkdir bin
    for tool in sync mv; do
        cat >bin/$tool <<END
#!/bin/sh
# Dies with its parent before or after the call that the file ./die names, counting from 1.
n=\$((\$(cat "$PWD/count") + 1))
echo \$n >"$PWD/count"
[ \$n -ne "\$(cat "$PWD/die")" ] || [ -e "$PWD/behind" ] || kill -KILL \$PPID \$\$
$(command -v $tool) "\$@" || exit
[ \$n -ne "\$(cat "$PWD/die")" ] || kill -KILL \$PPID \$\$
END
        chmod +x bin/$tool
    done
    for behind in no yes; do
        rm -f behind
        [ $behind = no ] || touch behind
        for n in $(seq 1 6); do
            echo 0 >count
            echo "$n" >die
            PATH=$PWD/bin:$PATH coordinator order w a "$epoch" 5 >/dev/null 2>&1 && fail "it was not killed at $n"
            new=$(coordinator read w | sed -n 's/^epoch //p')
            [ "$new" -eq "$epoch" ] || [ "$new" -eq $((epoch + 1)) ]
            epoch=$new
        done
    done
    [ "$epoch" -ge 6 ]
    RANDOM=${RS_SEED:=$RANDOM}
    echo "RS_SEED=$RS_SEED"
    for n in $(seq 50); do
        random=0.0$(printf '%02d' $((RANDOM % 40)))
        timeout -s KILL "$random" "$RS_STACK/failover/coordinator" conf order w a "$epoch" 5 >/dev/null 2>&1 3>&- || :
        new=$(coordinator read w | sed -n 's/^epoch //p')
        [ "$new" -eq "$epoch" ] || [ "$new" -eq $((epoch + 1)) ]
        epoch=$new
    done
    coordinator check >out
}

# ---- etcd ----

# own [N]: an etcd of this test alone.
own() {
    members=()
    etcd_start "$PWD/etcd" "${1-1}"
    on etcd "$endpoints"
    members=("${pids[@]}")
}

@test "etcd: that is stopped, or killed, proves nothing: 69 in time, and keep ends in time" {
    local began
    stubborn
    wait_for=1 own
    coordinator acquire w a 0 4
    keeper 4 ./work
    until_true [ -e at ]
    kill -STOP "${members[0]}"
    began=$SECONDS
    answers 69 prove w a 1
    [ $((SECONDS - began)) -le 3 ]
    answers 69 read w
    answers 69 acquire w b 1 2
    answers 69 check
    # Half the lease is 2 s, then an eighth for ending.
    ended 77
    [ $((SECONDS - began)) -le 12 ]
    gone "$(<child)" && gone "$(<parent)"
    kill -CONT "${members[0]}"
    etcd_answers
    answers 77 prove w b 1
    etcd_end 0
    answers 69 prove w a 1
    grep -q 'coordinator: hint: ' err
    etcd_member "$PWD/etcd" 0
    etcd_answers
    [ "$(coordinator read w | head -n 1)" = "epoch 1" ]
}

@test "etcd: that was wiped is refused until a person adopts it" {
    own
    coordinator acquire w a 0 5
    coordinator order w a 1 5
    etcd_end 0
    rm -r etcd/data.0
    # As whoever makes it anew would: the identity comes from names, addresses and this word.
    echo second >etcd/token
    etcd_member "$PWD/etcd" 0
    etcd_answers
    answers 65 prove w a 2
    answers 65 acquire w b 0 5
    answers 65 check
    grep -q 'adopt' err
    # With the same identity the epoch tells.
    etcd_end 0
    rm -r etcd/data.0 etcd/token
    etcd_member "$PWD/etcd" 0
    etcd_answers
    answers 65 acquire w b 0 5
    grep -q 'epoch 0, and was at 2' err
    [ "$(coordinator adopt)" = "w epoch 2" ]
    [ "$(coordinator acquire w b 2 5)" = "epoch 3" ]
    coordinator check >out
}

@test "etcd: three members: its leader killed, two stopped, and back again" {
    local leader others began
    wait_for=2 own 3
    coordinator acquire w a 0 60
    leader=$(etcd_leader)
    etcd_end "$leader"
    until_true coordinator prove w a 1 2>/dev/null
    answers 1 check
    grep -q 'does not answer' err
    etcd_member "$PWD/etcd" "$leader"
    until_true coordinator check >/dev/null 2>&1
    others=$(((leader + 1) % 3))
    kill -STOP "${members[leader]}" "${members[others]}"
    began=$SECONDS
    answers 69 prove w a 1
    [ $((SECONDS - began)) -le 4 ]
    kill -CONT "${members[leader]}" "${members[others]}"
    until_true coordinator prove w a 1 2>/dev/null
    leads a 1 taking
}

# fake BODY: an etcdctl in front of the real one, which is $real in it.
fake() {
    mkdir -p bin
    printf '#!/bin/sh\nreal=%s\n%s\n' "$(command -v etcdctl)" "$1" >bin/etcdctl
    chmod +x bin/etcdctl
}

@test "etcd: a keep-alive that says OK proves nothing" {
    stubborn
    on etcd
    fake 'case "$*" in *keep-alive*) [ ! -e lying ] || { printf "\"ClusterID\" : 1\n\"TTL\" : 4\n"; exit 0; } ;; *txn*) [ ! -e deaf ] || { sleep 9; exit 1; } ;; esac; exec $real "$@"'
    # Revoked: the next transaction tells.
    coordinator acquire w a 0 4
    PATH=$PWD/bin:$PATH keeper 4 ./work
    until_true [ -e at ]
    touch lying
    ctl lease revoke "$(printf '%x' "$(ctl -w fields get "t$BATS_TEST_NUMBER/w/leader" | awk '/^"Lease"/ { print $3 }')")"
    ended 77
    gone "$(<child)" && gone "$(<parent)"
    # No transaction is answered any more: half the lease.
    rm -f lying at
    coordinator acquire w a 1 4
    PATH=$PWD/bin:$PATH term=2 keeper 4 ./work
    until_true [ -e at ]
    touch lying deaf
    local at
    at=$(tr -d . </proc/uptime | cut -d' ' -f1)
    ended 77
    # 2 s and an eighth of 4 s, and what a busy machine takes.
    [ $(($(tr -d . </proc/uptime | cut -d' ' -f1) - at)) -le 400 ]
    grep -q 'no proof' kept.err
    gone "$(<child)" && gone "$(<parent)"
}

@test "etcd: what etcdctl says is no proof unless it is one word by word" {
    local said
    on etcd
    coordinator acquire w a 0 60
    cp -r state kept_state
    fake "\$real \"\$@\" | tee '$PWD/true'"
    PATH=$PWD/bin:$PATH coordinator prove w a 1
    grep -q '^"Succeeded" : true$' true
    grep -qx '"Value" : "1 a"' true
    for said in ':' 'echo SUCCESS' 'echo OK' 'echo; cat true' 'cat true true' 'echo SUCCESS; cat true' 'sed s/true/TRUE/ true' \
        'sed "s/ : true/ : true true/" true' 'sed /ClusterID/d true' 'sed /Succeeded/d true' 'sed "s/.Succeeded. : .*/& \"Succeeded\" : true/" true' \
        'sed "s/^\"Key\" : .*/\"Key\" : \"other\/key\"/" true' 'cat true; echo "\"Succeeded\" : true"' 'head -c 120 true' \
        'cat true; printf "%0100000d\n" 0' 'yes' 'cat /dev/zero' 'cat true; yes | head -c 100000' 'cat true; exit 1' 'cat true; kill -9 $$' 'sed "s/epoch/leader/" true' \
        'sed "1s/ : / : -/" true' 'sed \$d true' 'sed "s/1 a/1 b/" true' 'sed "s/1 a/2 a/" true' 'printf "\033[2J\033]0;x\007" >&2; echo "Error: x$(printf "\033")[2J" >&2; exit 1'; do
        fake "cd '$PWD'; $said"
        PATH=$PWD/bin:$PATH answers 69 prove w a 1
        not grep -q "$(printf '\033')" err || fail "$said"
        [ "$(wc -c <err)" -lt 1000 ]
    done
    # It is the one that succeeds, and only with the word.
    fake "cat '$PWD/true'"
    PATH=$PWD/bin:$PATH answers 0 prove w a 1
    fake "sed 's/ : true/ : false/' '$PWD/true'"
    PATH=$PWD/bin:$PATH answers 77 prove w a 1
    fake "sed '1s/.$/&1/' '$PWD/true'"
    PATH=$PWD/bin:$PATH answers 65 prove w a 1
    # Keys that somebody else wrote.
    ctl put "t$BATS_TEST_NUMBER/w/leader" "1 a
b" >/dev/null
    answers 65 prove w a 1
    answers 65 read w
    diff -r state kept_state
}

@test "etcd: name and password are in no argument, no message, and nobody else's environment" {
    own
    ctl user add root:r00t >/dev/null
    ctl user add rs:gehe1m >/dev/null
    ctl role add rs >/dev/null
    ctl role grant-permission rs --prefix=true readwrite "t$BATS_TEST_NUMBER/" >/dev/null
    ctl user grant-role rs rs >/dev/null
    ctl auth enable >/dev/null
    answers 69 read w
    echo gehe1m >secret
    printf '%s\n' 'user rs' "password-file $PWD/secret" >>conf
    fake "tr '\\0' '\\n' </proc/\$\$/cmdline >>'$PWD/seen'; tr '\\0' '\\n' </proc/\$PPID/cmdline >>'$PWD/seen'; env >>'$PWD/environment'; exec \$real \"\$@\""
    export ETCDCTL_ENDPOINTS=http://127.0.0.1:1 ETCDCTL_USER=somebody:else
    PATH=$PWD/bin:$PATH coordinator acquire w a 0 60
    PATH=$PWD/bin:$PATH coordinator read w >out
    PATH=$PWD/bin:$PATH coordinator check >>out
    strace -f -qq -e trace=execve -v -s 4096 -o calls "$RS_STACK/failover/coordinator" conf prove w a 1 3>&-
    # In the environment of timeout and etcdctl, and of no other.
    [ "$(grep -c 'gehe1m' calls)" -gt 0 ]
    not eval 'grep gehe1m calls | grep -vE "execve\(.[^ ]*/(timeout|etcdctl).,"'
    not grep -q 'gehe1m' seen out
    grep -q '^ETCDCTL_PASSWORD=gehe1m$' environment
    not grep -E '^ETCDCTL_(ENDPOINTS|USER=somebody)' environment
    echo wrong1 >secret
    answers 69 prove w a 1
    grep -q 'authentication failed' err
    not grep -q 'wrong1' err
}

@test "etcd: TLS: a certificate of another authority is no coordinator" {
    command -v openssl >/dev/null || skip "openssl is not here"
    local who
    for who in ca other; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $who.key -out $who.pem -subj "/CN=$who" -days 2 2>/dev/null
    done
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout peer.key -out peer.csr -subj /CN=peer 2>/dev/null
    printf 'subjectAltName=IP:127.0.0.1\n' >ext
    openssl x509 -req -in peer.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out peer.pem -days 2 -extfile ext 2>/dev/null
    local ports
    mapfile -t ports < <(free_ports 2)
    etcd --data-dir data --logger zap --listen-client-urls "https://127.0.0.1:${ports[0]}" --advertise-client-urls "https://127.0.0.1:${ports[0]}" \
        --listen-peer-urls "http://127.0.0.1:${ports[1]}" --cert-file peer.pem --key-file peer.key --client-cert-auth --trusted-ca-file ca.pem >log 2>&1 3>&- &
    pids+=($!)
    wait_for=2 on etcd "https://127.0.0.1:${ports[0]}"
    printf '%s\n' "cert $PWD/peer.pem" "key $PWD/peer.key" >>conf
    cp conf conf.other
    echo "cacert $PWD/ca.pem" >>conf
    echo "cacert $PWD/other.pem" >>conf.other
    until_true coordinator acquire w a 0 60 2>/dev/null
    coordinator prove w a 1
    conf=conf.other answers 69 prove w a 1
}

@test "etcd: full, it says so, and what leads can still prove it" {
    own
    coordinator acquire w a 0 60
    # As etcd sets it when its quota is used up.
    etcd_end 0
    env etcd --name m0 --data-dir etcd/data.0 --logger zap --quota-backend-bytes 40000 --listen-client-urls "http://127.0.0.1:$(<etcd/client.0)" \
        --advertise-client-urls "http://127.0.0.1:$(<etcd/client.0)" --listen-peer-urls "http://127.0.0.1:$(<etcd/peer.0)" \
        --initial-advertise-peer-urls "http://127.0.0.1:$(<etcd/peer.0)" --initial-cluster "$(<etcd/cluster)" >>etcd/log.0 2>&1 3>&- &
    pids+=($!)
    etcd_answers
    until_true eval '! ctl put fill "$(head -c 20000 /dev/zero | tr "\0" x)" >/dev/null 2>&1'
    answers 1 check
    grep -q NOSPACE err
    coordinator prove w a 1
}
