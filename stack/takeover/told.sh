#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What rs-takeover asks others, and says; sourced by it.
# shellcheck disable=SC2034,SC2154 # globals are those of rs-takeover

# Seconds that the old leader has to say that it stands down: it may be off, and the stores refuse it anyway. Where there is a
# coordinator it learns it from that as well, or has stopped because it does not reach it.
patience=2

# Asks $2 for the words behind it, for at most $1 seconds. What it prints is in $work/answer, why it could not in $work/why.
# Returns its status: 69 also if it did not answer in time.
ask() {
    asked "$work/answer" "$work/why" "$@"
}

# Asks $4 for the words behind it, for at most $3 seconds; what it prints goes to $1, what it complains of to $2. The lock is ours.
# Returns its status: 69 also if it did not answer in time.
asked() {
    _answer=$1 _why=$2 _limit=$3 _status=0
    shift 3
    # In the background: whoever ends us need not wait for it.
    timeout -k 2 "$_limit" "$dir/bin/ask" "$@" </dev/null >"$_answer" 2>"$_why" 8>&- &
    asking=$!
    wait "$asking" || _status=$?
    asking=
    case $_status in 124 | 137 | 127 | 126) _status=69 ;; esac
    return "$_status"
}

# Asks all of $2 (words) for the words behind it at once, for at most $1 seconds. What WHO has printed is in $work/said/WHO, why it
# could not in $work/said/WHO.why, its status in $work/said/WHO.status.
ask_each() {
    _limit=$1 _everyone=$2
    shift 2
    rm -rf -- "$work/said"
    mkdir -- "$work/said"
    _asked_now=''
    for _who in $_everyone; do
        {
            _got=0
            asked "$work/said/$_who" "$work/said/$_who.why" "$_limit" "$_who" "$@" || _got=$?
            printf '%s\n' "$_got" >"$work/said/$_who.status"
        } &
        _asked_now="$_asked_now $!"
    done
    # shellcheck disable=SC2086 # processes
    [ -z "$_asked_now" ] || wait $_asked_now || :
}

# Prints the status of $1, as ask_each has found it.
got() {
    head -n 1 -- "$work/said/$1.status" 2>/dev/null || printf '70\n'
}

# Has the last one be $1, of ask_each.
because_of() {
    cp -- "$work/said/$1.why" "$work/why"
}

# Prints why the last one was of no use.
because() {
    tail -n 1 -- "$work/why" | tr -d '\000-\037\177' | cut -c 1-300
}

# Sets since, to know how long something takes.
begin() {
    since=$(awk '{ print int($1 * 100) }' /proc/uptime)
}

# Says that the step $1 is done, with what there is to say of it, $2, and how long it took. With its time, in the log, too.
done_with() {
    _took=$(awk -v since="$since" '{ printf "%.1f", $1 - since / 100 }' /proc/uptime)
    [ "$quiet" = yes ] || printf '%-8s %5s s  %s\n' "$1" "$_took" "$2"
    printf '%s %s: epoch %s: %s: %s (%s s)\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$me" "$epoch" "$1" "$2" "$_took" >>"$log" || :
}
