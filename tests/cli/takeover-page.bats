#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The page of a takeover, rs-takeover-page(7), behind the httpd of busybox, with a bin/takeover that only says that it does it.

load ../lib/common

word='only these & 20% = 1+1 "words"'

setup_file() {
    python=$(python3 -c 'import sys; print(sys.executable)')
    export python PATH="$BATS_TEST_DIRNAME/../../scripts:$PATH"
    [ -n "${RS_BUILD-}" ] || export PATH=$BATS_TEST_DIRNAME/../../build/tools:$PATH
}

teardown() {
    if [ -s i/pid ]; then kill -KILL -- "-$(cat i/pid)" 2>/dev/null || :; fi
    reap
}

# An instance i that has loaded a dump, the page of which is behind $url. `verdict` and `reasons` say what --explain does; a
# takeover waits until there is a file `go`, and ends with what is in `code`.
page_of() {
    command -v busybox >/dev/null && command -v curl >/dev/null || skip "needs busybox and curl"
    mkdir -p i/etc/notifier/feeds i/var/run i/var/log i/srv i/bin www/cgi-bin
    printf 'kind import\nrun importer load 2h Name\n' >i/etc/watched
    printf '{"name": "Name1", "software-type": "my-import"}\n' >i/etc/instance.json
    rs-notify run --quiet --feed i/etc/notifier/feeds/importer --title 'Loading Name' --generation 3.118 -- true
    (umask 077 && printf '%s\n' "$word" >i/etc/takeover.passwd)
    echo 0 >verdict
    echo 0 >code
    echo 'It would take over with generation 3.118, dumped 2026-11-26 21:00:00 UTC.' >reasons
    cat >i/bin/takeover <<'END'
#!/bin/sh
cd "${0%/*}/../.."
if [ "${1-}" = --explain ]; then
    cat reasons
    exit "$(cat verdict)"
fi
[ ! -e go-wait ] || echo $$ >i/pid
env >i/environ
ls -l /proc/$$/fd >i/fds
echo begun >>i/runs
date -u +'%H:%M:%S lock: taken'
date -u +'%H:%M:%S raise: epoch 4'
[ ! -e hostile ] || cat hostile
echo 'rs-takeover: warning: what is for the log' >&2
while [ -e go-wait ] && [ ! -e go ]; do sleep 0.05; done
date -u +'%H:%M:%S unlock: done'
exit "$(cat code)"
END
    printf '#!/bin/sh\nexec "%s" "%s"\n' "$(readlink -f "$RS_STACK")/failover/takeover.cgi" "$PWD/i" >www/cgi-bin/takeover
    chmod +x i/bin/takeover www/cgi-bin/takeover
    serve
}

