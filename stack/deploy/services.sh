#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the services of an instance, the executables in etc/service, where nothing else looks after them.
#
#   bin/services start     starts those that do not run, again those that are others now, and ends those that are gone
#   bin/services stop      ends all of them
#   bin/services status    tells of each whether it runs; exit 1 if one does not
#
# start is called each minute, and does nothing then. What it changes it says in a line. A service runs in a session of its
# own, below a shell that holds a kernel lock as long as the service lives: that lock is what tells whether it runs, and
# nothing that a crash leaves behind does.
# Exit status: 0 done, 1 a service does not run, 64 wrong usage, 75 another one is at it.
# Globals: top (the instance), run (where locks and numbers of processes are).
set -eu
umask 077
top=$(cd -- "$(dirname -- "$0")/.." && pwd -P)
run=$top/var/run/services
grace=${RS_SERVICES_GRACE-20} # seconds that a service has to end by itself

# Prints the names of what is an executable in etc/service, and with $1 = known also of what was once started.
names() {
    {
        for _path in "$top"/etc/service/*; do
            [ -f "$_path" ] && [ -x "$_path" ] && printf '%s\n' "${_path##*/}"
        done
        if [ "${1-}" = known ]; then
            for _path in "$run"/*.lock; do
                [ -e "$_path" ] || continue
                _path=${_path##*/}
                printf '%s\n' "${_path%.lock}"
            done
        fi
    } | sort -u
}

# Succeeds if the service $1 runs.
# A lock that was never made is held by nobody.
runs() {
    [ -e "$run/$1.lock" ] && ! flock -n "$run/$1.lock" true
}

# Prints what tells the program of service $1 from another one.
sum_of() {
    cksum <"$top/etc/service/$1"
}

# Starts the service $1 unless it runs.
# The lock is taken here, so that it is held when this returns, and is handed on to the shell that waits for the service.
# That shell outlives a signal to all of its session until the service has ended.
start() {
    exec 9>>"$run/$1.lock"
    if flock -n 9; then
        sum_of "$1" >"$run/$1.sum"
        # shellcheck disable=SC2016 # for the inner shell
        setsid sh -c 'trap : TERM INT HUP; "$1" 9>&-; exit' sh "$top/etc/service/$1" \
            </dev/null >>"$top/var/log/$1.log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- &
        printf '%d\n' "$!" >"$run/$1.pid"
        printf '+ service %s\n' "$1"
    fi
    exec 9>&-
}

# Succeeds if the process $1 has the lock of service $2 open, under whatever number.
holds() {
    for _fd in "/proc/$1/fd"/*; do
        [ "$(readlink "$_fd")" != "$run/$2.lock" ] || return 0
    done
    return 1
}

# Sends the signal $2 to all processes of service $1, if they are what its number says.
# A number that was given to another process since has not the lock open.
signal() {
    read -r _pid <"$run/$1.pid" || return 0
    holds "$_pid" "$1" || return 0
    kill "-$2" "-$_pid" 2>/dev/null || :
}

# Ends the service $1, and returns when it has ended.
stop() {
    if runs "$1"; then
        signal "$1" TERM
        if ! flock -w "$grace" "$run/$1.lock" true; then
            signal "$1" KILL
            flock -w "$grace" "$run/$1.lock" true || {
                printf '%s: error: service %s: cannot be ended\n' "$0" "$1" >&2
                return 1
            }
        fi
        printf '%s service %s\n' '-' "$1"
    fi
    rm -f -- "$run/$1.pid" "$run/$1.sum"
}

# Has run what is in etc/service, and nothing else.
converge() {
    for _name in $(names known); do
        if [ ! -x "$top/etc/service/$_name" ]; then
            stop "$_name" && rm -f -- "$run/$_name.lock"
        elif runs "$_name" && [ "$(sum_of "$_name")" != "$(cat -- "$run/$_name.sum" 2>/dev/null)" ]; then
            stop "$_name"
        fi
    done
    for _name in $(names); do start "$_name"; done
}

# Tells of each service whether it runs.
# Returns 1 if one does not.
status() {
    _status=0
    for _name in $(names); do
        if runs "$_name"; then
            printf 'up %s\n' "$_name"
        else
            printf 'down %s\n' "$_name"
            _status=1
        fi
    done
    return "$_status"
}

# Names are words in the loops above.
for path in "$top"/etc/service/*; do
    case ${path##*/} in
    *[!A-Za-z0-9._@+-]* | .*)
        [ "${path##*/}" = '*' ] && continue
        printf '%s: error: %s: the name of a service has letters, digits and . _ @ + - in it\n' "$0" "$path" >&2
        exit 1
        ;;
    esac
done
mkdir -p -- "$run" "$top/var/log"
case ${1-} in
start | stop)
    exec 8>>"$run/.lock"
    flock -w 60 8 || exit 75
    ;;
esac
case ${1-} in
start) converge ;;
stop) for name in $(names known); do stop "$name"; done ;;
status) status ;;
*)
    printf 'usage: %s start | stop | status\n' "$0" >&2
    exit 64
    ;;
esac
