#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The steps of a takeover, in their order; sourced by rs-takeover. Each can be killed, and done again.
# shellcheck disable=SC2034,SC2154 # globals are those of rs-takeover

# No dump is loaded any more; one that is being loaded has ended.
step_lock() {
    : >"$dir/srv/takeover_triggered"
    sync -- "$dir/srv"
    exec 7>>"$backup_lock"
    flock -w 86400 7 || die 75 "$backup: is still being loaded after a day"
    exec 7>&-
    said="nothing is loaded into $instance any more"
}

# Imports may go on.
step_unlock() {
    rm -f -- "$dir/srv/takeover_triggered"
    sync -- "$dir/srv"
    said="dumps are loaded again"
}

# The epoch: the next one of the coordinator, else the next one that nobody whom we reach has heard of.
step_acquire() {
    know
    _highest=$known
    # With a coordinator the other candidates need not be asked: one of them is off.
    _whom=$servers
    [ -n "$coordinator" ] || _whom="$servers $peers"
    ask_each 5 "$_whom" epoch
    for _who in $_whom; do
        [ "$(got "$_who")" -eq 0 ] || continue
        _heard=$(head -n 1 -- "$work/said/$_who")
        is_epoch "$_heard" || continue
        [ "$_heard" -le "$_highest" ] || _highest=$_heard
    done
    # The line that a first leader began is the first.
    [ "$_highest" -ge 1 ] || _highest=1
    if [ -n "$coordinator" ]; then
        order_epoch
        said="epoch $epoch, from the coordinator"
    else
        epoch=$((_highest + 1))
        said="epoch $epoch"
    fi
    hear_of "$epoch"
}

# Sets epoch to one that the coordinator gives us, above _highest: one that was set up after the line had begun is behind.
order_epoch() {
    "$coordinate" "$coordinator" read "$line" >"$work/answer" 2>"$work/why" 8>&- || die 69 "the coordinator does not answer: $(because)"
    epoch=$(sed -n 's/^epoch //p' "$work/answer")
    [ "$_highest" -le $((epoch + 1000)) ] || die 65 "the coordinator is at epoch $epoch, and $line at $_highest" "it is another one, or has lost what it knew: rs-failover(7)"
    while :; do
        "$coordinate" "$coordinator" order "$line" "$identity" "$epoch" "$lease" >"$work/answer" 2>"$work/why" 8>&- ||
            die $? "the epoch after $epoch was not given to us: $(because)"
        epoch=$(sed -n 's/^epoch //p' "$work/answer")
        is_epoch "$epoch" || die 70 "$coordinate: gave no epoch"
        [ "$epoch" -le "$_highest" ] || return 0
    done
}

# Ends with 77, because $1 knows of another leader. Nothing was done that others have to live with: dumps are loaded again.
beaten() {
    _why=$(because)
    # Whoever goes on without asking has to know, too.
    if ask 10 "$1" epoch; then
        _heard=$(head -n 1 -- "$work/answer")
        if is_epoch "$_heard" && [ "$_heard" -le $((epoch + 1000000)) ]; then hear_of "$_heard"; fi
    fi
    undo
    die 77 "$1: refuses epoch $epoch: $_why" "another instance leads, or was quicker: look at it before you try again"
}

# Every backup server that answers refuses older ones from now on, and pulls from here.
step_raise() {
    _told='' _missed=''
    # One after the other: of two who take over at once one has to be the first.
    for _server in $servers; do
        _got=0
        ask 10 "$_server" lead "$epoch" || _got=$?
        case $_got in
        0) _told="$_told $_server" ;;
        77) beaten "$_server" ;;
        *) _missed="$_missed $_server" ;;
        esac
    done
    if [ -z "$_told" ]; then
        [ -n "$forced" ] || die 69 "no backup server can be told: $(because)" "one at least has to answer"
        warn "no backup server can be told: what the old leader sends them is taken as before"
    fi
    for _server in $_missed; do printf '%s\n' "$_server"; done | keep untold
    said="told:${_told:- nobody}${_missed:+; not reached:$_missed}"
}

# The other candidates know who leads; who led publishes nothing any more, if it answers.
step_freeze() {
    _told='' _missed=''
    ask_each "$patience" "$peers" stand-down "$epoch"
    for _peer in $peers; do
        case $(got "$_peer") in
        0) _told="$_told $_peer" ;;
        77) because_of "$_peer" && beaten "$_peer" ;;
        *) _missed="$_missed $_peer" ;;
        esac
    done
    { kept_all untold; for _peer in $_missed; do printf '%s\n' "$_peer"; done; } | sort -u | keep untold
    # Who conducts the steps knows whether one that does not answer may still act, and for how long.
    if [ "$action" = one_step ] && [ -n "$_missed" ]; then die 69 "not reached:$_missed"; fi
    said="stand by:${_told:- nobody}${_missed:+; not reached:$_missed}"
}

# Prints the state file $1.
kept_all() {
    [ ! -e "$state/$1" ] || cat -- "$state/$1"
}

# What a backup server holds and this instance does not is loaded first.
step_import() {
    look
    said="leads with ${held:-nothing}"
    newer "$newest" "$held" || return 0
    for _server in $servers; do
        # look has asked them.
        [ "$(head -n 1 -- "$work/said/$_server")" = "$newest" ] || continue
        if "$dir/bin/serve" have 8>&- </dev/null | "$dir/bin/ask" "$_server" emit "$newest" 8>&- 2>"$work/why" |
            "$dir/bin/load" --takeover >"$work/answer" 2>>"$work/why" 8>&-; then
            # An election takes nobody's word for it but a backup server's.
            _seconds=$(sed -n 's/^proven \([0-9]*\)$/\1/p' "$work/answer")
            ask_each 20 "$servers" proven "$newest" "${_seconds:-0}"
            look
            said="$newest was loaded first"
            return
        fi
        warn "$newest: cannot be loaded from $_server: $(because)"
    done
    look
    [ "$proven" = yes ] || [ -n "$forced" ] || die 69 "$instance: the dump that it held is not loaded any more" "look at $log"
    said="leads with ${held:-nothing}, though there was $newest"
}

