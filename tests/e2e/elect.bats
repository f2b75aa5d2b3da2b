#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Who leads when nobody says so: a leader, two fallbacks, two backup servers and three members of etcd on seven machines, each with a
# network of its own. Machines lose their power, lines die in one way or both, agents are stopped, etcd loses members.

load ../lib/common
load ../lib/deployment
load ../lib/hosts
load ../lib/chain

patience=${RS_PATIENCE-120}
# How many schedules of faults, and which.
rounds=${RS_ELECT_ROUNDS-2} seed=${RS_SEED-1}
# How often a machine stands still.
standstills=${RS_ELECT_STANDSTILLS-1}
lease=5

# The members of etcd are on machines 5, 6 and 7, as the deployment has put them there.
before() {
    command -v etcd >/dev/null || fail 'etcd: not found; scripts/deps test'
    extra=('[coordinator]' 'kind = etcd' 'members = host5 host6 host7' "lease = $lease" 'block = 1' '')
}
member() { host_run "$1" "$PWD/host$1/wiki/etcd-host$1/bin/services" start >/dev/null 2>&1 || :; }
member_end() { pkill -KILL -f "etcd --name host$1 --data-dir $PWD/" || :; }
etcd_answers() {
    local etc=$PWD/host7/wiki/etcd-host7/etc
    host_run 7 env ETCDCTL_API=3 etcdctl --endpoints="$(sed -n 's/^endpoints //p' "$etc/members")" --cacert="$etc/tls/ca.pem" \
        --cert="$etc/tls/certificate.pem" --key="$etc/tls/key.pem" --command-timeout=1s --dial-timeout=1s get nothing >/dev/null 2>&1
}

# seven: all of it, with a first dump that all have.
seven() {
    on_machines 7
    impatient
    all=("$(instance Name0)" "$(instance Name1)" "$(instance Name2)")
    until_true watched_all
    echo one >"${all[0]}/srv/data/file"
    exported
    until_true arrived 1 2
}

