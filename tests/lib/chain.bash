# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A whole chain for tests: a leader, two backup servers and two fallbacks, each on a machine of its own (hosts.bash), made by
# rs-deploy. `load ../lib/chain` behind common, deployment and hosts. Afterwards the words here know where an instance is,
# also when another one leads.

extra=() # lines behind those of [deployment]; `before` may set them

# on_machines N: a service whose data is a directory, with two fallbacks, on the first five of N machines: they are placed in order.
# Between the machines and the deployment `before` is called, if there is such a function.
on_machines() {
    hosts_up "$1"
    if declare -F before >/dev/null; then before; fi
    replicated_software
    hosts_computers | deployment '' "${extra[@]}" '[parameters]' 'count = 3' 'resiliency-backup-periodicity = #'
    run --separate-stderr rs-deploy apply wiki.cfg
    [ "$status" -eq 0 ] || fail "$output" "$stderr"
}

machine() { jq -r --arg name "$1" '.[$name].computer | ltrimstr("host")' .wiki.rs-deploy/placements.json; }
instance() { jq -r --arg name "$1" '.[$name].directory' .wiki.rs-deploy/placements.json; }

# of INSTANCE PROGRAM...: a program of the instance, on its machine.
of() {
    local host
    host=$(machine "$1")
    host_run "$host" "$(instance "$1")/$2" "${@:3}"
}
pbs() { printf 'PBS (Name / %s)\n' "$1"; }
store() { printf '%s/srv/backup/pbs\n' "$(instance "$(pbs "$1")")"; }

# What is in the data of the leader is dumped, and goes on its way.
exported() { of Name0 bin/exporter || fail "the exporter failed with $?"; }

# arrived I...: those fallbacks have what the leader has, and it is proven.
arrived() {
    local i
    for i in "$@"; do
        diff -r "$(instance Name0)/srv/data" "$(instance "Name$i")/srv/data" >/dev/null 2>&1 || return 1
        rs-store show "$(store "$i")" "wiki-root-Name-$i" "$(cat "$(instance Name0)/srv/backup/.Name.generation")" 2>/dev/null | grep -q '^proven' || return 1
    done
}

# A dead line is noticed after two seconds instead of a minute, by both of its ends.
impatient() {
    local file
    for file in host*/wiki/*/etc/ssh/config; do
        chmod u+w "$file"
        sed -i 's/^ServerAliveInterval .*/ServerAliveInterval 1/; s/^ServerAliveCountMax .*/ServerAliveCountMax 2/; s/^ConnectTimeout .*/ConnectTimeout 3/' "$file"
    done
    for file in host*/wiki/*/etc/ssh/sshd_config; do
        chmod u+w "$file"
        sed -i 's/^ClientAliveInterval .*/ClientAliveInterval 1/; s/^ClientAliveCountMax .*/ClientAliveCountMax 2/' "$file"
    done
    for file in host*/wiki/*/bin/services; do
        RS_SERVICES_GRACE=2 "$file" stop >/dev/null
        host_run "$(sed 's|^host\([0-9]*\)/.*|\1|' <<<"$file")" "$PWD/$file" start >/dev/null 3>&-
    done
    # They are reached again.
    for file in host*/wiki/*/etc/promise/sshd; do until_true host_run 1 "$file"; done
}

# back INSTANCE: it is reached again.
back() {
    link_mend "$(machine "$1")"
    until_true host_answers "$(machine "$1")"
}

# power_off I: nothing of the machine runs any more, and nobody reaches it.
power_off() {
    link_cut "$1"
    until_true nothing_runs "$1"
}
# Again and again: one that is being made while the others are killed is none of those that were there.
nothing_runs() {
    ip netns pids "$hosts_id-$1" | xargs -r kill -KILL 2>/dev/null || :
    [ -z "$(ip netns pids "$hosts_id-$1")" ]
}

# power_on I DIR: it boots, and starts what is there.
power_on() {
    link_mend "$1"
    sshd_start "$1"
    until_true host_answers "$1"
    host_run "$1" "$2/bin/services" start >/dev/null 3>&-
}

# history I: what server I holds on the main line.
history() { rs-store list "$(store "$1")" | awk '!/, branch/ { printf "%s%s", sep, $2; sep = " " }'; }

# leads DIR, follows DIR: what the instance is.
leads() { grep -qx 'kind export' "$1/etc/failover" && [ ! -e "$1/srv/failover/superseded" ]; }
follows() { grep -qx 'kind import' "$1/etc/failover"; }

# cut_way I J: nothing gets from machine I to machine J any more; mend_way I J: it does again.
cut_way() { ip -n "$hosts_id-$1" route add blackhole "$(host_address "$2")/32"; }
mend_way() { ip -n "$hosts_id-$1" route del blackhole "$(host_address "$2")/32" 2>/dev/null || :; }
