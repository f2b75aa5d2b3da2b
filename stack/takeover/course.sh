#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whether an instance should take over, and the course of its takeover from step to step; sourced by rs-takeover.
# shellcheck disable=SC2034,SC2154 # globals are those of rs-takeover

steps='lock acquire raise freeze import retype hooks start publish follow'

# Sets held, proven (yes or no) and newest (the newest generation that a backup server holds), and reasons: why this instance
# should not lead, a line each. Asks the backup servers.
look() {
    held=$(kept held generation) proven=no newest='' reasons=''
    is_generation "$held" || held=
    [ -n "$held" ] && [ "$(kept held imported)" = yes ] && [ "$(kept held checked)" = yes ] && proven=yes
    _answered=0
    ask_each 20 "$servers" newest
    for _server in $servers; do
        [ "$(got "$_server")" -eq 0 ] || continue
        _answered=$((_answered + 1))
        _newest=$(head -n 1 -- "$work/said/$_server")
        is_generation "$_newest" || continue
        if newer "$_newest" "$newest"; then newest=$_newest; fi
    done
    if [ -z "$held" ]; then
        reasons="$instance: no dump was ever loaded here"
    elif [ "$proven" = no ]; then
        reasons="$instance: the dump $held was not loaded, or only half of it"
    fi
    if [ "$_answered" -eq 0 ]; then
        reasons="$reasons${reasons:+
}no backup server answers: nobody can tell whether there is something newer, and whether somebody else leads$(each_why "$servers")"
    fi
}

# Prints why each of the words $1, whom ask_each has asked, could not answer.
each_why() {
    for _asked in $1; do
        because_of "$_asked"
        printf '; %s: %s' "$_asked" "$(because)"
    done
}

# Tells what this instance would lead with. Ends with 1 if it should not.
explain() {
    if [ "$kind" = export ] && [ ! -e "$state/superseded" ]; then
        printf '%s: leads already\n' "$instance"
        exit 1
    fi
    look
    if [ -n "$held" ]; then
        printf 'holds %s, loaded %s\n' "$held" "$(date -u -r "$state/held" +%Y-%m-%dT%H:%M:%SZ)"
    fi
    if newer "$newest" "$held"; then printf 'would load %s first, which a backup server holds\n' "$newest"; fi
    ask_each 5 "$peers" alive
    for _peer in $peers; do
        [ "$(got "$_peer")" -ne 0 ] || printf '%s leads, and answers: with --planned nothing is lost that is written there\n' "$_peer"
    done
    [ -n "$reasons" ] || return 0
    printf '%s\n' "$reasons" | sed 's/^/cannot lead: /'
    exit 1
}

# All of it: begins, or goes on where one was killed.
take_over() {
    if [ -n "$coordinator" ] && watched; then
        have_watch
        return
    fi
    only_one
    let_go
    epoch=$(kept takeover epoch) step=$(kept takeover step)
    know
    _knew=$known
    case $step in
    '' | 'done')
        if [ "$kind" = export ] && [ ! -e "$state/superseded" ]; then die 64 "$instance: leads already"; fi
        [ -z "$forced" ] || [ "$forced" = "$instance" ] || die 64 "--force-data-loss $forced: this instance is $instance" "the name says that you know what you do"
        epoch=0 step=lock
        progress lock
        ;;
    *) [ -n "$stilled" ] || complain warning "goes on with a takeover that was begun" "its next step is $step" ;;
    esac
    for _one in $steps; do
        [ "$_one" = "$step" ] || continue
        case $step in
        lock) ;;
        acquire)
            # A person wanted this before another one led.
            know
            if [ "$known" -gt "$_knew" ]; then
                undo
                die 77 "$instance: another instance leads in epoch $known since this takeover has begun" "look at it before you try again"
            fi
            ;;
        *) not_overtaken ;;
        esac
        begin
        said=
        "step_$step"
        [ "$step" != lock ] || judge
        done_with "$step" "$said"
        step=$(after "$step")
        progress "$step"
    done
    [ "$quiet" = yes ] || printf '%s leads in epoch %s\n' "$instance" "$epoch"
}

# Succeeds while rs-elect watches this instance: then what keeps the lease is that. Others who look have a shared lock, too.
watched() {
    ! flock -s -n "$state/watch.lock" true
}

