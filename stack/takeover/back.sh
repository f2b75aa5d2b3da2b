#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who led stands down, and becomes a fallback; and those are told who could not be at first; sourced by rs-takeover.
# shellcheck disable=SC2034,SC2154 # globals are those of rs-takeover

# Another one says that it leads, in given_epoch. Whoever led publishes nothing from now on, and goes on to become a fallback,
# without being waited for.
stand_down() {
    epochs_compared
    [ "$given_epoch" -ge "$known" ] || die 77 "$instance: knows of epoch $known" "whoever leads in epoch $given_epoch does not lead any more"
    if [ "$(kept leads)" = "$given_epoch" ] && [ ! -e "$state/superseded" ]; then
        die 77 "$instance: leads in epoch $given_epoch itself"
    fi
    stop_publishing
    [ "$kind" = export ] || return 0
    if [ "$wait" = yes ]; then
        rejoin
        return
    fi
    setsid "$0" --quiet --rejoin "$dir" </dev/null >>"$log" 2>&1 &
}

# Who keeps our lease says that we have none in given_epoch any more, be it our own epoch. Whoever calls it goes on with rejoin.
supersede() {
    epochs_compared
    _mine=$(kept leads)
    if [ "$given_epoch" -lt "${_mine:-0}" ] && [ ! -e "$state/superseded" ]; then die 77 "$instance: leads in epoch $_mine itself"; fi
    [ "$given_epoch" -ge "$known" ] || given_epoch=$known
    stop_publishing
}

# Of both: known is what was known before. The epochs are compared then.
stop_publishing() {
    # A mistake must not put an end to all epochs.
    [ "$given_epoch" -le $((known + 1000000)) ] || die 64 "$given_epoch: is far above epoch $known, which is what $instance knows of"
    [ "$given_epoch" -le "$known" ] || printf '%s\n' "$given_epoch" | keep epoch
    if [ "$kind" != export ]; then
        they_are_compared
        drop_takeover
        return
    fi
    [ "$(kept superseded)" = "$given_epoch" ] || printf '%s\n' "$given_epoch" | keep superseded
    they_are_compared
    printf '%s %s: stands down: another instance leads in epoch %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$me" "$given_epoch" >>"$log" || :
}

# Of a fallback: a takeover that was begun here and cut off is over, since another one leads in given_epoch. One that is at work
# finds that before its next step.
drop_takeover() {
    case $(kept takeover step) in '' | 'done') return 0 ;; esac
    [ "$(kept takeover epoch)" -lt "$given_epoch" ] || return 0
    exec 8>>"$state/lock"
    ! flock -n 8 || undo
    exec 8>&-
}

# Nothing is left of a takeover that has nobody lead.
undo() {
    # It was to be a leader, and is half of one at most: nothing of it was started.
    if is_epoch "$(kept takeover epoch)" && [ "$(kept leads)" = "$(kept takeover epoch)" ]; then
        render_as fallback
        rm -f -- "$generation_file"
        forget leads
    fi
    step_unlock
    forget takeover untold
}

# Ends with 77 if another one has taken over since this takeover has its epoch.
not_overtaken() {
    know
    [ "$known" -gt "$epoch" ] || return 0
    if [ "$kind" != export ]; then
        undo
        die 77 "$instance: another instance leads in epoch $known" "look at it before you try again"
    fi
    given_epoch=$known
    supersede
    # Who conducts the steps does the rest, too.
    if [ "$action" != one_step ]; then
        exec 8>&-
        rejoin
    fi
    die 77 "$instance: another instance leads in epoch $known" "this one becomes a fallback"
}

# Succeeds unless another instance leads: before a dump is published. What the coordinator says last counts; while it does not
# answer, or has lost what it knew, the backup servers are what refuses the dumps of who led before.
prove() {
    [ -n "$coordinator" ] || return 0
    _mine=$(kept leads | grep . || echo 1)
    "$coordinate" "$coordinator" read "$line" >"$work/answer" 2>"$work/why" || {
        complain warning "the coordinator says nothing of $line: $(because)" "dumps go on; nobody is elected meanwhile"
        return 0
    }
    _now=$(sed -n 's/^epoch //p' "$work/answer")
    if ! is_epoch "${_now:-0}" || [ "$_now" -le "$_mine" ]; then return 0; fi
    given_epoch=$_now
    stand_down
    die 77 "$instance: another instance leads in epoch $_now: $(sed -n 's/^leader //p' "$work/answer")" "this one becomes a fallback"
}

