#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-render instance: a profile and what an instance is given become its tree; again and again, through crashes, and
# without touching what is not its own.

load ../lib/common

# A profile with a part of most kinds.
profile() {
    cat >base.cfg <<'END'
[buildout]
parts = directory
[directory]
recipe = slapos.cookbook:mkdirectory
bin = ${buildout:directory}/bin
backup = ${buildout:directory}/srv/backup/${slap-parameter:namebase}
[slap-parameter]
namebase = postgres
[slap-configuration]
recipe = slapos.cookbook:slapconfiguration
END
    cat >report.in <<'END'
#!/bin/sh
{% from "macros" import greet -%}
{% for name, value in parameters | dictsort -%}
# {{ name }}: {{ value }}
{% endfor -%}
echo {{ greet(who) }} from {{ bin }}

END
    printf '{%% macro greet(who) %%}hello {{ who }}{%% endmacro %%}' >macros.in
    printf 'first ${directory:bin} then $${later:stage}\n' >text.in
    cat >p.cfg <<'END'
[buildout]
extends = base.cfg
parts += exporter
    report
    text
    cron-entry-backup
    link
    publish
[exporter]
recipe = slapos.cookbook:wrapper
wrapper-path = ${directory:bin}/${slap-parameter:namebase}-exporter
command-line = printf '%s\n' 'a  b' "$HOME" ${directory:backup}
environment =
    COLOUR = red and blue
    EMPTY =
[report]
recipe = slapos.recipe.template:jinja2
url = ${:_profile_base_location_}/report.in
output = ${directory:bin}/report
import-list = rawfile macros ${:_profile_base_location_}/macros.in
context =
    key parameters slap-configuration:configuration
    key bin directory:bin
    raw who the world
[text]
recipe = slapos.recipe.template
url = ${:_profile_base_location_}/text.in
output = ${buildout:directory}/etc/text
mode = 0640
[cron-entry-backup]
recipe = slapos.cookbook:cron.d
name = backup
frequency = ${slap-parameter:resiliency-backup-periodicity}
command = ${exporter:wrapper-path}
[slap-parameter]
resiliency-backup-periodicity =
[link]
recipe = cns.recipe.symlink
symlink = ${exporter:wrapper-path} = ${directory:bin}/exporter
[secret]
recipe = slapos.cookbook:generate.password
storage-path = ${buildout:directory}/etc/.secret
[publish]
recipe = slapos.cookbook:publish
-hidden = 1
password = ${secret:passwd}
bin = ${directory:bin}
END
    sed -i 's/COLOUR = red and blue/COLOUR=red and blue/; s/EMPTY =/EMPTY=/' p.cfg
    printf '{"name": "wiki0", "software-type": "export", "parameters": {"n": 3, "list": [1, true, null], "text": "x y"}}' >given.json
}

# json_file FILE KEY: the value in a file that is one JSON object.
json_file() {
    "$python" -S -c 'import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."):
    value = value[key]
print(value)' "$@"
}

# All files of the tree with their modes and contents.
listing() { (cd "$1" && find . -mindepth 1 ! -name .rs-lock -printf '%P %y %m %l\n' | sort && find . -type f ! -name .rs-lock | sort | xargs sha256sum); }