# Starts httpd on a port that is free; sets url and httpd.
serve() {
    local _ port
    for _ in 1 2 3 4 5; do
        port=$("$python" -S -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        busybox httpd -f -p "127.0.0.1:$port" -h www >httpd.log 2>&1 3>&- &
        httpd=$!
        pids+=("$httpd")
        url=http://127.0.0.1:$port/cgi-bin/takeover
        until_true answered && return
    done
    fail "$(cat httpd.log)"
}
answered() {
    ! kill -0 "$httpd" 2>/dev/null || curl -s -o /dev/null --max-time 5 "${url%/cgi-bin*}/nothing"
}

# ask STATUS [CURL...]: asks the page, which answers with that; its body is in ./body, its headers in ./head.
ask() {
    local wanted=$1 got
    shift
    got=$(curl -s --max-time 60 -o body -D head -w '%{http_code}' "$url${query-}" "$@") || fail "curl $*: $got"
    [ "$got" = "$wanted" ] || fail "$got, not $wanted" "$(sed '/^<style>/,/<\/style>/d' head body)"
}

# form: gets the page; prints the token in it.
form() {
    ask 200
    sed -n 's/.*name="token" value="\([0-9a-f]*\)".*/\1/p' body
}

# post STATUS [PASSWORD [TOKEN [CURL...]]]
post() {
    local token=${3-$(form)}
    [ -n "$token" ] || fail "no token" "$(cat body)"
    ask "$1" --data-urlencode "password=${2-$word}" --data-urlencode "token=$token" "${@:4}"
}

# leads: the instance does, as rs-status says it.
leads() {
    printf 'kind export\nrun exporter dump 2h Name\n' >i/etc/watched
}

# How many takeovers were begun.
begun() {
    if [ -e i/runs ]; then wc -l <i/runs; else echo 0; fi
}

# ended [STATUS]: the takeover has.
ended() {
    grep -qs "^status ${1-0}\$" i/var/run/takeover.page && flock -n i/var/run/takeover.page.lock true
}

not() {
    ! "$@"
}

has() {
    grep -qF -- "$1" "${2-body}" || fail "no '$1' in ${2-body}" "$(sed '/^<style>/,/<\/style>/d' "${2-body}")"
}

has_not() {
    ! grep -qF -- "$1" "${2-body}" || fail "'$1' is in ${2-body}" "$(sed '/^<style>/,/<\/style>/d' "${2-body}")"
}

# wrong_before N SECONDS: as if there had been N wrong passwords so long ago.
wrong_before() {
    local i
    for ((i = 0; i < $1; i++)); do
        printf '%s %s\n' "$(cat /proc/sys/kernel/random/boot_id)" "$(awk -v ago="$2" '{ printf "%d", $1 - ago }' /proc/uptime)"
    done >i/var/run/takeover.failures
}

@test "the page says how the instance is, has a form, and nothing of it is fetched, run, kept or framed" {
    page_of
    ask 200
    has 'generation 3.118, loaded 20'
    has 'Name1, my-import'
    has 'It would take over with generation 3.118, dumped 2026-11-26 21:00:00 UTC.'
    has 'is lost'
    has '<th scope="row">Importer at work</th><td>no</td>'
    has '<button type="submit">'
    tr -d '\r' <./head >h
    for header in 'Content-Type: text/html; charset=utf-8' 'Cache-Control: no-store' 'X-Frame-Options: DENY' 'Referrer-Policy: no-referrer' \
        'X-Content-Type-Options: nosniff'; do
        grep -qxF "$header" h || fail "$header" "$(cat h)"
    done
    grep -q "^Content-Security-Policy: default-src 'none'; .*form-action 'self'" h
    "$python" -S "$lib/page.py" form body
    [ "$(stat -c %a i/var/run/takeover.tokens)" = 700 ]
    [ "$(begun)" -eq 0 ]

    (flock 9 && query='' ask 200) 9>>i/var/run/backup.lock
    has 'An importer is at work now'
}

@test "the right password with a form that is new starts a takeover, and leads to its progress" {
    page_of
    touch go-wait
    post 303
    grep -qi '^location: ?progress' head
    query='?progress' ask 200
    until_true test -s i/runs
    until_true eval 'query="?progress" ask 200; grep -q "raise: epoch 4" body'
    has 'The takeover runs'
    has 'http-equiv="refresh"'
    has_not 'unlock'
    touch go
    until_true ended
    query='?progress' ask 200
    has 'The takeover is done'
    has 'unlock: done'
    has_not 'http-equiv="refresh"'
    "$python" -S "$lib/page.py" form body
    [ "$(begun)" -eq 1 ]
    # One that fails is told of.
    echo 69 >code
    post 303
    until_true ended 69
    query='?progress' ask 200
    has 'ended with status 69'
    echo 1 >code
    post 303
    until_true ended 1
    query='?progress' ask 200
    has 'something is not well'
    [ "$(stat -c %a i/var/log/takeover.log)" = 600 ]
}

@test "a takeover gets nothing of the request, and holds no lock of the page" {
    page_of
    post 303 "$word" "$(form)" -H 'X-Evil: () { :; }; touch hacked' -A 'touch hacked'
    until_true ended
    run -0 cut -d= -f1 i/environ
    for name in "${lines[@]}"; do
        case $name in PATH | HOME | LC_ALL | PWD | OLDPWD | SHLVL | _) ;; *) fail "$name" "$(cat i/environ)" ;; esac
    done
    has_not takeover.page.lock i/fds
    has_not takeover.guard i/fds
    [ ! -e hacked ]
}

