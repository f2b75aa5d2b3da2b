#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-deploy over ssh: three machines with networks of their own.

load ../lib/common
load ../lib/deployment
load ../lib/hosts

# A deployment of three machines; their schedules are files.
three() {
    local i
    mkdir -p cron.d
    for i in 1 2 3; do
        printf '[host%d]\nssh = %s\nroot = %s/host%d\nguid = COMP-%d\nnetwork = NET-%d\ncrontab = %s/cron.d\n\n' \
            "$i" "$(host_ssh "$i")" "$PWD" "$i" "$i" "$i" "$PWD"
    done | deployment
}

@test "a replicated service on three machines over ssh; one of them is lost for a while" {
    hosts_up 3
    replicated_software
    three
    export RS_DEPLOY_CONNECT=3
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
    run ! pgrep -f "ssh.*ControlPath=.*$PWD"
    [ -z "$(find .wiki.rs-deploy /tmp/rs-deploy.* -type s 2>/dev/null)" ]

    # Services live in the namespace of their machine.
    leader=$(jq -r .Name0.computer .wiki.rs-deploy/placements.json)
    beat=$(tail -n 1 "$leader/wiki/Name0/srv/beats")
    [ "$(ip netns identify "$beat")" = "$hosts_id-${leader#host}" ] || fail "$(ip netns identify "$beat")"
    run -0 --separate-stderr rs-deploy status --json wiki.cfg
    [ "$(jq '[.instances[] | select(.state == "settled")] | length' <<<"$output")" -eq 3 ] || fail "$output"

    # A computer that cannot be reached: nothing of it is forgotten.
    sshd_stop 2
    run -69 --separate-stderr rs-deploy destroy wiki.cfg --yes wiki
    [ -d host2/wiki ]
    [ "$(jq length .wiki.rs-deploy/placements.json)" -eq 1 ]
    sshd_start 2
    run -0 --separate-stderr rs-deploy destroy wiki.cfg --yes wiki
    [ -z "$(find host1 host2 host3 cron.d .wiki.rs-deploy -type f)" ] || fail "$(find host1 host2 host3 cron.d .wiki.rs-deploy -type f)"
    until_true gone "$beat"
}
