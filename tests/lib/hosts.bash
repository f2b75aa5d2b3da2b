# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Machines for tests: network namespaces on a bridge, each with an sshd. They share the file system and the processes of this
# machine, and nothing of the network: what reaches one of them went over its link. `load ../lib/hosts` behind common.
#
#   hosts_up N          makes machines 1 to N; skips the test where that cannot be
#   host_address I      the address of machine I: the test reaches it, and so do the others
#   host_ssh I          what stands behind ssh to get there, words
#   hosts_computers [USER]  the computers for a deployment file, in directories host1, host2, ... here; schedules in cron.d.
#                       USER: who gets there by ssh; he could not make the directories, so they are made
#   host_run I CMD...   runs a command there, as if it was started by cron: nothing of the network but its own
#   host_run_at WHEN I CMD...  the same by a clock that is WHEN off: +1y, -10y; skips the test where that cannot be
#   link_cut I          nobody reaches machine I any more, and it reaches nobody; connections hang
#   link_mend I         the link is there again
#   sshd_stop I, sshd_start I
#   hosts_down          takes all of it away; call it in teardown, also when hosts_up failed
#
# Globals: hosts_dir (keys, configurations, logs), hosts_id (what names of this test begin with), hosts_count.

hosts_up() {
    need_root
    local i
    for i in ip /usr/sbin/sshd ssh ssh-keygen; do command -v "$i" >/dev/null || skip "needs $i"; done
    hosts_dir=$BATS_TEST_TMPDIR/.hosts hosts_count=0
    # Names of links have 15 characters at most, and are there for all tests that run now.
    hosts_id=r$(printf '%x' "$BASHPID")
    mkdir -p "$hosts_dir" /run/sshd
    # A network of its own in 10.0.0.0/8, by the number of the process: tests run side by side.
    hosts_net=10.$((100 + BASHPID / 256 % 100)).$((BASHPID % 256))
    ip netns add "$hosts_id-0" 2>/dev/null || skip "network namespaces cannot be made here"
    ip link add "$hosts_id" type bridge || skip "bridges cannot be made here"
    ip addr add "$hosts_net.254/24" dev "$hosts_id"
    ip link set "$hosts_id" up
    ssh-keygen -q -t ed25519 -N '' -C test -f "$hosts_dir/key"
    for ((i = 1; i <= $1; i++)); do
        hosts_count=$i
        host_up "$i"
    done
    ip netns del "$hosts_id-0"
    for ((i = 1; i <= $1; i++)); do until_true host_answers "$i"; done
}

# Machine $1: a namespace, a link from it to the bridge, and an sshd there.
host_up() {
    local ns=$hosts_id-$1
    ip netns add "$ns"
    ip link add "$hosts_id.$1" type veth peer name eth0 netns "$ns"
    ip link set "$hosts_id.$1" master "$hosts_id" up
    ip -n "$ns" addr add "$hosts_net.$1/24" dev eth0
    ip -n "$ns" link set lo up
    ip -n "$ns" link set eth0 up
    ssh-keygen -q -t ed25519 -N '' -C "host $1" -f "$hosts_dir/host-$1"
    printf '%s %s\n' "$hosts_net.$1" "$(cat "$hosts_dir/host-$1.pub")" >>"$hosts_dir/known_hosts"
    cp "$hosts_dir/key.pub" "$hosts_dir/authorized-$1"
    # The tools are where the test has them, and not where sshd would look. A shell that is none of the first is what bash reads no
    # ~/.bashrc for: whatever that runs would be killed with the power, and leave its locks.
    cat >"$hosts_dir/sshd-$1.conf" <<END
ListenAddress $hosts_net.$1
HostKey $hosts_dir/host-$1
AuthorizedKeysFile $hosts_dir/authorized-$1
PidFile $hosts_dir/sshd-$1.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
StrictModes no
UsePAM yes
PrintMotd no
MaxStartups 100
SetEnv PATH=$PATH LC_ALL=C SHLVL=2
END
    sshd_start "$1"
}

host_address() { printf '%s.%s\n' "$hosts_net" "$1"; }

host_ssh() {
    printf '%s\n' "-F /dev/null -i $hosts_dir/key -o UserKnownHostsFile=$hosts_dir/known_hosts root@$(host_address "$1")"
}

hosts_computers() {
    local i
    mkdir -p cron.d
    for ((i = 1; i <= hosts_count; i++)); do
        if [ $# -gt 0 ]; then
            mkdir "host$i"
            chown "$1" "host$i"
        fi
        printf '[host%d]\nssh = %s\nroot = %s/host%d\nguid = COMP-%d\nnetwork = NET-%d\ncrontab = %s/cron.d\n\n' \
            "$i" "$(host_ssh "$i" | sed "s/root@/${1-root}@/")" "$PWD" "$i" "$i" "$i" "$PWD"
    done
}

host_answers() {
    # shellcheck disable=SC2046
    ssh -n -o BatchMode=yes -o ConnectTimeout=2 $(host_ssh "$1") true 2>"$hosts_dir/ssh-$1.err"
}

# Shared memory ends with the processes that had it, as it does in a machine without power: servers that are killed leave
# segments there, and what libfaketime leaves is called by the ids of its processes, and ends those that get such an id later.
host_run() {
    # shellcheck disable=SC2016
    ip netns exec "$hosts_id-$1" sh -c 'mount -t tmpfs none /dev/shm && exec "$@"' - "${@:2}"
}

host_run_at() {
    command -v faketime >/dev/null || skip 'needs faketime'
    host_run "$2" faketime --exclude-monotonic -f "$1" "${@:3}"
}

sshd_start() {
    host_run "$1" /usr/sbin/sshd -f "$hosts_dir/sshd-$1.conf" -E "$hosts_dir/sshd-$1.log" 3>&-
}

# The listener and what it has started: connections that are open end, too.
sshd_stop() {
    local pid
    read -r pid <"$hosts_dir/sshd-$1.pid" || return 0
    pkill -KILL -P "$pid" || :
    kill -KILL "$pid"
    rm -f "$hosts_dir/sshd-$1.pid"
}

link_cut() { ip link set "$hosts_id.$1" down; }
link_mend() { ip link set "$hosts_id.$1" up; }

# Ends every process that lives in the namespaces, and removes them. Returns 0.
hosts_down() {
    local i
    [ -n "${hosts_id-}" ] || return 0
    for ((i = 0; i <= hosts_count; i++)); do
        ip netns pids "$hosts_id-$i" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || :
        # The end of the link that is here goes at once; that of a namespace, only when its last process has gone.
        [ "$i" -eq 0 ] || ip link del "$hosts_id.$i" 2>/dev/null || :
        ip netns del "$hosts_id-$i" 2>/dev/null || :
    done
    ip link del "$hosts_id" 2>/dev/null || :
    hosts_id=
}