@test "a password that is wrong is refused, later, with a form that is new" {
    page_of
    before=$EPOCHREALTIME
    post 403 'wrong words'
    awk -v a="$before" -v b="$EPOCHREALTIME" 'BEGIN { exit b - a < 1 }'
    has 'The password is not the one'
    has '<button type="submit">'
    token=$(sed -n 's/.*name="token" value="\([0-9a-f]*\)".*/\1/p' body)
    # Nearly right is wrong.
    post 403 "$word " "$token"
    post 403 "${word%?}"
    [ "$(begun)" -eq 0 ]
    [ "$(wc -l <i/var/run/takeover.failures)" -eq 3 ]
    post 303
    until_true ended
    [ ! -e i/var/run/takeover.failures ]
    has_not "$word" i/var/log/takeover.log
    has_not 'wrong words' i/var/log/takeover.log
    has 'page: a wrong password, from 127.0.0.1' i/var/log/takeover.log
    has 'rs-takeover: warning: what is for the log' i/var/log/takeover.log
}

@test "a form counts once, and for ten minutes" {
    page_of
    token=$(form)
    post 303 "$word" "$token"
    until_true ended
    post 403 "$word" "$token"
    has 'was sent before'
    token=$(form)
    name=$(printf %s "$token" | sha256sum | cut -c 1-64)
    read -r boot time <"i/var/run/takeover.tokens/$name"
    echo "$boot $((time - 601))" >"i/var/run/takeover.tokens/$name"
    post 403 "$word" "$token"
    has 'older than 10 minutes'
    [ ! -e "i/var/run/takeover.tokens/$name" ]
    token=$(form)
    name=$(printf %s "$token" | sha256sum | cut -c 1-64)
    echo "another-boot $time" >"i/var/run/takeover.tokens/$name"
    post 403 "$word" "$token"
    post 403 "$word" "$(printf '%064d' 0)"
    # None of that was a password that is wrong.
    [ ! -e i/var/run/takeover.failures ]
    [ "$(begun)" -eq 1 ]
    # No more of them than a limit, and those that are too old go.
    for i in $(seq 120); do echo "$boot $((time - 500 + i))" >"i/var/run/takeover.tokens/$i"; done
    echo "$boot $((time - 601))" >i/var/run/takeover.tokens/old
    token=$(form)
    [ "$(ls i/var/run/takeover.tokens | wc -l)" -eq 100 ]
    [ ! -e i/var/run/takeover.tokens/old ]
    [ ! -e i/var/run/takeover.tokens/1 ]
    [ -e i/var/run/takeover.tokens/120 ]
    post 303 "$word" "$token"
}

@test "five wrong passwords, and nobody can try one for a while" {
    page_of
    tokens=()
    for i in 1 2 3 4 5 6 7 8; do tokens+=("$(form)"); done
    # At the same time: no more than five of them are looked at.
    for token in "${tokens[@]:0:7}"; do
        curl -s -o /dev/null -w '%{http_code}\n' --data "password=x&token=$token" "$url" >"code.$token" &
    done
    wait $(jobs -p | grep -vx "$httpd")
    [ "$(cat code.* | sort | uniq -c | tr -s ' \n' ' ')" = " 5 403 2 429 " ] || fail "$(cat code.*)"
    post 429 "$word" "${tokens[7]}"
    grep -qiE '^retry-after: (5[0-9][0-9]|600)' head
    ask 200
    has 'too many wrong passwords'
    has_not '<form'
    [ "$(begun)" -eq 0 ]
    wrong_before 5 590
    post 429 "$word" "${tokens[7]}"
    wrong_before 5 601
    post 303
    until_true ended
}

