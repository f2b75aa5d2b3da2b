#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A takeover while the leader is well: nothing that was written is lost, since nothing is written while the last dump is made and
# loaded; sourced by rs-takeover.
#
# hand_over and hand_back are what the leader does, when the one that takes over asks for it.
# shellcheck disable=SC2034,SC2154 # globals are those of rs-takeover

# What a leader says behind the number of its last dump, if nothing keeps its service from going on.
not_still='not held still'

# Sets leader to the candidate that serves.
# Ends with 69 if none does.
find_leader() {
    leader=
    ask_each 10 "$peers" alive
    for _peer in $peers; do
        [ "$(got "$_peer")" -ne 0 ] || leader=$_peer
    done
    [ -n "$leader" ] || die 69 "no leader answers$(each_why "$peers")" "without --planned this instance takes over with what it holds"
}

# The leader goes on, unless the epoch is ours already: run at the end of this program, however it comes, while stilled is set.
give_back() {
    stilled=
    _began=$(kept takeover epoch)
    if is_epoch "${_began:-0}"; then return 0; fi
    complain error "nothing is taken over" "the leader goes on"
    ask 120 "$leader" hand-back || complain error "$leader: was not told that it goes on: $(because)" "it does so by itself after a quarter of an hour"
    exec 8>>"$state/lock"
    ! flock -n 8 || undo
}

# A takeover that was planned and cut off is over, and the leader that was held still for it goes on; after that one can begin anew.
# The lock is ours.
let_go() {
    leader=$(kept takeover planned)
    [ -n "$leader" ] || return 0
    ask 20 "$leader" hand-back || complain warning "$leader: was not told that it goes on: $(because)" "it does so by itself after a quarter of an hour"
    undo
}

# All of it: a dump while the service goes on, so that little is left for the last one; the last one, loaded here; and then what a
# takeover always is.
take_over_planned() {
    if [ -n "$(kept takeover planned)" ]; then
        only_one
        let_go
        exec 8>&-
    fi
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
    {
        kept_all takeover
        printf 'planned %s\n' "$leader"
    } >"$work/takeover"
    keep takeover <"$work/takeover"
    begin
    step_lock
    done_with lock "$said"
    _still=$since
    begin
    stilled=yes
    ask 86400 "$leader" hand-over || die 69 "$leader: does not hand over: $(because)"
    _last=$(head -n 1 -- "$work/answer")
    is_generation "$_last" || die 69 "$leader: hands over, and says not what"
    if [ "$(sed -n 2p -- "$work/answer")" = "$not_still" ]; then
        warn "$leader: cannot be held still: what is written there from now on is in a branch, and in no dump that is taken over with" "hold of [resilient-values] is a program that does"
        _still=
    fi
    done_with dump "$_last is the last dump of $leader"
    begin
    keep_still </dev/null >/dev/null 2>&1 8>&- &
    beat=$!
    ask_each 86400 "$servers" pull
    said=
    step_import
    [ "$(kept held generation)" = "$_last" ] || die 69 "$instance: cannot load $_last; it holds $(kept held generation)"
    done_with import "$said"
    ask 20 "$leader" held-still || die 69 "$leader: has gone on meanwhile: $(because)" "what was written there since is in no dump: begin again"
    kill "$beat"
    beat=
    # From here on it is a takeover like any other.
    progress acquire
    exec 8>&-
    take_over
    stilled=
    if [ "$quiet" = yes ] || [ -z "$_still" ]; then return; fi
    awk -v since="$_still" '{ printf "nothing could be written for %.1f s at most\n", $1 - since / 100 }' /proc/uptime
}

# Says to the leader every minute that it is still waited for. Does not return.
keep_still() {
    trap 'kill "$_nap" $asking 2>/dev/null; exit' TERM
    while :; do
        sleep 60 &
        _nap=$!
        wait "$_nap"
        asked "$work/beat" "$work/beat.why" 20 "$leader" held-still || :
    done
}

# Of the leader: dumps, and prints the number of the dump.
dump_now() {
    if [ "$kind" != export ] || [ -e "$state/superseded" ]; then die 77 "$instance: does not lead"; fi
    _got=0
    "$dir/bin/exporter" >&2 </dev/null 8>&- || _got=$?
    # 1: not all backup servers were told. They are asked to pull.
    [ "$_got" -le 1 ] || die 69 "the exporter failed with status $_got"
    head -n 1 -- "$generation_file"
}

# Of the leader: nothing is written any more; then dumps, and prints the number of the dump.
hand_over() {
    if [ "$kind" != export ] || [ -e "$state/superseded" ]; then die 77 "$instance: does not lead"; fi
    only_one
    epoch=$(kept leads)
    printf 'yes\n' | keep handing-over
    hooks stop >&2
    if [ -n "$hold" ]; then
        "$hold" hold >&2 </dev/null 8>&- || { go_on && die 69 "$hold: the service cannot be held still"; }
    fi
    waited_for
    _dumped=$(dump_now) || { go_on && exit 69; }
    waited_for
    touch -- "$state/handing-over"
    printf '%s\n' "$_dumped"
    [ -n "$hold" ] || printf '%s\n' "$not_still"
}

# Of the leader: goes on, and ends with 75, if whoever asked for it has given it up.
waited_for() {
    [ "$(kept handing-over)" != yes ] || return 0
    go_on
    die 75 "$instance: was told to go on"
}

# Of the leader: succeeds if nothing is written here, and sees to it that it stays so for a quarter of an hour.
held_still() {
    exec 5>>"$state/still.lock"
    flock 5
    if [ "$(kept handing-over)" != yes ] || [ -e "$state/superseded" ]; then die 75 "$instance: is not held still"; fi
    touch -- "$state/handing-over"
}

# Of the leader: it goes on. One that is about to hand over sees that, and undoes what it has done.
hand_back() {
    if [ ! -e "$state/handing-over" ] || [ -e "$state/superseded" ]; then return 0; fi
    exec 5>>"$state/still.lock"
    flock 5
    printf 'back\n' | keep handing-over
    exec 5>&-
    exec 8>>"$state/lock"
    flock -w 60 8 || die 75 "$instance: goes on when its last dump has ended"
    go_on
}

# Of the leader: the same if nobody has asked for it for a quarter of an hour; the lock is ours.
not_asked_for() {
    exec 5>>"$state/still.lock"
    flock 5
    if [ "$(kept handing-over)" = yes ]; then
        [ -n "$(find "$state/handing-over" -mmin +15)" ] || return 0
        printf 'back\n' | keep handing-over
    fi
    exec 5>&-
    go_on
}

# Of the leader; the lock is ours.
go_on() {
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
