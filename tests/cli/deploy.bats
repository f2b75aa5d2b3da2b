#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-deploy, on computers that are directories of this machine.

load ../lib/common
load ../lib/deployment

# where NAME: the computer on which it is, as the state says.
where() {
    jq -r --arg name "$1" '.[$name].computer' .wiki.rs-deploy/placements.json
}

@test "a replicated service is made, works, is made again without a change, and is removed" {
    replicated_software
    mkdir cron.d
    { computer one NET-1 "crontab = $PWD/cron.d" && computer two NET-2 "crontab = $PWD/cron.d"; } | sed 's/= none/= cron/' | deployment
    run -0 --separate-stderr rs-deploy plan wiki.cfg
    [[ $output == *"+ Name0 on "*": new, mysoftware-export"* ]] || fail "$output"
    [ ! -e .wiki.rs-deploy ]
    [ ! -e one ]

    run -0 --separate-stderr rs-deploy apply wiki.cfg
    leader=$(where Name0)
    [[ $output == *"+ Name0 on $leader: mysoftware-export"* ]] || fail "$output"
    [[ $output == *"+ Name0 on $leader: service beat"* ]] || fail "$output"
    [[ $stderr == *"2 networks are too few"* ]] || fail "$stderr"
    [ "$(stat -c %a .wiki.rs-deploy/published.json .wiki.rs-deploy .wiki.rs-deploy/given.json | tr '\n' ' ')" = "600 700 600 " ]
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [ "$output" = "wiki: nothing to do" ] || fail "$output"
    [ -z "$stderr" ] || fail "$stderr"
    run -0 --separate-stderr rs-deploy plan wiki.cfg
    [ "$(grep -c '^= ' <<<"$output")" -eq 3 ] || fail "$output"

    # The schedule is in the directory, and dumps reach the fallback.
    exporter=$(sed -n "s/^[0-9]* \* \* \* \* [^ ]* \(.*bin\/exporter\)$/\1/p" cron.d/rs-wiki-Name0)
    echo precious >"$leader/wiki/Name0/srv/data/file"
    PATH=/usr/bin:/bin sh -c "$(grep '^PATH=' cron.d/rs-wiki-Name0); $exporter"
    until_true cmp "$leader/wiki/Name0/srv/data/file" "$(where Name1)/wiki/Name1/srv/data/file"

    run -0 --separate-stderr rs-deploy status --json wiki.cfg
    [ "$(jq -c '[.instances[] | select(.state == "settled" and .services.beat == true) | .name]' <<<"$output")" = '["Name0","Name1"]' ] || fail "$output"
    touch "$leader/wiki/Name0/srv/data/broken"
    run -1 --separate-stderr rs-deploy status wiki.cfg
    [[ $output == *"promise not kept: fine"* ]] || fail "$output"
    run -1 --separate-stderr rs-deploy apply wiki.cfg
    [[ $stderr == *"Name0 on $leader: a promise is not kept: fine"* ]] || fail "$stderr"

    beat=$(tail -n 1 "$leader/wiki/Name0/srv/beats")
    kill -0 "$beat"
    run -64 --separate-stderr rs-deploy destroy wiki.cfg </dev/null
    run -64 --separate-stderr rs-deploy destroy wiki.cfg --yes wikix
    [ -e "$leader/wiki/Name0/srv/data/file" ]
    run -0 --separate-stderr rs-deploy destroy wiki.cfg --yes wiki
    until_true gone "$beat"
    [ -z "$(find one two cron.d .wiki.rs-deploy -type f)" ] || fail "$(find one two cron.d .wiki.rs-deploy -type f)"
}

