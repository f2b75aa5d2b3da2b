#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-status: of one deployment, which all tests share and leave well, and of instances that lie. That each promise fires is in
# promises.bats.

load ../lib/common
load ../lib/deployment

setup_file() {
    python=$(python3 -c 'import sys; print(sys.executable)')
    top=$BATS_FILE_TMPDIR
    export python top PATH="$BATS_TEST_DIRNAME/../../scripts:$PATH"
    [ -n "${RS_BUILD-}" ] || export PATH=$BATS_TEST_DIRNAME/../../build/tools:$PATH
    export RS_STACK=$BATS_TEST_DIRNAME/../../stack PYTHONDONTWRITEBYTECODE=1
    cd "$top" || return
    replicated_software
    { computer one NET-1 && computer two NET-2; } | deployment
    rs-deploy apply --quiet wiki.cfg
    local name
    for name in Name0 Name1 PBS-Name-1; do ln -s "$(echo */wiki/"$name")" "$name"; done
    seq 5000 >Name0/srv/data/file
    for i in 1 2 3; do
        seq "$i" $((5000 + i * 100)) >Name0/srv/data/file
        dumped
    done
}

# dumped: a dump is made, and has reached the store and the fallback, or what failed has failed.
dumped() {
    "$top/Name0/bin/exporter"
    until_true quiet
}
quiet() {
    ! rs-notify queue --json "$top/PBS-Name-1/var/queue" | grep -q '"state":"waits"' && flock -n "$top/PBS-Name-1/var/queue/worker.lock" true
}

page() {
    "$python" -S "$lib/page.py" "$@"
}

# all_status [OPTION...]: of the deployment.
all_status() {
    rs-status "$@" --deployment "$top/wiki.cfg"
}

@test "all is well: a line, and a fact a line for each instance" {
    run -0 --separate-stderr all_status
    [ -z "$stderr" ] || fail "$stderr"
    [[ ${lines[0]} == "wiki: all is well, 4 of 4 instances, 20"*Z ]] || fail "$output"
    [[ $output == *$'\n'"Name0 on "*": export, settled, mysoftware-export"* ]] || fail "$output"
    for fact in 'dump      ok       ' 'told      ok       everybody' 'pull      ok       ' 'push      ok       ' 'proof     ok       1.3 on Name1' \
        'store     ok       3 generations, newest 1.3' 'queue     ok       0 wait, 0 given up' 'load      ok       ' 'keys      ok       2 of 2' \
        'limit 2 h 30 min' 'promises  kept     7 of 7'; do
        [[ $output == *"$fact"* ]] || fail "$fact" "$output"
    done
    [[ $output != *$'\e'* ]]
    run -0 --separate-stderr all_status -q
    [ "${#lines[@]}" -eq 1 ]
    run -0 --separate-stderr rs-status "$top/Name0" "$top/PBS-Name-1"
    [[ ${lines[0]} == *": all is well, 2 of 2 instances"* ]] || fail "$output"
    [[ $output == *"PBS (Name / 1): pbs, here, pull-backup"* ]] || fail "$output"
}

@test "JSON has every fact as a number or a word, and the history" {
    all_status --json >j
    run -0 jq -e '.exit == 0 and .state == "ok" and .troubles == [] and (.instances | length) == 4' j
    run -0 jq -e '.instances[] | select(.kind == "export") | (.runs | length) == 1 and .runs[0].what == "dump" and .runs[0].state == "ok"
        and .runs[0].limit_seconds == 9000 and .runs[0].generation == "1.3" and (.runs[0].rows | length) >= 3 and .spool.waiting == 0 and .spool.state == "ok"
        and (.keys | length) == 2 and all(.keys[]; .state == "ok" and .mode == "600")' j
    run -0 jq -e '.instances[] | select(.kind == "pbs") | [.runs[].what] == ["pull", "push"] and .proofs[0].state == "ok" and .proofs[0].generation == "1.3"
        and .proofs[0].instance == "Name1" and .store.names[0].generations == 3 and .store.names[0].newest.generation == "1.3"
        and (.store.names[0].history | map(.bytes > 0 and .stored_bytes > 0 and .time > 0) | all) and .store.bytes > 0 and .queue.waiting == 0' j
    run -0 jq -e '.instances[] | select(.kind == "import") | .runs[0].what == "load" and .runs[0].state == "ok" and .disk.free_bytes > 0
        and .disk.floor_bytes > 0 and .disk.bytes > .disk.free_bytes' j
}

