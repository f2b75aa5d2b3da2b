# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Staying the leader: the lease is kept alive, and it is proven again and again that it is; sourced by coordinator.
#
# What counts is the time since boot at which the last round began that both kept the lease and proved. Half the lease after it
# whatever acts for the leader is ended, so that there is as much left for ending it, and for clocks that go at another
# pace; nobody else can lead before the lease has ended. A round begins each fifth: three fail before it comes to that.
#
# COMMAND is the leader of a process group of its own. Two look at the clock: this process, and a guard, which ends the group
# also when this one was stopped or killed. If a whole machine was stopped, both look when it goes on; what was
# published in between is refused by a proof and by the stores.
# Globals: group (COMMAND, which is the number of its group), guard, confirmed, half, tick, ended (by which signal).
# shellcheck disable=SC2154 # globals are those of the program

# Succeeds while COMMAND runs. It is a child that nobody has waited for, so its number is that of no other process.
command_runs() {
    IFS= read -r _stat 2>/dev/null <"/proc/$group/stat" || return 1
    _stat=${_stat##*) }
    [ "${_stat%% *}" != Z ]
}

# Ends the group of COMMAND: asks, waits for an eighth of the lease at most, and kills.
# Returns when none of it is left but what init has to bury.
end_command() {
    [ -n "$group" ] || return 0
    kill -s TERM -- "-$group" 2>/dev/null || kill -s TERM "$group" 2>/dev/null || :
    kill -s CONT -- "-$group" 2>/dev/null || :
    boot_time
    _until=$((now + ttl * 100 / 8))
    while command_runs && [ "$now" -lt "$_until" ]; do
        sleep 0.05
        boot_time
    done
    # What COMMAND had started and left behind has no more time than it.
    kill -s KILL -- "-$group" 2>/dev/null || kill -s KILL "$group" 2>/dev/null || :
}

# Ends COMMAND and the guard, and all with status $1.
# Does not return.
end_keep() {
    if [ -n "$group" ]; then
        end_command
        kill -s KILL "$guard" 2>/dev/null || :
        wait "$guard" "$group" 2>/dev/null || :
    fi
    exit "$1"
}

# Ends with 77, because nothing was proven for half of the lease.
# COMMAND is ended first, then it is said.
lost() {
    end_command
    complain error "$line: $name has no proof that it leads in epoch $term since $(((now - confirmed + 50) / 100)) s" \
        "publish nothing; coordinator $conf read $line says who leads"
    end_keep 77
}

# What the guard does: ends COMMAND when the time in $work/deadline has come, or its parent, $1, is no more.
# A parent that ends leaves it another one: that is surer than to look for a number.
watch() {
    trap '' HUP INT TERM
    _deadline=0
    while sleep "$tick" && command_runs; do
        IFS=' ' read -r _pid _comm _state _parent _rest </proc/self/stat
        IFS= read -r _new 2>/dev/null <"$work/deadline" && _deadline=$_new
        boot_time
        if [ "$_parent" != "$1" ] || [ "$now" -ge "$_deadline" ]; then
            end_command
            [ "$_parent" = "$1" ] || rm -rf -- "$work"
            exit 0
        fi
    done
}

# Begins a round: how long an answer may take is set so that two fit into the time that is left.
# Succeeds and sets confirmed if the lease was kept and proven, ends all with 65 or 77 if somebody else leads.
round() {
    _began=$now
    patience=$(((confirmed + half - now) / 2))
    [ "$patience" -ge 30 ] || patience=30
    [ "$patience" -le $((timeout * 100)) ] || patience=$((timeout * 100))
    _status=0
    (tend) 2>"$work/told" || _status=$?
    case $_status in
    0)
        confirmed=$_began
        # Behind its time, it has not happened: lost is what the loop finds next.
        printf '%s\n' $((confirmed + half)) >"$work/deadline"
        return
        ;;
    65 | 77)
        end_command
        cat -- "$work/told" >&2
        end_keep "$_status"
        ;;
    esac
    return 1
}

# Keeps the lease of name in term until it is ended, or COMMAND, $@, has ended; its status is that of COMMAND then.
# Ends with 77 when it has no proof, and with what the first round gives up with.
keep() {
    half=$((ttl * 50)) group='' guard='' ended=''
    tick=0.5
    [ "$ttl" -ge 20 ] || tick=0.2
    [ "$ttl" -ge 10 ] || tick=0.1
    boot_time
    confirmed=$now
    (tend)
    printf '%s\n' $((confirmed + half)) >"$work/deadline"
    trap 'ended=129' HUP
    trap 'ended=130' INT
    trap 'ended=143' TERM
    boot_time
    [ $((now - confirmed)) -lt "$half" ] || lost
    if [ $# -gt 0 ]; then
        exec 9<&0
        setsid -- "$@" <&9 9<&- &
        group=$!
        exec 9<&-
        # $$ is the number of this process also in a subshell.
        watch $$ &
        guard=$!
    fi
    _failed=no
    while :; do
        boot_time
        [ -z "$ended" ] || end_keep "$ended"
        [ $((now - confirmed)) -lt "$half" ] || lost
        if [ -n "$group" ] && ! command_runs; then
            # While nobody has waited for COMMAND, the number is that of no other group.
            kill -s KILL -- "-$group" 2>/dev/null || :
            kill -s KILL "$guard" 2>/dev/null || :
            _status=0
            wait "$group" || _status=$?
            exit "$_status"
        fi
        if [ "$_failed" = yes ] || [ $((now - confirmed)) -ge $((ttl * 20)) ]; then
            # Nothing that has become true behind its time is acted on: the clock is looked at first, above.
            if round; then
                _failed=no
            else
                [ "$_failed" = yes ] || cat -- "$work/told" >&2
                _failed=yes
            fi
        fi
        sleep "$tick"
    done
}
