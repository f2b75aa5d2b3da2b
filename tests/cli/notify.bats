#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-notify(1): run, tell, hear, work; and what must not get lost, whatever is killed and whoever lies.

load ../lib/common

# A queue in which C1:wiki asks for ./pull, and a key.
queue() {
    mkdir -p q/callbacks
    echo "$PWD/pull" >q/callbacks/C1:wiki
    head -c 32 /dev/urandom | base64 >key
    chmod 600 key
    cat >pull <<'END'
#!/bin/sh
set -eu
cd -- "${0%/*}"
echo "$RS_NOTIFY_GENERATION" >>ran
[ ! -e broken ] || exit 74
END
    chmod +x pull
}

# tell GENERATION [OPTION...]
tell() {
    rs-notify send --source C1 --name wiki --generation "$1" --key-file key --to "exec:rs-notify accept --queue $PWD/q --key-file $PWD/key" "${@:2}"
}

rows() {
    wc -l <feed
}

@test "notify run: a row whatever happens, the status is the program's, and only success is told" {
    : >told
    run -0 --separate-stderr rs-notify run --feed feed --title 'Dumping wiki' --source C1 --name wiki --generation 1.1 \
        --to "exec:sh -c 'cat >>$PWD/told'" -- sh -c 'echo said; echo complained >&2'
    [ -z "$output$stderr" ]
    grep -q '^generation 1.1$' told
    : >told
    local status_ wanted=1
    for status_ in 3 1 64 69 75 255; do
        run "-$status_" --separate-stderr rs-notify run --feed feed --source C1 --name wiki --generation 1.2 \
            --to "exec:sh -c 'cat >>$PWD/told'" -- sh -c "echo why; exit $status_"
        [[ $stderr == *why*"failed with status $status_"* ]]
        wanted=$((wanted + 1))
        [ "$(rows)" -eq "$wanted" ]
    done
    run -127 --separate-stderr rs-notify run --feed feed -- ./nothing
    run -137 --separate-stderr rs-notify run --feed feed -- sh -c 'kill -9 $$'
    [ "$(rows)" -eq 9 ]
    [ ! -s told ]
    run -0 rs-notify feed feed
    [ "${#lines[@]}" -eq 9 ]
    [[ ${lines[0]} == *"  OK  Dumping wiki 1.1  "* ]]
    [[ ${lines[8]} == *"  FAILURE  sh  "*"status 137"* ]]
    run -1 rs-notify feed --check feed
    [[ $output == *failed:* ]]
    rs-notify run --feed feed -- true
    rs-notify feed --check feed
    # One that has not run yet is well, but not for ever.
    run -0 rs-notify feed --check feed missing
    mkdir feeds
    touch -d '1 hour ago' feeds
    run -0 rs-notify feed --check --max-age 2h feeds/never
    run -1 rs-notify feed --check --max-age 59m feeds/never
    [[ $output == *"stalled: nothing has ever run"* ]]
}

@test "notify run: tries, warnings, a generation that the program says" {
    cat >program <<'END'
#!/bin/sh
echo try >>tries
[ "$(wc -l <tries)" -ge 3 ] || exit 9
echo 4.5 >generation
exit 1
END
    chmod +x program
    run -1 --separate-stderr rs-notify run --feed feed --tries 5 --backoff 0 --warned --generation-file generation --source C1 --name wiki \
        --to "exec:sh -c 'cat >$PWD/told'" -- ./program
    [[ $stderr == *"warning: ./program: done, with warnings"* ]]
    [ "$(wc -l <tries)" -eq 3 ]
    grep -q '^generation 4.5$' told
    rs-notify feed --json feed >rows.json
    [ "$(json_rows rows.json 'rows[0]["tries"], rows[0]["status"], rows[0]["generation"], rows[0]["exit"]')" = "(3, 'WARNING', '4.5', 1)" ]
    rs-notify run --feed words -- echo a word
    rs-notify feed --json words | grep -q '"output":"a word'
    run ! grep -q 'a word"' <(rs-notify feed --json --brief words | sed 's/"title":"[^"]*"//')
    # A program that was to say it and did not has failed: nobody is told of something else.
    rm generation told
    run -69 --separate-stderr rs-notify run --generation-file generation --source C1 --name wiki --to "exec:sh -c 'cat >$PWD/told'" -- true
    [ ! -e told ]
}