@test "a service runs once, again when it is another one, and not any more when it is gone" {
    mkdir -p i/bin i/etc/service
    cp "$RS_STACK/deploy/services.sh" i/bin/services
    printf '#!/bin/sh\necho one >>%s/said\nexec sleep 1000\n' "$PWD" >i/etc/service/a
    # Closes what it inherits, has a child, and takes its time to end.
    printf '#!/bin/bash\nexec 9>&-\ntrap "echo ends >>%s/said; exit" TERM\nsleep 1000 &\nwhile :; do wait; done\n' "$PWD" >i/etc/service/b
    chmod +x i/etc/service/*
    mkdir one && mkdir one/wiki && ln -s ../../i one/wiki/i # for end_services
    run -0 i/bin/services start
    [ "$output" = "+ service a
+ service b" ] || fail "$output"
    until_true grep -q one said
    for _ in 1 2 3; do
        i/bin/services start & pids+=($!)
    done
    wait "${pids[@]}"
    run -0 i/bin/services start
    [ -z "$output" ]
    [ "$(cat said)" = one ]
    run -0 i/bin/services status
    [ "${lines[*]}" = "up a up b" ]

    printf '#!/bin/sh\necho two >>%s/said\nexec sleep 1000\n' "$PWD" >i/etc/service/a
    run -0 i/bin/services start
    [ "${lines[*]}" = "- service a + service a" ] || fail "$output"
    until_true grep -q two said

    # One that died is started again.
    kill -KILL -- "-$(cat i/var/run/services/a.pid)"
    until_true i/bin/services start
    until_true eval '[ "$(grep -c two said)" -eq 2 ]'

    rm i/etc/service/a
    child=$(pgrep -P "$(pgrep -P "$(cat i/var/run/services/b.pid)")")
    run -0 i/bin/services start
    [ "$output" = "- service a" ] || fail "$output"
    run -0 i/bin/services stop
    [ "$output" = "- service b" ] || fail "$output"
    [ "$(tail -n 1 said)" = ends ]
    until_true gone "$child"
    run -1 i/bin/services status
    [ "$output" = "down b" ]

    # What a crash left behind is not believed: the number belongs to somebody else now.
    sleep 1000 & pids+=($!)
    printf '%d\n' "$!" >i/var/run/services/b.pid
    run -0 i/bin/services start
    printf '%d\n' "$!" >i/var/run/services/b.pid
    RS_SERVICES_GRACE=1 run -1 i/bin/services stop
    kill -0 "${pids[-1]}"
    b=$(pgrep -f "sh -c trap : .* $PWD/i/etc/service/b")
    printf '%d\n' "$b" >i/var/run/services/b.pid
    run -0 i/bin/services stop
}

# Stands in for crontab(1): the file `table` is the user's.
fake_crontab() {
    mkdir -p fake
    cat >fake/crontab <<END
#!/bin/sh
case \$1 in
-l) [ -e '$PWD/table' ] || { echo 'no crontab for me' >&2; exit 1; }; [ ! -e '$PWD/locked' ] || { echo 'busy' >&2; exit 1; }; cat '$PWD/table' ;;
-) cat >'$PWD/table.new'; mv '$PWD/table.new' '$PWD/table' ;;
esac
END
    chmod +x fake/crontab
    PATH=$PWD/fake:$PATH
}

@test "in a user's crontab other lines stay, and a crontab that cannot be read is not replaced" {
    fake_crontab
    mkdir -p r/wiki/a/etc
    # shellcheck disable=SC2016
    printf '# a comment\n5 4 * * 1-5 run this\n@daily and that\n' >r/wiki/a/etc/crontab
    supervise() { sh "$RS_STACK/deploy/supervise.sh" "$@"; }
    printf 'MAILTO=x\n1 2 3 4 5 mine\n# wiki-ab: end\n' >table
    cp table mine
    run -0 supervise up wiki-a "$PWD/r/wiki/a" /dev/null path=/tools
    [ "$output" = "~ schedule" ] || fail "$output"
    printf '%s\n' "$(cat mine)" '# wiki-a: what follows is made by rs-deploy' '# a comment' \
        '5 4 * * 1-5 PATH=/tools:/usr/local/bin:/usr/bin:/bin; export PATH; run this' \
        '@daily PATH=/tools:/usr/local/bin:/usr/bin:/bin; export PATH; and that' '# wiki-a: end' | diff - table
    run -0 supervise up wiki-a "$PWD/r/wiki/a" /dev/null path=/tools
    [ -z "$output" ]
    echo 'more of mine' >>table
    touch locked
    cp table before
    run -69 supervise up wiki-a "$PWD/r/wiki/a" /dev/null
    [[ $output == *"crontab -l: busy"* ]] || fail "$output"
    cmp table before
    rm locked
    run -0 supervise down wiki-a "$PWD/r/wiki/a" path=/tools
    [ "$output" = "- schedule" ]
    { cat mine && echo 'more of mine'; } | diff - table
    rm table
    run -0 supervise up wiki-a "$PWD/r/wiki/a" /dev/null
    grep -qx '5 4 \* \* 1-5 run this' table
}

@test "runit looks after services" {
    command -v runsvdir >/dev/null || skip "needs runit"
    mkdir -p i/etc/service sv
    fake_crontab
    printf '#!/bin/sh\necho one >>%s/said\nexec sleep 1000\n' "$PWD" >i/etc/service/a
    chmod +x i/etc/service/a
    runsvdir "$PWD/sv" >/dev/null 2>&1 3>&- & pids+=($!)
    supervise() { sh "$RS_STACK/deploy/supervise.sh" "$1" wiki-i "$PWD/i" "${@:2}" supervisor=runit "runsvdir=$PWD/sv"; }
    run -0 supervise up /dev/null
    [ "$output" = "+ service a" ] || fail "$output"
    until_true grep -q one said
    until_true supervise status
    run -0 supervise up /dev/null
    [ -z "$output" ]
    printf '#!/bin/sh\necho two >>%s/said\nexec sleep 1000\n' "$PWD" >i/etc/service/a
    run -0 supervise up /dev/null
    [ "$output" = "~ service a" ]
    until_true grep -q two said
    read -r beat <sv/wiki-i-a/supervise/pid
    run -0 supervise down
    [ "$output" = "- service a" ]
    until_true gone "$beat"
    [ -z "$(ls sv)" ]
}

@test "systemd looks after services" {
    mkdir -p fake i/etc/service units
    fake_crontab
    printf '#!/bin/sh\necho "$*" >>%s/asked\n' "$PWD" >fake/systemctl
    printf '#!/bin/sh\n' >i/etc/service/a
    chmod +x fake/systemctl i/etc/service/a
    supervise() { sh "$RS_STACK/deploy/supervise.sh" "$1" wiki-i "$PWD/i" "${@:2}" supervisor=systemd systemd=user "units=$PWD/units"; }
    run -0 supervise up /dev/null
    [ "$output" = "+ service a" ] || fail "$output"
    [ "$(cat asked)" = "--quiet --user daemon-reload
--quiet --user enable --now rs-wiki-i-a.service" ] || fail "$(cat asked)"
    grep -qx "ExecStart=$PWD/i/etc/service/a" units/rs-wiki-i-a.service
    rm asked
    run -0 supervise up /dev/null
    [ -z "$output" ]
    [ ! -e asked ]
    echo '# changed' >>i/etc/service/a
    run -0 supervise up /dev/null
    [ "$(cat asked)" = "--quiet --user restart rs-wiki-i-a.service" ]
    rm asked
    run -0 supervise down
    [ "$output" = "- service a" ]
    [ "$(cat asked)" = "--quiet --user disable --now rs-wiki-i-a.service
--quiet --user daemon-reload" ]
    [ -z "$(ls units)" ]
}

@test "instances go where their constraints say, else to networks that have none yet" {
    small_software <<'END'
[free]
name = free
[fixed]
name = fixed
sla-computer_guid = COMP-one
[near]
name = near
sla-network_guid = NET-2
END
    { computer one NET-1 && computer two NET-2 && computer three NET-3 && computer four NET-3; } | deployment
    run -0 --separate-stderr rs-deploy plan wiki.cfg
    [ "$output" = "+ free on four: new, thing
+ fixed on one: new, thing
+ near on two: new, thing" ] || fail "$output"
    [ -z "$stderr" ] || fail "$stderr"
    for wrong in 'sla-computer_guid = COMP-five' 'sla-computer_guid = COMP-one\nsla-network_guid = NET-2' 'sla-region = x' 'sla-mode = many'; do
        # shellcheck disable=SC2059
        printf "[fixed]\nname = fixed\n$wrong\n" | small_software
        run -78 --separate-stderr rs-deploy apply wiki.cfg
        [[ $stderr == *"fixed: "* ]] || fail "$stderr"
        case $wrong in
        *five) [[ $stderr == *"computer_guid = COMP-five: no computer fits: four: its guid is COMP-four; one: its guid is COMP-one; three: "* ]] || fail "$stderr" ;;
        *NET-2) [[ $stderr == *"one: its network is NET-1; three: its guid is COMP-three and its network is NET-3; two: its guid is COMP-two"* ]] || fail "$stderr" ;;
        esac
        [ ! -e one ]
    done
}

@test "an instance stays where it is, and moves only when that is meant; what it had stays" {
    printf '[a]\nname = a\n' | small_software
    { computer one NET-1 && computer two NET-2; } | deployment
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [ "$(where a)" = one ]
    echo precious >one/wiki/a/srv/data/file
    # Another order, and another constraint that one meets as well.
    printf '[a]\nname = a\nsla-network_guid = NET-1\n' | small_software
    { computer two NET-2 && computer one NET-1; } | deployment
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [ "$(where a)" = one ]
    printf '[a]\nname = a\nsla-network_guid = NET-2\n' | small_software
    run -78 --separate-stderr rs-deploy apply wiki.cfg
    [[ $stderr == *"a: is on one, and would have to go to two: network_guid = NET-2"*"--move"* ]] || fail "$stderr"
    [ ! -e two/wiki/a ]
    run -0 --separate-stderr rs-deploy apply --move wiki.cfg
    [[ $output == *"- a on one: moves to two, and what it had stays where it was"* ]] || fail "$output"
    [ -e one/wiki/a/srv/data/file ]
    [ -d two/wiki/a/srv/data ]
    # Only what was left is removed as long as it is asked for.
    run -0 --separate-stderr rs-deploy destroy wiki.cfg a --yes a
    [ "$output" = "- a on one: removed" ] || fail "$output $stderr"
    [ ! -e one/wiki/a ]
    [ -d two/wiki/a ]
    run -64 --separate-stderr rs-deploy destroy wiki.cfg a --yes a
    [[ $stderr == *"a: is asked for"* ]] || fail "$stderr"
}

@test "what nobody asks for any more is stopped and kept until it is destroyed" {
    printf '[a]\nname = a\n[b]\nname = b\n' | small_software
    computer one NET-1 | deployment
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    echo precious >one/wiki/b/srv/data/file
    printf '[a]\nname = a\n' | small_software
    run -0 --separate-stderr rs-deploy plan wiki.cfg
    [[ $output == *"- b on one: nobody asks for it any more"* ]] || fail "$output"
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [[ $output == *"- b on one: nobody asks for it any more; stopped, and its data is kept: rs-deploy destroy $PWD/wiki.cfg 'b' removes it"* ]] || fail "$output"
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [ "$output" = "wiki: nothing to do" ] || fail "$output"
    [ -e one/wiki/b/srv/data/file ]
    run -0 --separate-stderr rs-deploy status wiki.cfg
    [[ $output == *"b on one: not asked for any more"* ]] || fail "$output"
    run -0 --separate-stderr rs-deploy destroy wiki.cfg b --yes b
    [ "$output" = "- b on one: removed" ] || fail "$output $stderr"
    [ ! -e one/wiki/b ]
    [ -e one/wiki/a ]
    run -64 --separate-stderr rs-deploy destroy wiki.cfg b --yes b
}

@test "one at a time" {
    printf '[a]\nname = a\n' | small_software
    computer one NET-1 | deployment
    mkdir .wiki.rs-deploy
    exec 5>>.wiki.rs-deploy/lock
    flock 5
    run -75 --separate-stderr rs-deploy apply wiki.cfg
    [[ $stderr == *"another rs-deploy is at work with wiki"* ]] || fail "$stderr"
    [ ! -e one ]
    exec 5>&-
    run -0 --separate-stderr rs-deploy apply wiki.cfg
}

@test "a computer that is down delays what needs it, and nothing else" {
    printf '[a]\nname = a\nsla-computer_guid = COMP-one\n[b]\nname = b\nsla-computer_guid = COMP-two\n' | small_software
    { computer one NET-1 'address = 127.0.0.1' && computer two NET-2 | sed 's/= local/= -p 1 127.0.0.1/'; } | deployment
    run -69 --separate-stderr rs-deploy apply wiki.cfg
    [[ $output == *"+ a on one: thing"* ]] || fail "$output"
    [[ $stderr == *"two: cannot be reached: ssh -p 1 127.0.0.1"* ]] || fail "$stderr"
    [ "$(grep -c 'cannot be reached' <<<"$stderr")" -eq 1 ]
    [ -d one/wiki/a/srv/data ]
    run -69 --separate-stderr rs-deploy status wiki.cfg
    [[ $output == *"a on one: settled"* && $output == *"b on two: unreachable"* ]] || fail "$output"
    run -69 --separate-stderr rs-deploy destroy wiki.cfg --yes wiki
    [ ! -e one/wiki/a ]
    [ "$(where b)" = two ]
    # It is there again.
    { computer one NET-1 && computer two NET-2; } | deployment
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [ -d two/wiki/b/srv/data ]
}

@test "parameters come from a file in any form, and from the deployment file; what is for nobody is told" {
    replicated_software
    small_software </dev/null
    cat >sw/first.cfg <<'END'
[buildout]
parts = N0 N1
[N]
recipe = request
software-type = thing
config-namebase = N
config-mine = ${slap-parameter:mine}
[N0]
<= N
name = N0
config-number = 0
[N1]
<= N
name = N1
config-number = 1
sla-computer_guid = ${slap-parameter:-sla-N1-computer_guid}
END
    { computer one NET-1 && computer two NET-2; } >computers
    printf '<instance><parameter id="mine">a b</parameter><parameter id="-sla-N1-computer_guid">COMP-two</parameter></instance>' >p.xml
    printf '{"mine": "a b", "-sla-N1-computer_guid": "COMP-two"}' >p.json
    printf 'mine = a b\n-sla-N1-computer_guid = COMP-two\n' >p.txt
    for form in xml json txt; do
        deployment "parameters = p.$form" <computers
        run -0 --separate-stderr rs-deploy plan wiki.cfg
        [[ $output == *"N1 on two"* ]] || fail "$form: $output $stderr"
        [ -z "$stderr" ] || fail "$form: $stderr"
    done
    { cat computers && printf '[parameters]\n-sla-N1-computer_guid = COMP-one\n-sla-N7-x = 1\n-sla-foo-x = 1\n-sla-2-x = 1\n-sla-0-x = 1\n'; } | deployment 'parameters = p.txt'
    run -1 --separate-stderr rs-deploy plan wiki.cfg
    [[ $output == *"N1 on one"* ]] || fail "$output"
    [ "$(sed -n 's/.*warning: parameter \([^:]*\): is for none.*/\1/p' <<<"$stderr" | sort | tr '\n' ' ')" = "-sla-2-x -sla-N7-x -sla-foo-x " ] || fail "$stderr"
    printf '{"mine": "a", "-sla-my-n12-a-b": 3, "-sla-0-x": "y", "-sla-2-z": [1], "-sla-foo-x": 1}' >p.json
    deployment 'parameters = p.json' <computers
    run -78 --separate-stderr rs-deploy plan wiki.cfg # there is no -sla-N1-computer_guid
    printf 'mine' >p.txt
    deployment 'parameters = p.txt' <computers
    run -78 --separate-stderr rs-deploy plan wiki.cfg
    [[ $stderr == *"p.txt:1"* ]] || fail "$stderr"
}

