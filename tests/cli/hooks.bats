#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The hooks of a takeover in stack/failover/takeover.d, rs-takeover-page(7): with machines on a bridge, a named and a HAProxy.

load ../lib/common
load ../lib/hosts

teardown() {
    if command -v hosts_down >/dev/null && [ -n "${hosts_id-}" ]; then hosts_down; fi
    reap
}

# settings NAME LINE...: of the instance i.
settings() {
    mkdir -p i/etc/takeover.d
    printf '%s\n' "${@:2}" >"i/etc/takeover.d/$1.conf"
}

# hook NAME WORD...: as a takeover calls it.
hook() {
    RS_NAME=Name RS_INSTANCE=Name1 RS_EPOCH=4 RS_ROOT=$PWD/i "$RS_STACK/failover/takeover.d/$1" "${@:2}" 3>&-
}

# ends STATUS NAME WORD...: the hook does, and says $says if that is set.
ends() {
    local wanted=$1 got=0
    shift
    hook "$@" >out 2>err || got=$?
    [ "$got" -eq "$wanted" ] || fail "$* ended with $got, not $wanted" "$(cat out err)"
    [ -z "${says-}" ] || grep -qF -- "$says" out err || fail "no '$says'" "$(cat out err)"
}

@test "each hook says what it is, and refuses what it does not understand, with the line" {
    for name in address dns haproxy; do
        ends 0 "$name" --help
        grep -q "^  $name start " out
        [ -z "$(cat err)" ]
        ends 64 "$name"
        ends 64 "$name" begin
        ends 64 "$name" start stop
        RS_ROOT='' run -64 "$RS_STACK/failover/takeover.d/$name" start
        rm -rf i
        ends 66 "$name" start
        settings "$name" '# of a test' '' 'what is this'
        says="i/etc/takeover.d/$name.conf:3: what: no such word" ends 78 "$name" start
        settings "$name"
        says='is missing' ends 78 "$name" start
    done
    # shellcheck disable=SC2016 # for who would run it
    for bad in 'device -x' 'device a b' 'device $(touch hacked)' 'address 10.0.0.1' 'address 10.0.0.1/x' 'address x/24' 'address 10.0.0.1/24 dev y' \
        'conflict maybe' 'sudo sudo' 'device'; do
        settings address "$bad"
        says=':1: ' ends 78 address start
    done
    # shellcheck disable=SC2016 # for who would run it
    for bad in 'server a b' 'server a 1 2' 'server ' 'server a;b' 'zone a b' 'name a
send' 'address 10.0.0.1 x' 'address ten' 'ttl 1h' 'ttl -1' 'timeout 0' 'key-file k' 'key-file /nowhere'; do
        settings dns "$bad"
        says="i/etc/takeover.d/dns.conf:" ends 78 dns start
    done
    for bad in 'socket s' 'socket /a b' 'socket /a,fork' 'backend a/b' 'backend a;b' 'own a b' 'timeout 0' 'timeout 100'; do
        settings haproxy "$bad"
        says=':1: ' ends 78 haproxy start
    done
    [ ! -e hacked ]
}

@test "a hook can have digits in front of its name, and settings of its own" {
    mkdir -p i/etc/takeover.d
    ln -s "$(readlink -f "$RS_STACK")/failover/takeover.d/address" i/etc/takeover.d/10-address
    cp "$RS_STACK/failover/takeover.d/address" i/etc/takeover.d/20-address
    settings address 'wrong here'
    settings 20-address 'wrong there'
    run -78 env RS_ROOT="$PWD/i" i/etc/takeover.d/10-address start
    [[ $output == *"10-address: error: $PWD/i/etc/takeover.d/address.conf:1: wrong: "* ]] || fail "$output"
    run -78 env RS_ROOT="$PWD/i" i/etc/takeover.d/20-address start
    [[ $output == *"/20-address.conf:1: wrong: "* ]] || fail "$output"
}

# ---- address ----

