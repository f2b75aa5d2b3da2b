# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A deployment to try rs-deploy with; `load ../lib/deployment` behind common.
#
# It sets up and tears down its suites: rs-deploy is in PATH, and what a test has started is ended, machines (hosts.bash) and all.

setup_file() {
    python=$(python3 -c 'import sys; print(sys.executable)')
    export python PATH="$BATS_TEST_DIRNAME/../../scripts:$PATH"
}

teardown() {
    end_services
    if command -v hosts_down >/dev/null; then hosts_down; fi
    reap
    unmount_all
}

# A replicated service whose data is a directory, that runs a service and has a promise: sw/instance.cfg. $1: how many
# instances, a fallback and a backup server for each but the first.
replicated_software() {
    mkdir -p sw
    cat >sw/mysoftware.cfg <<'END'
[buildout]
parts = mysoftware beat fine

[slap-parameter]
pace = 1000

[mysoftware]
recipe = mkdirectory
data = ${buildout:directory}/srv/data
service = ${buildout:directory}/etc/service

[beat]
recipe = wrapper
wrapper-path = ${mysoftware:service}/beat
command-line = sh -c 'echo $$ >>"$1/../beats"; exec sleep "$2"' sh ${mysoftware:data} ${slap-parameter:pace}

[fine]
recipe = promise
command-line = test ! -e ${mysoftware:data}/broken
END
    cat >sw/mysoftware-export.cfg <<'END'
[buildout]
extends = mysoftware.cfg
    ../resilient/pbsready-export.cfg
parts +=
    mysoftware
    beat
    fine
    cron-entry-backup

[exporter]
recipe = wrapper
wrapper = ${rootdirectory:bin}/${slap-parameter:namebase}-exporter
command-line = cp -a ${mysoftware:data}/. ${directory:backup}
END
    cat >sw/mysoftware-import.cfg <<'END'
[buildout]
extends = mysoftware.cfg
    ../resilient/pbsready-import.cfg
parts +=
    mysoftware
    beat
    fine
    import-on-notification

[importer]
recipe = wrapper
wrapper = ${rootdirectory:bin}/${slap-parameter:namebase}-importer
command-line = cp -a ${directory:backup}/. ${mysoftware:data}
END
    cat >sw/resilient.cfg.in <<'END'
{% import "parts" as parts %}
{% import "replicated" as replicated %}
{% set count = slapparameter_dict.get("count", "2") %}
[buildout]
parts =
    {{ parts.replicate("Name", count) }}
    publish-connection-information

{{ replicated.replicate("Name", count, "mysoftware-export", "mysoftware-import", slapparameter_dict=slapparameter_dict) }}
END
    cat >sw/instance.cfg <<'END'
[buildout]
extends = ../resilient/switchsoftware.cfg

[resilient]
<= resilient-template
url = ${:_profile_base_location_}/resilient.cfg.in

[switch-softwaretype]
default = ${resilient:output}
mysoftware-export = ${:_profile_base_location_}/mysoftware-export.cfg
mysoftware-import = ${:_profile_base_location_}/mysoftware-import.cfg
END
}

# shared_fleet [PARAMETERS]: for setup_file: instances of that service without a deployment (deploy.py), in $fleet, which all tests of
# a suite share; the leader has something to dump.
shared_fleet() {
    local none='{}'
    python=$(python3 -c 'import sys; print(sys.executable)')
    fleet=$BATS_FILE_TMPDIR/fleet
    export python fleet PATH="$BATS_TEST_DIRNAME/../../scripts:$PATH"
    [ -n "${RS_BUILD-}" ] || export PATH=$BATS_TEST_DIRNAME/../../build/tools:$PATH
    export RS_STACK=$BATS_TEST_DIRNAME/../../stack PYTHONDONTWRITEBYTECODE=1
    cd "$BATS_FILE_TMPDIR" || return
    replicated_software
    printf '%s\n' "${1-$none}" >parameters.json
    "$python" -S "$BATS_TEST_DIRNAME/../lib/deploy.py" sw/instance.cfg fleet parameters.json
    echo 1 >fleet/Name0/srv/data/file
}

# A software of which the first instance asks for what the sections on standard input say, `[NAME]` and options of a request;
# each of them publishes its name, and has a directory. Quicker than the other one.
small_software() {
    mkdir -p sw
    {
        printf '[buildout]\nparts =\n'
        cat >requests
        sed -n 's/^\[\(.*\)\]$/    \1/p' requests
        sed 's/^\[\(.*\)\]$/[\1]\nrecipe = request\nsoftware-type = thing\nreturn = word/' requests
    } >sw/first.cfg
    cat >sw/thing.cfg <<'END'
[buildout]
parts = published directory

[directory]
recipe = mkdirectory
data = ${buildout:directory}/srv/data

[published]
recipe = publish
word = word of ${slap-connection:partition-id}
END
    cat >sw/instance.cfg <<'END'
[buildout]
parts = switch-softwaretype

[switch-softwaretype]
recipe = switch-softwaretype
default = ${:_profile_base_location_}/first.cfg
thing = ${:_profile_base_location_}/thing.cfg
END
}

# computer NAME NETWORK [LINE...]: a computer of this machine for a deployment file.
computer() {
    printf '[%s]\nssh = local\nroot = %s/%s\nguid = COMP-%s\nnetwork = %s\nsupervisor = none\n' "$1" "$PWD" "$1" "$1" "$2"
    [ $# -eq 2 ] || printf '%s\n' "${@:3}"
    echo
}

# deployment [LINE...]: the file wiki.cfg, its computers on standard input.
deployment() {
    {
        printf '[deployment]\nname = wiki\nprofile = sw/instance.cfg\n'
        [ $# -eq 0 ] || printf '%s\n' "$@"
        echo
        cat
    } >wiki.cfg
}

# gone PID: that process has ended; one that nobody has waited for yet has, too.
gone() {
    ! readlink "/proc/$1/exe" >/dev/null
}

# Ends whatever a test has started.
end_services() {
    local program
    for program in "$BATS_TEST_TMPDIR"/*/wiki/*/bin/services; do
        [ ! -x "$program" ] || RS_SERVICES_GRACE=2 "$program" stop >/dev/null || :
    done
}