@test "a software profile is made on each computer, with recipes that come with it" {
    mkdir -p sr/soft
    cat >sr/soft/buildout.cfg <<'END'
[buildout]
parts = instance first thing
[first]
recipe = copy
url = ${:_profile_base_location_}/first.cfg
output = ${buildout:directory}/first.cfg
[thing]
recipe = template
url = ${:_profile_base_location_}/thing.cfg.in
output = ${buildout:directory}/thing.cfg
program = ${:_profile_base_location_}/../program
[instance]
recipe = template
url = ${:_profile_base_location_}/instance.cfg.in
output = ${buildout:directory}/instance.cfg
END
    printf '[buildout]\nparts = a\n[a]\nrecipe = request\nname = a\nsoftware-type = thing\nreturn = word\n' >sr/soft/first.cfg
    printf '[buildout]\nparts = made\n[made]\nrecipe = ${thing:program}\n' >sr/soft/thing.cfg.in
    printf '[buildout]\nparts = s\n[s]\nrecipe = switch-softwaretype\ndefault = ${first:output}\nthing = ${thing:output}\n' >sr/soft/instance.cfg.in
    printf '#!/bin/sh\ncat >/dev/null\nprintf '"'"'{"published": {"word": "%%s"}}'"'"' "$0"\n' >sr/program
    chmod +x sr/program
    computer one NET-1 | deployment 'software = sr/soft/buildout.cfg' 'source = sr'
    sed -i 's|^profile = .*|profile = instance.cfg|' wiki.cfg
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [ "$(jq -r .a.word .wiki.rs-deploy/published.json)" = "$PWD/one/wiki/software/source/soft/../program" ]
    # A change reaches the computer; what is kept beside the software does not.
    [ -z "$(find one/wiki/software -name '*rs-deploy*' -o -name wiki.cfg)" ]
    sed -i 's/"word": "/&new /' sr/program
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [[ $output == *"~ software on one"* ]] || fail "$output"
    [[ $(jq -r .a.word .wiki.rs-deploy/published.json) == "new "* ]]
}