@test "who leads, since which epoch, and who follows; two who lead are no good" {
    all_status >text
    grep -q '^  leads     ok       in epoch 1$' text
    grep -q '^  follows   ok       epoch 1, holds 1\.' text
    all_status --json >j
    jq -e '[.instances[] | select(.lead) | [.name, .lead.does, .lead.epoch, .lead.known_epoch]] | sort == [["Name0", "leads", 1, 1], ["Name1", "follows", 1, 1]]' j
    all_status --prometheus >metrics
    grep -q '^rs_leads{rs_instance="Name0",.*} 1$' metrics
    grep -q '^rs_leads{rs_instance="Name1",.*} 0$' metrics
    grep -q '^rs_epoch{rs_instance="Name1",.*} 1$' metrics
    # One that was never told that another one leads now.
    cp -a "$top/Name0/." twin
    sed -i 's/"name": "Name0"/"name": "twin"/' twin/etc/instance.json
    sed -i "s|^failover .*|failover $PWD/twin/srv/failover|" twin/etc/watched
    run -1 rs-status -q "$top/Name0" twin
    [[ $output == *"failed   Name0: lead: leads in epoch 1, and so does twin in epoch 1; "*"--stand-down 1"* ]] || fail "$output"
    [[ $output == *"failed   twin: lead: leads in epoch 1, and so does Name0 in epoch 1"* ]] || fail "$output"
    echo 7 >twin/srv/failover/leads
    run -1 rs-status -q "$top/Name0" twin
    [[ $output == *"failed   Name0: lead: leads in epoch 1, and so does twin in epoch 7; "*"--stand-down 7"* ]] || fail "$output"
    [[ $output != *"twin: lead"* ]] || fail "$output"
    # What is on the way is no trouble by itself.
    : >twin/srv/failover/superseded
    run -0 rs-status "$top/Name0" twin
    [[ $output == *"superseded waiting"* ]] || fail "$output"
    rm twin/srv/failover/superseded
    printf 'epoch 8\nstep import\n' >twin/srv/failover/takeover
    run -0 rs-status "$top/Name0" twin
    [[ $output == *"takes over waiting  epoch 8, at the step import"* ]] || fail "$output"
    # Nothing of it is believed to be more than it is.
    printf '7;rm -rf /\n' >twin/srv/failover/leads
    printf 'step \033[31m<b>\nepoch 99999999999999999999\n' >twin/srv/failover/takeover
    rs-status --json "$top/Name0" twin >j || [ $? -eq 1 ]
    jq -e '[.instances[] | select(.name == "twin")][0].lead | .epoch == null and (.step | test("\u001b") | not)' j
    # Whom a backup server follows.
    printf 'COMP-1-Name1 4\n' >"$top/PBS-Name-1/var/run/$(awk '$1 == "run" && $3 == "pull" { print $5 }' "$top/PBS-Name-1/etc/watched").leader"
    run all_status
    rm "$top/PBS-Name-1/var/run/"*.leader
    [[ $output == *'follows   ok       COMP-1-Name1 in epoch 4: '* ]] || fail "$output"
}

@test "an instance that is not there any more, and a line that nobody leads, are no good; nothing is made anew in silence" {
    local place
    # Its file system is not mounted, say.
    for name in Name1 PBS-Name-1; do
        place=$(readlink -f "$top/$name")
        mv "$place" away
        run -1 --separate-stderr all_status -q
        [[ ${lines[0]} == "wiki: NOT WELL, 3 of 4 instances"* && $output == *" $place is not there any more; "* ]] || fail "$output"
        run -1 --separate-stderr rs-deploy status "$top/wiki.cfg"
        [[ $output == *": not there any more"* ]] || fail "$output"
        mv away "$place"
    done

    # Of two that do not lead, and of one whose leader is gone.
    echo 2 >"$top/Name0/srv/failover/superseded"
    run -1 --separate-stderr all_status -q
    [[ $output == *": lead: nobody leads wiki-root-Name; "*"$(readlink -f "$top/Name1")/bin/takeover"* ]] || fail "$output"
    rm "$top/Name0/srv/failover/superseded"
    place=$(readlink -f "$top/Name0")
    mv "$place" away
    run -1 --separate-stderr all_status -q
    [[ $output == *"Name0"*": $place is not there any more; "* && $output == *"Name1"*": lead: nobody leads wiki-root-Name; "* ]] || fail "$output"
    # Asked by itself, a fallback is well: its leader may be elsewhere.
    run -0 rs-status -q "$top/Name1"

    # Made anew it has nothing, and that is said once.
    run -1 --separate-stderr rs-deploy apply "$top/wiki.cfg"
    [[ $stderr == *"Name0 on "*": was not there any more, and is made anew, with nothing of what it had"* ]] || fail "$stderr"
    rm -rf "$place"
    mv away "$place"
    run --separate-stderr rs-deploy apply "$top/wiki.cfg"
    [[ $stderr != *"made anew"* ]] || fail "$stderr"
    run -0 all_status -q
}

