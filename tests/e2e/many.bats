#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# One backup server that many services share, and all of them have a dump at once.

load ../lib/common

patience=${RS_PATIENCE-300}

# shared N: a backup server `pbs` with a pull and a push for each of N services, whose dumps are dump/NAME and whose fallbacks are
# fallback/NAME.
shared() {
    local i
    mkdir dump fallback serve take last
    head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >key
    chmod 600 key
    printf '#!/bin/sh\nset -eu\nname=${0##*/}\nread -r number <"%s/last/$name"\nexec rs-export --quiet --have=- --generation "$number" "%s/dump/$name"\n' "$PWD" "$PWD" >serve.sh
    printf '#!/bin/sh\nset -eu\nname=${0##*/}\ncd "%s/fallback"\nif [ "$1" = have ]; then exec rs-import --have "$name"; fi\nrs-import --quiet "$name"\nrs-import --quiet --proven "$name"\necho proven 0\n' "$PWD" >take.sh
    chmod +x serve.sh take.sh
    for ((i = 1; i <= $1; i++)); do
        ln -s ../serve.sh "serve/n$i"
        ln -s ../take.sh "take/n$i"
        printf '{"name": "pull %d", "parameters": {"type": "pull", "name": "n%d", "notification-id": "n%d-pull", "url": "exec:%s/serve/n%d", "on-notification": "s%d:n%d", "notification-key": "%s"}}\n' \
            "$i" "$i" "$i" "$PWD" "$i" "$i" "$i" "$(cat key)"
        printf '{"name": "push %d", "parameters": {"type": "push", "name": "n%d", "notification-id": "n%d-push", "url": "exec:%s/take/n%d"}}\n' "$i" "$i" "$i" "$PWD" "$i"
    done | jq -s '{name: "PBS", computer: "COMP", partition: "pbs", "software-type": "pull-backup", shared: .}' >given
    rs-render instance "$RS_STACK/resilient/switchsoftware.cfg" --root pbs --given given >/dev/null
}

# dumped NAME NUMBER: a dump with that number.
dumped() {
    rm -rf "new-$1"
    mkdir "new-$1"
    seq "$2" 20000 >"new-$1/numbers"
    echo "$1 $2" >"new-$1/what"
    rm -rf "dump/$1"
    mv "new-$1" "dump/$1"
    echo "1.$2" >"last/$1"
}

# told_all N NUMBER: all of them tell of their dump at once, 20 at a time, in any order.
told_all() {
    seq "$1" | shuf | xargs -P 20 -I{} rs-notify send --source 's{}' --name 'n{}' --generation "1.$2" --key-file key --to "exec:$PWD/pbs/bin/serve"
}

# loaded_all N NUMBER
loaded_all() {
    local i
    for ((i = 1; i <= $1; i++)); do [ "$(cat "fallback/n$i/what" 2>/dev/null)" = "n$i $2" ] || return 1; done
}

@test "two hundred services tell one backup server at once: all are pulled and pushed, in order, with few processes at a time" {
    local many=200 i round watcher began
    shared "$many"
    for round in 1 2; do
        for ((i = 1; i <= many; i++)); do dumped "n$i" "$round"; done
        rm -f stop
        "$python" -S "$lib/footprint.py" "RS_MANY=$PWD" stop >most 3>&- & watcher=$!
        pids+=("$watcher")
        began=$(date +%s%N)
        RS_MANY=$PWD told_all "$many" "$round"
        until_true loaded_all "$many" "$round"
        say "round $round: $many services pulled, pushed and loaded in $((($(date +%s%N) - began) / 1000000)) ms"
        : >stop
        wait "$watcher"
        say "processes at once, and their memory in MiB: $(cat most)"
        # The queue does four things at a time; what tells comes and goes.
        [ "$(cut -d ' ' -f 1 most)" -le 120 ]
        [ "$(cut -d ' ' -f 2 most)" -le 1000 ]
        for i in pbs/var/run/*.lock; do until_true flock -n "$i" true; done
    done
    for ((i = 1; i <= many; i++)); do
        # Whoever was told first: numbers go up.
        [ "$(rs-notify feed --json "pbs/etc/notifier/feeds/n$i-pull" | jq -r '.generation // empty' | tr '\n' ' ')" = "1.1 1.2 " ] ||
            fail "n$i: $(rs-notify feed --json "pbs/etc/notifier/feeds/n$i-pull")"
    done
    [ "$(rs-store list pbs/srv/backup/pbs | wc -l)" -eq $((2 * many)) ]
    run -0 rs-store check pbs/srv/backup/pbs
    run -0 rs-notify queue --check pbs/var/queue
}