@test "computers that lie beside the profile are no part of what is sent to others" {
    for place in sw/one sw; do
        printf '[a]\nname = a\n[b]\nname = b\n' | small_software
        { computer one NET-1 && computer two NET-2; } | sed "s|^root = .*/one$|root = $PWD/$place|" | deployment
        run -0 --separate-stderr rs-deploy apply wiki.cfg
        echo precious >"$place/wiki/$(basename "$(ls -d "$place"/wiki/[ab])")/srv/data/file"
        run -0 --separate-stderr rs-deploy apply wiki.cfg
        [ "$output" = "wiki: nothing to do" ] || fail "$place: $output"
        [ -z "$(find two/wiki/software "$place/wiki/software" -name file -o -name wiki)" ] || fail "$place: $(find two -name wiki)"
        run -0 --separate-stderr rs-deploy destroy wiki.cfg --yes wiki
        rm -rf sw two
    done
}

@test "names and values are data, whatever they look like" {
    printf '[a]\nname = x $(touch hacked) '"'"'; touch hacked #\nconfig-x = $(touch hacked)\nsla-computer_guid = COMP-one\n' | small_software
    sed -i 's/^word = .*/word = `touch hacked` $(touch hacked) " '"'"'/' sw/thing.cfg
    computer one NET-1 | deployment
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [ -d one/wiki/x-touch-hacked-touch-hacked/srv/data ]
    [ "$(jq -r '.[].word // empty' .wiki.rs-deploy/published.json)" = '`touch hacked` $(touch hacked) " '"'" ]
    run -0 --separate-stderr rs-deploy status wiki.cfg
    run -0 --separate-stderr rs-deploy destroy wiki.cfg --yes wiki
    [ -z "$(find . -name hacked)" ]

    for wrong in 'a b|a-b' 'software|c' 'root|c' '...|c'; do
        printf '[a]\nname = %s\n[b]\nname = %s\n' "${wrong%|*}" "${wrong#*|}" | small_software
        run -78 --separate-stderr rs-deploy apply wiki.cfg
        [ ! -e one/wiki/a-b ]
        [[ $stderr == *"cannot be the name"* || $stderr == *"would be one directory"* ]] || fail "$stderr"
    done
}

