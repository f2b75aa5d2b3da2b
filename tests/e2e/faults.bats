#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What happens to a whole chain: a leader, two backup servers and two fallbacks on five machines, each with a network and an sshd of its
# own. Lines die, a server is lost, clocks jump, and somebody looks for secrets.

load ../lib/common
load ../lib/deployment
load ../lib/hosts
load ../lib/chain

patience=${RS_PATIENCE-120}
# How often what can be done again and again is done.
rounds=${RS_CHAIN_ROUNDS-1}

# big: so much that a cut comes in the midst.
big() { head -c "${1-200000000}" /dev/urandom >"$(instance Name0)/srv/data/big"; }

# cut_off INSTANCE PID: its line is cut, and what runs as that process sees it in time, and fails.
cut_off() {
    local began=$SECONDS
    link_cut "$(machine "$1")"
    wait "$2" && fail 'it ended with 0'
    [ $((SECONDS - began)) -le 15 ] || fail "it took $((SECONDS - began)) s to see that the line is dead"
}

# written DIR: somebody has begun to write below it.
written() { [ "$(find "$1" -type f -newer mark -size +1000k 2>/dev/null | wc -l)" -gt 0 ]; }

@test "a line that dies in the midst of a pull or a push: it ends, nothing is published, and the next one brings it all" {
    on_machines 5
    impatient
    local data=$(instance Name1)/srv/data round before loaded calm i
    echo one >"$(instance Name0)/srv/data/file"
    exported
    until_true arrived 1 2

    newest() { rs-store list "$(store 1)" --name wiki-root-Name-1 | tail -n 1 | awk '{ print $2 }'; }
    # What runs for these instances.
    processes() { pgrep -f "$PWD/host" | wc -l; }
    for i in host*/wiki/*/var/run/*.lock; do until_true flock -n "$i" true; done
    calm=$(processes)
    for ((round = 1; round <= rounds; round++)); do
        big
        before=$(newest)
        loaded=$(cat "$data/file")
        echo "$round" >"$(instance Name0)/srv/data/file"
        # The pull: the leader is gone, and so is what waits there for its reader.
        of Name0 bin/dump
        : >mark
        of "$(pbs 1)" bin/pbs/wiki-root-Name-1-pull_raw >pull.out 2>&1 & pids+=($!)
        until_true written "$(store 1)"
        cut_off Name0 "${pids[-1]}"
        [ "$(newest)" = "$before" ]
        run -0 rs-store check --read-data "$(store 1)"
        until_true flock -n "$(instance Name0)/var/run/backup.lock" true
        run ! pgrep -f "rs-export .*$(instance Name0)"
        back Name0
        of "$(pbs 1)" bin/pbs/wiki-root-Name-1-pull_raw
        [ "$(newest)" != "$before" ]

        # The push: the fallback has what it had, and takes another one at once when it is back.
        : >mark
        of "$(pbs 1)" bin/pbs/wiki-root-Name-1-push_raw >push.out 2>&1 & pids+=($!)
        until_true written "$(instance Name1)/srv/backup"
        cut_off Name1 "${pids[-1]}"
        until_true flock -n "$(instance Name1)/var/run/backup.lock" true
        [ "$(cat "$data/file" "$(instance Name1)/srv/backup/Name/file" | tr '\n' ' ')" = "$loaded $loaded " ]
        run ! grep -q '^proven' <(rs-store show "$(store 1)" wiki-root-Name-1 latest)
        back Name1
        of "$(pbs 1)" bin/pbs/wiki-root-Name-1-push_raw
        until_true arrived 1
        # Nothing of it is left.
        until_true eval '[ "$(processes)" -le "$calm" ]'
    done
    say "$rounds times a pull and a push were cut"

    # A reader that stalls is none: the dump can be made anew.
    host_run "$(machine "$(pbs 2)")" sh -c 'rs-pull --store "$1" --name x --have | ssh -F "$2/etc/ssh/config" -p "$3" "$4" | sleep 1000' sh \
        "$(store 2)" "$(instance "$(pbs 2)")" "$(jq -r '.["resilient-ssh-url"] | capture(":(?<p>[0-9]+)/?$").p' "$(instance Name0)/etc/published.json")" \
        "$(jq -r '.["resilient-ssh-url"] | capture("ssh://(?<h>[^:/]+)").h' "$(instance Name0)/etc/published.json")" & pids+=($!)
    until_true eval '! flock -n "$(instance Name0)/var/run/backup.lock" true'
    link_cut "$(machine "$(pbs 2)")"
    until_true flock -n "$(instance Name0)/var/run/backup.lock" true
    back "$(pbs 2)"
    rm "$(instance Name0)/srv/data/big"
    echo two >"$(instance Name0)/srv/data/file"
    exported
    until_true eval '[ "$(cat "$(instance Name2)/srv/data/file")" = two ]'
}

@test "a backup server that is lost: its history comes from the other one, then from the leader, and little goes over the line" {
    on_machines 5
    local i new pull
    for i in 1 2 3; do
        seq "$((i * 100000))" >"$(instance Name0)/srv/data/numbers"
        exported
        until_true arrived 1 2
    done
    # What it lost is no reason to begin anew without a word: somebody has to look.
    rm -r "$(store 1)"
    run ! of "$(pbs 1)" bin/pbs/wiki-root-Name-1-pull_raw
    [ ! -e "$(store 1)" ] || fail 'an empty store was made in the place of the lost one'
    rs-store init --like "$(store 2)" "$(store 1)"
    rs-store copy --name wiki-root-Name-2 --as wiki-root-Name-1 "$(store 2)" "$(store 1)"
    digests() { rs-store list --json "$(store "$1")" | jq -r 'select(.generation) | .generation + " " + .digest'; }
    diff <(digests 1) <(digests 2)
    [ "$(digests 1 | wc -l)" -eq 3 ]
    echo 4 >>"$(instance Name0)/srv/data/numbers"
    of Name0 bin/dump
    # Less than 2% of the whole.
    pull=$(instance "$(pbs 1)")/bin/pbs/wiki-root-Name-1-pull_raw
    exported
    until_true arrived 1 2
    new=$(rs-store show --json "$(store 1)" wiki-root-Name-1 latest | jq .new_bytes)
    [ "$new" -lt $((2000000 * 2 / 100)) ] || fail "$new bytes were new"
    diff <(digests 1) <(digests 2)
    for i in 1 2; do rs-pull --store "$(store "$i")" --name "wiki-root-Name-$i" --emit 1.2 | rs-import "g$i"; done
    same g1 g2

    # Both are lost: what is left of the history is what is there.
    rm -r "$(store 1)"
    rs-store init "$(store 1)"
    exported
    until_true arrived 1 2
    [ "$(digests 1 | wc -l)" -eq 1 ]
    [ "$(digests 1)" = "$(digests 2 | tail -n 1)" ]
}

@test "clocks that are wrong by years: order is by number, what is proven stays, and what comes after is loaded" {
    on_machines 5
    local round=0 when i
    # Whatever the clock of who dumps, and then of who keeps it.
    for when in $(for ((i = 1; i <= rounds; i++)); do echo +0d +1y -1y +0d -10y +10y; done) +0d; do
        round=$((round + 1))
        echo "$round" >"$(instance Name0)/srv/data/file"
        host_run_at "$when" "$(machine Name0)" "$(instance Name0)/bin/dump"
        of "$(pbs 1)" bin/pbs/wiki-root-Name-1-pull
        until_true arrived 1
        host_run_at "$when" "$(machine "$(pbs 2)")" "$(instance "$(pbs 2)")/bin/pbs/wiki-root-Name-2-pull"
        host_run_at "$when" "$(machine "$(pbs 2)")" "$(instance "$(pbs 2)")/bin/pbs/wiki-root-Name-2-push"
        arrived 2
    done
    # By number, and the last three that were proven at least, whatever their times say.
    for i in 1 2; do
        rs-store list "$(store "$i")" | awk '{ print $2 }' >order
        sort -t. -k2n order | diff - order
        [ "$(tail -n 3 order | tr '\n' ' ')" = "1.$((round - 2)) 1.$((round - 1)) 1.$round " ]
    done
    # Nobody was told of it a year late.
    run -0 rs-notify feed --check --max-age 150m "$(instance "$(pbs 1)")/etc/notifier/feeds/wiki-root-Name-1-pull"
}

@test "no secret is seen in a process, a log, a feed, a queue or a store" {
    local sampler file
    on_machines 5
    # The keys themselves, and each line of a private key.
    for file in host*/wiki/*/etc/notifier/key; do head -n 1 "$file"; done >secrets
    for file in host*/wiki/*/etc/ssh/id host*/wiki/*/etc/ssh/pbs-client; do [ ! -e "$file" ] || grep -v -- ----- "$file" | sed -n '3p'; done >>secrets
    [ "$(wc -l <secrets)" -ge 4 ] || fail "$(wc -l <secrets) secrets"
    # It finds what is there to be found.
    : >stop
    env CANARY="$(head -n 1 secrets)" sleep 100 & pids+=($!)
    run -1 "$python" -S "$lib/secrets.py" secrets ready stop
    rm stop ready
    kill "${pids[-1]}"
    "$python" -S "$lib/secrets.py" secrets ready stop >sampled & sampler=$!
    pids+=("$sampler")
    until_true [ -e ready ]
    for i in 1 2 3; do
        echo "$i" >"$(instance Name0)/srv/data/file"
        exported
        until_true arrived 1 2
    done
    of Name0 bin/tell-again
    rs-deploy apply wiki.cfg >said 2>&1
    rs-deploy plan wiki.cfg >>said 2>&1
    rs-deploy status --json wiki.cfg >>said 2>&1
    : >stop
    wait "$sampler" || fail "$(cat sampled)"
    say "$(cat sampled)"
    # What is kept: nothing but the files that are for their owner alone.
    run ! grep -rlF -f secrets said cron.d host*/wiki/*/var host*/wiki/*/srv host*/wiki/*/bin host*/wiki/*/etc/notifier/feeds host*/wiki/*/etc/cron.d host*/wiki/*/etc/service
    [ -z "$(grep -rlF -f secrets host*/wiki .wiki.rs-deploy | while read -r file; do find "$file" -perm /077; done)" ] ||
        fail "$(grep -rlF -f secrets host*/wiki .wiki.rs-deploy | while read -r file; do find "$file" -perm /077; done)"
}
