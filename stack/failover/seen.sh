# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What this machine has seen of its coordinator: which one it is, and the highest epoch of each line; sourced by coordinator.
#
# Epochs never go down, but a coordinator that was wiped, or came back from an old copy, begins again: it would give an epoch
# to somebody that the stores have had from another one. So each machine remembers, and believes no lower one. In the
# directory state:
#
#   coordinator   its identity
#   seen/LINE     the highest epoch
#
# shellcheck disable=SC2154,SC2034 # globals are those of the program

# Has the state directory be there.
# Gives up with 73.
made_state() {
    [ -d "$state/seen" ] || { mkdir -p -- "$state/seen" && sync -- "$state" "${state%/*}/"; } ||
        die 73 "$state: cannot be made" "correct state in $conf"
}

# Replaces the file $1 by the line or lines $2, and returns when that would survive a loss of power. The directory $3
# above it holds .new meanwhile: its lock is held by the caller.
# Returns 1 if it could not, and leaves the old one.
write_durably() {
    printf '%s\n' "$2" >"$3/.new" && sync -- "$3/.new" && mv -f -- "$3/.new" "$1" && sync -- "${1%/*}"
}

# Sets known_id and known_epoch to what was seen before of the coordinator, and of line if that is set.
# To be called before asking: what somebody else sees meanwhile may be higher than the answer.
recall() {
    known_id='' known_epoch=0
    [ ! -e "$state/coordinator" ] || IFS= read -r known_id <"$state/coordinator" || known_id=-
    case $known_id in *[!A-Za-z0-9-]* | -) die 65 "$state/coordinator: is damaged" "coordinator CONF adopt" ;; esac
    [ -n "$line" ] && [ -e "$state/seen/$line" ] || return 0
    IFS= read -r known_epoch <"$state/seen/$line" || known_epoch=
    case $known_epoch in '' | *[!0-9]*) die 65 "$state/seen/$line: is damaged" "write the highest epoch of $line into it: rs-store list has it" ;; esac
}

# Ends with 65 unless the coordinator that answered, whose identity is $1, is the one that is known, and the epoch is none
# that is over. Remembers it then.
believe() {
    [ -n "$known_id" ] && [ "$known_id" = "$1" ] && [ "$known_epoch" = "$epoch" ] && return
    if [ "$adopting" = no ]; then
        [ -z "$known_id" ] || [ "$known_id" = "$1" ] || another_one "it is $1, and was $known_id"
        [ "$known_epoch" -le "$epoch" ] || another_one "$line is at epoch $epoch, and was at $known_epoch"
    fi
    remember "$1"
}

# Ends with 65: it is not the coordinator that it was, because of $1.
# Says what a person can do.
another_one() {
    die 65 "$kind of $conf: was wiped, came back from an old copy, or is another one: $1" \
        "nobody leads by it; bring its data back, or, when no leader of before is left, run 'coordinator $conf adopt' on every machine"
}

# Remembers the identity $1, and the epoch of line if it is higher than the one that is remembered.
# Gives up with 74: an epoch that may be forgotten is none.
remember() {
    (
        flock -w "$timeout" 7 || die 69 "$state/lock: somebody holds it" "look for a coordinator that was stopped"
        [ -n "$known_id" ] && [ "$known_id" = "$1" ] || write_durably "$state/coordinator" "$1" "$state" || exit 74
        [ -n "$line" ] || exit 0
        _seen=0
        [ ! -e "$state/seen/$line" ] || IFS= read -r _seen <"$state/seen/$line" || _seen=0
        [ "$_seen" -ge "$epoch" ] || write_durably "$state/seen/$line" "$epoch" "$state" || exit 74
    ) 7>>"$state/lock" || {
        _status=$?
        [ "$_status" -eq 69 ] && exit 69
        die 74 "$state: cannot be written" "make room, look at the disk"
    }
}

# Has the coordinator that answers now be the one that is believed, and be at no lower epoch than those that were seen.
# A person's word: who led by the old one must not be there any more.
adopt() {
    adopting=yes
    renew_identity
    for _file in "$state"/seen/*; do
        [ -e "$_file" ] || continue
        line=${_file##*/}
        look
        # look has not remembered less than was known.
        [ "$known_epoch" -le "$epoch" ] || raise "$known_epoch"
        printf '%s epoch %s\n' "$line" "$epoch"
    done
}

# Sets now to the time since boot, with the time that the machine slept, in hundredths of a second.
# No other clock counts here: the wall clock can be set.
boot_time() {
    IFS=' ' read -r _up _rest </proc/uptime
    now=$((${_up%.*} * 100 + 1${_up#*.} - 100))
}

# Prints the time for people.
# Nothing is decided by it.
wall_time() {
    date -u +%Y-%m-%dT%H:%M:%SZ
}