@test "what a computer answers is not believed" {
    printf '[a]\nname = a\n' | small_software
    computer one NET-1 "path = $PWD/fake" | deployment
    mkdir fake
    real=$(command -v rs-render)
    for answer in 'nothing' '{}' '[]' '{"exit": 0, "changes": [], "published": [], "requests": []}' \
        '{"exit": 0, "changes": [], "published": {}, "requests": [{"name": "b"}]}' \
        '{"exit": 0, "changes": [], "published": {}, "requests": [{"name": "a\nb", "shared": false, "parameters": {}, "placement": {}}]}'; do
        printf '#!/bin/sh\ncase $* in *--version*) exec %s "$@" ;; esac\ncat >/dev/null\ncat <<"END"\n%s\nEND\n' "$real" "$answer" >fake/rs-render
        chmod +x fake/rs-render
        run -69 --separate-stderr rs-deploy apply wiki.cfg
        [[ $stderr == *"a on one: what rs-render answered is not what rs-render answers"* ]] || fail "$answer: $stderr"
        [ "$(jq -c 'keys' .wiki.rs-deploy/requests.json)" = '["root"]' ]
    done
    # Tools that are not there.
    printf '#!/bin/sh\nexit 127\n' >fake/rs-render
    run -0 --separate-stderr env "PATH=$PATH" true
    rm fake/rs-render
    run -0 --separate-stderr rs-deploy apply wiki.cfg
}