@test "a takeover that is not proven, or runs already, is refused" {
    page_of
    token=$(form)
    echo 1 >verdict
    echo 'Generation 3.118 is not proven: <b>not</b> loaded.' >reasons
    ask 200
    has_not '<form'
    has 'does not take over now'
    has '3.118 is not proven: &lt;b&gt;not&lt;/b&gt; loaded'
    post 409 "$word" "$token"
    has '&lt;b&gt;not&lt;/b&gt; loaded'
    echo 0 >verdict
    token=$(form)
    echo 75 >verdict
    post 409 "$word" "$token"
    has 'runs already'
    ask 200
    has 'A takeover runs already'
    echo 0 >verdict
    token=$(form)
    echo 70 >verdict
    post 503 "$word" "$token"
    ask 200
    has_not '<form'
    has 'ended with 70; run it by hand'
    rm i/bin/takeover
    ask 200
    has_not '<form'
    has_not "$PWD"
    [ "$(begun)" -eq 0 ]
}

@test "a takeover that somebody else has started is seen, without a lock being tried; and one who leads takes over nothing" {
    page_of
    mkdir -p i/srv/failover
    : >i/srv/failover/lock
    printf 'line x\nstate %s\n' "$PWD/i/srv/failover" >i/etc/failover
    token=$(form)
    touch stay
    flock i/srv/failover/lock sh -c 'while [ -e stay ]; do sleep 0.05; done' 3>&- &
    pids+=($!)
    until_true not flock -n i/srv/failover/lock true
    grep -q ":$(stat -c %i i/srv/failover/lock) " /proc/locks || skip "the kernel has other numbers for files here"
    ask 200
    has 'A takeover runs already'
    has_not '<form'
    post 409 "$word" "$token"
    has 'runs already'
    rm stay
    until_true flock -n i/srv/failover/lock true
    ask 200
    has '<form'
    leads
    echo 1 >verdict
    ask 200
    has 'leads already'
    has_not 'No backup'
    has_not 'Last valid backup'
    [ "$(begun)" -eq 0 ]
}

@test "nothing was loaded yet: the page says that a takeover should not happen now" {
    page_of
    rm i/etc/notifier/feeds/importer
    echo 1 >verdict
    ask 200
    has 'No backup was loaded yet, and a takeover should not happen now.'
    has_not '<form'
    # One that cannot be asked how it is can be taken over all the same.
    echo 0 >verdict
    mkdir shadow
    printf '#!/bin/sh\nexit 70\n' >shadow/rs-status
    chmod +x shadow/rs-status
    sed -i "1a PATH=$PWD/shadow:\$PATH" www/cgi-bin/takeover
    ask 200
    has 'rs-status does not say'
    has '<form'
}

@test "many who press at the same time start one takeover" {
    page_of
    touch go-wait
    tokens=()
    for i in 1 2 3 4 5 6; do tokens+=("$(form)"); done
    for token in "${tokens[@]}"; do
        curl -s -o /dev/null -w '%{http_code}\n' --data-urlencode "password=$word" --data "token=$token" "$url" >"code.$token" &
    done
    wait $(jobs -p | grep -vx "$httpd")
    [ "$(cat code.* | sort | uniq -c | tr -s ' \n' ' ')" = " 1 303 5 409 " ] || fail "$(cat code.*)"
    until_true test -s i/runs
    ask 200
    has 'A takeover runs already'
    has_not '<form'
    touch go
    until_true ended
    [ "$(begun)" -eq 1 ]
}

@test "a takeover goes on when the browser goes, and when httpd is killed with all that it started" {
    page_of
    touch go-wait
    post 303
    until_true test -s i/pid
    [ "$(ps -o sid= -p "$(cat i/pid)" | tr -d ' ')" != "$(ps -o sid= -p "$httpd" | tr -d ' ')" ]
    pkill -KILL -P "$httpd" || :
    kill -KILL "$httpd"
    wait "$httpd" 2>/dev/null || :
    touch go
    until_true ended
    serve
    query='?progress' ask 200
    has 'The takeover is done'
}

@test "one that was broken off is told of" {
    page_of
    touch go-wait
    post 303
    until_true test -s i/pid
    group=$(cat i/pid)
    kill -KILL -- "-$(ps -o pgid= -p "$group" | tr -d ' ')"
    until_true flock -n i/var/run/takeover.page.lock true
    query='?progress' ask 200
    has 'was broken off'
}

