#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Who leads where clocks cannot be trusted; machines and words are those of elect.bats.

load ../lib/common
load ../lib/deployment
load ../lib/hosts
load ../lib/chain
load ../lib/seven

patience=${RS_PATIENCE-120}

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
    # What begins just when the program that sets its clock ends may not begin at all, or by the true one: it is started again.
    local tries=0
    all_run() {
        local place
        for place in "$PWD"/host[1-5]/wiki/*/; do
            if [ -x "$place/bin/services" ] && ! "$place/bin/services" status >/dev/null; then started "${place%/}"; fi
        done
        if grep -q "^$(date -u -d "${years[$(machine_of "$1") - 1]/y/ years}" +%Y)-" "$1/var/log/elections.log"; then return; fi
        tries=$((tries + 1))
        [ $((tries % 30)) -ne 0 ] || RS_SERVICES_GRACE=2 "$1/bin/services" stop >/dev/null
        return 1
    }
    for dir in "${all[@]}"; do until_true all_run "$dir"; done
    until_true the_leader
    until_true whole one
    power_off "$(machine_of "$old")"
    until_true another_leads "$old"
    link_mend "$(machine_of "$old")"
    sshd_start "$(machine_of "$old")"
    until_true host_answers "$(machine_of "$old")"
    started "$old"
    until_true eval 'all_run "$old" && follows "$old"'
    until_true whole two
    in_order
}