@test "an instance that cannot be made keeps no other one from being made" {
    printf '[a]\nname = a\nsoftware-type = none\n[b]\nname = b\n' | small_software
    sed -i '0,/^software-type = thing$/{//d}' sw/first.cfg
    computer one NET-1 | deployment
    run -78 --separate-stderr rs-deploy apply wiki.cfg
    [[ $stderr == *"a on one: rs-render ended with status 78"*"there is no software type none"* ]] || fail "$stderr"
    [ -d one/wiki/b/srv/data ]
}

@test "a deployment file that is wrong is told as a whole, and a wrong call" {
    printf '[a]\nname = a\n' | small_software
    { computer one NET-1 'colour = red' && computer two NET-1 'guid = x' && printf '[three]\nssh = -p 1 h*\nroot = /a b/..\nsupervisor = init\n'; } |
        sed 's/COMP-two/COMP-one/' | deployment 'computers = one two three four' 'titel = x'
    run -78 --separate-stderr rs-deploy apply wiki.cfg
    for word in '[one] colour: no such option' '[three] root: not an absolute path' '[three] ssh: has a pattern' '[three] supervisor: init' \
        'there is no section [four]' '[deployment] titel: no such option' '[one] address: missing'; do
        [[ $stderr == *"$word"* ]] || fail "$word: $stderr"
    done
    [ ! -e one ]
    for wrong in '' 'apply' 'make wiki.cfg' 'apply wiki.cfg a' 'apply --no wiki.cfg' 'apply wiki.cfg --state' 'destroy wiki.cfg a b'; do
        # shellcheck disable=SC2086
        run -64 --separate-stderr rs-deploy $wrong
        [[ $stderr == "rs-deploy: error: "* ]] || fail "$wrong: $stderr"
    done
    run -66 --separate-stderr rs-deploy apply none.cfg
    run -0 rs-deploy --help
    [[ $output == *"Usage: rs-deploy"* ]]
    run -0 rs-deploy --version
    [[ $output =~ ^rs-deploy\ [0-9]+\.[0-9]+ ]]
    printf 'x\n' >broken.cfg
    run -78 --separate-stderr rs-deploy apply broken.cfg
}