@test "what a log says is only text, of lines that are steps" {
    page_of
    query='?progress' ask 200
    has 'No takeover was started here'
    printf 'start <script>alert(1)</script>"&\047 \033[31m\342\200\256x\377\n' >hostile
    printf '<img src=x onerror=alert(2)>\nrs-takeover: error: SECRET\npage: lock SECRET\n' >>hostile
    echo 'start SECRET of before' >i/var/log/takeover.log
    post 303
    until_true ended
    query='?progress' ask 200
    has 'start &lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;'
    has_not '<script'
    has_not 'alert(2)'
    has_not SECRET
    has '4 other lines not shown'
    "$python" -S "$lib/page.py" form body
    # Rotated: it begins anew.
    echo 'lock again' >i/var/log/takeover.log
    query='?progress' ask 200
    has 'lock again'
}

@test "a password in the address is refused, and said to be none any more" {
    page_of
    token=$(form)
    query='?password=x' ask 400
    has 'change it'
    query="?token=$token&password=$(printf %s "$word" | jq -sRr @uri)" ask 400
    query='?progress&x=1' ask 400
    query='?%70rogress' ask 400
    query='?password=x' ask 400 --data-urlencode "password=$word" --data "token=$token"
    query='?progress' ask 400 --data-urlencode "password=$word" --data "token=$token"
    [ "$(begun)" -eq 0 ]
    post 303 "$word" "$token"
}

@test "what is no form of the page is refused, byte by byte" {
    page_of
    token=$(form)
    # httpd does not say that a length is 0.
    ask 411 -X POST -H 'Content-Type: application/x-www-form-urlencoded'
    for body in 'x' 'password=x' "token=$token" "password=x&token=$token&token=$token" "password=x&token=$token&more=1" 'password=%00&token=%74' \
        "password=a%&token=$token" "password=a%4&token=$token" "password=a%zz&token=$token" "password=a%0ab&token=$token" "password=%7f&token=$token" \
        "password=a b&token=$token" "password=a%00b&token=$token" "password=x&token=$token&" 'password=x&token=../../etc' "password=x&token=${token}0" \
        "password=x&token=${token^^}" $'password=\xc3\xa4&token='"$token" $'password=x\n&token='"$token"; do
        printf %s "$body" >b
        ask 400 -H 'Content-Type: application/x-www-form-urlencoded' --data-binary @b
    done
    { printf 'password=x\0y&token=%s' "$token"; } >b
    ask 400 -H 'Content-Type: application/x-www-form-urlencoded' --data-binary @b
    ask 415 -F "password=x" -F "token=$token"
    ask 415 -H 'Content-Type: text/plain' --data-binary "password=x&token=$token"
    printf 'password=%5000d&token=%s' 0 "$token" >b
    ask 413 --data-binary @b
    [ ! -e i/var/run/takeover.failures ]
    [ "$(begun)" -eq 0 ]
    # All bytes that a password can have, escaped or not.
    printf '%s\n' "$(printf '\303\244\344 ~!"#$%%&()*+,-./:;<=>?@[]^_`{|}\\\047 end ')" >i/etc/takeover.passwd
    head -c -1 i/etc/takeover.passwd | jq -sRr @uri >/dev/null
    "$python" -S -c 'import sys, urllib.parse; print("password=" + urllib.parse.quote_plus(open("i/etc/takeover.passwd", "rb").read()[:-1]), end="&token=" + sys.argv[1])' \
        "$token" >b
    ask 303 --data-binary @b
    until_true ended
}