@test "what is wrong comes first, the worst of it foremost, and the status is 1" {
    feed=$top/Name0/etc/notifier/feeds/exporter key=$top/Name1/etc/ssh/id
    cp "$feed" kept
    sed -i "\$ s/\"time\":\"[^\"]*\"/\"time\":\"2026-01-01T00:00:00Z\"/" "$feed"
    chmod 0644 "$key"
    run -1 --separate-stderr all_status
    run -1 --separate-stderr all_status
    [[ ${lines[0]} == "wiki: NOT WELL, 2 of 4 instances, "* ]] || fail "$output"
    [[ ${lines[1]} == "failed   Name1 on "*": keys: $(readlink -f "$key"): mode and owner are 644"*"chmod 600"* ]] || fail "$output"
    [[ ${lines[2]} == "late     Name0 on "*": exporter: "*"stalled: Dumping Name"* ]] || fail "$output"
    [[ ${lines[3]} == "Name1 on "* ]] || fail "$output"
    all_status --json >j || [ $? -eq 1 ]
    run -0 jq -e '.exit == 1 and [.troubles[].state] == ["failed", "late"]' j
    chmod 0600 "$key"
    cp kept "$feed"
    all_status -q
}

@test "a promise that says yes to everything hides nothing" {
    mkdir kept
    for name in Name0 Name1 PBS-Name-1; do
        cp -a "$top/$name/etc/promise" "kept/$name"
        for promise in "$top/$name"/etc/promise/*; do printf '#!/bin/sh\n' >"$promise"; done
    done
    feed=$top/Name0/etc/notifier/feeds/exporter
    spoil() { cp -p "$1" "kept/${1##*/}" && sed -i "$2" "$1"; }
    restore_it() { cp -p "kept/${1##*/}" "$1"; }
    item=$(echo "$top/PBS-Name-1/var/queue/items"/*-push)
    old='$ s/"time":"[^"]*"/"time":"2026-01-01T00:00:00Z"/'
    says() {
        run -1 --separate-stderr all_status -q
        [[ $output == *"$1"* ]] || fail "does not say $1" "$output"
    }
    for feed in Name0/etc/notifier/feeds/exporter Name1/etc/notifier/feeds/importer PBS-Name-1/etc/notifier/feeds/wiki-root-Name-1-pull \
        PBS-Name-1/etc/notifier/feeds/wiki-root-Name-1-push; do
        spoil "$top/$feed" "$old"
        says "late "
        restore_it "$top/$feed"
        spoil "$top/$feed" '$ s/"status":"OK"/"status":"FAILURE"/'
        says "failed "
        restore_it "$top/$feed"
    done
    spoil "$item" 's/"given_up": false/"given_up": true/; s/"wanted": ""/"wanted": "9.9"/'
    says "queue: 1 given up"
    restore_it "$item"
    mkdir -p "$top/Name0/var/spool"
    touch -d '4 hours ago' "$top/Name0/var/spool/x"
    says "spool: 1 not told since"
    rm "$top/Name0/var/spool/x"
    mv "$top/PBS-Name-1/srv/backup/pbs" kept/pbs
    says "vanished"
    mv kept/pbs "$top/PBS-Name-1/srv/backup/pbs"
    mv "$top/Name1/etc/ssh/id" kept/id
    says "not there"
    mv kept/id "$top/Name1/etc/ssh/id"
    spoil "$top/Name1/etc/watched" 's/^floor .*/floor 100%/'
    says "the floor is 100%"
    restore_it "$top/Name1/etc/watched"
    # Not proven: that instance has loaded nothing.
    spoil "$top/PBS-Name-1/etc/watched" 's/^\(proven .*\) 9000 /\1 1 /'
    # Whom it is pushed to may be another one than at first.
    spoil "$top/PBS-Name-1/var/run/wiki-root-Name-1-push.to" 's/Name1/Name7/'
    until_true eval 'all_status --json >j || :; [ "$(jq -r ".troubles[].state" j)" = never ]'
    says "is not proven on Name7"
    restore_it "$top/PBS-Name-1/var/run/wiki-root-Name-1-push.to"
    restore_it "$top/PBS-Name-1/etc/watched"
    for name in Name0 Name1 PBS-Name-1; do cp -a "kept/$name/." "$top/$name/etc/promise/"; done
    all_status -q
}