@test "notify run: every target is told, and what could not be waits in the spool" {
    local to=(--to "exec:sh -c 'test -e $PWD/up && cat >>$PWD/got1'" --to 'exec:false' --to "exec:sh -c 'cat >>$PWD/got2'" --to 'ssh://localhost:1/' --to unix:/nonexistent)
    run -1 --separate-stderr rs-notify run --feed feed --spool spool --source C1 --name wiki --generation 1.1 "${to[@]}" -- true
    [ "$(grep -c 'not told' <<<"$stderr")" -eq 4 ]
    [ "$(ls spool | wc -l)" -eq 4 ]
    [ "$(wc -l <got2)" -eq 6 ]
    # The run went well: that is what the row says.
    rs-notify feed --check feed
    run -69 rs-notify send --again --spool spool
    : >up
    run -69 rs-notify send --again --spool spool
    grep -q '^generation 1.1$' got1
    [ "$(ls spool | wc -l)" -eq 3 ]
}

@test "notify run: of fifty that start at once one runs, also after a kill -9 of it" {
    local i running
    cat >program <<'END'
#!/bin/sh
echo x >>ran
while [ ! -e go ]; do sleep 0.05; done
END
    chmod +x program
    for i in $(seq 50); do
        (status=0; rs-notify run --lock lock -- ./program 2>err.$i || status=$?; echo "$status" >>statuses) &
    done
    until_true eval '[ "$(cat statuses 2>/dev/null | wc -l)" -eq 49 ]'
    [ "$(sort statuses | uniq -c | tr -s " ")" = " 49 75" ]
    [ "$(wc -l <ran)" -eq 1 ]
    grep -q 'already running: process [0-9]* since 20' err.*
    # Whoever holds it dies: the next one starts at once, that is, as soon as the kernel has buried it.
    running=$(sed -n 's/process \([0-9]*\) .*/\1/p' lock)
    kill -9 "$running"
    : >go
    rs-notify run --lock lock --wait 1 -- ./program
    [ "$(wc -l <ran)" -eq 2 ]
    wait
}

@test "notify run: a dumper that hangs, with a grandchild that holds its output, is ended in time" {
    local start=$SECONDS
    run -69 --separate-stderr rs-notify run --feed feed --timeout 2 -- sh -c 'echo $$ >pid; sleep 300 & exec sleep 300'
    [ $((SECONDS - start)) -le 5 ]
    [[ $stderr == *"which is the limit"* ]]
    until_true eval '! kill -0 -- "-$(cat pid)" 2>/dev/null'
    # Killed itself, it takes the program along.
    rs-notify run -- sh -c 'echo $$ >pid2; exec sleep 300' &
    pids+=($!)
    until_true test -s pid2
    kill -9 $!
    until_true eval '! kill -0 "$(cat pid2)" 2>/dev/null'
}

