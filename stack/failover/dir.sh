# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# The coordinator of one machine, in files; sourced by coordinator. Below directory are
#
#   coordinator        its identity: whoever has seen another one does not believe it
#   lock               held while that is made
#   lines/LINE/lock    held by whoever asks or changes: kernel locks, which go with the process
#   lines/LINE/state   epoch, leader, boot and until (its lease), phase, since; replaced as a whole
#
# A lease is as long as until says, by the time since boot, in the boot that it names: no lease outlives one.
# Interface, the same as that of etcd.sh: look, look_closer, take, settle, prove, tend, renew, release, health,
# renew_identity, raise.
# shellcheck disable=SC2154,SC2034 # globals are those of the program
# shellcheck disable=SC2015 # A && B || C: what C is for is that A or B is not so

# Sets identity to that of the directory; it is made if nobody here has ever seen one.
# A directory that has vanished is not made again by itself: its epochs would begin anew.
identify() {
    if [ ! -e "$directory/coordinator" ]; then
        [ -z "$known_id" ] || [ "$adopting" = yes ] || another_one "$directory has no coordinator in it any more"
        mkdir -p -- "$directory/lines" && sync -- "$directory" "${directory%/*}/" && true >>"$directory/lock" || die 69 "$directory: cannot be made" "correct directory in $conf"
        (
            flock -w "$timeout" 7 || exit 69
            [ -e "$directory/coordinator" ] && exit 0
            IFS= read -r _new </proc/sys/kernel/random/uuid
            write_durably "$directory/coordinator" "$_new" "$directory" || exit 69
        ) 7>>"$directory/lock" || die 69 "$directory: cannot be locked or written" "make room, look at the disk"
    fi
    IFS= read -r identity <"$directory/coordinator" || identity=
    case $identity in '' | *[!A-Za-z0-9-]*) die 65 "$directory/coordinator: is damaged" "bring the directory back" ;; esac
}

# Takes the lock of line, which is held until the end of this process, or the next call.
# Gives up with 69 after timeout.
lock_line() {
    at=$directory/lines/$line
    # Without the flush a loss of power could take all of the line, and with it its epoch.
    [ -d "$at" ] || { mkdir -p -- "$at" && sync -- "$directory/lines"; } || die 69 "$at: cannot be made" "look at the disk"
    true >>"$at/lock" || die 69 "$at/lock: cannot be opened" "look at its owner, and at the disk"
    exec 8>>"$at/lock"
    flock -w "$(printf '%d.%02d' $((patience / 100)) $((patience % 100)))" 8 ||
        die 69 "$at/lock: somebody holds it" "look for a coordinator that was stopped: fuser $at/lock"
}

# Sets epoch, leader, phase and since, and _boot and until, to what the file says, whoever's lease is over.
# Gives up with 65 if it is damaged: it is never half written.
read_line() {
    epoch=0 leader='' _boot='' until=0 phase='' since='' _end=no
    [ -e "$at/state" ] || return 0
    while IFS=' ' read -r _word _value; do
        case $_word=$_value in
        *[!A-Za-z0-9=:._-]*) break ;;
        epoch=[0-9]*) epoch=$_value ;;
        leader=*) leader=$_value ;;
        boot=*) _boot=$_value ;;
        until=[0-9]*) until=$_value ;;
        phase=*) phase=$_value ;;
        since=*) since=$_value ;;
        end=) _end=yes ;;
        *) break ;;
        esac
    done <"$at/state"
    case $_end$epoch$until in yes*[!0-9]* | no*) _end=no ;; esac
    case $_end${epoch}x in yes0?*x) _end=no ;; esac
    [ "$_end" = yes ] && [ ${#epoch} -le 15 ] && [ ${#until} -le 15 ] ||
        die 65 "$at/state: is damaged" "bring it back, or remove it and run 'coordinator $conf adopt'"
}

# Replaces the file by epoch, leader, and so on; the lease ends at until.
# Returns when it is on the disk.
write_line() {
    write_durably "$at/state" "epoch $epoch
leader $leader
boot $_this_boot
until $until
phase $phase
since $since
end" "$at" || die 74 "$at/state: cannot be written" "make room, look at the disk"
}

# Sets epoch, leader, holder, phase and since to what is so now, and holds the lock.
look() {
    recall
    identify
    lock_line
    # What others had remembered while this waited is no higher than what is read now.
    recall
    read_line
    IFS= read -r _this_boot </proc/sys/kernel/random/boot_id
    boot_time
    holder=$leader
    if [ "$_boot" != "$_this_boot" ] || [ "$until" -le "$now" ]; then
        leader='' until=0
    fi
    believe "$identity"
}

# Sets left to the seconds that the lease has left.
look_closer() {
    left=
    [ -z "$leader" ] || left=$(((until - now + 99) / 100))
}

# Makes name the leader in epoch term + 1, for ttl, and sets epoch.
# The lock is held since look.
take() {
    epoch=$((term + 1)) leader=$name phase=taking since=$(wall_time)
    boot_time
    until=$((now + ttl * 100))
    write_line
    recall
    believe "$identity"
}

# Succeeds if name leads in term, and holds the lock.
prove() {
    look
    [ "$leader" = "$name" ] && [ "$epoch" = "$term" ] || fenced
}

# Makes the phase leading, if name leads.
settle() {
    prove
    phase=leading since=$(wall_time)
    write_line
}

# Makes the lease as long as ttl again, if name leads.
tend() {
    prove
    boot_time
    until=$((now + ttl * 100))
    write_line
}

# Makes the lease as long as ttl again, and the phase $1, if name leads in term, or was the last who did.
# Nobody else can have led since: the epoch would be another one.
renew() {
    look
    [ "$holder" = "$name" ] && [ "$epoch" = "$term" ] || fenced
    leader=$name
    # What is finished once stays so.
    [ "$phase$1" != takingleading ] || phase=$1 since=$(wall_time)
    boot_time
    until=$((now + ttl * 100))
    write_line
}

# Gives the lease up.
# The epoch stays.
release() {
    prove
    leader='' phase=released since=$(wall_time) until=0
    write_line
}

# Gives up if the directory is not the one that it was.
health() {
    recall
    identify
    [ -z "$known_id" ] || [ "$known_id" = "$identity" ] || another_one "it is $identity, and was $known_id"
    [ -w "$directory/lines" ] || die 69 "$directory/lines: may not be written" "look at its owner, and at the disk"
    printf 'dir: %s answers\n' "$directory"
}

# Remembers the identity of the directory, which is made if there is none.
renew_identity() {
    recall
    identify
    known_id=
    remember "$identity"
}

# Makes the epoch of line $1, which is higher than it was; nobody leads then.
raise() {
    epoch=$1 leader='' phase='' since='' until=0
    write_line
}
