# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
# Who leads when nobody says so: a leader, two fallbacks, two backup servers and three members of etcd on seven machines, each with a
# network of its own. `load ../lib/seven` behind common, deployment, hosts and chain.
#
#   seven               all of it, with a first dump that all have; the members of etcd are on machines 5, 6 and 7. Sets `all`, the
#                       directories of the three who can lead, the first leader first
#   all_well            every machine has power and its lines, and runs what it has to
#   the_leader          the directory of the only instance that leads; fails if none does, or two do
#   another_leads DIR   one leads, and it is not that one; the_other DIR: which
#   on DIR CMD...       on the machine of that instance; machine_of DIR: its number
#   logged DIR PATTERN  it has been said of that election, since `log_begins` was called
#   whole TEXT          who leads dumps that, and both others load it; nobody else leads
#   in_order            in both stores generations rise, and each epoch is of one instance; server I has what is in line.I
#   member I, member_end I    of etcd, on machine I: it begins, or is killed; etcd_answers: with a majority

lease=5

before() {
    command -v etcd >/dev/null || fail 'etcd: not found; scripts/deps test'
    extra=('[coordinator]' 'kind = etcd' 'members = host5 host6 host7' "lease = $lease" 'block = 1' '')
}
member() { host_run "$1" "$PWD/host$1/wiki/etcd-host$1/bin/services" start >/dev/null 2>&1 3>&- || :; }
member_end() { pkill -KILL -f "etcd --name host$1 --data-dir $PWD/" || :; }
etcd_answers() {
    local etc=$PWD/host7/wiki/etcd-host7/etc
    host_run 7 env ETCDCTL_API=3 etcdctl --endpoints="$(sed -n 's/^endpoints //p' "$etc/members")" --cacert="$etc/tls/ca.pem" \
        --cert="$etc/tls/certificate.pem" --key="$etc/tls/key.pem" --command-timeout=1s --dial-timeout=1s get nothing >/dev/null 2>&1
}

seven() {
    on_machines 7
    impatient
    all=("$(instance Name0)" "$(instance Name1)" "$(instance Name2)")
    until_true watched_all
    echo one >"${all[0]}/srv/data/file"
    exported
    until_true arrived 1 2
}

on() { host_run "$(machine_of "$1")" "${@:2}"; }
machine_of() {
    local dir=${1#"$PWD/host"}
    printf '%s\n' "${dir%%/*}"
}

# watched_all: the first one leads, by what the coordinator says.
watched_all() { grep -q 'leading: is leading' "${all[0]}/var/log/elections.log" 2>/dev/null; }

the_leader() {
    local dir found=
    for dir in "${all[@]}"; do
        leads "$dir" || continue
        [ -z "$found" ] || return 1
        found=$dir
    done
    [ -n "$found" ] && printf '%s\n' "$found"
}
the_other() {
    local dir
    for dir in "${all[@]}"; do
        [ "$dir" = "$1" ] || ! leads "$dir" || { printf '%s\n' "$dir"; return; }
    done
    return 1
}
another_leads() { the_other "$1" >/dev/null; }

log_begins() {
    local dir
    for dir in "${all[@]}"; do wc -l <"$dir/var/log/elections.log" >"$BATS_TEST_TMPDIR/log.$(machine_of "$dir")"; done
}
logged() { tail -n "+$(($(<"$BATS_TEST_TMPDIR/log.$(machine_of "$1")") + 1))" "$1/var/log/elections.log" | grep -q "$2"; }

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

in_order() {
    local i
    for i in 1 2; do
        rs-store list --json "$(store "$i")" | jq -r 'select(.generation and (.branch | not)) | "\(.generation) \(.instance)"' >"line.$i"
        [ -s "line.$i" ]
        cut -d ' ' -f 1 "line.$i" | sort -V -c || fail "server $i" "$(cat "line.$i")"
        [ -z "$(sed 's/\.[0-9]* / /' "line.$i" | sort -u | cut -d ' ' -f 1 | uniq -d)" ] || fail "two in one epoch at server $i" "$(cat "line.$i")"
    done
}

all_well() {
    local i j dir
    for ((i = 1; i <= hosts_count; i++)); do
        link_mend "$i"
        for ((j = 1; j <= hosts_count; j++)); do [ "$i" = "$j" ] || mend_way "$i" "$j"; done
        ip netns pids "$hosts_id-$i" | xargs -r kill -CONT 2>/dev/null || :
        pgrep -f "sshd -f $hosts_dir/sshd-$i.conf" >/dev/null || sshd_start "$i"
    done
    for dir in host*/wiki/*/bin/services; do host_run "$(sed 's|^host\([0-9]*\)/.*|\1|' <<<"$dir")" "$PWD/$dir" start >/dev/null 2>&1 3>&- || :; done
    until_true etcd_answers
    # What cron would do.
    for dir in "${all[@]}"; do timeout 60 ip netns exec "$hosts_id-$(machine_of "$dir")" "$dir/bin/takeover" --quiet --remind >/dev/null 2>&1 3>&- || :; done
}