@test "metrics are what the textfile collector reads, with times, bytes and limits" {
    all_status --prometheus >m
    page prometheus m >j
    for name in rs_status_ok rs_instance_ok rs_promise_kept rs_run_ok rs_run_last_timestamp_seconds rs_run_limit_seconds rs_run_duration_seconds \
        rs_proof_ok rs_proof_generation_timestamp_seconds rs_store_size_bytes rs_generations rs_generation_size_bytes rs_generation_stored_bytes \
        rs_queue_waiting rs_queue_given_up rs_spool_waiting rs_disk_free_bytes rs_disk_floor_bytes rs_keys_ok; do
        run -0 jq -e --arg name "$name" '.[$name] | length > 0' j
    done
    run -0 jq -e '.rs_status_ok == [{labels: {deployment: "wiki"}, value: 1}]' j
    run -0 jq -e --argjson now "$(date +%s)" '[.rs_run_last_timestamp_seconds[] | $now - .value | . >= 0 and . < 600] | length == 4 and all' j
    run -0 jq -e '[.rs_generations[].value] == [3]' j
}

# An instance `liar`, everything in which is made to do harm to who shows it.
liar() {
    mkdir -p liar/etc/promise liar/etc/notifier/feeds liar/etc/service liar/var/queue/items liar/srv
    evil='<script>alert(1)</script>"&'\''\ {{x}} <img src=x onerror=alert(1)>'
    jq -n --arg evil "$evil" '{name: ($evil + "\n\u001b[31m\u202e"), "software-type": $evil, parameters: {password: "SECRET-1"}}' >liar/etc/instance.json
    printf '{"x": "SECRET-2"}\n' >liar/etc/published.json
    # shellcheck disable=SC2016 # for who would run it
    printf 'kind %s\nfloor 0%%\nrun x %s 1h $(touch hacked)`touch hacked`\nrun ../../../x dump 1h n\nspool 1h -delete\nqueue %s\nstore --help\nkey %s\nproven x 1h x y\n' \
        "$evil" "<b>dump</b>" "$PWD/liar/var/queue" "$PWD/liar/etc/none" >liar/etc/watched
    jq -nc --arg evil "$evil" '{time: "2026-01-01T00:00:00Z", status: "FAILURE", title: $evil, generation: "1.1", exit: 9, tries: 1, seconds: 1e300,
        error: ($evil + "\u0000\n\u001b]0;x\u0007\u2028# HELP x"), output: "SECRET-3", id: "urn:uuid:\($evil)"}' >liar/etc/notifier/feeds/x
    printf '#!/bin/sh\nprintf "%%s\\n\\033[2J<script>alert(2)</script>\\"\\\\x{a=\\"b\\"} 1\\n" "kept fine"\nexit 1\n' >liar/etc/promise/'p"<i>x\'
    chmod +x liar/etc/promise/*
}

@test "nothing that an instance says is more than text in what is shown, and what is secret is not in it" {
    liar
    for form in --json --prometheus --html ''; do
        # shellcheck disable=SC2086 # an option or nothing
        run -1 --separate-stderr rs-status $form liar
        [ -z "$stderr" ] || fail "$stderr"
        printf '%s\n' "$output" >"out$form"
        run ! grep -q SECRET "out$form"
        run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\xa8\xae]' "out$form"
    done
    [ ! -e hacked ]
    jq -e '.instances | length == 1' out--json
    page prometheus out--prometheus >j
    jq -e '[.rs_promise_kept[] | .labels.promise] == ["p\"<i>x\\"]' j
    page html out--html
    grep -q '&lt;script&gt;alert(1)' out--html
    run ! grep -q '<script\|<img\|<i>' out--html
    # One line each, whatever was in it.
    [ "$(grep -c 'alert(2)' out)" -eq 1 ]

    all_status --html >page
    all_status --json >j
    for secret in "$(cat "$top/Name0/etc/notifier/key")" "$(sed -n 2p "$top/Name0/etc/ssh/id")"; do
        [ "${#secret}" -gt 20 ]
        run ! grep -qF -e "$secret" page j
    done
}

@test "a computer that cannot be reached is told of, and so is all the rest" {
    cp "$top/wiki.cfg" cut.cfg
    sed -i "s|^profile = |profile = $top/|" cut.cfg
    computer=$(jq -r '.Name1.computer' "$top/.wiki.rs-deploy/placements.json")
    sed -i "/^\[$computer\]/,/^\$/ s/^ssh = local/ssh = -p 1 127.0.0.1/" cut.cfg
    sed -i 's/^\(guid = .*\)/\1\naddress = 127.0.0.1/' cut.cfg
    RS_DEPLOY_CONNECT=2 run -69 --separate-stderr rs-status --json --state "$top/.wiki.rs-deploy" --deployment cut.cfg
    jq -e '.exit == 69 and ([.instances[] | select(.state == "unreachable") | .name] | index("Name1")) and
        ([.troubles[].state] | index("unreachable") == 0) and ([.instances[] | select(.name == "Name0" or .name == "root") | .state] | length) == 2' <<<"$output"
}

@test "a file is written whole or not at all, for others to read" {
    all_status --prometheus -o out.prom
    [ "$(stat -c %a out.prom)" = 644 ]
    page prometheus out.prom >/dev/null
    # Also if not all is well.
    chmod 0644 "$top/Name1/etc/ssh/id"
    run -1 all_status --prometheus --output=out.prom
    chmod 0600 "$top/Name1/etc/ssh/id"
    grep -q '^rs_status_ok{deployment="wiki"} 0$' out.prom
    [ -z "$output" ]
    echo old >old
    run -66 rs-status -o old "$top/Name0" nowhere
    [ "$(cat old)" = old ]
    run -73 --separate-stderr all_status -o no/such/dir
    [ -z "$(find . -name '.*prom*' -o -name '.old*')" ] || fail "$(ls -A)"
    run -74 sh -c 'rs-status "$1" >/dev/full' sh "$top/Name0"
}

@test "wrong usage is told of" {
    run -64 rs-status
    run -64 rs-status --json --html "$top/Name0"
    run -64 rs-status --what "$top/Name0"
    run -64 rs-status --deployment
    run -64 rs-status --deployment "$top/wiki.cfg" "$top/Name0"
    run -64 rs-status --state x "$top/Name0"
    run -66 rs-status nowhere
    run -66 rs-status --deployment nowhere.cfg
    run -66 rs-status --state empty --deployment "$top/wiki.cfg"
    run -0 rs-status --help
    run -0 rs-status --version
}

# A browser that talks to nobody.
browser() {
    timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run --disable-background-networking \
        --user-data-dir="$PWD/browser" --host-resolver-rules='MAP * ~NOTFOUND' "$@" >browser.out 2>browser.err
}

# asked LOG: the addresses that were asked for, but those of the browser's own errands, which nothing switches off.
asked() {
    grep -oE '"url":"(https?|wss?|ftp):[^"]*' "$1" | grep -vE '://[a-z0-9.]*\.(google|googleapis|gvt1)\.com/' | sort -u || :
}

@test "the page is one that a browser shows, at the width of a phone, too, and that asks nobody for anything" {
    command -v chromium >/dev/null || skip "needs chromium"
    export HOME=$PWD
    liar
    rs-status --html -o page.html "$top/Name0" "$top/PBS-Name-1" "$top/Name1" liar || [ $? -eq 1 ]
    page html page.html
    [ "$(grep -c '<svg class="map"' page.html)" -eq 1 ]
    for plot in 'size of the dump' 'what each added' 'delta' 'dump, how long' 'pull, how long' 'push, how long' 'load, how long'; do grep -q "$plot" page.html; done
    # What the page itself may not have: a script that tells its size.
    sed 's/<meta http-equiv="Content-Security-Policy"[^>]*>//; s|</body>|<script>document.title = ["width", innerWidth, document.documentElement.scrollWidth, performance.getEntriesByType("resource").length].join(" ")</script></body>|' page.html >measured.html
    for width in 360 1280; do
        browser --window-size="$width,2400" --screenshot="$PWD/$width.png" --log-net-log="$PWD/$width.json" "file://$PWD/page.html"
        run -0 page png "$width.png"
        read -r _ _ colours <<<"$output"
        [ "$colours" -gt 40 ] || fail "$width: $output"
        run -0 asked "$width.json"
        [ -z "$output" ] || fail "$output"
        browser --window-size="$width,2400" --dump-dom "file://$PWD/measured.html"
        run -0 grep -o '<title>width [0-9 ]*' browser.out
        read -r _ shown needed resources <<<"$output"
        [ "$needed" -le "$shown" ] || fail "at $width: $output"
        [ "$resources" -eq 0 ]
    done
    # It would have been seen.
    sed 's/<meta http-equiv="Content-Security-Policy"[^>]*>//; s|</body>|<img src="http://elsewhere.example/x"></body>|' page.html >asking.html
    browser --log-net-log="$PWD/asking.json" --dump-dom "file://$PWD/asking.html"
    run -0 asked asking.json
    [[ $output == *elsewhere.example* ]] || fail "$output"
}
