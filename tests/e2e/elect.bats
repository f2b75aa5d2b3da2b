#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Machines lose their power, lines die in one way or both, agents and whole machines are stopped, etcd loses members. All tests have
# the same seven machines (seven.bash), and whoever leads when they begin.

load ../lib/common
load ../lib/deployment
load ../lib/hosts
load ../lib/chain
load ../lib/seven

patience=${RS_PATIENCE-120}
# How many schedules of faults, and which.
rounds=${RS_ELECT_ROUNDS-2} seed=${RS_SEED-1}
# How often a machine stands still.
standstills=${RS_ELECT_STANDSTILLS-1}

setup_file() {
    python=$(python3 -c 'import sys; print(sys.executable)')
    export python PATH="$BATS_TEST_DIRNAME/../../scripts:$PATH"
    local BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    begin "$BATS_FILE_TMPDIR"
    seven
    declare -p hosts_dir hosts_id hosts_count hosts_net all | sed 's/^declare /declare -g /' >made
}

# Whatever the test before has left: all is well, and one leads.
setup() {
    begin "$BATS_FILE_TMPDIR"
    # shellcheck source=/dev/null
    . ./made
    all_well
    until_true the_leader >/dev/null
    until_true whole "before $BATS_TEST_NUMBER"
    log_begins
}
teardown() { reap; }

teardown_file() {
    # shellcheck source=/dev/null
    [ ! -e "$BATS_FILE_TMPDIR/made" ] || . "$BATS_FILE_TMPDIR/made"
    local BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    end_services
    hosts_down
}

# a_branch_has TEXT: what somebody who led has written and nobody has loaded is kept by a server.
a_branch_has() {
    local i name generation
    for i in 1 2; do
        while read -r name generation; do
            [ "$(rs-store cat "$(store "$i")" "$name" "branch/$generation" file)" != "$1" ] || return 0
        done < <(rs-store list "$(store "$i")" | awk '/, branch/ { print $1, $2 }')
    done
    fail "no branch has: $1"
}

@test "a machine loses its power: a fallback leads without anybody's doing, and the machine comes back as a fallback" {
    local old new began epoch
    old=$(the_leader)
    epoch=$(<"$old/srv/failover/epoch")
    echo 'not dumped' >"$old/srv/data/file"
    began=$(date +%s%N)
    power_off "$(machine_of "$old")"
    until_true another_leads "$old"
    new=$(the_other "$old") # who does not know yet that it leads no more does not count
    echo "# lease $lease s: led after $((($(date +%s%N) - began) / 1000000)) ms" >&3
    until_true logged "$new" 'the takeover is finished'
    run -0 on "$new" rs-elect observe "$new"
    [[ $output == "epoch $((epoch + 1))"* ]] || fail "$output"
    power_on "$(machine_of "$old")" "$old"
    until_true follows "$old"
    until_true whole two
    in_order
    a_branch_has 'not dumped'
    # Why it was so.
    run -0 on "$new" rs-elect explain --at "$(date -u -d '+1 minute' +%Y-%m-%dT%H:%M)" "$new"
    [[ $output == *winner*"the takeover is finished"* ]] || fail "$output"
}

@test "etcd without a majority: dumps go on, nobody is elected; with one again it goes on" {
    local old dir
    old=$(the_leader)
    member_end 6
    until_true whole two
    member_end 7
    run ! etcd_answers
    # The leader serves, and dumps; who has lost its machine is not replaced.
    until_true whole three
    power_off "$(machine_of "$old")"
    for dir in "${all[@]}"; do [ "$dir" = "$old" ] || until_true logged "$dir" 'suspecting\|coordinator: '; done
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
    RANDOM=$seed
    local n old new who dumping
    for ((n = 1; n <= standstills; n++)); do
        log_begins
        old=$(the_leader)
        who=$(machine_of "$old")
        echo "stopped $n" >"$old/srv/data/file"
        host_run "$who" "$old/bin/exporter" >/dev/null 2>&1 3>&- & dumping=$!
        # Before the dump, while it is made, numbered, told of, or pulled.
        sleep "$(printf '0.%03d' $((RANDOM % 1000)))"
        stand_still "$who"
        until_true another_leads "$old"
        new=$(the_other "$old")
        until_true logged "$new" 'the takeover is finished'
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
    local old dir new='' away='' status=0
    old=$(the_leader)
    for dir in "${all[@]}"; do if [ "$dir" != "$old" ]; then away=$new new=$dir; fi; done
    link_cut "$(machine_of "$away")"
    echo last >"$old/srv/data/file"
    # 1: it is told who could not be told.
    on "$new" timeout 120 "$new/bin/takeover" --planned >"$BATS_TEST_TMPDIR/out" 2>&1 || status=$?
    [ "$status" -le 1 ] || fail "status $status" "$(<"$BATS_TEST_TMPDIR/out")" "$(tail -n 10 "$new/var/log/elections.log")"
    [ "$(cat "$new/srv/data/file")" = last ]
    [ "$(the_leader)" = "$new" ]
    until_true follows "$old"
    link_mend "$(machine_of "$away")"
    until_true whole again
    in_order
}

@test "an order that reaches no backup server is refused: the leader that is well stays what it is" {
    local old dir new epoch
    old=$(the_leader)
    for dir in "${all[@]}"; do [ "$dir" = "$old" ] || new=$dir; done
    epoch=$(<"$old/srv/failover/epoch")
    for i in 1 2; do cut_way "$(machine_of "$new")" "$(machine "$(pbs $i)")"; done
    run -1 --separate-stderr on "$new" timeout 60 "$new/bin/takeover"
    [[ $stderr == *"no backup server answers"* ]] || fail "$stderr"
    [ ! -e "$new/srv/failover/order" ]
    run -0 on "$old" rs-elect observe "$old"
    [[ $output == "epoch $epoch"* ]] || fail "$output"
    for i in 1 2; do mend_way "$(machine_of "$new")" "$(machine "$(pbs $i)")"; done
    until_true whole again
    # Each step is shown as it ends.
    run -0 --separate-stderr on "$new" timeout 60 "$new/bin/takeover"
    [[ $output == *"told:"*"leads with"*" leads in epoch "* ]] || fail "$output" "$stderr"
    until_true follows "$old"
    until_true whole then
    in_order
}

@test "faults at random: one leads, in every epoch one; what was proven is there; and all is whole again" {
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
        all_well
        until_true whole "round $round" || fail "$(tail -n 3 schedule)" "$(tail -n 15 "${all[@]/%//var/log/elections.log}")"
        in_order
        # What was there is there still.
        for i in $before_them; do grep -q "^$i " line.1 || fail "round $round: $i is lost"; done
    done
    echo "# $rounds schedules, $(cut -d . -f 1 line.1 | sort -u | wc -l) epochs, $(wc -l <line.1) generations" >&3
}
