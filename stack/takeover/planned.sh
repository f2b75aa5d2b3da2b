#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A takeover while the leader is well: nothing that was written is lost, since nothing is written while the last dump is made and
# loaded; sourced by rs-takeover.
#
# hand_over and hand_back are what the leader does, when the one that takes over asks for it.
# shellcheck disable=SC2034,SC2154 # globals are those of rs-takeover

# Sets leader to the candidate that serves.
# Ends with 69 if none does.
find_leader() {
    leader=
    ask_each 10 "$peers" alive
    for _peer in $peers; do
        [ "$(got "$_peer")" -ne 0 ] || leader=$_peer
    done
    [ -n "$leader" ] || die 69 "no leader answers" "without --planned this instance takes over with what it holds"
}

# Says what keeps us from it, has the leader go on, and ends with status $1.
give_back() {
    complain error "$2" "the leader goes on"
    ask 120 "$leader" hand-back || complain error "$leader: was not told that it goes on: $(because)" "it does so by itself after a quarter of an hour"
    step_unlock
    forget takeover
    exit "$1"
}

# All of it: a dump while the service goes on, so that little is left for the last one; the last one, loaded here; and then what a
# takeover always is.
take_over_planned() {
    case $(kept takeover step) in
    '' | 'done') ;;
    *)
        take_over
        return
        ;;
    esac
    if [ "$kind" = export ] && [ ! -e "$state/superseded" ]; then die 64 "$instance: leads already"; fi
    find_leader
    begin
    epoch=0
    ask 86400 "$leader" dump || die 69 "$leader: cannot dump: $(because)" "mend that first, or take over without --planned"
    _dumped=$(head -n 1 -- "$work/answer")
    is_generation "$_dumped" || die 69 "$leader: dumped, and says not what" "look at its log"
    _left=3600
    until [ "$(kept held generation)" = "$_dumped" ] && [ "$(kept held imported)" = yes ]; do
        _left=$((_left - 1))
        [ "$_left" -gt 0 ] || die 69 "$instance: has not loaded $_dumped after an hour" "look at its backup server"
        if newer "$(kept held generation)" "$_dumped"; then break; fi
        sleep 1
    done
    done_with dump "$_dumped is loaded here, and the service goes on"

    only_one
    epoch=0
    progress lock
    begin
    step_lock
    done_with lock "$said"
    _still=$since
    begin
    _got=0
    ask 3600 "$leader" hand-over || _got=$?
    [ "$_got" -eq 0 ] || give_back 69 "$leader: does not hand over: $(because)"
    _last=$(head -n 1 -- "$work/answer")
    is_generation "$_last" || give_back 69 "$leader: hands over, and says not what"
    done_with dump "$_last is the last dump of $leader"
    begin
    ask_each 3600 "$servers" pull
    said=
    step_import
    [ "$(kept held generation)" = "$_last" ] || give_back 69 "$instance: cannot load $_last; it holds $(kept held generation)"
    done_with import "$said"
    # From here on it is a takeover like any other.
    progress acquire
    exec 8>&-
    take_over
    [ "$quiet" = yes ] || awk -v since="$_still" '{ printf "nothing could be written for %.1f s at most\n", $1 - since / 100 }' /proc/uptime
}

# Of the leader: dumps, and prints the number of the dump.
dump_now() {
    if [ "$kind" != export ] || [ -e "$state/superseded" ]; then die 77 "$instance: does not lead"; fi
    "$dir/bin/exporter" >&2 </dev/null || die 69 "the exporter failed with status $?"
    head -n 1 -- "$generation_file"
}

# Of the leader: nothing is written any more; then dumps, and prints the number of the dump.
hand_over() {
    if [ "$kind" != export ] || [ -e "$state/superseded" ]; then die 77 "$instance: does not lead"; fi
    only_one
    epoch=$(kept leads)
    : | keep handing-over
    hooks stop >&2
    if [ -n "$hold" ]; then
        "$hold" hold >&2 </dev/null 8>&- || { hand_back && die 69 "$hold: the service cannot be held still"; }
    else
        complain warning "this software cannot be held still: what is written from now on is kept as a branch" "hold of [resilient-values] is a program that does"
    fi
    dump_now
}

# Of the leader: it goes on.
hand_back() {
    [ -e "$state/handing-over" ] || return 0
    epoch=$(kept leads)
    release
    hooks start >&2
    forget handing-over
}

# The service may be written to again.
release() {
    [ -z "$hold" ] || "$hold" release >&2 </dev/null 8>&- || warn "$hold release: failed with status $?" "the service can still not be written to"
}