# here I [ADDRESS]: machine I has it.
here() {
    host_run "$1" ip -o address show dev eth0 | grep -qF " ${2-$moves}/"
}

# reaches I: a client, machine 3, gets at machine I with the address: by the name that it says.
reaches() {
    [ "$(host_run 3 curl -s --max-time 2 "http://$moves:8000/who")" = "$1" ]
}

# ends_at I STATUS NAME WORD...: the hook does, on machine I.
ends_at() {
    local i=$1 wanted=$2 got=0
    shift 2
    RS_ROOT=$PWD/i host_run "$i" "$RS_STACK/failover/takeover.d/$1" "${@:2}" >out 2>err 3>&- || got=$?
    [ "$got" -eq "$wanted" ] || fail "$* ended with $got, not $wanted" "$(cat out err)"
}

@test "an address moves, and a client that had it in its cache finds it at once" {
    for tool in arping curl ip busybox; do command -v $tool >/dev/null || skip "needs $tool"; done
    hosts_up 3
    moves=$hosts_net.77
    for i in 1 2; do
        mkdir "www$i"
        echo "$i" >"www$i/who"
        host_run "$i" busybox httpd -f -p 8000 -h "$PWD/www$i" >/dev/null 2>&1 3>&- &
        pids+=($!)
    done
    settings address 'device eth0' "address $moves/24"
    ends_at 1 0 address start
    here 1
    until_true reaches 1
    # Again: nothing changes.
    ends_at 1 0 address start
    [ "$(host_run 1 ip -o address show dev eth0 | grep -cF " $moves/")" -eq 1 ]
    # The old one has it still: two machines with one address harm each other.
    ends_at 2 69 address start
    grep -q "$moves/24: another machine on eth0 answers to it" err
    run ! here 2
    # It is cut off, or stopped, and then it moves.
    ends_at 1 0 address stop
    run ! here 1
    ends_at 1 0 address stop
    ends_at 2 0 address start
    here 2
    grep -q "$moves/24 is on eth0" out
    reaches 2 || reaches 2 || fail "$(host_run 3 ip neigh)"
    [ "$(host_run 3 ip neigh show to "$moves" | grep -o 'lladdr [0-9a-f:]*')" = "lladdr $(host_run 2 cat /sys/class/net/eth0/address)" ]
    # Taken though somebody has it.
    ends_at 2 0 address stop
    ends_at 1 0 address start
    settings address 'device eth0' "address $moves/24" 'conflict take'
    ends_at 2 0 address start
    grep -q 'taken all the same' err
    here 2
    # Its own address stays.
    here 2 "$(host_address 2)"
    settings address 'device eth9' "address $moves/24"
    ends_at 2 69 address start
}

@test "an address of IPv6 is of use when the hook has ended, and is refused if another one has it" {
    command -v ip >/dev/null || skip "needs ip"
    hosts_up 2
    moves=fd00:77::77
    host_run 1 ip -6 address add fd00:77::9/64 dev eth0 2>/dev/null || skip "needs IPv6"
    settings address 'device eth0' "address $moves/64" 'address fd00:77::78/64'
    ends_at 1 0 address start
    [ "$(host_run 1 ip -o -6 address show dev eth0 | grep ':77::7' | grep -vc tentative)" -eq 2 ]
    ends_at 1 0 address start
    ends_at 2 69 address start
    # All of them or none.
    [ "$(host_run 2 ip -o -6 address show dev eth0 | grep -c ':77::7')" -eq 0 ]
    ends_at 1 0 address stop
    run ! here 1
    # One that was refused before is asked for again.
    host_run 2 ip -6 address add "$moves/64" dev eth0
    ends_at 2 0 address start
    here 2
    here 2 fd00:77::78
    settings address 'device eth0' "address $moves/64" 'conflict take'
    ends_at 1 0 address start
    host_run 1 ip -o -6 address show dev eth0 | grep -F "$moves" | grep -vq 'tentative\|dadfailed'
}

@test "without the right to it an address is not moved, and that is told of" {
    command -v setpriv >/dev/null || skip "needs setpriv"
    hosts_up 1
    settings address 'device eth0' 'address 198.51.100.7/32'
    RS_ROOT=$PWD/i run -69 host_run 1 setpriv --bounding-set=-net_admin "$RS_STACK/failover/takeover.d/address" start
    [[ $output == *"198.51.100.7/32: "*"sudo yes"* ]] || fail "$output"
}

# ---- dns ----

# A named for example.org with a key, on $port; and the settings.
nameserver() {
    for tool in named nsupdate dig tsig-keygen; do command -v $tool >/dev/null || skip "needs $tool"; done
    mkdir -p named
    (umask 077 && tsig-keygen -a hmac-sha256 takeover >key && tsig-keygen -a hmac-sha256 takeover >other-key)
    cat >named/zone <<'END'
$TTL 3600
@ IN SOA ns hostmaster 1 3600 600 86400 60
  IN NS ns
ns IN A 127.0.0.1
wiki 60 IN A 192.0.2.1
wiki 60 IN AAAA 2001:db8::1
wiki 60 IN TXT "stays"
other 60 IN A 192.0.2.9
END
    port=$("$python" -S -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    cat >named/conf <<END
include "$PWD/key";
options {
    directory "$PWD/named"; pid-file "$PWD/named/pid"; session-keyfile "$PWD/named/session";
    listen-on port $port { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; dnssec-validation no; notify no;
};
controls { };
zone "example.org" { type primary; file "zone"; allow-update { key takeover; }; };
END
    named -g -n 1 -c "$PWD/named/conf" >named/log 2>&1 3>&- &
    pids+=($!)
    until_true serves ns 127.0.0.1
    settings dns "server 127.0.0.1 $port" 'zone example.org' 'name wiki.example.org' "key-file $PWD/key" 'ttl 30' 'address 192.0.2.2' 'address 2001:db8::2'
}

# serves NAME [ADDRESS...]: what the server says of it.
serves() {
    local said
    said=$({ ask "$1" A && ask "$1" AAAA; } | sort | paste -sd ' ')
    [ "$said" = "${*:2}" ]
}
ask() {
    dig +short +time=2 +tries=1 -p "$port" @127.0.0.1 "$1.example.org" "$2"
}

@test "a name leads to the new addresses and to no others; stop takes only them away" {
    nameserver
    serves wiki 192.0.2.1 2001:db8::1
    ends 0 dns start
    serves wiki 192.0.2.2 2001:db8::2
    dig +noall +answer -p "$port" @127.0.0.1 wiki.example.org A | grep -q '[[:space:]]30[[:space:]]'
    ends 0 dns start
    serves wiki 192.0.2.2 2001:db8::2
    [ "$(ask wiki TXT)" = '"stays"' ]
    serves other 192.0.2.9
    # Another one has taken over meanwhile: what stop removes is not his.
    sed -i 's/^address .*\.2$/address 192.0.2.3/; /2001/d' i/etc/takeover.d/dns.conf
    cp -r i new
    ends 0 dns start
    serves wiki 192.0.2.3
    sed -i 's/192.0.2.3/192.0.2.2/' i/etc/takeover.d/dns.conf
    ends 0 dns stop
    serves wiki 192.0.2.3
    rm -r i && mv new i
    ends 0 dns stop
    ends 0 dns stop
    serves wiki
}

@test "an update that the server does not take, or a server that is not there, is 69, and the key is kept" {
    nameserver
    sed -i "s|^key-file .*|key-file $PWD/other-key|" i/etc/takeover.d/dns.conf
    ends 69 dns start
    serves wiki 192.0.2.1 2001:db8::1
    secret=$(sed -n 's/.*secret "\(.*\)".*/\1/p' other-key)
    [ "${#secret}" -gt 20 ]
    run ! grep -qF -e "$secret" out err
    sed -i "s|^key-file .*|key-file $PWD/key|; s/^zone .*/zone example.net/" i/etc/takeover.d/dns.conf
    ends 69 dns start
    sed -i "s/^zone .*/zone example.org/; s/^server .*/server 127.0.0.1 1/" i/etc/takeover.d/dns.conf
    echo 'timeout 2' >>i/etc/takeover.d/dns.conf
    ends 69 dns start
    chmod 0644 key
    says='others may read it' ends 78 dns start
}

# ---- haproxy ----

# A HAProxy with three servers of which the first is used, its socket ./admin; and the settings.
proxy() {
    for tool in haproxy socat; do command -v $tool >/dev/null || skip "needs $tool"; done
    port=$("$python" -S -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    for name in Name0 Name1 Name2; do
        mkdir "www-$name"
        echo "$name" >"www-$name/who"
        # An address is a machine here.
        busybox httpd -f -p "127.0.0.1${name#Name}:$port" -h "www-$name" >/dev/null 2>&1 3>&- &
        pids+=($!)
    done
    cat >proxy.conf <<END
global
    stats socket $PWD/admin level admin
defaults
    mode tcp
    timeout connect 2s
    timeout client 60s
    timeout server 60s
listen wiki
    bind 127.0.0.1:$port
    server Name0 127.0.0.10:$port
    server Name1 127.0.0.11:$port disabled
    server Name2 127.0.0.12:$port disabled
END
    haproxy -db -f proxy.conf >haproxy.log 2>&1 3>&- &
    pids+=($!)
    until_true gets Name0
    settings haproxy "socket $PWD/admin" 'backend wiki' 'own Name1' 'other Name0' 'other Name2' 'timeout 2'
}

# gets NAME: what is asked for comes from there.
gets() {
    [ "$(curl -s --max-time 5 "http://127.0.0.1:$port/who")" = "$1" ]
}

@test "HAProxy sends all to the new one, and ends what was with the old one" {
    for tool in busybox curl; do command -v $tool >/dev/null || skip "needs $tool"; done
    proxy
    # Somebody who is connected to the old one and says nothing.
    "$python" -S -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"GET /who HTTP/1.0\r\n")
open("connected", "w").close()
s.settimeout(50)
s.recv(100)
open("cut", "w").close()' "$port" 3>&- &
    pids+=($!)
    until_true test -e connected
    until_true eval 'echo "show sess" | socat - UNIX-CONNECT:admin | grep -q "srv=Name0"'
    ends 0 haproxy start
    gets Name1
    until_true test -e cut
    ends 0 haproxy start
    gets Name1
    # It goes back: the settings of the other one.
    settings haproxy "socket $PWD/admin" 'backend wiki' 'own Name0' 'other Name1'
    ends 0 haproxy start
    gets Name0
    ends 0 haproxy stop
    ends 0 haproxy stop
    run ! gets Name0
}

@test "what HAProxy does not do is 69" {
    for tool in busybox curl; do command -v $tool >/dev/null || skip "needs $tool"; done
    proxy
    sed -i 's/^own .*/own Name7/' i/etc/takeover.d/haproxy.conf
    says='No such server' ends 69 haproxy start
    settings haproxy "socket $PWD/nowhere" 'backend wiki' 'own Name1'
    ends 69 haproxy start
    # One that answers nothing.
    socat "UNIX-LISTEN:$PWD/mute,fork" EXEC:'sleep 60' 3>&- &
    pids+=($!)
    until_true test -S mute
    settings haproxy "socket $PWD/mute" 'backend wiki' 'own Name1' 'timeout 1'
    ends 69 haproxy start
    # A level that may only look.
    settings haproxy "socket $PWD/admin" 'backend wiki' 'own Name1'
    sed -i 's/level admin/level user/' proxy.conf
    kill "${pids[3]}"
    wait "${pids[3]}" || :
    haproxy -db -f proxy.conf >haproxy.log 2>&1 3>&- &
    pids+=($!)
    until_true gets Name0
    ends 69 haproxy start
    gets Name0
}
