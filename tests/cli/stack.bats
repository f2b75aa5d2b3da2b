#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The profiles of the stack: what the original's documents tell a user to write makes a replicated service, as it is printed
# there; and its dumps reach the fallback instances.

load ../lib/common

deploy() {
    "$python" "$lib/deploy.py" "$@"
}

# The files of a software called mysoftware, whose data is a directory; the layout of each is that of the documents, with
# `...` filled in. $1: what the replicated service is asked for by.
software() {
    mkdir -p sr/mysoftware
    cat >sr/mysoftware/instance-mysoftware.cfg.in <<'END'
[buildout]
parts = mysoftware

[mysoftware]
recipe = mkdirectory
data = $${buildout:directory}/srv/data
END
    cat >sr/mysoftware/instance-mysoftware-import.cfg.in <<'END'
[buildout]
extends = ${instance-mysoftware:output}
          ${pbsready-import:output}

parts +=
    mysoftware
    import-on-notification

[importer]
recipe = ${recipe:importer}
wrapper = $${rootdirectory:bin}/$${slap-parameter:namebase}-importer
backup-directory = $${directory:backup}
data = $${mysoftware:data}
END
    cat >sr/mysoftware/instance-mysoftware-export.cfg.in <<'END'
[buildout]
extends = ${instance-mysoftware:output}
          ${pbsready-export:output}

parts +=
    mysoftware
    cron-entry-backup

[exporter]
recipe = ${recipe:exporter}
wrapper = $${rootdirectory:bin}/$${slap-parameter:namebase}-exporter
backup-directory = $${directory:backup}
data = $${mysoftware:data}
END
    # Recipes of one's own: each makes the wrapper of its section.
    cat >sr/YourExportRecipe <<'END'
#!/usr/bin/python3
import json, sys
o = json.load(sys.stdin)["options"]
text = '#!/bin/sh\nset -eu\ncp -a -- "%s/." "%s"\n' % (o["data"], o["backup-directory"])
print(json.dumps({"files": [{"path": o["wrapper"], "content": text, "mode": "0700"}]}))
END
    cat >sr/YourImportRecipe <<'END'
#!/usr/bin/python3
import json, sys
o = json.load(sys.stdin)["options"]
text = '#!/bin/sh\nset -eu\nrm -rf -- "%s"/*\ncp -a -- "%s/." "%s"\necho "loaded, and proven 7"\n' % (o["data"], o["backup-directory"], o["data"])
print(json.dumps({"files": [{"path": o["wrapper"], "content": text, "mode": "0700"}]}))
END
    chmod +x sr/Your*
    cat >sr/mysoftware/buildout.cfg <<'END'
[buildout]
extends =
   ../resilient/buildout.cfg
parts += instance

[recipe]
exporter = ${:_profile_base_location_}/../YourExportRecipe
importer = ${:_profile_base_location_}/../YourImportRecipe

[instance-mysoftware]
recipe = slapos.recipe.template
url = ${:_profile_base_location_}/instance-mysoftware.cfg.in
output = ${buildout:directory}/instance-mysoftware.cfg
mode = 0644

[instance-mysoftware-import]
recipe = slapos.recipe.template
url = ${:_profile_base_location_}/instance-mysoftware-import.cfg.in
output = ${buildout:directory}/instance-mysoftware-import.cfg
md5sum = IMPORT
mode = 0644

[instance-mysoftware-export]
recipe = slapos.recipe.template
url = ${:_profile_base_location_}/instance-mysoftware-export.cfg.in
output = ${buildout:directory}/instance-mysoftware-export.cfg
mode = 0644

[template-resilient]
recipe = copy
url = ${:_profile_base_location_}/template-resilient.cfg.in
output = ${buildout:directory}/template-resilient.cfg.in

[instance]
recipe = slapos.recipe.template
url = ${:_profile_base_location_}/instance.cfg.in
output = ${buildout:directory}/instance.cfg
END
    local sum
    sum=$(md5sum <sr/mysoftware/instance-mysoftware-import.cfg.in)
    sed -i "s/= IMPORT/= ${sum%% *}/" sr/mysoftware/buildout.cfg
    cat >sr/mysoftware/instance.cfg.in <<'END'
[buildout]
extends =
  ../resilient/switchsoftware.cfg

[template-resilient]
<= resilient-template
url = ${template-resilient:output}

[switch-softwaretype]
default = $${template-resilient:output}
mysoftware = ${instance-mysoftware:output}
mysoftware-import = ${instance-mysoftware-import:output}
mysoftware-export = ${instance-mysoftware-export:output}
END
    cat >sr/mysoftware/template-resilient.cfg.in <<END
{% import 'parts' as parts %}
{% import 'replicated' as replicated %}
[buildout]
parts +=
  {{ parts.replicate("Name","3") }}
  publish-connection-information

[ArgLeader]
config-colour = red
config-name = not this one

[ArgBackup]
config-colour = blue
software-type = nor this one

$1
END
    rs-render instance sr/mysoftware/buildout.cfg --root software >/dev/null
}

# As the first of the two documents has it, and as the second one.
six_arguments='{{ replicated.replicate("Name", "3",
                        "mysoftware-export", "mysoftware-import",
                        "ArgLeader","ArgBackup") }}'
seven_arguments='{{ replicated.replicate("Name", "3",
                        "mysoftware-export", "mysoftware-import",
                        "ArgLeader","ArgBackup", slapparameter_dict=slapparameter_dict) }}'