@test "notify accept, work: a newer generation is worked on once, an older or known one not at all" {
    queue
    tell 1.2
    tell 1.2
    tell 1.1
    rs-notify work --once --queue q --log log
    tell 1.2
    tell 1.3
    tell 2.1
    tell 1.99
    rs-notify work --once --queue q --log log
    [ "$(cat ran)" = "1.2
2.1" ]
    grep -q 'C1:wiki:pull: has 2.1: done' log
    run -0 rs-notify queue q
    [[ ${lines[0]} == "C1:wiki:pull  done  has 2.1" ]]
    [[ ${lines[1]} == "3 accepted, 0 foreign, 0 forged, 4 known, 0 malformed" ]]
}

@test "notify accept: what is forged, foreign or garbage does nothing, and is counted" {
    queue
    local i
    head -c 32 /dev/urandom | base64 >other
    chmod 600 other
    for i in $(seq 20); do
        rs-notify send --source C1 --name wiki --generation "9.$i" --key-file other --to "exec:rs-notify accept --queue q --key-file key" 2>/dev/null && false
        head -c 300 /dev/urandom | rs-notify accept --queue q --key-file key 2>/dev/null && false
    done
    run -65 rs-notify send --source C2 --name wiki --generation 1.1 --key-file key --to "exec:rs-notify accept --queue q --key-file key"
    run -65 rs-notify send --source C1 --name wiki --generation 1.1 --key-file key --to "exec:rs-notify accept --queue q --key-file key --from C2"
    run -65 --separate-stderr rs-notify accept --queue q </dev/null
    run -0 rs-notify queue q
    [ "$output" = "0 accepted, 2 foreign, 20 forged, 0 known, 21 malformed" ]
    rs-notify work --once --queue q
    [ ! -e ran ]
    # A key that others may read is none.
    chmod 644 key
    run -78 --separate-stderr rs-notify accept --queue q --key-file key </dev/null
    [[ $stderr == *"others may read"* ]]
}

@test "notify queue --check: what is due, and nobody works on, is told of; what has to wait, or is being done, is not" {
    queue
    : >broken
    tell 1.1
    item=$(echo q/items/*)
    grep -q "\"since\": $(date +%s | cut -c 1-6)" "$item"
    run -0 rs-notify queue --check --max-age 1m q
    sed -i 's/"since": [0-9]*/"since": 1000/' "$item"
    run -0 rs-notify queue --check q
    run -1 rs-notify queue --check --max-age 1m q
    [[ $output == "C1:wiki:pull  waits  wants 1.1  since 1970-01-01T00:16:40Z" ]] || fail "$output"
    run -1 --separate-stderr rs-notify queue --check --max-age 1m --json q
    [ "$(tail -n 1 <<<"$output" | jq -c '[.late, .waiting, .given_up, .exit]')" = '[1,1,0,1]' ] || fail "$output"
    # A newer one does not make it younger.
    tell 1.2
    run -1 rs-notify queue --check --max-age 1m q
    # Being worked on, or after a failure: not before its time.
    run -0 flock q/worker.lock rs-notify queue --check --max-age 1m q
    run -0 --separate-stderr rs-notify work --once --queue q --log log --backoff 1h
    run -0 rs-notify queue --check --max-age 1m q
    rm broken
    rs-notify queue --retry q >/dev/null
    rs-notify work --once --queue q
    run -0 rs-notify queue --check --max-age 1m q
    # One that cannot be read would never be done.
    echo x >"$item"
    run -1 rs-notify queue --check q
}

@test "notify work: failures are retried, given up loudly, and taken up again" {
    queue
    : >broken
    tell 1.1
    run -1 --separate-stderr rs-notify work --once --queue q --log log --tries 3 --backoff 0
    [[ $stderr == *"C1:wiki:pull: given up after 3 tries of 1.1: status 74"* ]]
    [ "$(wc -l <ran)" -eq 3 ]
    run -1 rs-notify queue --check q
    [[ $output == "C1:wiki:pull  given up  wants 1.1  since 20"*"Z  failed 3 times, status 74" ]] || fail "$output"
    rm broken
    rs-notify work --once --queue q
    [ "$(wc -l <ran)" -eq 3 ]
    rs-notify queue --retry q >/dev/null
    rs-notify work --once --queue q 2>/dev/null
    rs-notify queue --check q
    [ "$(wc -l <ran)" -eq 4 ]
}

@test "notify work: a worker that is killed loses nothing, and what it ran is ended" {
    queue
    cat >pull <<END
#!/bin/sh
cd '$PWD'
echo "\$RS_NOTIFY_GENERATION \$\$" >>ran
[ -e go ] || exec sleep 300
END
    tell 1.1
    rs-notify work --queue q --log log &
    pids+=($!)
    until_true test -s ran
    run -75 rs-notify work --once --queue q
    kill -9 $!
    until_true eval '! kill -0 "$(cut -d" " -f2 ran)" 2>/dev/null'
    tell 1.2
    : >go
    rs-notify work --once --queue q --log log
    [ "$(tail -n 1 ran | cut -d' ' -f1)" = 1.2 ]
    # Asked to end, it ends what it runs, and does it the next time.
    rm go
    tell 1.3
    rs-notify work --queue q --log log &
    pids+=($!)
    until_true grep -q '^1.3 ' ran
    kill -TERM $!
    wait $! || [ $? -eq 143 ]
    run ! kill -0 "$(tail -n 1 ran | cut -d' ' -f2)"
    : >go
    rs-notify work --once --queue q --log log
    run -0 rs-notify queue q
    [[ $output == *"has 1.3"* ]]
}

@test "notify work: as a service, it hears at a socket and shows output as it comes" {
    queue
    cat >pull <<END
#!/bin/sh
echo "begins \$RS_NOTIFY_GENERATION"
while [ ! -e '$PWD/go' ]; do sleep 0.05; done
END
    rs-notify work --queue q --key-file key --log log --listen s &
    pids+=($!)
    until_true test -S s
    rs-notify send --source C1 --name wiki --generation 1.1 --key-file key --to unix:s
    until_true grep -q 'C1:wiki:pull: begins 1.1$' log
    run -65 rs-notify send --source C1 --name wiki --generation 1.1 --to unix:s
    # What another process queues is seen, too.
    tell 1.2
    : >go
    until_true grep -q 'C1:wiki:pull: has 1.2: done' log
    kill -TERM $!
    wait $! || [ $? -eq 143 ]
    [ ! -e s ]
}

@test "notify accept: whatever is killed at whatever call, what was acknowledged is done" {
    queue
    local i acknowledged=0 status_
    for i in $(seq 1 40); do
        status_=0
        RS_FAULT=any:$i:kill rs-notify send --source C1 --name wiki --generation "1.$i" --key-file key --to "queue:q" 2>/dev/null || status_=$?
        if [ "$status_" -eq 0 ]; then
            acknowledged=$i
            [ "$i" -gt 3 ] || fail "nothing was killed"
            break
        fi
        rs-notify queue q >/dev/null
    done
    [ "$acknowledged" -gt 0 ] || fail "never acknowledged"
    rs-notify work --once --queue q
    [ "$(tail -n 1 ran)" = "1.$acknowledged" ]
    [ -z "$(find q -name '.tmp*' -newer ran)" ]
}

@test "notify: lost, doubled, late and out of order, with a receiver that is killed: the newest is always done" {
    queue
    run "$python" "$lib/lossy.py" "${RS_LOSSY_RUNS-25}"
    [ "$status" -eq 0 ] || fail "$output"
    say "$output"
}

@test "notify: two hundred services at once, all done, in bounded time and number" {
    queue
    local i
    cat >pull <<END
#!/bin/sh
cd '$PWD'
echo "\$RS_NOTIFY_NAME \$RS_NOTIFY_GENERATION" >>ran
END
    for i in $(seq 200); do
        ln -s C1:wiki "q/callbacks/C1:n$i"
        rs-notify send --source C1 --name "n$i" --generation 1.1 --to queue:q
    done
    rs-notify work --once --queue q --jobs 4 --log log
    [ "$(sort -u ran | wc -l)" -eq 200 ]
    [ "$(wc -l <ran)" -eq 200 ]
}

@test "notify run: a log and a feed that cannot be written are told, and keep nobody from hearing" {
    mkdir here
    mount_tmpfs here 64k
    head -c 100k /dev/zero >here/full 2>/dev/null || :
    run -1 --separate-stderr rs-notify run --feed here/feed --log here/log --source C1 --name wiki --generation 1.1 \
        --to "exec:sh -c 'cat >>$PWD/told'" -- sh -c 'echo one; echo two'
    [ "$(grep -c 'here/log: ' <<<"$stderr")" -eq 1 ] || fail "$stderr"
    [[ $stderr == *"here/feed: "* ]] || fail "$stderr"
    grep -q '^generation 1.1$' told
}

@test "notify work: a service that meets a worker waits for it, and goes on behind it" {
    queue
    tell 1.1
    flock q/worker.lock sh -c ': >held; while [ ! -e go ]; do sleep 0.05; done' & pids+=($!)
    until_true [ -e held ]
    rs-notify work --queue q --log log & pids+=($!)
    run -75 rs-notify work --once --queue q
    [ ! -e ran ]
    kill -0 $!
    : >go
    until_true grep -q 'has 1.1: done' log
}

@test "notify: the key is seen nowhere" {
    queue
    local canary
    canary=$(head -n 1 key)
    printf '#!/bin/sh\ncat /proc/$PPID/cmdline /proc/$PPID/environ >>%s/seen\nenv >>%s/seen\n' "$PWD" "$PWD" >pull
    run -1 rs-notify run --feed feed --log log --spool spool --source C1 --name wiki --generation 1.1 --key-file key --to queue:q --to exec:false -- env
    rs-notify work --once --queue q --key-file key --log log
    [ -s seen ]
    run ! grep -rF -e "$canary" seen feed log spool q
}

@test "notify: feeds are shown as Atom and RSS that a parser takes" {
    rs-notify run --feed feed --title '<&" é' -- printf '\001\377]]></pre>\n'
    rs-notify feed --format atom --title T --link 'http://h/?a&b' feed >atom
    rs-notify feed --format rss feed >rss
    "$python" -c 'import sys, xml.dom.minidom as m
for name, tag in ("atom", "entry"), ("rss", "item"):
    assert len(m.parse(name).getElementsByTagName(tag)) == 1, name'
}
