#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Members of etcd that a deployment starts by itself, on computers that are directories of this machine: three of them, known to each
# other by certificates, which a leader and a fallback ask.

load ../lib/common
load ../lib/deployment

patience=${RS_PATIENCE-60}

# Computers alpha, beta, gamma, and delta, with members on those of $1.
with_members() {
    {
        for name in alpha beta gamma delta; do computer "$name" "NET-$name" "crontab = $PWD/cron.d"; done
        printf '[coordinator]\nkind = etcd\nmembers = %s\nlease = 5\n' "$1"
    } | sed 's/= none/= cron/' | deployment
}

# ctl COMPUTER ARGUMENTS...: etcdctl, as an instance on that computer.
ctl() { # says nothing of its own
    local tls=$PWD/$1/wiki/etcd-$1/etc/tls
    ETCDCTL_API=3 etcdctl --endpoints="$(client_url "$1")" --cacert="$tls/ca.pem" --cert="$tls/certificate.pem" --key="$tls/key.pem" \
        --command-timeout=3s --dial-timeout=2s "${@:2}" 2>/dev/null
}
client_url() { jq -r '."client-url"' "$1/wiki/etcd-$1/etc/published.json"; }

# The service of a member ends, as if its machine had.
end_member() {
    pkill -KILL -f "etcd --name $1 --data-dir $PWD/" || :
    until_true member_ended "$1"
}
member_ended() { ! pgrep -f "etcd --name $1 --data-dir $PWD/" >/dev/null; }
begin_member() { "$1/wiki/etcd-$1/bin/services" start; }

# Where there is an etcd.
replicated() {
    command -v etcd >/dev/null && command -v etcdctl >/dev/null && command -v openssl >/dev/null || fail 'etcd: not found; scripts/deps test'
    replicated_software
}

@test "members begin together, say who leads, and let nobody in without a certificate" {
    replicated
    mkdir cron.d
    with_members 'alpha beta gamma'
    run rs-deploy apply wiki.cfg
    [ "$status" -le 1 ] || fail "$output"
    [[ $output == *"+ etcd-alpha on alpha: etcd-member"* && $output == *'service etcd'* ]] || fail "$output"
    [[ $output != *'promise is not kept: etcd'* ]] || fail "$output"
    [ "$(ctl beta member list | grep -c ', started, .*, https://.*, https://')" -eq 3 ]
    # Who has something to ask has all it needs for that.
    leader=$(echo ./*/wiki/Name0)
    run -0 "$RS_STACK/failover/coordinator" "$leader/etc/coordinator.conf" check
    line=$(awk '$1 == "line" { print $2 }' "$leader/etc/failover")
    run -0 "$RS_STACK/failover/coordinator" "$leader/etc/coordinator.conf" read "$line"
    [ "$(stat -c %a "$leader/etc/tls/key.pem" alpha/wiki/etcd-alpha/etc/tls/key.pem .wiki.rs-deploy/members.json | tr '\n' ' ')" = '600 600 600 ' ]
    # And nobody else gets in.
    run ! curl -sk --max-time 3 "$(client_url alpha)/version"
    run ! env ETCDCTL_API=3 etcdctl --endpoints="$(client_url alpha)" --insecure-skip-tls-verify --command-timeout=2s --dial-timeout=2s get x
    # Once more: that they have worked is known now, and after that there is nothing to do.
    run rs-deploy apply wiki.cfg
    [ -e gamma/wiki/etcd-gamma/etc/formed ]
    run rs-deploy apply wiki.cfg
    [[ $output == *'wiki: nothing to do'* ]] || fail "$output"
    ctl alpha put some thing

    # One that could not begin has lost nothing, and says why it cannot.
    mkdir -p never/etc/tls never/var never/srv
    cp alpha/wiki/etcd-alpha/etc/tls/*.pem never/etc/tls/
    printf 'cluster never=https://127.0.0.1:1\nendpoints https://127.0.0.1:1\n' >never/etc/members
    for _ in 1 2; do
        run "$RS_STACK/etcd/member" --name never --root never --peer http://127.0.0.1:0x --client https://127.0.0.1:1
        [ "$status" -ne 75 ] && [ "$status" -ne 0 ] || fail "$status $output"
        [ ! -e never/var/etcd.formed ]
    done

    # One that has lost its data joins again; what was written is there.
    end_member beta
    rm -rf beta/wiki/etcd-beta/srv/etcd
    begin_member beta
    until_true ctl beta endpoint health || fail "$(tail -n 5 beta/wiki/etcd-beta/var/log/etcd.log)"
    [ "$(ctl beta get some --print-value-only)" = thing ]
    [ "$(ctl beta member list | wc -l)" -eq 3 ]

    # Its machine is a new one, on which nothing is known.
    end_member gamma
    "$PWD/gamma/wiki/etcd-gamma/bin/services" stop
    rm -rf gamma/wiki
    run rs-deploy apply wiki.cfg
    until_true ctl gamma endpoint health || fail "$output" "$(tail -n 5 gamma/wiki/etcd-gamma/var/log/etcd.log)"
    [ "$(ctl gamma get some --print-value-only)" = thing ]

    # Another computer takes the place of one.
    with_members 'alpha beta delta'
    run rs-deploy apply wiki.cfg
    [[ $output == *'- etcd-gamma on gamma'* && $output == *'+ etcd-delta on delta'* ]] || fail "$output"
    until_true ctl delta endpoint health || fail "$output" "$(tail -n 5 delta/wiki/etcd-delta/var/log/etcd.log)"
    [ "$(ctl delta get some --print-value-only)" = thing ]
    [ "$(ctl delta member list | awk -F ', ' '{ print $3 }' | sort | xargs)" = 'alpha beta delta' ]
    until_true "$RS_STACK/failover/coordinator" "$leader/etc/coordinator.conf" check

    # A majority that has lost its data begins nothing new: somebody has to look.
    end_member alpha
    end_member beta
    end_member delta
    rm -rf alpha/wiki/etcd-alpha/srv/etcd beta/wiki/etcd-beta/srv/etcd
    run -75 alpha/wiki/etcd-alpha/etc/service/etcd
    [[ $output == *'is lost, and none of the others answers'* ]] || fail "$output"
    begin_member delta
    until_true pgrep -f "etcd --name delta --data-dir $PWD/" >/dev/null
    run -75 alpha/wiki/etcd-alpha/etc/service/etcd
    [ ! -e alpha/wiki/etcd-alpha/srv/etcd ]
    run -1 alpha/wiki/etcd-alpha/etc/promise/etcd
    [[ $output == *'does the service etcd run, on most of the computers?'* ]] || fail "$output"
    rs-deploy destroy wiki.cfg --yes wiki
}

@test "what is wrong with members is told" {
    replicated
    refuses() {
        with_members "$1"
        [ -z "${2-}" ] || printf '%s\n' "$2" >>wiki.cfg
        run -78 rs-deploy plan wiki.cfg
        [[ $output == *"$3"* ]] || fail "$output"
    }
    refuses 'alpha beta' '' 'members: 3 or 5'
    refuses 'alpha beta epsilon' '' 'there is no computer epsilon'
    refuses 'alpha alpha beta' '' 'one is there twice'
    refuses 'alpha beta gamma' 'endpoints = http://h:1' 'endpoints: is not needed with members'
    refuses 'alpha beta gamma' 'key = /k' 'key: is not needed with members'
    with_members 'alpha beta gamma'
    sed -i 's/^kind = etcd/kind = dir/' wiki.cfg
    run -78 rs-deploy plan wiki.cfg
    [[ $output == *'members: are of etcd'* ]] || fail "$output"
}