# Has rs-elect conduct the takeover: it is a person's order. Ends with 1 if it refuses, or if no backup server answers: it takes the
# epoch before it tells them, and the leader would have lost its own for nothing.
have_watch() {
    if [ "$kind" = export ] && [ ! -e "$state/superseded" ]; then die 64 "$instance: leads already"; fi
    [ -z "$forced" ] || die 64 "--force-data-loss: rs-elect watches here, and leads with what is proven only" "stop it first: the service elect"
    look
    [ "$_answered" -gt 0 ] || refuse
    _before=$(kept takeover epoch) _was=$(kept_all takeover) _idle=0 _slow=0 _newest='' _told=$(lines_of "$log")
    printf 'take-over\n' | keep order
    until [ "$(kept takeover step)" = 'done' ] && [ "$(kept takeover epoch)" != "$_before" ] && [ "$(kept takeover epoch)" != 0 ]; do
        sleep 0.2
        _idle=$((_idle + 1))
        # An order that lies there will be read; a takeover that was not there before is under way.
        [ ! -e "$state/order" ] || _idle=0
        case $(kept takeover step) in '' | 'done') ;; *) [ "$(kept_all takeover)" = "$_was" ] || _idle=0 ;; esac
        show_steps
        complain_of_waiting
        [ "$_idle" -lt 100 ] || die 1 "$instance: rs-elect does not take over: $(tail -n 1 -- "$elections" | tr -d '\000-\037\177')" "rs-elect explain $dir; $elections says more"
    done
    show_steps
    [ "$quiet" = yes ] || printf '%s leads in epoch %s\n' "$instance" "$epoch"
}

# Shows what the steps have said of this takeover since the line _told of the log.
show_steps() {
    epoch=$(kept takeover epoch)
    _lines=$(lines_of "$log")
    [ "$_lines" -ge "$_told" ] || _told=0 # it was put aside
    # Its epoch is known only when it was acquired: what is said under it may be in the log already.
    case $epoch in '' | 0 | "$_before") return 0 ;; esac
    [ "$_lines" -gt "$_told" ] || return 0
    [ "$quiet" = yes ] || sed -n "$((_told + 1)),$_lines s/^[^ ]* rs-takeover: epoch $epoch: //p" "$log"
    _told=$_lines
}

# Says, where nothing new has been said of the election for half a minute, what it waits for.
complain_of_waiting() {
    _now=$(tail -n 1 -- "$elections" 2>/dev/null | tr -d '\000-\037\177')
    if [ "$_now" != "$_newest" ]; then
        _newest=$_now _slow=0
        return
    fi
    _slow=$((_slow + 1))
    [ "$_slow" -ne 150 ] || complain warning "since half a minute: $_now" "it goes on by itself as soon as it can; rs-elect explain $dir"
}

# Prints how many lines the file $1 has.
lines_of() {
    { wc -l <"$1"; } 2>/dev/null || echo 0
}

# Ends with 1, and leaves all as it was, if this instance should not take over. Nothing is being loaded any more: what is held now is
# what it would lead with.
judge() {
    look
    if [ -z "$reasons" ] || [ -n "$forced" ]; then return; fi
    undo
    refuse
}

# Ends with 1, and says why.
refuse() {
    printf '%s\n' "$reasons" | while IFS= read -r _reason; do complain error "$_reason" ''; done
    die 1 "$instance: does not take over" "another fallback may hold more; where nothing better is left: --force-data-loss $instance"
}

# One step of a takeover that somebody else conducts, who has acquired the epoch.
one_step() {
    case " $steps unlock " in *" $step "*) ;; *) die 64 "$step: no such step" "there are: $steps unlock" ;; esac
    only_one
    epoch=$(kept takeover epoch)
    if [ "$step" = lock ] || [ "$step" = unlock ]; then
        epoch=${given_epoch:-${epoch:-0}}
    else
        epoch=${given_epoch:-$epoch}
        is_epoch "$epoch" || die 64 "--epoch: is missing: no takeover was begun here"
        hear_of "$epoch"
        not_overtaken
    fi
    # Whoever waits for it sees that it is under way: what is being loaded may take hours yet.
    [ "$step" != lock ] || progress lock
    begin
    said=
    "step_$step"
    done_with "$step" "$said"
    if [ "$step" = unlock ]; then forget takeover; else progress "$(after "$step")"; fi
}

# Prints the step that comes after $1, or done.
after() {
    case $1 in
    follow) printf 'done\n' ;;
    *)
        _rest=${steps#*"$1 "}
        printf '%s\n' "${_rest%% *}"
        ;;
    esac
}

# Notes that $1 is the next step.
progress() {
    {
        printf 'epoch %s\nstep %s\n' "${epoch:-0}" "$1"
        printf 'began %s\n' "$(kept takeover began | grep . || date -u +%Y-%m-%dT%H:%M:%SZ)"
        [ -z "$(kept takeover took)" ] || printf 'took %s\n' "$(kept takeover took)"
    } | if [ "$1" = lock ]; then sed 's/^began .*/began '"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'/; /^took/d' | keep takeover; else keep takeover; fi
}
