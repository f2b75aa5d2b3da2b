#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-deploy over ssh: three machines with networks of their own.

load ../lib/common
load ../lib/deployment
load ../lib/hosts

@test "a replicated service on three machines over ssh; one of them is lost for a while" {
    hosts_up 3
    replicated_software
    hosts_computers | deployment
    # Sockets of connections are below it.
    export RS_DEPLOY_CONNECT=3 TMPDIR=$PWD
    link_cut 3
    run -69 --separate-stderr rs-deploy apply wiki.cfg
    [[ $stderr == *"host3: cannot be reached"* ]] || fail "$stderr"
    [ -d host1/wiki ]
    [ -d host2/wiki ]
    [ ! -e host3 ]

    link_mend 3
    until_true host_answers 3
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [ -z "$stderr" ] || fail "$stderr"
    [ "$(ls -d host*/wiki | tr '\n' ' ')" = "host1/wiki host2/wiki host3/wiki " ]
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [ "$output" = "wiki: nothing to do" ] || fail "$output"
    # Each is told the address by which the others reach it, and no connection was left open.
    for name in Name0 Name1 'PBS (Name / 1)'; do
        machine=$(jq -r --arg name "$name" '.[$name].computer' .wiki.rs-deploy/placements.json)
        [ "$(jq -r .address "$machine/wiki"/"$(tr -cs A-Za-z0-9 - <<<"$name" | sed 's/-$//')"/etc/instance.json)" = "$(host_address "${machine#host}")" ]
    done
    run ! pgrep -f "ssh: $PWD/tmp.*mux"
    [ -z "$(find . -type s 2>/dev/null)" ]

    # Services live in the namespace of their machine.
    leader=$(jq -r .Name0.computer .wiki.rs-deploy/placements.json)
    beat=$(tail -n 1 "$leader/wiki/Name0/srv/beats")
    [ "$(ip netns identify "$beat")" = "$hosts_id-${leader#host}" ] || fail "$(ip netns identify "$beat")"
    run -0 --separate-stderr rs-deploy status --json wiki.cfg
    [ "$(jq '[.instances[] | select(.state == "settled")] | length' <<<"$output")" -eq 3 ] || fail "$output"

    # The same connections tell what rs-status wants to know; a dump goes from machine to machine by ssh.
    echo data >"$leader/wiki/Name0/srv/data/file"
    "$leader/wiki/Name0/bin/exporter"
    well() { rs-status --json --deployment wiki.cfg >whole.json && jq -e '[.instances[].proofs[] | select(.state == "ok" and .generation == "1.1")] | length == 1' whole.json; }
    until_true well
    run -0 jq -e '[.instances[] | select(.kind != "other") | .disk.bytes > 0 and (.promises | length) > 4] | length == 3 and all' whole.json
    run -0 jq -e '[.instances[].promises[] | select(.name == "sshd" and .state == "kept")] | length == 3' whole.json
    run ! pgrep -f "ssh: $PWD/tmp.*mux"

    # A computer that cannot be reached: nothing of it is forgotten.
    sshd_stop 2
    run -69 --separate-stderr rs-deploy destroy wiki.cfg --yes wiki
    [ -d host2/wiki ]
    [ "$(jq length .wiki.rs-deploy/placements.json)" -eq 1 ]
    run -69 --separate-stderr rs-status -q --deployment wiki.cfg
    [[ $output == *"unreachable "*" on host2: computer: "*"cannot be reached"* ]] || fail "$output"
    sshd_start 2
    run -0 --separate-stderr rs-deploy destroy wiki.cfg --yes wiki
    [ -z "$(find host1 host2 host3 cron.d .wiki.rs-deploy -type f)" ] || fail "$(find host1 host2 host3 cron.d .wiki.rs-deploy -type f)"
    until_true gone "$beat"
}
