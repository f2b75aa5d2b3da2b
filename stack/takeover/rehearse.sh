#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A takeover in a throw-away place: how long would a real one take, and would it go well? Nobody is told, and nothing of the instance
# is touched; sourced by rs-takeover.
# Globals: place (where it is rehearsed).
# shellcheck disable=SC2034,SC2154 # globals are those of rs-takeover

# Ends what runs in the throw-away place, and removes it.
# Returns 0.
sweep() {
    [ -n "$place" ] || return 0
    [ ! -x "$place/bin/services" ] || RS_SERVICES_GRACE=5 "$place/bin/services" stop >/dev/null 2>&1 || :
    rm -rf -- "$place"
    place=
}

# Sets took to the seconds since begin, with two digits behind the point.
lasted() {
    took=$(awk -v since="$since" '{ printf "%.2f", $1 - since / 100 }' /proc/uptime)
}

# Directories there are for whom those of the instance are for: a server that is not run by their owner passes them.
same_modes() {
    # shellcheck disable=SC2016 # for the inner shell
    (cd -- "$place" && find . -type d -exec sh -c '
        for d; do [ ! -d "$0/$d" ] || chmod --reference="$0/$d" -- "$d" || exit; done' "$dir" {} +)
}

# Renders the throw-away instance in the role $1, and has its programs run.
# Ends with what went wrong.
play() {
    rs-render --quiet instance --given "$work/given.json" --role "$1" ${stack:+--stack "$stack"} --root "$place" "$profile" >/dev/null 2>"$work/why" ||
        [ $? -eq 75 ] || die 69 "$place: cannot be rendered as $1: $(because)"
    # Nobody may reach it, and it watches nobody.
    rm -f -- "$place/etc/service/sshd" "$place/etc/service/elect"
    [ "$1" != fallback ] || same_modes 2>"$work/why" || die 73 "$place: its directories cannot be opened as those of $dir are: $(because)"
    cp -- "$own_stack/deploy/services.sh" "$place/bin/services"
    chmod 0700 "$place/bin/services"
    "$place/bin/services" start >/dev/null 2>"$work/why" || die 69 "$place: its programs cannot be started: $(because)"
}

# Has the newest dump of a backup server loaded in the throw-away place; tried again, since a server that has just been started may
# not answer yet.
load_there() {
    for _try in 1 2 3 4 5 6 7 8; do
        for _server in $servers; do
            [ "$(head -n 1 -- "$work/said/$_server" 2>/dev/null)" = "$newest" ] || continue
            begin
            if "$place/bin/serve" have </dev/null | "$dir/bin/ask" "$_server" emit "$newest" 2>"$work/why" |
                "$place/bin/load" >"$work/answer" 2>>"$work/why"; then
                lasted
                return 0
            fi
        done
        sleep 2
    done
    die 69 "$newest: cannot be loaded: $(because)" "a real takeover could not load it either: look at $log, and at the importer"
}

rehearse() {
    place=
    trap 'sweep; rm -rf -- "$work"' EXIT
    begin
    look
    lasted
    _asked=$took
    [ -n "$newest" ] || die 69 "no backup server has a dump to rehearse with$(each_why "$servers")"
    place=$(mktemp -d "${TMPDIR:-/tmp}/rs-rehearsal.XXXXXX") || die 73 "${TMPDIR:-/tmp}: no directory can be made in it"
    rs-render template -c "$dir/etc/instance.json" --context-line 'import json json' -o "$work/given.json" "$own_stack/takeover/rehearsal.json.in" 2>"$work/why" ||
        die 70 "$dir/etc/instance.json: $(because)"
    play fallback
    load_there
    _loaded=$took
    printf '%-8s %5.1f s  %s was fetched, loaded and checked\n' load "$_loaded" "$newest"
    begin
    play leader
    _left=600
    _probe=$(sed -n 's/^probe //p' "$place/etc/failover")
    if [ -n "$_probe" ]; then
        until "$_probe" >/dev/null 2>"$work/why" </dev/null; do
            _left=$((_left - 1))
            [ "$_left" -gt 0 ] || die 69 "the service does not become well: $(because)"
            sleep 0.1
        done
    else
        until "$place/bin/services" status >"$work/why"; do
            _left=$((_left - 1))
            [ "$_left" -gt 0 ] || die 69 "not all programs run: $(because)"
            sleep 0.1
        done
    fi
    lasted
    _led=$took
    printf '%-8s %5.1f s  it leads, and the service is well\n' lead "$_led"
    # acquire and raise ask the backup servers each once; a leader that is lost is waited for.
    awk -v asked="$_asked" -v loaded="$_loaded" -v led="$_led" -v wait="$patience" -v held="$held" -v newest="$newest" 'BEGIN {
        real = 3 * asked + wait + led
        printf "a takeover takes about %.1f s", real + (held == newest ? 0 : loaded)
        printf held == newest ? ", since %s is loaded already; %.1f s where a dump has to be loaded first\n" : ", with %s, which is not loaded here yet\n", newest, real + loaded
    }'
}