@test "the program itself: other methods, and lengths that are not said or not so" {
    page_of
    token=$(form)
    cgi() { env -i PATH="$PATH" "$@" www/cgi-bin/takeover </dev/null | tr -d '\r' >out; }
    for method in HEAD PUT DELETE OPTIONS get ''; do
        cgi REQUEST_METHOD=$method
        [ "$(sed -n '1p;2p' out | paste -sd ' ')" = 'Status: 405 Method Not Allowed Allow: GET, POST' ] || fail "$(cat out)"
    done
    post='REQUEST_METHOD=POST CONTENT_TYPE=application/x-www-form-urlencoded'
    # shellcheck disable=SC2086 # words
    for length in 411: 400:x 400:-1 400:010 413:4097 413:99999999999999999999 400:50; do
        cgi $post CONTENT_LENGTH="${length#*:}"
        [[ $(head -n 1 out) == "Status: ${length%%:*} "* ]] || fail "$length" "$(cat out)"
    done
    # More than was said is not read.
    printf 'password=x&token=%s&junk' "$token" >b
    # shellcheck disable=SC2086 # words
    env -i PATH="$PATH" $post CONTENT_LENGTH=$(($(wc -c <b) - 5)) www/cgi-bin/takeover <b | tr -d '\r' >out
    [[ $(head -n 1 out) == "Status: 403 "* ]] || fail "$(cat out)"
}

@test "a page that is not set up refuses all, and says why" {
    page_of
    token=$(form)
    chmod 0640 i/etc/takeover.passwd
    ask 500
    has 'others may read it'
    post 500 "$word" "$token"
    chmod 0600 i/etc/takeover.passwd
    printf '%s\nmore\n' "$word" >i/etc/takeover.passwd
    ask 500
    echo >i/etc/takeover.passwd
    ask 500
    : >i/etc/takeover.passwd
    ask 500
    printf 'a\tb\n' >i/etc/takeover.passwd
    ask 500
    rm i/etc/takeover.passwd
    ask 500
    post 500 "$word" "$token"
    run -0 env -i PATH="$PATH" REQUEST_METHOD=GET "$RS_STACK/failover/takeover.cgi" nowhere
    [[ $output == "Status: 500 "* ]]
    [ "$(begun)" -eq 0 ]
}

@test "what cannot be written is answered, too; a takeover without a log goes on" {
    page_of
    for file in guard look; do
        mkdir "i/var/run/takeover.$file.d"
        rm -f "i/var/run/takeover.$file"
        mv "i/var/run/takeover.$file.d" "i/var/run/takeover.$file"
        ask 503
        has 'by hand'
        rmdir "i/var/run/takeover.$file"
    done
    token=$(form)
    mkdir i/var/run/takeover.page.lock
    post 503 "$word" "$token"
    rmdir i/var/run/takeover.page.lock
    # A file where forms are kept.
    rm -r i/var/run/takeover.tokens
    echo >i/var/run/takeover.tokens
    ask 200
    has 'there is no form'
    rm i/var/run/takeover.tokens
    mkdir i/var/log/takeover.log
    post 303
    until_true ended
    [ "$(begun)" -eq 1 ]
}

@test "no list of processes ever has a password or a token in it, and none is left in a file" {
    page_of
    secret=Xq7-0123456789-very-long-word
    other=Wr0ng-0123456789-very-long-word
    echo "$secret" >i/etc/takeover.passwd
    printf '%s\n' "$secret" "$other" >secrets
    tokens=("$(form)" "$(form)" "$(form)")
    printf '%s\n' "${tokens[@]}" >>secrets
    "$python" -S "$lib/secrets.py" secrets ready stop >seen 2>&1 3>&- &
    pids+=($!)
    until_true test -e ready
    # Not by curl, in the arguments of which they would be.
    for pair in "${tokens[0]}:$other:403" "${tokens[1]}:$secret:303"; do
        printf '%s\n' "$pair" | "$python" -S -c 'import sys, urllib.request, urllib.error
token, password, wanted = sys.stdin.read().strip().split(":")
class No(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *a): return None
try:
    code = urllib.request.build_opener(No).open(sys.argv[1], ("password=" + password + "&token=" + token).encode()).status
except urllib.error.HTTPError as e:
    code = e.code
assert str(code) == wanted, code' "$url"
    done
    until_true ended
    touch stop
    wait "${pids[-1]}" || fail "$(cat seen)"
    # Also not one that is still out.
    tokens+=("$(form)")
    for text in "$other" "${tokens[@]}"; do
        run -1 grep -rlF -e "$text" i httpd.log
    done
    run -0 grep -rlF -e "$secret" i httpd.log
    [ "$output" = i/etc/takeover.passwd ]
}