@test "whoever has taken over is the first one from then on, where it is; what cannot be asked is left as it is" {
    replicated_software
    { computer one NET-1 && computer two NET-2 && computer three NET-3 && computer four NET-4 && computer five NET-5; } | deployment '' '[parameters]' 'count = 3' \
        '-sla-Name0-computer_guid = COMP-one'
    run -0 rs-deploy apply wiki.cfg
    directory() { jq -r --arg name "$1" '.[$name].directory' .wiki.rs-deploy/placements.json; }
    local old new
    old=$(directory Name0) new=$(directory Name1)
    echo 1 >"$old/srv/data/file"
    "$old/bin/exporter"
    until_true grep -q 'imported yes' "$new/srv/failover/held"
    # The old leader is away: its computer is what is not there.
    mv one one.away
    run -0 "$new/bin/takeover"
    mv one.away one
    # Nobody has told it: it stands down when names are exchanged, and gives away what nobody had.
    echo alone >"$old/srv/data/file"
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [[ $output == *"~ Name1 has taken over in epoch 2: it is Name0 from now on, and what was Name0 is Name1"* ]] || fail "$output"
    [ "$(directory Name0)" = "$new" ]
    [ "$(directory Name1)" = "$old" ]
    grep -qx 'kind import' "$old/etc/failover"
    grep -qx 'name Name0' "$new/etc/failover"
    [ "$(rs-store cat five/wiki/PBS-Name-1/srv/backup/pbs wiki-root-Name-1 branch/1.2 file)" = alone ]
    # It stays there, though its constraint says otherwise, and nothing changes any more.
    run -0 rs-deploy apply wiki.cfg
    [ "$output" = "wiki: nothing to do" ] || fail "$output"
    echo 2 >"$new/srv/data/file"
    "$new/bin/exporter"
    until_true eval '[ "$(cat "$old/srv/data/file")" = 2 ]'
    # Back again, with the one that leads out of reach: who led is not made a leader by mistake.
    run -0 "$old/bin/takeover"
    until_true grep -qx 'kind import' "$new/etc/failover"
    local away=${old%/wiki/*}
    chmod 0 "$away/wiki" 2>/dev/null
    mv "$away" away
    run --separate-stderr rs-deploy apply wiki.cfg
    [[ $stderr == *"is a fallback now, and who leads cannot be asked: it is left as it is"* ]] || fail "$status: $stderr"
    grep -qx 'kind import' "$new/etc/failover"
    rm -rf "$away"
    mv away "$away"
    chmod 700 "$away/wiki"
    run -0 rs-deploy apply wiki.cfg
    [ "$(directory Name0)" = "$old" ]
}

@test "who says who leads: a section that is wrong is told, and instances get what it says" {
    replicated_software
    computers() { computer one NET-1 && computer two NET-2; }
    for wrong in 'kind = zookeeper' 'kind = etcd' 'kind = dir|lease = soon' 'kind = dir|automatic = perhaps' 'kind = dir|colour = red'; do
        # shellcheck disable=SC2086
        computers | deployment '' '[coordinator]' "${wrong%|*}" "${wrong#*|}"
        sed -i '/^kind = .*/{n;/^kind = /d}' wiki.cfg
        run -78 --separate-stderr rs-deploy apply wiki.cfg
        [[ $stderr == *"[coordinator] "* ]] || fail "$wrong: $stderr"
        [ ! -e one ]
    done
    computers | deployment '' '[coordinator]' 'kind = dir' 'lease = 7'
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    local leader
    leader=$(jq -r '.Name0.directory' .wiki.rs-deploy/placements.json)
    grep -qx "directory $PWD/.wiki.rs-deploy/coordinator" "$leader/etc/coordinator.conf"
    grep -qx 'lease 7' "$leader/etc/failover"
    grep -qx 'first yes' "$leader/etc/failover"
    [ -x "$leader/etc/service/elect" ]
    # A dump asks first.
    echo 1 >"$leader/srv/data/file"
    run -0 "$leader/bin/exporter"
    "$RS_STACK/failover/coordinator" "$leader/etc/coordinator.conf" acquire wiki-root-Name other 0 60
    "$RS_STACK/failover/coordinator" "$leader/etc/coordinator.conf" order wiki-root-Name other 1 60
    run ! "$leader/bin/dump"
    [ -s "$leader/srv/failover/superseded" ]
}

@test "a fallback takes over by one command from where it was deployed" {
    replicated_software
    { computer one NET-1 && computer two NET-2; } | deployment
    rs-deploy apply wiki.cfg >/dev/null 2>&1 || [ $? -eq 1 ]
    run -64 rs-deploy takeover wiki.cfg
    [[ $output == *'the instance is missing'* ]] || fail "$output"
    run -64 rs-deploy takeover wiki.cfg Name7
    [[ $output == *'Name7: there is no such instance'* ]] || fail "$output"
    run -64 rs-deploy apply wiki.cfg -- --explain
    run -66 rs-deploy takeover wiki.cfg 'PBS (Name / 1)'
    [[ $output == *'error: PBS (Name / 1) on one: has no '*'a backup server, which leads nothing'* ]] || fail "$output"
    run -1 rs-deploy takeover wiki.cfg Name1 -- --explain
    [[ $output == *Name1* ]] || fail "$output"
    run -1 rs-deploy takeover wiki.cfg Name1
    echo precious >"$(where Name0)/wiki/Name0/srv/data/file"
    "$(where Name0)/wiki/Name0/bin/exporter"
    until_true grep -q 'imported yes' "$(where Name1)/wiki/Name1/srv/failover/held"
    run -0 rs-deploy takeover wiki.cfg Name1
    [[ $output == *'follow'* ]] || fail "$output"
    grep -qx 'kind export' "$(where Name1)/wiki/Name1/etc/failover"
    mkdir other
    run -66 rs-deploy --state other takeover wiki.cfg Name1
}