# What was dumped, or could be, and no backup server has, is kept there as a branch; then this instance is a fallback.
rejoin() {
    if [ ! -e "$state/superseded" ]; then
        [ "$kind" = import ] || die 64 "$instance: was not superseded" "an instance that leads stands down first: $me --stand-down EPOCH"
        # One whose takeover was overtaken before it led.
        only_one
        said=
        undo
        return
    fi
    [ -z "$forced" ] || [ "$forced" = "$instance" ] || die 64 "--force-data-loss $forced: this instance is $instance" "the name says that you know what you do"
    # Who was told to stand down is at it already.
    exec 8>>"$state/lock"
    if [ "$wait" = yes ]; then
        flock -w 3600 8 || die 75 "$dir: another rs-takeover is at work since an hour"
    else
        flock -n 8 || return 0
    fi
    [ -e "$state/superseded" ] || return 0
    epoch=$(kept superseded)
    if [ "$(kept rejoin)" != "branched $epoch" ]; then
        begin
        said=
        keep_branch
        printf 'branched %s\n' "$epoch" | keep rejoin
        done_with branch "$said"
    fi
    begin
    said=
    # Whoever loads dumps has to write.
    release
    render_as fallback
    rm -f -- "$dir/srv/takeover_triggered" "$generation_file"
    sync -- "$dir/srv" "${generation_file%/*}"
    supervise
    forget leads held handing-over takeover untold rejoin superseded
    said="is a fallback now"
    done_with rejoin "$said"
}

# Dumps once more what is here, and has a backup server at least keep it beside the line that goes on.
# Ends with 69 if it could not: then nothing here is touched. A service that has just been started with its machine may still be on
# its way, and a disk may get room again.
keep_branch() {
    _again="$me --rejoin $dir tries again, and so does cron"
    hooks stop
    if ! RS_BRANCH=yes "$dir/bin/dump" >"$work/answer" 2>"$work/why" 8>&- </dev/null && [ -e "$generation_file" ]; then
        [ -n "$forced" ] ||
            die 69 "what was written since the last dump cannot be dumped: $(because)" "$_again; to give it up: $me --rejoin --force-data-loss $instance $dir"
        warn "what was written since the last dump is given up: it cannot be dumped: $(because)" "the last dump is kept"
    fi
    # Where nothing was ever dumped, and nothing can be, there is nothing to keep.
    if [ -z "$servers" ] || [ ! -e "$generation_file" ]; then return 0; fi
    _kept=
    for _server in $servers; do
        # The dump that is the end of the line that goes on is there already.
        if ask 86400 "$_server" branch; then _kept="$_kept $_server"; fi
    done
    [ -n "$_kept" ] || die 69 "no backup server has taken what was dumped here: $(because)" "$_again"
    said="$(head -n 1 -- "$generation_file") is kept by$_kept; rs-store diff shows what differs"
}

# Tells those who could not be told of the last takeover; for cron. One that waits to be a fallback tries that.
remind() {
    # Whoever asked for it may have gone.
    if [ -e "$state/handing-over" ] && [ ! -e "$state/superseded" ]; then
        exec 8>>"$state/lock"
        # Its last dump may take longer than that.
        ! flock -n 8 || not_asked_for
        return
    fi
    if [ -e "$state/superseded" ]; then
        rejoin
        return
    fi
    [ -s "$state/untold" ] || return 0
    # A takeover that is at work tells them itself, or leaves it to the next minute.
    exec 8>>"$state/lock"
    flock -n 8 || return 0
    epoch=$(kept leads)
    is_epoch "$epoch" || return 0
    _left=
    for _who in $(kept_all untold); do
        case " $servers " in
        *" $_who "*) _word=lead ;;
        *)
            # One that belongs to the set no more has nothing to be told of.
            case " $peers " in *" $_who "*) _word=stand-down ;; *) continue ;; esac
            ;;
        esac
        _got=0
        ask 20 "$_who" "$_word" "$epoch" || _got=$?
        case $_got in
        0) ;;
        77)
            know
            complain error "$_who: refuses epoch $epoch: $(because)" "another instance leads: look at it"
            _left="$_left $_who"
            ;;
        *) _left="$_left $_who" ;;
        esac
    done
    for _who in $_left; do printf '%s\n' "$_who"; done | keep untold
}