# Python over `r`, the request NAME of the tree `root`: request NAME EXPRESSION
request() {
    "$python" -S -c 'import json, sys
r, = [r for r in json.load(open("root/etc/requests.json")) if r["name"] == sys.argv[1]]
p = r["parameters"]
value = eval(sys.argv[2])
print(*value) if isinstance(value, list) else print(value)' "$@"
}

# members FILE: the names in an object, or those of a list of objects, sorted.
members() {
    "$python" -S -c 'import json, sys
for name in sorted(i["name"] if isinstance(i, dict) else i for i in json.load(open(sys.argv[1]))): print(name)' "$1"
}

@test "the documents' files make nine requests, in both of their forms" {
    for form in "$six_arguments" "$seven_arguments"; do
        rm -rf sr software root
        software "$form"
        echo '{"name": "root", "computer": "COMP", "partition": "part0"}' >given
        run -75 --separate-stderr rs-render instance software/instance.cfg --root root --given given
        [[ $stderr == *"not published yet: PBS (Name / 1): ssh-key"* ]] || fail "$stderr"
        members root/etc/requests.json >names
        diff - names <<'END' || fail "other requests"
Name0
Name1
Name2
PBS (Name / 1)
PBS (Name / 2)
PBS 1 pulling from Name0
PBS 2 pulling from Name0
PBS pushing on Name1
PBS pushing on Name2
END
        [ "$(request Name0 'r["software-type"]')" = mysoftware-export ]
        [ "$(request Name2 'r["software-type"]')" = mysoftware-import ]
        [ "$(request 'PBS (Name / 2)' 'r["software-type"]')" = pull-backup ]
        [ "$(request Name0 'r["shared"]')" = False ]
        [ "$(request 'PBS pushing on Name2' '[r["shared"], r["placement"]]')" = "True {'instance_guid': 'PBS (Name / 2)'}" ]
        [ "$(request Name0 '[p["number"], p["name"], p["namebase"], p["colour"]]')" = '0 Name0 Name red' ]
        [ "$(request Name2 '[p["number"], p["name"], p["namebase"], p["colour"]]')" = '2 Name2 Name blue' ]
        [ "$(request Name1 'p["on-notification"]')" = COMP-part0-Name-1-push ]
        [ "$(request 'PBS (Name / 1)' '"namebase" in p')" = False ]
        [ "$(request 'PBS 1 pulling from Name0' '[p["type"], p["name"], p["notification-id"], p["remove-backup-older-than"]]')" = 'pull COMP-part0-Name-1 COMP-part0-Name-1-pull 2W' ]
        [ "$(request 'PBS pushing on Name1' '[p["type"], p["name"], p["notification-id"]]')" = 'push COMP-part0-Name-1 COMP-part0-Name-1-push' ]
        [ "$(request Name1 'r["placement"]')" = "{'mode': 'unique_by_network'}" ]
    done
}