@test "the tree has what the parts say, and a second run finds nothing to do" {
    profile
    run -0 rs-render instance p.cfg --root inst --given given.json
    [ "$output" = "+ bin/
+ bin/exporter
+ bin/postgres-exporter
+ bin/report
+ etc/
+ etc/.secret
+ etc/cron.d/
+ etc/cron.d/backup
+ etc/crontab
+ etc/instance.json
+ etc/published.json
+ etc/text
+ srv/
+ srv/backup/
+ srv/backup/postgres/" ]
    [ "$(HOME=/h inst/bin/exporter 'c d')" = "a  b
\$HOME
$PWD/inst/srv/backup/postgres
c d" ]
    sh -n inst/bin/postgres-exporter
    grep -qx "export COLOUR='red and blue'" inst/bin/postgres-exporter
    [ "$(inst/bin/report)" = "hello the world from $PWD/inst/bin" ]
    [ "$(sed -n 2,4p inst/bin/report)" = "# list: [1, True, None]
# n: 3
# text: x y" ]
    [ "$(cat inst/etc/text)" = "first $PWD/inst/bin then \${later:stage}" ]
    [ "$(stat -c %a inst/etc/text inst/etc/.secret inst/bin/report inst/srv/backup/postgres | xargs)" = '640 600 700 700' ]
    [ "$(cat inst/etc/crontab)" = "$(rs-render schedule --hourly wiki0) $PWD/inst/bin/postgres-exporter" ]
    [ "$(json_file inst/etc/published.json password)" = "$(cat inst/etc/.secret)" ]
    [ "$(json_file inst/etc/instance.json parameters.text)" = 'x y' ]
    ! grep -q hidden inst/etc/published.json
    listing inst >before
    run -0 rs-render instance p.cfg --root inst --given given.json
    [ -z "$output" ]
    listing inst | diff before -
    rs-render instance p.cfg --root inst --given given.json --json >json
    [ "$(json json published.bin)" = "$PWD/inst/bin" ]
}

@test "only what differs changes, what is not asked for any more goes, and data stays" {
    profile
    rs-render instance p.cfg --root inst --given given.json
    echo data >inst/srv/backup/postgres/dump
    echo mine >inst/etc/cron.d/own
    touch -d 2020-01-01 inst/bin/report
    chmod o+x inst/bin # for a server that is not run by the owner: no option says otherwise
    sed -i '/^    link$/d; /^    cron-entry-backup$/d; s/a  b/a  c/; s/^mode = 0640/mode = 0600/' p.cfg
    run -0 rs-render instance p.cfg --root inst --given given.json --dry-run
    local planned=$output
    [ "$output" = "~ bin/postgres-exporter
~ etc/text (mode)
- etc/crontab
- etc/cron.d/backup
- bin/exporter" ]
    run -0 rs-render instance p.cfg --root inst --given given.json --diff
    [[ $output == *"-exec printf '%s\\n' 'a  b'"*"+exec printf '%s\\n' 'a  c'"* ]]
    [[ $output == *'- etc/crontab (not shown)'* ]]
    [ -e inst/bin/exporter ]
    run -0 rs-render instance p.cfg --root inst --given given.json
    [ "$output" = "$planned" ]
    [ ! -e inst/bin/exporter ]
    [ "$(cat inst/etc/cron.d/own inst/srv/backup/postgres/dump | xargs)" = 'mine data' ]
    [ "$(stat -c %y inst/bin/report | cut -c1-10)" = 2020-01-01 ]
    # Another name of the data: the old one stays where it is.
    rs-render instance p.cfg --root inst --given given.json --set slap-parameter:namebase=other
    [ -e inst/srv/backup/postgres/dump ]
    [ -d inst/srv/backup/other ]
    [ ! -e inst/bin/postgres-exporter ]
    [ -x inst/bin/other-exporter ]
}

@test "a part that is the user's own executable gets its section and says what it made" {
    cat >recipe <<'END'
#!/bin/sh
set -eu
cat >"$RECORD"
printf '{"options": {"port": "8080", "list": [1, 2]}, "directories": [{"path": "var/x", "mode": "0750"}],'
printf ' "files": [{"path": "etc/x", "content": "a\\nb\\n", "mode": "0644"}], "links": [{"path": "etc/y", "target": "x"}],'
printf ' "published": {"url": "http://[::1]:8080/"}}\n'
END
    chmod +x recipe
    printf '[buildout]\nparts = x w\n[x]\nrecipe = %s/recipe\nkey = a b\n[w]\nrecipe = wrapper\nwrapper-path = bin/w\ncommand-line = serve ${x:port} "${x:list}"\n' "$PWD" >p.cfg
    RECORD=$PWD/in.json rs-render instance p.cfg --root inst
    [ "$(json_file in.json options.key)" = 'a b' ]
    [ "$(json_file in.json root)" = "$PWD/inst" ]
    [ "$(cat inst/etc/y)" = 'a
b' ]
    [ "$(stat -c %a inst/var/x inst/etc/x | xargs)" = '750 644' ]
    grep -qx "exec serve 8080 '!py!\\[1, 2\\]' \"\$@\"" inst/bin/w
    [ "$(json_file inst/etc/published.json url)" = 'http://[::1]:8080/' ]

    printf '#!/bin/sh\nexit 3\n' >recipe
    run -69 rs-render instance p.cfg --root inst
    [[ $output == *'exited with status 3'* ]]
    printf '#!/bin/sh\necho "{\\"files\\": [{\\"path\\": \\"../x\\", \\"content\\": \\"\\"}]}"\n' >recipe
    run -78 rs-render instance p.cfg --root inst
    printf '#!/bin/sh\necho no\n' >recipe
    run -78 rs-render instance p.cfg --root inst
    printf '#!/bin/sh\necho "{\\"file\\": []}"\n' >recipe
    run -78 rs-render instance p.cfg --root inst
    [ -e inst/etc/x ] # nothing was changed by any of them
}

@test "the software type chooses the profile, one that another part has made too" {
    cat >p.cfg <<'END'
[buildout]
parts = switch_softwaretype
[dynamic]
recipe = jinja2
inline =
    [buildout]
    parts = w
    [w]
    recipe = wrapper
    wrapper-path = bin/{{ name }}
    command-line = true
context = raw name made
output = ${buildout:directory}/etc/made.cfg
[switch_softwaretype]
recipe = slapos.cookbook:switch-softwaretype
default = ${dynamic:output}
frozen = ${:_profile_base_location_}/frozen.cfg
END
    printf '[buildout]\nparts =\n' >frozen.cfg
    rs-render instance p.cfg --root inst
    [ -x inst/bin/made ]
    echo '{"software-type": "frozen"}' >given.json
    run -0 rs-render instance p.cfg --root inst --given given.json
    [[ $output == *'- bin/made'* ]]
    echo '{"software-type": "froze"}' >given.json
    run -78 rs-render instance p.cfg --root inst --given given.json
    [[ $output == *'there is no software type froze'*'there are: default, frozen'* ]]
}

@test "md5sum is verified, once is once" {
    printf 'text\n' >t.in
    printf '[buildout]\nparts = t\n[t]\nrecipe = template\nurl = %s/t.in\nmd5sum = %s\noutput = etc/t\nonce = etc/.t-done\n' \
        "$PWD" "$(md5sum <t.in | cut -c1-32)" >p.cfg
    rs-render instance p.cfg --root inst
    echo edited >inst/etc/t
    run -0 rs-render instance p.cfg --root inst
    [ -z "$output" ]
    [ "$(cat inst/etc/t)" = edited ]
    echo more >>t.in
    run -78 rs-render instance p.cfg --root inst
    [[ $output == *"p.cfg:6: [t] md5sum: $PWD/t.in has "* ]]
}

@test "a wrapper with a pid file runs once at a time" {
    printf '[buildout]\nparts = w\n[w]\nrecipe = wrapper\nwrapper-path = bin/w\npidfile = %s/pid\ncommand-line = sh -c "echo in >fifo; cat fifo2"\n' "$PWD" >p.cfg
    rs-render instance p.cfg --root inst
    mkfifo fifo fifo2
    inst/bin/w &
    pids+=($!)
    [ "$(cat fifo)" = in ]
    run -75 inst/bin/w
    [[ $output == *"already running with pid ${pids[0]}"* ]]
    : >fifo2
    wait "${pids[0]}"
    echo 1 >pid # a stale number is no obstacle
    inst/bin/w &
    [ "$(cat fifo)" = in ]
    : >fifo2
    wait $!
}

@test "a port is drawn once, in its range, and not where somebody listens" {
    "$python" -S - <<'END' &
import socket, time
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
open('taken.new', 'w').write(str(s.getsockname()[1]))
import os; os.rename('taken.new', 'taken'); time.sleep(600)
END
    pids+=($!)
    until_true test -e taken
    taken=$(cat taken)
    ports() {
        printf '[buildout]\nparts = p\n[p]\nrecipe = %s\nminimum = %s\nmaximum = %s\nstorage-path = var/port\n' "$1" "$2" "$3" >p.cfg
        rs-render instance p.cfg --root inst
    }
    run -78 ports free-port "$taken" "$((taken + 1))"
    [[ $output == *"no port from $taken to $taken is free"* ]]
    run -78 ports free-port 5000 5000
    run -78 ports free-port 0 70000
    ports slapos.cookbook:free_port "$taken" "$((taken + 20))" >/dev/null
    port=$(cat inst/var/port)
    [ "$port" -gt "$taken" ] && [ "$port" -lt "$((taken + 20))" ]
    run -0 ports free-port 1 2 # it is kept, whatever the range is now
    [ "$(cat inst/var/port)" = "$port" ]
    # Two parts never have the same one, though nobody listens yet.
    printf '[buildout]\nparts = p q\n[p]\nrecipe = free-port\nminimum = %s\nmaximum = %s\n[q]\n<= p\n' "$port" "$((port + 2))" >p.cfg
    for n in 1 2 3 4 5 6; do
        rs-render instance p.cfg --root "two$n" >/dev/null
        [ "$(cat "two$n/etc/p.port")" != "$(cat "two$n/etc/q.port")" ]
    done
    echo x >inst/var/port
    run -78 ports free-port 1 2
    [[ $output == *'does not hold a port'* ]]
}

@test "a profile that pulls backups, and tells of it, needs no more than two parts" {
    mkdir data
    echo one >data/file
    printf '#!/bin/sh\nexec rs-export --quiet --have=- --generation "$(cat %s/number)" %s/data\n' "$PWD" "$PWD" >'give it'
    chmod +x 'give it'
    echo 1.1 >number
    printf '#!/bin/sh\ncat >>%s/heard\n' "$PWD" >hear
    chmod +x hear
    cat >p.cfg <<END
[buildout]
parts = told
[pull]
recipe = pull-backup
wrapper-path = bin/pull
url = exec:$PWD/give it
store = $PWD/history
name = wiki
keep = 1W
generation-file = \${buildout:directory}/var/pulled
[told]
recipe = slapos.cookbook:notifier.notify
wrapper = bin/backup
executable = \${buildout:directory}/\${pull:wrapper-path}
feed = \${buildout:directory}/var/feed
max-run = 1
pidfile = \${buildout:directory}/var/lock
notify = exec:$PWD/hear
name = wiki
source = here
generation-file = \${pull:generation-file}
END
    rs-render instance p.cfg --root inst
    sh -n inst/bin/pull
    sh -n inst/bin/backup
    inst/bin/backup
    [ "$(rs-store cat history wiki latest file)" = one ]
    grep -qx 'generation 1.1' heard
    rs-notify feed --check inst/var/feed
    # Where the dump cannot be had nothing is told, and what is there stays.
    mv 'give it' away
    run ! inst/bin/backup
    [ "$(grep -c ^generation heard)" = 1 ]
    run -1 rs-notify feed --check inst/var/feed
    mv away 'give it'
    echo two >data/file
    echo 1.2 >number
    inst/bin/backup
    [ "$(rs-store cat history wiki latest file)" = two ]
    # A store that has vanished is no new history.
    mv history elsewhere
    run -66 inst/bin/pull
    [[ $output == *'has vanished'* ]]
    [ ! -e history ]
    # What is no address is told where it stands.
    for url in http://h/ ssh://h/ 'ssh://-oX@h:1/' ssh://u@h:22/; do
        sed "s|^url = .*|url = $url|" p.cfg >q.cfg
        run -78 rs-render instance q.cfg --root other
        [[ $output == *'[pull]'* ]]
    done
    # Who is told something has to be told of what.
    sed '/^generation-file = .*pull:/d' p.cfg >q.cfg
    run -78 rs-render instance q.cfg --root other
    [[ $output == *generation-file* ]]
}

@test "killed before any write, the next run completes the tree" {
    profile
    local root=$PWD n=1 kills=0
    rs-render instance p.cfg --root whole --given given.json
    names() { (cd "$1" && find . -printf '%P %y %m %l\n' | sed "s,$root/$1,," | sort); }
    while :; do
        mkdir -m 700 inst inst/etc
        cp -p whole/etc/.secret inst/etc
        local status=0
        RS_FAULT=any:$n:kill rs-render instance p.cfg --root inst --given given.json >out 2>&1 || status=$?
        [ "$status" -ne 0 ] || break
        [ "$status" -eq 137 ]
        kills=$((kills + 1))
        rs-render instance p.cfg --root inst --given given.json >out
        run -0 rs-render instance p.cfg --root inst --given given.json
        [ -z "$output" ]
        diff <(names whole) <(names inst)
        diff -r <(cd whole && cat bin/report etc/crontab) <(cd inst && sed "s,$root/inst,$root/whole," bin/report etc/crontab)
        n=$((n + 5))
        rm -rf inst
    done
    say "$kills kills"
    [ "$kills" -gt 10 ]
}

@test "a disk that is full or broken is told, and nothing is half written" {
    profile
    rs-render instance p.cfg --root inst --given given.json
    sed -i 's/a  b/a  c/' p.cfg
    listing inst >before
    for fault in open:1:ENOSPC write:1:ENOSPC fsync:1:EIO rename:1:EIO; do
        run -74 env RS_FAULT=$fault rs-render instance p.cfg --root inst --given given.json
        listing inst | diff before -
    done
}

@test "wrong use, and parts that cannot be, have their status and their place" {
    profile
    run -64 rs-render instance p.cfg
    run -66 rs-render instance none.cfg --root inst
    run -66 rs-render instance p.cfg --root inst --given none.json
    for given in '[' '[]' '{"nam": "x"}' '{"name": 1}' '{"parameters": []}' '{"parameters": {"n": 99999999999999999999}}'; do
        printf '%s' "$given" >given.json
        run -78 rs-render instance p.cfg --root inst --given given.json
    done
    python3 -c 'print("{\"parameters\": {\"x\": " + "[" * 100000 + "]" * 100000 + "}}")' >given.json
    run -78 rs-render instance p.cfg --root inst --given given.json
    [ ! -e inst ]
    printf '[buildout]\nparts = x\n[x]\nrecipe = slapos.cookbook:wraper\n' >q.cfg
    run -78 rs-render instance q.cfg --root inst
    [[ $output == *"q.cfg:4: [x] recipe: slapos.cookbook:wraper: no such recipe"*"perhaps slapos.cookbook:wrapper?"* ]]
    printf '[buildout]\nparts = x\n[x]\nrecipe = wrapper\nwrapper-path = /etc/passwd\ncommand-line = x\n' >q.cfg
    run -78 rs-render instance q.cfg --root inst
    [[ $output == *'[x]: /etc/passwd: not inside of the instance'* ]]
    printf '[buildout]\nparts = x\n[x]\nrecipe = wrapper\nwrapper-path = bin/x\n' >q.cfg
    run -78 rs-render instance q.cfg --root inst
    [[ $output == *'[x] command-line: is needed by the recipe'* ]]
    mkdir -p inst/bin
    echo mine >inst/bin/exporter
    run -73 rs-render instance p.cfg --root inst
    [[ $output == *'bin/exporter: in the way'* ]]
    [ "$(ls -A inst/bin)" = exporter ]
}

@test "two at once: the second one is told to try again" {
    profile
    mkdir inst
    : >inst/.rs-lock
    exec 8<inst/.rs-lock
    flock -n 8
    run -75 rs-render instance p.cfg --root inst --given given.json
    exec 8<&-
    rs-render instance p.cfg --root inst --given given.json
}

@test "secrets are not shown, and are drawn once" {
    printf '[buildout]\nparts = p k publish\n[p]\nrecipe = password\n[k]\nrecipe = ssh-key\n[publish]\nrecipe = publish\nkey = ${k:public-key}\n' >p.cfg
    run -0 rs-render instance p.cfg --root i --diff
    [[ $output == *"+ etc/.p.password (not shown)"* ]] || fail "$output"
    [[ $output == *"+ etc/ssh/k (not shown)"* ]]
    [[ $output != *"PRIVATE KEY"* ]]
    rs-render instance p.cfg --root i >/dev/null
    [ "$(stat -c %a i/etc/ssh/k i/etc/.p.password | tr '\n' ' ')" = "600 600 " ]
    [ "$(ssh-keygen -y -f i/etc/ssh/k | cut -d ' ' -f 1,2)" = "$(cut -d ' ' -f 1,2 i/etc/ssh/k.pub)" ]
    grep -qF "$(cut -d ' ' -f 1,2 i/etc/ssh/k.pub)" i/etc/published.json
    run -0 rs-render instance p.cfg --root i
    [ "$output" = "" ] || fail "$output"
    # Without the public one it is made again from the private one, and is the same key.
    before=$(cut -d ' ' -f 1,2 i/etc/ssh/k.pub)
    rm i/etc/ssh/k.pub
    rs-render instance p.cfg --root i >/dev/null
    [ "$(cut -d ' ' -f 1,2 i/etc/ssh/k.pub)" = "$before" ]

    printf '[buildout]\nparts =\n' >p.cfg
    run -0 rs-render instance p.cfg --root i --diff
    [[ $output == *"- etc/ssh/k (not shown)"* ]] || fail "$output"
}

# ends: profiles of two instances that reach each other: `server` runs prog for the key of `client`. $1: more lines for the server.
ends() {
    cat >server.cfg <<END
[buildout]
parts = sshd publish
[key]
recipe = ssh-key
private-key = etc/ssh/id
[sshd]
recipe = ssh-server
private-key = \${key:private-key}
command = $PWD/a "prog" with \\\\ blanks
keys = \${slap-parameter:key}
${1-}
[publish]
recipe = publish
url = \${sshd:url}
key = \${key:public-key}
[slap-parameter]
key =
END
    cat >client.cfg <<'END'
[buildout]
parts = ssh publish
[key]
recipe = ssh-key
private-key = etc/ssh/id
[ssh]
recipe = ssh-client
private-key = ${key:private-key}
urls = ${slap-parameter:url}
keys = ${slap-parameter:key}
[publish]
recipe = publish
key = ${key:public-key}
command = ${ssh:command}
[slap-parameter]
url =
key =
END
}

# end_of NAME PARAMETERS: one of them is rendered, at the address 127.0.0.1.
end_of() {
    printf '{"name": "%s", "address": "127.0.0.1", "parameters": %s}\n' "$1" "$2" >given
    run --separate-stderr rs-render instance "$1.cfg" --root "$1" --given given
}

published() { jq -r ".$2" "$1/etc/published.json"; }

@test "two instances reach each other with ssh: a key runs one program, whatever it asks for, and no other key runs any" {
    command -v /usr/sbin/sshd >/dev/null || skip 'needs sshd'
    ends
    printf '#!/bin/sh\necho "asked for: $SSH_ORIGINAL_COMMAND"\ncat\n' >'a "prog" with \\ blanks'
    chmod 755 'a "prog" with \\ blanks'
    end_of client '{}'
    [ "$status" -eq 0 ] || fail "$stderr"
    end_of server "{\"key\": \"$(published client key)\"}"
    [ "$status" -eq 0 ] || fail "$stderr"
    local url port
    url=$(published server url)
    [[ $url =~ ^ssh://[a-z0-9_-]+@127\.0\.0\.1:[0-9]+/$ ]] || fail "$url"
    port=${url##*:} port=${port%/}
    # The same port the next time, though somebody listens there.
    server/etc/service/sshd >sshd.log 2>&1 & pids+=($!)
    until_true server/etc/promise/sshd 2>/dev/null
    end_of server "{\"key\": \"$(published client key)\"}"
    [ "$(published server url)" = "$url" ]
    end_of client "{\"url\": \"$url\", \"key\": \"$(published server key)\"}"
    [ "$status" -eq 0 ] || fail "$stderr"
    reached() { echo hello | eval "$(published client command) -p $port ${url%:*}" '"$@"'; }
    run -0 reached 'touch hacked; id'
    [ "$output" = $'asked for: touch hacked; id\nhello' ] || fail "$output" "$(cat sshd.log)"
    [ ! -e hacked ]
    # No forwarding, no terminal, no other subsystem.
    run ! eval "$(published client command) -p $port -W 127.0.0.1:$port ${url%:*} </dev/null"
    run ! eval "$(published client command) -p $port -s ${url%:*} sftp </dev/null"
    # Another key, and a server that is another one.
    rm client/etc/ssh/id client/etc/ssh/id.pub
    end_of client "{\"url\": \"$url\", \"key\": \"$(published server key)\"}"
    run -255 reached x
    [[ $output == *"Permission denied"* ]] || fail "$output"
    end_of server "{\"key\": \"$(published client key)\"}"
    until_true reached x >/dev/null 2>&1
    end_of client "{\"url\": \"$url\", \"key\": \"$(published client key)\"}"
    run -255 reached x
    [[ $output == *"ost key verification failed"* ]] || fail "$output"
    # On one machine nobody needs any of that.
    printf '{"name": "server", "parameters": {"key": "%s"}}\n' "$(published client key)" >given
    rs-render instance server.cfg --root alone --given given >/dev/null
    [[ $(published alone url) == "exec:$PWD/a "* ]]
    [ ! -e alone/etc/ssh/sshd_config ]
}

@test "what comes as a key, an address or a port of ssh must be one" {
    local key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ' bad
    ends
    for bad in 'x' 'ssh-ed25519' "command=\"id\" $key" "$key $key AAAA" 'ssh-ed25519 AA"AA'; do
        end_of server "$(jq -nc --arg key "$bad" '{key: $key}')"
        [ "$status" -eq 78 ] || fail "$bad: $status $output"
        [[ $stderr == *"[sshd] keys"* ]] || fail "$stderr"
        [ ! -e server/etc/ssh/authorized_keys ]
    done
    for bad in 'ssh://h:1/' 'ssh://u@h/' 'ssh://u@-h:1/' 'ssh://u@h:0/' 'ssh://u@h:1/path' "ssh://u@h:1/\", \"key\": \"$key $key"; do
        end_of client "{\"url\": \"$bad\"}"
        [ "$status" -eq 78 ] || fail "$bad: $status $output"
        [[ $stderr == *"[ssh] "* ]] || fail "$stderr"
    done
    for bad in 0 65536 x -1 '22 22'; do
        ends "port = $bad"
        end_of server '{}'
        [ "$status" -eq 78 ] || fail "$bad: $status $output"
        [[ $stderr == *"[sshd] port"* ]] || fail "$stderr"
    done
    ends 'port = 2222'
    end_of server '{}'
    [[ $(published server url) == *:2222/ ]]
    # Two servers are known by their own keys, and the standard port is not named.
    ends
    end_of client "{\"url\": \"ssh://u@[fd00::1]:22/ exec:/p ssh://u@h:2/\", \"key\": \"$key $key $key\"}"
    [ "$status" -eq 0 ] || fail "$stderr"
    [ "$(cat client/etc/ssh/known_hosts)" = "[h]:2 $key"$'\n'"fd00::1 $key" ] || fail "$(cat client/etc/ssh/known_hosts)"
}

@test "what is kept in a tree is not read through a link of someone else" {
    need_root
    printf '[buildout]\nparts = p\n[p]\nrecipe = password\nstorage-path = etc/passwd\n' >p.cfg
    rs-render instance p.cfg --root i >/dev/null
    rm i/etc/passwd
    echo hidden >elsewhere
    ln -s "$PWD/elsewhere" i/etc/passwd
    chown -h nobody i/etc/passwd
    run -73 --separate-stderr rs-render instance p.cfg --root i
    [[ $stderr == *"i/etc/passwd: a symbolic link of someone else"* ]] || fail "$stderr"
    rm i/etc/passwd
    mkfifo i/etc/passwd
    run -73 --separate-stderr timeout 10 rs-render instance p.cfg --root i
    [[ $stderr == *"not a file"* ]] || fail "$stderr"
}

@test "a recipe of one's own that fails is named" {
    printf '#!/bin/sh\necho broken >&2\nexit 4\n' >recipe
    chmod +x recipe
    printf '[buildout]\nparts = own\n[own]\nrecipe = %s/recipe\n' "$PWD" >p.cfg
    run -69 --separate-stderr rs-render instance p.cfg --root i
    [[ $stderr == *"broken"*"[own]"* ]] || fail "$stderr"
    [ ! -e i ]
}

@test "an instance takes one of its roles, again and back, and no other; what is wrong with roles is told" {
    cat >p.cfg <<'END'
[buildout]
parts = switch
[switch]
recipe = switch-softwaretype
a = a.cfg
b = b.cfg
END
    for type in a b; do
        printf '[buildout]\nparts = file\n[file]\nrecipe = template\ninline = %s ${slap-parameter:x} ${slap-connection:role}\noutput = out\n' "$type" >"$type.cfg"
    done
    echo '{"name": "n", "software-type": "a", "parameters": {"x": "1", "y": "2"}, "roles": {"leader": {"software-type": "b", "parameters": {"x": "3"}}}}' >given
    rs-render instance p.cfg --root tree --given given --quiet
    [ "$(cat tree/out)" = "a 1 " ]
    rs-render instance p.cfg --root tree --again --role leader --quiet
    [ "$(cat tree/out)" = "b 3 leader" ]
    # It stays what it is until it is told otherwise, or given something else.
    rs-render instance p.cfg --root tree --again --quiet
    [ "$(cat tree/out)" = "b 3 leader" ]
    rs-render instance p.cfg --root tree --again --role '' --quiet
    [ "$(cat tree/out)" = "a 1 " ]
    rs-render instance p.cfg --root tree --again --role leader --quiet
    rs-render instance p.cfg --root tree --given given --quiet
    [ "$(cat tree/out)" = "a 1 " ]
    run -78 --separate-stderr rs-render instance p.cfg --root tree --again --role boss
    [[ $stderr == *"role: boss is not among its roles"* ]] || fail "$stderr"
    run -64 rs-render instance p.cfg --root tree --again --given given
    run -66 rs-render instance p.cfg --root other --again
    for wrong in '{"roles": {"a": 1}}' '{"roles": {"a": {}}}' '{"roles": {"a": {"software-type": 1, "parameters": {}}}}' '{"role": "a"}' \
        '{"roles": {"a": {"software-type": "a", "parameters": []}}}' '{"roles": {"a": {"software-type": "a", "parameters": {}, "c": 1}}}'; do
        echo "$wrong" >wrong
        run -78 --separate-stderr rs-render instance p.cfg --root wrong.tree --given wrong
        [[ $stderr == *role* ]] || fail "$wrong: $stderr"
    done
}

@test "what a user has in ~/.bashrc is not in the streams of an instance" {
    command -v /usr/sbin/sshd >/dev/null || skip "needs sshd"
    echo 'echo noise' >.bashrc
    run env -i "HOME=$PWD" "PATH=$PATH" 'SSH_CLIENT=1 2 3' bash -c 'echo text'
    [ "$output" = $'noise\ntext' ] || skip 'bash reads no ~/.bashrc here'
    run env -i "HOME=$PWD" "PATH=$PATH" 'SSH_CLIENT=1 2 3' SHLVL=2 bash -c 'echo text'
    [ "$output" = text ]
    cat >p.cfg <<'END'
[buildout]
parts = key server
[key]
recipe = ssh-key
[server]
recipe = ssh-server
private-key = ${key:private-key}
command = /bin/true
END
    echo '{"name": "n", "address": "127.0.0.1"}' >given
    rs-render instance p.cfg --root tree --given given --quiet
    grep -qx 'SetEnv SHLVL=2' tree/etc/ssh/sshd_config
    /usr/sbin/sshd -t -f tree/etc/ssh/sshd_config
}