# From a fallback to a leader: its programs, and the number of its next dump.
step_retype() {
    { grep -v '^took ' "$state/takeover" || :; printf 'took %s\n' "$(kept held generation | grep . || echo 0.0)"; } >"$work/takeover"
    keep takeover <"$work/takeover"
    if [ "$(head -n 1 -- "$generation_file" 2>/dev/null | cut -d . -f 1)" != "$epoch" ]; then
        printf '%s.0\n' "$epoch" >"$generation_file.new"
        sync -- "$generation_file.new"
        mv -- "$generation_file.new" "$generation_file"
        sync -- "${generation_file%/*}"
    fi
    printf '%s\n' "$epoch" | keep leads
    render_as leader
    # One of a later epoch came in the meantime.
    epochs_compared
    _other=$(kept superseded)
    if ! is_epoch "${_other:-0}" || [ "$_other" -le "$epoch" ]; then forget superseded rejoin; fi
    they_are_compared
    said="is a leader now"
}

# Renders the instance in the role $1.
# Ends with its status.
render_as() {
    _got=0
    rs-render --quiet instance --again --role "$1" ${stack:+--stack "$stack"} --root "$dir" "$profile" >"$work/answer" 2>"$work/why" 8>&- || _got=$?
    case $_got in
    0 | 75) ;;
    *) die "$_got" "$dir: cannot be rendered as $1: $(because)" "run it by hand: rs-render instance --again --role $1 --root $dir $profile" ;;
    esac
    kind=$(sed -n 's/^kind //p' "$dir/etc/failover")
}

# Address, name, proxy: what the administrator has put into etc/takeover.d, in the order of the names, with the word $1.
hooks() {
    _ran='' _bad=''
    for _hook in "$dir"/etc/takeover.d/*; do
        if [ ! -f "$_hook" ] || [ ! -x "$_hook" ]; then continue; fi
        _ran="$_ran ${_hook##*/}"
        # In our group: who ends us ends it, so that none goes on when another one leads.
        RS_NAME=$namebase RS_INSTANCE=$instance RS_EPOCH=$epoch RS_ROOT=$dir timeout --foreground -k 5 120 "$_hook" "$1" </dev/null >>"$log" 2>&1 8>&- || {
            warn "${_hook##*/} $1: failed with status $?" "look at $log; run it again by hand"
            _bad="$_bad ${_hook##*/}"
        }
    done
    said="ran:${_ran:- nothing}${_bad:+; failed:$_bad}"
}

# Clients find the service here.
step_hooks() {
    hooks start
}

# Has the programs of the instance run as those of this computer do: var/supervised has what supervise.sh was called with.
supervise() {
    if [ ! -e "$dir/var/supervised" ]; then
        said="nobody looks after its programs here: start them"
        return
    fi
    set --
    while IFS= read -r _word; do set -- "$@" "$_word"; done <"$dir/var/supervised"
    _id=$1 _program=$2
    shift 2
    sh "${_program%/*}/supervise.sh" up "$_id" "$dir" "$_program" "$@" >"$work/answer" 2>"$work/why" 8>&- ||
        warn "what looks after the programs of $instance does not run: $(because)" "start them by hand"
    said="its programs run"
}

step_start() {
    supervise
}

# A backup of the new line is what makes the takeover whole.
step_publish() {
    _got=0
    "$dir/bin/exporter" >"$work/answer" 2>"$work/why" 8>&- </dev/null || _got=$?
    case $_got in
    0) ;;
    1) warn "not all backup servers were told of the first dump: $(because)" "they look by themselves, too" ;;
    *) die "$_got" "the first dump of the new line failed: $(because)" "the service runs here; mend it, and run this again" ;;
    esac
    said="dumped $(head -n 1 -- "$generation_file")"
}

# The backup servers have it.
step_follow() {
    _wanted=$(head -n 1 -- "$generation_file") _have='' _left=20 _missing=''
    for _server in $servers; do
        grep -qx -- "$_server" "$state/untold" 2>/dev/null || _missing="$_missing $_server"
    done
    while [ -n "$_missing" ]; do
        ask_each 20 "$_missing" newest
        _asked=$_missing _missing=''
        for _server in $_asked; do
            _its=$(head -n 1 -- "$work/said/$_server" 2>/dev/null || :)
            if [ "$(got "$_server")" -eq 0 ] && [ "${_its%%.*}" = "${_wanted%%.*}" ] && ! newer "$_wanted" "$_its"; then
                _have="$_have $_server"
            else
                _missing="$_missing $_server"
            fi
        done
        _left=$((_left - 1))
        if [ -z "$_missing" ] || [ "$_left" -le 0 ]; then break; fi
        sleep 1
    done
    [ -z "$_missing" ] || warn "not there yet:$_missing" "they look by themselves, too; rs-status tells when"
    if [ -n "$coordinator" ] && [ "$action" != one_step ]; then
        "$coordinate" "$coordinator" settle "$line" "$identity" "$epoch" 2>"$work/why" 8>&- || warn "the coordinator could not be told: $(because)"
    fi
    said="$_wanted is at:${_have:- nobody}"
}
