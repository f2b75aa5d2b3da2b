# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# etcd for tests; `load ../lib/etcd` after common. Members listen on free ports of 127.0.0.1 and keep their data below the
# directory that they are given. Globals: endpoints (of all members), members (their numbers of process, by index),
# and per directory what is needed to start a member again.
#
# It sets up and tears down its suites: one etcd for all tests that do not harm it, shared_endpoints, in which each has a prefix of its own.

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

# free_ports N: that many, one per line.
free_ports() {
    "$python" -S -c 'import socket, sys
taken = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in taken: s.bind(("127.0.0.1", 0))
for s in taken: print(s.getsockname()[1])' "$1"
}

# etcd_start DIR [N]: N members (1) that work as one; waits until they answer.
etcd_start() {
    local dir=$1 count=${2-1} i ports cluster=
    command -v etcd >/dev/null && command -v etcdctl >/dev/null || fail "etcd: not found; scripts/deps test"
    mkdir -p "$dir"
    mapfile -t ports < <(free_ports $((2 * count)))
    endpoints=
    for ((i = 0; i < count; i++)); do
        echo "${ports[2 * i]}" >"$dir/client.$i"
        echo "${ports[2 * i + 1]}" >"$dir/peer.$i"
        endpoints=$endpoints${endpoints:+,}http://127.0.0.1:${ports[2 * i]}
        cluster=$cluster${cluster:+,}m$i=http://127.0.0.1:${ports[2 * i + 1]}
    done
    echo "$cluster" >"$dir/cluster"
    for ((i = 0; i < count; i++)); do etcd_member "$dir" "$i"; done
    etcd_answers
}

# etcd_member DIR I: starts that member, for the first time or again.
etcd_member() {
    local dir=$1 i=$2 client peer
    client=http://127.0.0.1:$(<"$dir/client.$i")
    peer=http://127.0.0.1:$(<"$dir/peer.$i")
    # Short elections: leases may then be short, too.
    env ETCD_UNSUPPORTED_ARCH="$(uname -m | sed 's/aarch64/arm64/')" etcd --name "m$i" --data-dir "$dir/data.$i" --logger zap --heartbeat-interval 50 --election-timeout 500 \
        --listen-client-urls "$client" --advertise-client-urls "$client" --listen-peer-urls "$peer" \
        --initial-advertise-peer-urls "$peer" --initial-cluster "$(<"$dir/cluster")" \
        --initial-cluster-token "$(cat "$dir/token" 2>/dev/null || echo first)" >>"$dir/log.$i" 2>&1 3>&- &
    members[i]=$!
    pids+=($!)
}

# Waits until a majority answers, at any of the endpoints.
etcd_answers() {
    until_true env ETCDCTL_API=3 etcdctl --endpoints="$endpoints" --command-timeout=1s --dial-timeout=1s get nothing >/dev/null 2>&1
}

# ctl ARGUMENTS...: etcdctl of the test itself.
ctl() {
    ETCDCTL_API=3 etcdctl --endpoints="$endpoints" --command-timeout=5s "$@"
}

# etcd_leader: the index of the member that leads.
etcd_leader() {
    local i
    for i in "${!members[@]}"; do
        if ETCDCTL_API=3 etcdctl --endpoints="$(cut -d, -f$((i + 1)) <<<"$endpoints")" --command-timeout=1s -w fields endpoint status 2>/dev/null |
            awk '$1 == "\"MemberID\"" { me = $3 } $1 == "\"Leader\"" { leader = $3 } END { exit !(me != "" && me == leader) }'; then
            echo "$i"
            return
        fi
    done
    return 1
}

# etcd_end I...: those members are killed, at once.
etcd_end() {
    local i
    for i in "$@"; do
        kill -CONT "${members[i]}" 2>/dev/null || :
        kill -KILL "${members[i]}" 2>/dev/null || :
        wait "${members[i]}" 2>/dev/null || :
    done
}