@test "a browser shows it, at the width of a phone, too" {
    command -v chromium >/dev/null || skip "needs chromium"
    page_of
    export HOME=$PWD
    for width in 360 1280; do
        timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run --disable-background-networking \
            --user-data-dir="$PWD/browser" --host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1' --window-size="$width,900" \
            --screenshot="$PWD/page-$width.png" "$url" >browser.out 2>browser.err 3>&- || fail "$(cat browser.err)"
        read -r _ _ colours < <("$python" -S "$lib/page.py" png "page-$width.png")
        [ "$colours" -gt 20 ]
    done
    [ -z "${RS_PICTURES-}" ] || cp page-*.png "$RS_PICTURES"
}

# json_file FILE NAME: the text of that name, or nothing.
json_file() {
    "$python" -S -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], ""))' "$1" "$2"
}

@test "a profile has the page: with its password, and a service that shows it" {
    command -v busybox >/dev/null && command -v curl >/dev/null || skip "needs busybox and curl"
    export RS_STACK=${RS_STACK-$BATS_TEST_DIRNAME/../../stack}
    parameters='{"takeover-page": "127.0.0.1"}'
    printf '%s\n' "$parameters" >parameters
    run -0 "$python" -S "$lib/deploy.py" "$RS_STACK/sqlite/instance.cfg" fleet parameters
    place=fleet/sqlite1
    url=$(json_file $place/etc/published.json takeover-url)
    [[ $url == http://127.0.0.1:*/cgi-bin/takeover ]] || fail "$url"
    # Whoever asked for it knows.
    [ "$(json_file fleet/root/etc/published.json takeover-sqlite-1-url)" = "$url" ]
    [ "$(json_file fleet/root/etc/published.json takeover-sqlite-1-password)" = "$(cat $place/etc/takeover.passwd)" ]
    [ "$(stat -c %a $place/etc/takeover.passwd)" = 600 ]
    $place/etc/service/takeover-page >httpd.log 2>&1 & pids+=($!)
    until_true curl -sf -o page "$url"
    ! grep -q '<form' page
    grep -q 'sqlite1' page
    sqlite3 fleet/sqlite0/srv/sqlite/a.db 'CREATE TABLE t(x)'
    fleet/sqlite0/bin/exporter
    until_true grep -q 'imported yes' $place/srv/failover/held
    until_true eval 'curl -sf -o page "$url" && grep -q "<form" page'
    token=$(sed -n 's/.*name="token" value="\([^"]*\)".*/\1/p' page)
    run -0 curl -s -o answer -w '%{http_code}' --data-urlencode password=wrong --data-urlencode "token=$token" "$url"
    [ "$output" = 403 ]
    token=$(sed -n 's/.*name="token" value="\([^"]*\)".*/\1/p' answer)
    run -0 curl -s -o answer -w '%{http_code}' --data-urlencode "password=$(cat $place/etc/takeover.passwd)" --data-urlencode "token=$token" "$url"
    [ "$output" = 303 ] || fail "$output $(cat answer)"
    until_true grep -qx 'kind export' $place/etc/failover
    # The page is there for who leads as well, and says that nothing is to be done.
    until_true eval 'curl -sf -o page "$url?progress" && grep -q follow page'
    until_true eval 'curl -sf -o page "$url" && ! grep -q "<form" page'
    # Without the parameter there is none.
    echo '{}' >parameters
    run -0 "$python" -S "$lib/deploy.py" "$RS_STACK/sqlite/instance.cfg" bare parameters
    [ ! -e bare/sqlite1/etc/service/takeover-page ]
    [ ! -e bare/sqlite1/etc/takeover.passwd ]
    [ -z "$(json_file bare/root/etc/published.json takeover-sqlite-1-url)" ]
}