@test "a dump goes from the active instance through the backup servers to the fallbacks, which load it" {
    software "$seven_arguments"
    run -0 deploy "$PWD/software/instance.cfg" fleet
    [ "${output% *}" -le 6 ] || fail "settled after $output rounds"
    run -0 deploy "$PWD/software/instance.cfg" fleet
    [ "$output" = "1 0" ] || fail "a second time: $output"
    run -0 members fleet/root/etc/published.json
    [ "${lines[*]}" = "feed-url-Name-1-pull feed-url-Name-1-push feed-url-Name-2-pull feed-url-Name-2-push takeover-Name-1-password takeover-Name-1-url takeover-Name-2-password takeover-Name-2-url" ] || fail "$output"
    for promise in fleet/root/etc/promise/*; do "$promise" || fail "$promise"; done
    # Programs that people read at night.
    shellcheck fleet/*/bin/exporter fleet/*/bin/*serve fleet/*/bin/ask fleet/*/bin/load fleet/*/bin/takeover fleet/*/bin/dump fleet/*/bin/tell-again fleet/*/bin/equeue fleet/*/etc/service/* fleet/*/bin/pbs/* fleet/*/etc/promise/*

    for round in 1 2 3; do
        echo "$round" >fleet/Name0/srv/data/file
        seq "$((round * 1000))" >fleet/Name0/srv/data/numbers
        fleet/Name0/bin/exporter
        for i in 1 2; do
            until_true diff -r fleet/Name0/srv/data "fleet/Name$i/srv/data"
            until_true history_is "fleet/PBS-Name-$i/srv/backup/pbs" "$round"
        done
    done
    settled
    diff -r -x backup.signature fleet/Name0/srv/backup/Name fleet/Name2/srv/backup/Name
    cmp fleet/Name0/srv/backup/Name/backup.signature fleet/Name2/srv/backup/.Name.signature
    (cd fleet/Name1/srv/backup/Name && sha256sum -c --quiet ../.Name.signature)

    # Old dumps that cannot be removed do not keep a new one from being pushed.
    echo 4 >fleet/Name0/srv/data/file
    chmod u+w fleet/PBS-Name-1/bin/pbs/COMP-ROOT-root-Name-1-pull_raw
    cp fleet/PBS-Name-1/bin/pbs/COMP-ROOT-root-Name-1-pull_raw raw
    sed -i 's/--keep 2W/--keep nothing/' fleet/PBS-Name-1/bin/pbs/COMP-ROOT-root-Name-1-pull_raw
    fleet/Name0/bin/exporter
    until_true diff -r fleet/Name0/srv/data fleet/Name1/srv/data
    until_true grep -q 'old ones were not removed' fleet/PBS-Name-1/var/log/equeue.log
    settled
    cp raw fleet/PBS-Name-1/bin/pbs/COMP-ROOT-root-Name-1-pull_raw

    # By hand, as the documents say; what is there already is loaded again.
    fleet/PBS-Name-1/bin/pbs/COMP-ROOT-root-Name-1-pull_raw
    rm fleet/Name1/srv/data/file
    fleet/PBS-Name-1/bin/pbs/COMP-ROOT-root-Name-1-push
    [ "$(cat fleet/Name1/srv/data/file)" = 4 ]
    # Nobody has anything to tell.
    for i in Name0 Name1 PBS-Name-1; do
        run -0 "fleet/$i/bin/alarm"
        [ -z "$output" ] || fail "$output"
    done
}

# Waits until nothing runs any more on the backup servers.
settled() {
    local lock
    for lock in fleet/PBS-*/var/run/*.lock; do until_true flock -n "$lock" true; done
}

# history_is STORE COUNT
history_is() {
    [ "$(rs-store list "$1" 2>/dev/null | grep -c Name)" -eq "$2" ]
}

# replicated PARTS-ARGUMENTS MORE-ARGUMENTS [PARAMETERS [MORE-TEXT]]: a profile with one service is rendered to the tree `root`,
# as `run` does it.
replicated() {
    cat >r.in <<END
{% import 'parts' as parts %}
{% import 'replicated' as replicated %}
[buildout]
parts =
  {{ parts.replicate($1) }}
  publish-connection-information
[ArgLeader]
[ArgBackup]
{{ replicated.replicate($1, $2) }}
${4-}
END
    cat >r.cfg <<END
[buildout]
extends = ../resilient/switchsoftware.cfg
[t]
<= resilient-template
url = $PWD/r.in
[switch-softwaretype]
default = \${t:output}
END
    local none='{}'
    printf '{"name": "root", "computer": "COMP", "partition": "p", "parameters": %s}\n' "${3-$none}" >given
    rm -rf root
    run --separate-stderr rs-render instance r.cfg --root root --given given
}

@test "services made up at random ask for what the words of the rule say, and the macros are what python3-jinja2 makes of them" {
    run -0 /usr/bin/python3 "$lib/replicas.py" "$RS_STACK" "${RS_REPLICAS-60}" "${RS_SEED-1}"
    say "$output requests"
}

@test "one instance, or a number that is none, is the leader alone; numbers may be text" {
    for count in '"1"' 1 '"0"' '"many"' '""'; do
        replicated "'N', $count" "'e', 'i'"
        [ "$status" -eq 75 ] || fail "$count: $status $stderr"
        [ "$(members root/etc/requests.json)" = N0 ] || fail "$count"
        [ "$(request N0 '[p["authorized-key"], p["notify"]]')" = ' ' ]
    done
    replicated "'N', 2" "'e', 'i'"
    mv root/etc/requests.json two
    replicated "'N', '2'" "'e', 'i'"
    diff two root/etc/requests.json
}

@test "the parts are 2 and 6 for each fallback, in the original's order" {
    printf '{%% import "parts" as parts %%}{{ parts.replicate("N", "3") }}' >t
    run -0 rs-render template t --import "parts=$RS_STACK/resilient/template-parts.cfg.in"
    # shellcheck disable=SC2086 # its words
    set -- $output
    [ "$#" -eq 14 ]
    [ "$1 $3 $5 $7 $9" = "request-N request-N-pseudo-replicating-1 request-N-pseudo-replicating-2 request-pbs-N-1 request-pull-backup-server-N-1" ]
    shift 9
    [ "$*" = "request-pull-backup-server-N-backup-1 request-pbs-N-2 resilient-request-pbs-N-2-public-key-promise request-pull-backup-server-N-2 request-pull-backup-server-N-backup-2" ]
}

@test "without optional arguments there is nothing of them; a service beside it has its own names and parameters" {
    replicated "'A', 2" "'e', 'i'" '{"-sla-A0-computer_guid": "CA", "-sla-B1-computer_guid": "CB", "x": 3}'
    [ "$(request A0 'sorted(p)')" = "authorized-key line name namebase notify number" ]
    [ "$(request A0 'r["placement"]')" = "{'mode': 'unique_by_network'}" ]

    # shellcheck disable=SC2016 # of a template
    two='{{ replicated.replicate("B", 2, "e", "i", slapparameter_dict=slapparameter_dict) }}'
    sla='{"-sla-A0-computer_guid": "CA", "-sla-B1-computer_guid": "CB", "x": 3}'
    replicated "'A', 2" "'e', 'i', slapparameter_dict=slapparameter_dict" "$sla" "$two
[buildout]
parts +=
  {{ parts.replicate('B', 2) }}"
    [ "$status" -eq 75 ] || fail "$stderr"
    [ "$(members root/etc/requests.json | wc -l)" -eq 10 ]
    [ "$(request A0 '[p["namebase"], p["x"], r["placement"]["computer_guid"]]')" = "A 3 CA" ]
    [ "$(request B1 '[p["namebase"], r["placement"]["computer_guid"]]')" = "B CB" ]
    [ "$(request B0 '[p["namebase"], p["x"], type(p["x"]).__name__]')" = "B 3 int" ]
    [ "$(request A1 'r["placement"]')" = "{'mode': 'unique_by_network'}" ]
}

@test "the example of placement has the result that the document gives" {
    replicated "'runner', '3'" "'e', 'i', slapparameter_dict=slapparameter_dict" '{
        "-sla-1-computer_guid": "COMP-GRP1", "-sla-pbs1-computer_guid": "COMP-PBS1", "-sla-2-computer_guid": "COMP-GROUP2",
        "-sla-runner2-computer_guid": "COMP-RUN2", "-sla-2-network_guid": "NET-2", "-sla-runner0-computer_guid": "COMP-RUN0"}'
    [ "$status" -eq 75 ] || fail "$stderr"
    [ "$(request runner0 'r["placement"]')" = "{'computer_guid': 'COMP-RUN0'}" ]
    [ "$(request runner1 'r["placement"]')" = "{'computer_guid': 'COMP-GRP1'}" ]
    [ "$(request runner2 'sorted(r["placement"].items())')" = "('computer_guid', 'COMP-RUN2') ('network_guid', 'NET-2')" ]
    [ "$(request 'PBS (runner / 1)' 'r["placement"]')" = "{'computer_guid': 'COMP-PBS1'}" ]
    # The document's prose says COMP-GRP2, its parameters COMP-GROUP2.
    [ "$(request 'PBS (runner / 2)' 'sorted(r["placement"].items())')" = "('computer_guid', 'COMP-GROUP2') ('network_guid', 'NET-2')" ]
    for name in runner0 runner1 'PBS (runner / 1)' 'PBS 1 pulling from runner0'; do
        [ "$(request "$name" '[k for k in p if "sla" in k]')" = "" ]
    done
}

@test "a promise fails as long as a key has not come back; addresses of monitors are put together" {
    replicated "'N', 2" "'e', 'i'"
    [ "$(find root/etc/promise -type f | wc -l)" -eq 3 ]
    for promise in root/etc/promise/*; do
        run -1 --separate-stderr "$promise"
        [[ $stderr == *"no public key yet"* ]]
    done

    replicated "'N', 2" "'e', 'i', monitor_parameter_dict={'monitor-username': 'm', 'return': 'monitor-base-url'}" '{}' '[monitor]
recipe = publish
urls = ${monitor-conf-parameters:monitor-url-list}
[buildout]
parts += monitor'
    [ "$status" -eq 75 ] || fail "$stderr"
    [ "$(request N0 '[p["monitor-username"], r["return"][-1]]')" = "m monitor-base-url" ]
    [ "$(request 'PBS (N / 1)' '[p["monitor-username"], r["return"][-1]]')" = "m monitor-base-url" ]
    grep -qF 'monitor-url-list = ${request-N:connection-monitor-base-url} ${request-N-pseudo-replicating-1:connection-monitor-base-url} ${request-pbs-N-1:connection-monitor-base-url}' root/etc/profile/t.cfg

    replicated "'N', 2" "'e', 'i', monitor_parameter_dict={'set-monitor-url': True, 'return': ['monitor-base-url']}"
    grep -qF 'config-monitor-url-list = ${request-N-pseudo-replicating-1:connection-monitor-base-url} ${request-pbs-N-1:connection-monitor-base-url}' root/etc/profile/t.cfg
    [ "$(request N0 '"set-monitor-url" in p')" = False ]
}

@test "a parameter that a profile would read as something else is refused by its name" {
    for name in 'a b' 'x]' 'x=' 'x-' 'x+' 'a\n[evil]' ''; do
        replicated "'N', 2" "'e', 'i', slapparameter_dict=slapparameter_dict" "{\"$name\": 1}"
        [ "$status" -eq 78 ] || fail "$name: $status"
        [[ $stderr == *"a profile has no such option"* ]] || fail "$stderr"
        [ ! -e root ]
    done
}

@test "two requests of one name, a state that is none, and literals that JSON has not are refused" {
    for case in 'name = a' 'name = b
state = asleep' 'name = b
config-x = !py!{1: 2}' 'name = b
config-x = !py!(' 'software-type = x'; do
        printf '[buildout]\nparts = a b\n[a]\nrecipe = request\nname = a\n[b]\nrecipe = request\n%s\n' "$case" >p.cfg
        run -78 --separate-stderr rs-render instance p.cfg --root root
        [[ $stderr == *"p.cfg:"*"[b]"* ]] || fail "$stderr"
        [ ! -e root ]
    done
}

@test "a frozen instance has no program and no plan any more, and all of its data" {
    software "$six_arguments"
    printf '{"name": "Name0", "software-type": "mysoftware-export", "parameters": {"namebase": "Name"}}' >given
    rs-render instance software/instance.cfg --root tree --given given >/dev/null
    echo precious >tree/srv/data/file
    echo dumped >tree/srv/backup/Name/file
    [ -x tree/bin/exporter ]
    [ -s tree/etc/crontab ]
    printf '{"name": "Name0", "software-type": "frozen"}' >given
    rs-render instance software/instance.cfg --root tree --given given >/dev/null
    [ "$(find tree -type f ! -name '.rs-*' | sort | tr '\n' ' ')" = "tree/etc/instance.json tree/etc/profile/template-resilient.cfg tree/srv/backup/Name/file tree/srv/data/file " ]
}

# exporting PROGRAM: the tree `tree` of an export instance whose exporter is PROGRAM, a text.
exporting() {
    software "$six_arguments"
    printf '{"name": "Name0", "software-type": "mysoftware-export", "parameters": {"namebase": "Name"}}' >given
    rs-render instance software/instance.cfg --root tree --given given >/dev/null
    printf '#!/bin/sh\nset -eu\nbackup=%s/tree/srv/backup/Name\n%s\n' "$PWD" "$1" >tree/bin/Name-exporter
}

# What a backup server would get, as one line.
served() {
    rm -rf got store
    rs-store init store
    rs-pull --store store --name n --have | tree/bin/serve | rs-pull --store store --name n >/dev/null
    restore store n latest got
    (cd got && find . -type f ! -name backup.signature -exec cat {} +)
}

# importing SCRIPT: an import instance in `fallback` whose importer is that script; $backup and $data are its directories.
importing() {
    printf '{"name": "Name1", "software-type": "mysoftware-import", "parameters": {"namebase": "Name"}}' >given
    rs-render instance software/instance.cfg --root fallback --given given >/dev/null
    printf '#!/bin/sh\nset -eu\nbackup=%s/fallback/srv/backup/Name data=%s/fallback/srv/data\n%s\n' "$PWD" "$PWD" "$1" >fallback/bin/Name-importer
}

# What a push does, straight from the leader.
pushed() {
    fallback/bin/serve have | tree/bin/serve | fallback/bin/serve receive
}

@test "a dump is whole or it is the one before: an exporter that fails, is killed, or writes nothing" {
    exporting 'echo $(($(cat '"$PWD"'/tries 2>/dev/null || echo 0) + 1)) >'"$PWD"'/tries
[ -z "$(ls -A "$backup")" ]
case $(cat '"$PWD"'/mode) in
good) echo "good $(date +%N)" >"$backup/file" ;;
bad) echo half >"$backup/other"; exit 9 ;;
nothing) ;;
killed) echo half >"$backup/other"; kill -9 $PPID; exit 1 ;;
hang) echo half >"$backup/other"; sleep 1000 & wait ;;
slow) echo half >"$backup/other"; touch '"$PWD"'/begun; while [ -e '"$PWD"'/begun ]; do sleep 0.05; done ;;
esac'
    echo good >mode
    tree/bin/exporter
    before=$(served)
    [[ $before == good* ]]

    echo bad >mode
    echo 0 >tries
    run -9 --separate-stderr tree/bin/exporter
    [[ $stderr == *"failed with status 9"* ]]
    [ "$(cat tries)" -eq 3 ]
    [ "$(served)" = "$before" ]

    echo nothing >mode
    run -65 --separate-stderr tree/bin/exporter
    [[ $stderr == *"has left nothing"* ]]
    [ "$(served)" = "$before" ]

    # It has a time, and what it has started as well; until then nobody is told.
    echo hang >mode
    grep -q -- '--timeout 1d ' tree/bin/exporter
    sed -i 's/--tries 3 --timeout 1d/--tries 1 --timeout 1/' tree/bin/exporter
    local began=$SECONDS
    run -69 --separate-stderr tree/bin/exporter
    [ $((SECONDS - began)) -le 6 ]
    run ! pgrep -f "$PWD/tree/bin/Name-exporter"
    run -75 --separate-stderr tree/bin/serve </dev/null
    [[ $stderr == *"was cut off"* ]]
    sed -i 's/--tries 1 --timeout 1/--tries 3 --timeout 1d/' tree/bin/exporter

    echo killed >mode
    run -137 tree/bin/exporter
    run -75 --separate-stderr tree/bin/serve </dev/null
    [[ $stderr == *"was cut off"* ]]

    # Meanwhile a second one has nothing to do, and a reader waits.
    echo slow >mode
    tree/bin/exporter & pids+=($!)
    until_true [ -e begun ]
    run -75 --separate-stderr tree/bin/exporter
    [[ $stderr == *"already running"* ]]
    # Also where nobody can be told.
    run -75 sh -c 'tree/bin/exporter 2>/dev/full'
    run -1 flock -s -n tree/var/run/backup.lock true
    rm begun
    wait "${pids[-1]}"
    [ "$(served)" = half ]

    echo good >mode
    tree/bin/exporter
    [[ $(served) == good* ]]
    [ "$(ls -A tree/srv/backup | tr '\n' ' ')" = ".Name.generation Name " ]
}

@test "what is not what was dumped is not loaded, and an importer that fails has the dump before to load again" {
    exporting 'cp "$backup/../../data/"* "$backup"'
    importing 'cat "$backup/word" >"$data/word"
[ -e "$backup/number" ] || exit 3
cat "$backup/number" >"$data/number"'
    local last=tree/srv/backup/Name word=fallback/srv/data/word
    echo one | tee tree/srv/data/word >tree/srv/data/number
    # One that came with the data is of another dump.
    echo wrong >tree/srv/data/backup.signature
    tree/bin/exporter
    (cd "$last" && sha256sum -c --quiet --strict backup.signature)
    # The first one: there is nothing that could be loaded again, and an empty directory is not given to the importer.
    cp fallback/bin/Name-importer importer
    printf '#!/bin/sh\necho run >>%s/runs\nexit 9\n' "$PWD" >fallback/bin/Name-importer
    run -9 --separate-stderr pushed
    [[ $stderr == *"failed with status 9; there is no dump before it to go back to"* ]] || fail "$stderr"
    [ "$(wc -l <runs)" -eq 1 ]
    [ -z "$(ls -A fallback/srv/backup/Name)" ]
    cp importer fallback/bin/Name-importer
    run -0 --separate-stderr pushed
    [[ $output =~ ^proven\ [0-9]+$ ]] || fail "$output"
    [ "$(ls -A fallback/srv/backup/Name | tr '\n' ' ')" = "number word " ]
    cp fallback/srv/backup/.Name.signature signature

    # Changed behind its back, as a disk does it.
    echo two | tee tree/srv/data/word >tree/srv/data/number
    tree/bin/exporter
    for harm in 'echo toe >"$last/word"' 'rm "$last/number"' 'echo more >"$last/other"' ': >"$last/backup.signature"' 'rm "$last/backup.signature"'; do
        cp -a "$last" good
        eval "$harm"
        run -65 --separate-stderr pushed
        [ -z "$output" ]
        [[ $stderr == *"sums that were taken when it was made; the dump before is back"* ]] || fail "$harm: $stderr"
        [ "$(cat "$word" fallback/srv/backup/Name/number | tr '\n' ' ')" = "one one " ]
        cmp signature fallback/srv/backup/.Name.signature
        rm -rf "$last"
        mv good "$last"
    done
    run -0 --separate-stderr pushed
    [ "$(cat "$word")" = two ]
    run ! cmp -s signature fallback/srv/backup/.Name.signature

    # It ends in the midst: half of the new one is loaded.
    echo three >tree/srv/data/word
    rm tree/srv/data/number
    tree/bin/exporter
    run -3 --separate-stderr pushed
    [ -z "$output" ]
    [[ $stderr == *"failed with status 3; the dump before it is loaded again"* ]] || fail "$stderr"
    [ "$(cat "$word" fallback/srv/data/number | tr '\n' ' ')" = "two two " ]
    [ "$(ls -A fallback/srv/backup | tr '\n' ' ')" = ".Name.rs-import .Name.signature Name " ] || fail "$(ls -A fallback/srv/backup)"

    # It hangs, with something that it has started: it has a time, and the dump before is there again.
    cp fallback/bin/Name-importer importer
    sed -i 's/--timeout 1d/--timeout 1/' fallback/bin/load
    sed -i 's/^\[ -e.*/[ -e "$backup\/number" ] || { sleep 1000 \& wait; }/' fallback/bin/Name-importer
    run -69 --separate-stderr pushed
    [[ $stderr == *"the dump before it is loaded again"* ]] || fail "$stderr"
    [ "$(cat "$word" fallback/srv/data/number | tr '\n' ' ')" = "two two " ]
    run ! pgrep -f "$PWD/fallback/bin/Name-importer"
    flock -n fallback/var/run/backup.lock true
    # It is killed: as if it had failed.
    sed -i 's/{ sleep 1000 & wait; }/kill -9 $$/' fallback/bin/Name-importer
    run --separate-stderr pushed
    [ "$status" -eq 137 ] || fail "$status $stderr"
    [ "$(cat "$word" fallback/srv/data/number | tr '\n' ' ')" = "two two " ]
    cp importer fallback/bin/Name-importer
    # 1 would be "done, with something that was told": nobody would try again.
    sed -i 's/exit 3/exit 1/' fallback/bin/Name-importer
    run -69 --separate-stderr pushed
    [[ $stderr == *"failed with status 1; the dump before it is loaded again"* ]] || fail "$stderr"
    [ "$(cat "$word")" = two ]

    # An exporter that knows the sums says them, and is believed; not for long if they are wrong.
    printf '%s\n' 'rm -f "$backup/number"' 'echo four >"$backup/word"' 'echo "$(printf "four\n" | sha256sum | cut -d " " -f 1)  ./word" >"$RS_SIGNATURE"' >>tree/bin/Name-exporter
    tree/bin/exporter
    run -0 cat "$last/backup.signature"
    [[ $output == *"  ./word" && ${#lines[@]} -eq 1 ]]
    sed -i 's/exit 1/exit 0/' fallback/bin/Name-importer
    run -0 --separate-stderr pushed
    [ "$(cat "$word")" = four ]
    sed -i 's/printf "four/printf "five/' tree/bin/Name-exporter
    tree/bin/exporter
    run -65 --separate-stderr pushed
}

@test "where times say nothing, what is the same as in the dump before is not written again" {
    exporting 'mkdir "$backup/d" && cp "$backup/../../data/"* "$backup/d" && ln -s "$(cat "$backup/../../data/word")" "$backup/link"'
    sed -i 's/^times = yes$/times = no/' "$(find software -name pbsready-export.cfg)"
    cp tree/bin/Name-exporter exporter
    rs-render instance software/instance.cfg --root tree --given given >/dev/null
    cp exporter tree/bin/Name-exporter
    importing ':'
    local last=tree/srv/backup/Name there=fallback/srv/backup/Name inode
    rs-store init store
    through() {
        rs-pull --store store --name n --have | tree/bin/serve | rs-pull --store store --name n
        fallback/bin/serve have | rs-pull --store store --name n --emit latest --have=- | fallback/bin/serve receive
    }
    # What of it is the same file as before is not written again.
    looked() { stat -c '%i %.9Y' "$1/d/big" "$1/d/new line"; }
    seq 100000 >tree/srv/data/big
    : >"tree/srv/data/new line"
    echo one >tree/srv/data/word
    tree/bin/exporter
    until_true aged "$last"
    through
    inode=$(looked "$there")
    # The same dump: it is the one before.
    stat -c %i "$last" "$last/d/"* >before
    tree/bin/exporter
    [ "$(cat tree/srv/backup/.Name.generation)" = 1.2 ]
    stat -c %i "$last" "$last/d/"* | diff before -
    through
    [ "$(looked "$there")" = "$inode" ]
    [ "$(rs-import --have "$there" | rs-export --have=- --dry-run --json "$last" | jq .unchanged_entries)" -ge 4 ]
    # A number that is none, with a dump that is the same: nothing is lost.
    cp tree/srv/backup/.Name.generation number
    for wrong in '' x 1 1. .1 1.2.3 '1 2' -1.2; do
        echo "$wrong" >tree/srv/backup/.Name.generation
        run -65 --separate-stderr tree/bin/dump
        [[ $stderr == *"is not EPOCH.COUNTER"* ]] || fail "$wrong: $stderr"
        stat -c %i "$last" "$last/d/"* | diff before -
    done
    cp number tree/srv/backup/.Name.generation
    # One file of it is another one.
    echo two >tree/srv/data/word
    tree/bin/exporter
    run ! diff <(stat -c %i "$last/d/"*) before
    through
    [ "$(looked "$there")" = "$inode" ]
    [ "$(cat "$there/d/word") $(readlink "$there/link")" = "two two" ]
    # The same files, but not the same names.
    sed -i '$ s/$/\nmkdir "$backup\/more"\nchmod 700 "$backup\/d"/' tree/bin/Name-exporter
    tree/bin/exporter
    through
    [ "$(looked "$there")" = "$inode" ]
    [ "$(stat -c %a "$there/d")" = 700 ]
    [ -d "$there/more" ]
    [ "$(ls -A tree/srv/backup | tr '\n' ' ')" = ".Name.generation Name " ]
}

@test "the example of rs-profile(5) works as it is printed there" {
    awk '/^\$ cat / { name = $3; next } /^\.Ed/ { name = "" } name { gsub(/\\e/, "\\"); gsub(/\\\(dq/, "\""); print > name }' \
        "$BATS_TEST_DIRNAME/../../man/rs-profile.5"
    run -0 deploy "$PWD/instance.cfg" fleet
    [ "$(find fleet -mindepth 1 -maxdepth 1 | wc -l)" -eq 6 ]
    echo hello >fleet/Name0/srv/data/file
    fleet/Name0/bin/exporter
    for i in 1 2; do until_true cmp fleet/Name0/srv/data/file "fleet/Name$i/srv/data/file"; done
    # A fallback whose importer fails keeps the dump before.
    printf '#!/bin/sh\nexit 1\n' >fleet/Name1/bin/Name-importer
    echo bye >fleet/Name0/srv/data/file
    fleet/Name0/bin/exporter
    until_true cmp fleet/Name0/srv/data/file fleet/Name2/srv/data/file
    until_true grep -q 'failed with status' fleet/PBS-Name-1/var/log/equeue.log
    settled
    [ "$(cat fleet/Name1/srv/backup/Name/file)" = hello ]
    # It is one that is tried again, and an alarm.
    run -1 fleet/PBS-Name-1/etc/promise/COMP-ROOT-root-Name-1-push
    [[ $output == *"failed: "*"status 69"* ]] || fail "$output"
    until_true eval 'rs-notify queue fleet/PBS-Name-1/var/queue | grep -q "push  retries  wants 1.2"'
}

@test "several services are one dump: rs-profile(5)'s example, where one cannot be dumped or loaded" {
    awk '/^\$ cat / { name = $3; next } /^\.Ed/ { name = "" } name { gsub(/\\e/, "\\"); gsub(/\\\(dq/, "\""); print > name }' \
        "$BATS_TEST_DIRNAME/../../man/rs-profile.5"
    sed -i 's/"3"/"2"/; s/mysoftware/pair/g' resilient.cfg.in
    sed -i 's/mysoftware/pair/g' instance.cfg
    run -0 deploy "$PWD/instance.cfg" fleet
    local leader=$PWD/fleet/Name0 fallback=$PWD/fleet/Name1 log=fleet/PBS-Name-1/var/log/equeue.log state
    # change N: both services say N.
    change() {
        sqlite3 "$leader/srv/sqlite/db" "CREATE TABLE IF NOT EXISTS t(i); DELETE FROM t; INSERT INTO t VALUES ($1)"
        echo "$1" >"$leader/srv/files/file"
    }
    both() { echo "$(sqlite3 "$fallback/srv/sqlite/db" 'SELECT i FROM t') $(cat "$fallback/srv/files/file")"; }
    change 1
    "$leader/bin/exporter"
    until_true eval '[ "$(both 2>/dev/null)" = "1 1" ]'
    settled
    [ "$(cat "$leader/srv/backup/Name/members")" = $'db\nfiles' ]

    # One that cannot be dumped: nobody hears of the other.
    change 2
    mv "$leader/bin/files-exporter" files-exporter
    printf '#!/bin/sh\nexit 9\n' >"$leader/bin/files-exporter"
    chmod +x "$leader/bin/files-exporter"
    run -9 --separate-stderr "$leader/bin/exporter"
    [[ $stderr == *"files: was not dumped, so nothing is"* ]] || fail "$stderr"
    [ "$(sqlite3 "$leader/srv/backup/Name/db/data/db" 'SELECT i FROM t')" = 1 ]
    mv files-exporter "$leader/bin/files-exporter"

    # One that cannot be loaded: the other is what it was, too, though it was loaded before.
    mv "$fallback/bin/files-importer" files-importer
    printf '#!/bin/sh\n[ "$(cat "%s/files/data/file")" = 1 ] || exit 3\n' "$fallback/srv/backup/Name" >"$fallback/bin/files-importer"
    chmod +x "$fallback/bin/files-importer"
    "$leader/bin/exporter"
    until_true grep -q 'status 3; the dump before it is loaded again' "$log"
    settled
    [ "$(both)" = "1 1" ]
    run -1 grep -q '^proven' <(rs-store show fleet/PBS-Name-1/srv/backup/pbs COMP-ROOT-root-Name-1 latest)
    mv files-importer "$fallback/bin/files-importer"
    fleet/PBS-Name-1/bin/pbs/COMP-ROOT-root-Name-1-push
    [ "$(both)" = "2 2" ]
    rs-store show fleet/PBS-Name-1/srv/backup/pbs COMP-ROOT-root-Name-1 latest | grep -q '^proven'

    # The services hold still meanwhile, and go on whatever happens.
    for state in before after; do printf '#!/bin/sh\necho %s >>%s/said\n' "$state" "$PWD" >"$state"; done
    chmod +x before after
    group() { "$RS_STACK/group/exporter" --backup b --before "$PWD/before" --after "$PWD/after" --members "$1"; }
    printf '#!/bin/sh\necho x >>%s/said\ntouch b/one/x 2>/dev/null || :\n' "$PWD" >one
    chmod +x one
    rm -rf b && mkdir b
    group "one=$PWD/one"
    [ "$(tr '\n' ' ' <said)" = "before x after " ]
    rm -rf b said && mkdir b
    run -65 group "two=$PWD/one"
    [ "$(tr '\n' ' ' <said)" = "before x after " ]
    # That they do not go on is told, whatever else has failed.
    echo 'exit 1' >>after
    for what in one two; do
        rm -rf b && mkdir b
        run --separate-stderr group "$what=$PWD/one"
        [ "$status" -ne 0 ] || fail "$what"
        [[ $stderr == *"after: failed; look whether the services go on"* ]] || fail "$stderr"
    done
    sed -i '/exit 1/d' after
    rm -rf b said && mkdir b
    echo 'exit 1' >>before
    run -69 group "one=$PWD/one"
    [ "$(tr '\n' ' ' <said)" = "before after " ]
    [ -z "$(ls b)" ]
    for wrong in '' one '=x' '../x=/bin/true' "one=$PWD/one one=$PWD/one"; do run -64 group "$wrong"; done
    run -66 group one=/none
}

# sharing PARAMETERS...: a backup server `pbs` that is shared by entries with these parameters, each a JSON object.
sharing() {
    local entries=
    for parameters in "$@"; do entries+="${entries:+, }{\"name\": \"entry\", \"parameters\": $parameters}"; done
    printf '{"name": "PBS", "software-type": "pull-backup", "shared": [%s]}' "$entries" >given
    run --separate-stderr rs-render instance "$RS_STACK/resilient/switchsoftware.cfg" --root pbs --given given
}

@test "who shares a backup server gets programs of its own, and can write nothing else" {
    pull='"type": "pull", "name": "n", "notification-id": "n-pull"'
    sharing "{$pull, \"url\": \"exec:/x y; touch hacked\", \"title\": \"a\\nb \$(touch hacked)\", \"remove-backup-older-than\": \"3B; touch hacked\"}" \
        '{"type": "push", "name": "n", "notification-id": "n-push", "url": "exec:/push"}' \
        '{"type": "push", "name": "m", "notification-id": "m-push", "url": ""}' '{"name": "none"}'
    [ "$status" -eq 0 ] || fail "$stderr"
    [ "$(ls pbs/bin/pbs | tr '\n' ' ')" = "n-pull n-pull_raw n-push n-push_raw " ]
    shellcheck -e SC2016 pbs/bin/pbs/* pbs/bin/serve pbs/bin/equeue
    run ! pbs/bin/pbs/n-pull_raw
    [ ! -e hacked ]
    [[ $(cat pbs/etc/cron.d/n-pull) == *" * * * * $PWD/pbs/bin/pbs/n-pull" ]]
    [ "$(ls pbs/etc/cron.d | tr '\n' ' ')" = "alarm equeue n-pull rotate-logs " ]
    sharing "{$pull, \"url\": \"exec:/x\", \"frequency\": \"#*:30\"}"
    [[ $(cat pbs/etc/cron.d/n-pull) == '#'* ]] || fail "$(cat pbs/etc/cron.d/n-pull)"
    # Gone, and so is what it had.
    sharing '{"type": "push", "name": "n", "notification-id": "n-push", "url": "exec:/push"}'
    [ "$(ls pbs/bin/pbs | tr '\n' ' ')" = "n-push n-push_raw " ]

    sharing "{$pull, \"url\": \"exec:/x\"}" "{$pull, \"url\": \"exec:/x\"}"
    [ "$status" -eq 78 ]
    [[ $stderr == *"two entries are called n-pull"* ]] || fail "$stderr"
    # Names that the profile has itself.
    for name in buildout serve values directory; do
        sharing "{$pull, \"url\": \"exec:/x\", \"notification-id\": \"$name\"}"
        [ "$status" -eq 0 ] || fail "$name: $stderr"
        [ "$(ls pbs/bin/pbs | tr '\n' ' ')" = "$name ${name}_raw " ]
    done
    sharing '{"type": "push", "name": "n", "notification-id": "n-push", "url": "exec:/push"}'
    for wrong in '"type": "take"' '"name": "../n"' '"name": ""' '"name": "n\nx"' '"notification-id": "a/b"' '"notification-id": ".a"' \
        '"notification-id": "x]\n[evil"' '"notification-id": 3' '"url": "http://host/"' '"url": "exec:relative"' '"frequency": "never"' '"frequency": "0 * * * *\nx"' \
        '"url": "ssh://u@h:1/\n[evil]\nrecipe = x"' '"url": "ssh://u@-h:1/ x"' '"server-key": "ssh-ed25519 AAAA\n[evil]"' '"server-key": "x"' \
        '"url": "ssh://u@h:1/", "server-key": ""' '"max-age": "1\n[evil]"' '"max-age": "${a:b}"' '"on-notification": "x"' \
        '"on-notification": "s:n\nx"' '"on-notification": "s:n", "notification-key": "short"'; do
        sharing "{$pull, \"url\": \"exec:/x\", $wrong}"
        [ "$status" -eq 78 ] || fail "$wrong: $status $stderr"
        [ "$(ls pbs/bin/pbs | tr '\n' ' ')" = "n-push n-push_raw " ]
    done
}