# on DIR CMD...: on the machine of that instance.
on() {
    local dir=$1
    dir=${dir#"$PWD/host"}
    host_run "${dir%%/*}" "${@:2}"
}
machine_of() {
    local dir=${1#"$PWD/host"}
    printf '%s\n' "${dir%%/*}"
}

# watched_all: the first one leads, by what the coordinator says.
watched_all() { grep -q 'leading: is leading' "${all[0]}/var/log/elections.log" 2>/dev/null; }

# the_leader: the directory of the only instance that leads; fails if none does, or two do.
the_leader() {
    local dir found=
    for dir in "${all[@]}"; do
        leads "$dir" || continue
        [ -z "$found" ] || return 1
        found=$dir
    done
    [ -n "$found" ] && printf '%s\n' "$found"
}
# another_leads DIR: one leads, and it is not that one.
another_leads() {
    local dir
    for dir in "${all[@]}"; do
        [ "$dir" = "$1" ] || ! leads "$dir" || return 0
    done
    return 1
}

# whole TEXT: who leads dumps that, and both others load it; nobody else leads.
whole() {
    local leader dir
    leader=$(the_leader) || return 1
    echo "$1" >"$leader/srv/data/file"
    on "$leader" "$leader/bin/exporter" >/dev/null 2>&1 || return 1
    for dir in "${all[@]}"; do until_quick "$dir" "$1" || return 1; done
}
# until_quick DIR TEXT: it has been loaded there within ten seconds.
until_quick() {
    local n
    for ((n = 0; n < 100; n++)); do
        [ "$(cat "$1/srv/data/file")" = "$2" ] && return
        sleep 0.1
    done
    return 1
}

# in_order: in both stores generations rise, and each epoch is of one instance.
in_order() {
    local i
    for i in 1 2; do
        rs-store list --json "$(store "$i")" | jq -r 'select(.generation and (.branch | not)) | "\(.generation) \(.instance)"' >"line.$i"
        [ -s "line.$i" ]
        cut -d ' ' -f 1 "line.$i" | sort -V -c || fail "server $i" "$(cat "line.$i")"
        [ -z "$(sed 's/\.[0-9]* / /' "line.$i" | sort -u | cut -d ' ' -f 1 | uniq -d)" ] || fail "two in one epoch at server $i" "$(cat "line.$i")"
    done
}

@test "a machine loses its power: a fallback leads without anybody's doing, and the machine comes back as a fallback" {
    seven
    local old=${all[0]} new began
    echo 'not dumped' >"$old/srv/data/file"
    began=$(date +%s%N)
    power_off "$(machine_of "$old")"
    until_true another_leads "$old"
    # The old one does not know yet that it is none.
    new=${all[1]}
    leads "$new" || new=${all[2]}
    echo "# lease $lease s: led after $((($(date +%s%N) - began) / 1000000)) ms" >&3
    until_true grep -q 'the takeover is finished' "$new/var/log/elections.log"
    run -0 on "$new" rs-elect observe "$new"
    [[ $output == "epoch 2"* ]] || fail "$output"
    power_on "$(machine_of "$old")" "$old"
    until_true follows "$old"
    until_true whole two
    in_order
    run -0 rs-store cat "$(store 1)" wiki-root-Name-1 "branch/$(rs-store list "$(store 1)" | awk '/, branch/ { print $2 }' | tail -n 1)" file
    [ "$output" = 'not dumped' ]
    # Why it was so.
    run -0 on "$new" rs-elect explain --at "$(date -u -d '+1 minute' +%Y-%m-%dT%H:%M)" "$new"
    [[ $output == *winner*"the takeover is finished"* ]] || fail "$output"
}

@test "etcd without a majority: dumps go on, nobody is elected; with one again it goes on" {
    seven
    local old=${all[0]}
    member_end 6
    until_true whole two
    member_end 7
    run ! etcd_answers
    # The leader serves, and dumps; who has lost its machine is not replaced.
    until_true whole three
    power_off "$(machine_of "$old")"
    until_true grep -q 'suspecting\|coordinator: ' "${all[1]}/var/log/elections.log"
    run ! another_leads "$old"
    member 6
    member 7
    until_true another_leads "$old"
    power_on "$(machine_of "$old")" "$old"
    until_true follows "$old"
    until_true whole four
    in_order
}

# stand_still I, go_on I: all processes of the machine stop, and go on, as those of a virtual machine that is moved.
stand_still() {
    local now before=none
    while now=$(ip netns pids "$hosts_id-$1") && [ "$now" != "$before" ]; do
        kill -STOP $now 2>/dev/null || :
        before=$now
    done
}
go_on() { ip netns pids "$hosts_id-$1" | xargs -r kill -CONT 2>/dev/null || :; }

@test "a machine stands still in the midst of a dump, and another one leads: when it goes on, nothing of it counts" {
    seven
    RANDOM=$seed
    local n old new who dumping
    for ((n = 1; n <= standstills; n++)); do
        old=$(the_leader)
        who=$(machine_of "$old")
        echo "stopped $n" >"$old/srv/data/file"
        host_run "$who" "$old/bin/exporter" >/dev/null 2>&1 3>&- & dumping=$!
        # Before the dump, while it is made, numbered, told of, or pulled.
        sleep "$(printf '0.%03d' $((RANDOM % 1000)))"
        stand_still "$who"
        until_true another_leads "$old"
        for new in "${all[@]}"; do if [ "$new" != "$old" ] && leads "$new"; then break; fi; done
        until_true grep -q 'the takeover is finished' "$new/var/log/elections.log"
        history 1 >known
        go_on "$who"
        wait "$dumping" || :
        until_true follows "$old"
        until_true whole "after $n"
        in_order
        [[ "$(history 1) " == "$(<known) "* ]] || fail "$(<known)" "$(history 1)"
    done
    echo "# $standstills standstills: $(history 1)" >&3
}

@test "a leader that is well hands over while another fallback is away: who leads then is the only one that has loaded the last dump" {
    seven
    local old=${all[0]} new=${all[1]} status=0
    link_cut "$(machine_of "${all[2]}")"
    echo last >"$old/srv/data/file"
    # 1: it is told who could not be told.
    on "$new" timeout 120 "$new/bin/takeover" --planned >out 2>&1 || status=$?
    [ "$status" -le 1 ] || fail "status $status" "$(cat out)" "$(tail -n 10 "$new/var/log/elections.log")"
    [ "$(cat "$new/srv/data/file")" = last ]
    [ "$(the_leader)" = "$new" ]
    until_true follows "$old"
    link_mend "$(machine_of "${all[2]}")"
    until_true whole again
    in_order
}

@test "clocks that are years off on five machines: who leads is decided all the same" {
    seven
    local years=(+1y -1y +10y -10y +1y) dir i old=${all[0]}
    # started DIR: the programs of that instance, by the clock of its machine.
    started() {
        local i
        i=$(machine_of "$1")
        host_run_at "${years[i - 1]}" "$i" "$1/bin/services" start >/dev/null
    }
    for ((i = 1; i <= 5; i++)); do
        for dir in "$PWD/host$i"/wiki/*/; do
            [ -x "$dir/bin/services" ] || continue
            RS_SERVICES_GRACE=2 "$dir/bin/services" stop >/dev/null
            # Its sandbox ends a process that waits, as libfaketime does.
            [ ! -e "$dir/etc/service/sshd" ] || sed -i '2i unset LD_PRELOAD' "$dir/etc/service/sshd"
            started "${dir%/}"
        done
    done
    for dir in "${all[@]}"; do
        until_true grep -q "^$(date -u -d "${years[$(machine_of "$dir") - 1]/y/ years}" +%Y)-" "$dir/var/log/elections.log"
    done
    until_true the_leader
    until_true whole one
    power_off "$(machine_of "$old")"
    until_true another_leads "$old"
    link_mend "$(machine_of "$old")"
    sshd_start "$(machine_of "$old")"
    until_true host_answers "$(machine_of "$old")"
    started "$old"
    until_true follows "$old"
    until_true whole two
    in_order
}

@test "faults at random: one leads, in every epoch one; what was proven is there; and all is whole again" {
    seven
    RANDOM=$seed
    local round fault leader other who i agent before_them steps dir
    for ((round = 1; round <= rounds; round++)); do
        leader=$(the_leader)
        other=${all[RANDOM % 3]}
        fault=$((RANDOM % 9))
        [ "$round" -gt 1 ] || fault=0
        before_them=$(history 1)
        who=$(machine_of "$leader")
        echo "round $round: fault $fault, leader $leader, other $other" >>schedule
        case $fault in
        0 | 1) power_off "$who" ;;
        2) link_cut "$who" ;;
        3) for i in 1 2 3 4 5; do [ "$i" = "$who" ] || cut_way "$who" "$i"; done ;;
        4) for i in 5 6 7; do [ "$i" = "$who" ] || cut_way "$i" "$who"; done ;;
        5) link_cut "$(machine_of "$other")" ;;
        6) link_cut "$(machine "$(pbs $((RANDOM % 2 + 1)))")" ;;
        7) member_end $((RANDOM % 3 + 5)) ;;
        8)
            agent=$(pgrep -f "rs-elect watch $leader\$")
            kill -STOP $agent
            ;;
        esac
        # As long as it takes to elect somebody, or not; who leads meanwhile goes on dumping where he can.
        steps=$((RANDOM % 8 + 3))
        for ((i = 0; i < steps; i++)); do
            for dir in "${all[@]}"; do
                echo "round $round $i" >"$dir/srv/mark"
                leads "$dir" && [ -e "$dir/bin/exporter" ] && [ "$fault:$dir" != "0:$leader" ] && [ "$fault:$dir" != "1:$leader" ] && {
                    timeout 20 ip netns exec "$hosts_id-$(machine_of "$dir")" "$dir/bin/exporter" >/dev/null 2>&1 3>&- || :
                }
            done
            sleep 1.5
        done
        # A takeover that is killed in the midst goes on.
        if [ $((RANDOM % 3)) -eq 0 ]; then pkill -KILL -f "rs-elect watch ${all[RANDOM % 3]}\$" || :; fi
        # All is well again.
        for ((i = 1; i <= 7; i++)); do
            link_mend "$i"
            for ((agent = 1; agent <= 7; agent++)); do [ "$i" = "$agent" ] || mend_way "$i" "$agent"; done
        done
        pkill -CONT -f "rs-elect watch $PWD/" || :
        for i in 1 2 3 4 5; do pgrep -f "sshd -f $hosts_dir/sshd-$i.conf" >/dev/null || sshd_start "$i"; done
        for dir in host*/wiki/*/bin/services; do host_run "$(sed 's|^host\([0-9]*\)/.*|\1|' <<<"$dir")" "$PWD/$dir" start >/dev/null 2>&1 || :; done
        until_true etcd_answers
        for dir in "${all[@]}"; do timeout 60 ip netns exec "$hosts_id-$(machine_of "$dir")" "$dir/bin/takeover" --quiet --remind >/dev/null 2>&1 3>&- || :; done
        until_true whole "round $round" || fail "$(tail -n 3 schedule)" "$(tail -n 15 "${all[@]/%//var/log/elections.log}")"
        in_order
        # What was there is there still.
        for i in $before_them; do grep -q "^$i " line.1 || fail "round $round: $i is lost"; done
    done
    echo "# $rounds schedules, $(cut -d . -f 1 line.1 | sort -u | wc -l) epochs, $(wc -l <line.1) generations" >&3
}
