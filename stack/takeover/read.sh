#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What rs-takeover knows of an instance: DIR/etc/failover, and the files in its state directory; sourced by it.
#
# In the state directory, each whole or not there:
#
#   epoch        the highest that this instance has heard of
#   held         the dump that was loaded last: lines generation, imported, checked, digest
#   takeover     of the last one: lines epoch, step (the next one, or done), began, took (the generation that it leads with), and
#                planned, as long as the old leader is held still for it
#   leads        the epoch in which this instance leads; the first leader has none
#   superseded   the epoch in which another one does; there while this instance was the leader, and is no fallback yet
#   rejoin       `branched EPOCH`: what was here when it was superseded in that epoch is kept by a backup server
#   handing-over `yes`: it is held still for one that takes over, who says so again and again; `back`: it is to go on
#   untold       who has to be told of the last takeover yet, a word each line
#
# shellcheck disable=SC2034,SC2154 # globals are those of rs-takeover

# Succeeds if $1 is an epoch that every shell can reckon with.
is_epoch() {
    case $1 in '' | 0* | *[!0-9]*) return 1 ;; esac
    [ ${#1} -le 15 ]
}

# Succeeds if $1 is a generation, EPOCH.COUNTER.
is_generation() {
    case $1 in '' | *[!0-9.]* | *.*.* | .* | *.) return 1 ;; esac
    case $1 in *.*) [ ${#1} -le 31 ] ;; *) return 1 ;; esac
}

# Succeeds if the generation $1 is newer than $2. Both may be empty, which is older than all.
newer() {
    [ -n "$1" ] || return 1
    [ -n "$2" ] || return 0
    [ "${1%%.*}" -gt "${2%%.*}" ] || { [ "${1%%.*}" -eq "${2%%.*}" ] && [ "${1#*.}" -gt "${2#*.}" ]; }
}

# Sets the globals by DIR/etc/failover, lines `WORD VALUE`. It is data, and never run.
# Ends with 66 or 78.
read_failover() {
    [ -d "$dir" ] || die 66 "$dir: no such directory"
    dir=$(cd -- "$dir" && pwd -P)
    _file=$dir/etc/failover
    [ -r "$_file" ] || die 66 "$_file: not there: no instance that can lead" "render it with the present stack: rs-deploy apply"
    line='' namebase='' instance='' identity='' number='' kind='' hold='' state='' profile='' stack='' backup_lock='' generation_file='' backup='' log='' elections=''
    peers='' servers='' coordinator='' coordinate='' lease=15 _count=0
    while read -r _word _value; do
        _count=$((_count + 1))
        case $_word in
        '' | '#'*) ;;
        line | namebase | hold | number | kind | state | profile | stack | backup | coordinator | coordinate | lease) eval "$_word=\$_value" ;;
        name) instance=$_value ;;
        instance) identity=$_value ;;
        messages) log=$_value ;;
        log) elections=$_value ;;
        lock) backup_lock=$_value ;;
        generation) generation_file=$_value ;;
        # By its name, which people know; bin/ask does, too.
        peer) peers="$peers $namebase${_value%% *}" ;;
        server) servers="$servers $_value" ;;
        # Of rs-elect and rs-deploy.
        role | block | automatic | priority | maintenance | probe | first) ;;
        *) die 78 "$_file:$_count: $_word: no such word" "render it with the present stack" ;;
        esac
    done <"$_file"
    for _word in line namebase instance identity number kind state profile backup_lock generation_file backup log; do
        eval "[ -n \"\$$_word\" ]" || die 78 "$_file: $_word: is missing" "render it with the present stack"
    done
    [ -z "$coordinator" ] || patience=1
    coordinate=${coordinate:-$own_stack/failover/coordinator}
    mkdir -p -- "$state" || die 73 "$state: cannot be made"
}

# Prints what the line $2 of the state file $1 says, or the first line where $2 is not given; nothing if it is not there.
kept() {
    [ -e "$state/$1" ] || return 0
    if [ $# -eq 1 ]; then head -n 1 -- "$state/$1"; else sed -n "s/^$2 //p" "$state/$1"; fi
}

# Has the state file $1 be what standard input is, and on the disk when this returns. Others write here, too, at the same time.
# Ends with 74.
keep() {
    { flock 4 && cat >"$state/$1.new" && sync -- "$state/$1.new" && mv -- "$state/$1.new" "$state/$1" && sync -- "$state"; } 4>>"$state/keep.lock" ||
        die 74 "$state/$1: cannot be written" "make room, look at the disk"
}

# Has the state files $@ be gone, and that on the disk.
# Returns 0.
forget() {
    for _name in "$@"; do rm -f -- "$state/$_name"; done
    sync -- "$state"
}

# Sets known to the highest epoch that this instance has heard of.
know() {
    known=$(kept epoch)
    for _other in "$(kept leads)" "$(kept superseded)" "$(kept takeover epoch)" "$(head -n 1 -- "$generation_file" 2>/dev/null | cut -d . -f 1)" \
        "$(kept held generation | cut -d . -f 1)"; do
        is_epoch "$_other" || continue
        [ "$_other" -le "${known:-0}" ] || known=$_other
    done
    is_epoch "${known:-0}" || known=0
}

# One at a time where an epoch is compared and then written, until they_are_compared.
epochs_compared() {
    exec 5>>"$state/epoch.lock"
    flock 5
    know
}
they_are_compared() {
    exec 5>&-
}

# Remembers the epoch $1 if it is higher than what is known.
hear_of() {
    epochs_compared
    [ "$1" -le "$known" ] || printf '%s\n' "$1" | keep epoch
    they_are_compared
}

# Prints the highest epoch that this instance has heard of.
# Returns 0.
known_epoch() {
    know
    printf '%s\n' "$known"
}

# One at a time in this instance.
# Ends with 75 if another one is at work.
only_one() {
    exec 8>>"$state/lock"
    flock -n 8 || die 75 "$dir: another rs-takeover is at work" "$log and $dir/var/log tell how far it is"
}
