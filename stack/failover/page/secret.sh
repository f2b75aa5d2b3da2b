# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# The password and the tokens of forms; sourced by takeover.cgi.
#
# Times are those since boot, in the boot that they name: no clock that can be set decides what is too old.
#   takeover.tokens/SHA256    BOOT SECONDS, when the form was given out whose token has this sum. A token is nowhere itself, and to look
#                             for a sum says nothing of how much of a token was right.
#   takeover.failures         lines BOOT SECONDS, one for each wrong password
# Globals: secret (the password that is right), boot and now, recent (wrong ones lately) and cool (seconds until they are too few).
# shellcheck disable=SC2154,SC2034 # globals are those of takeover.cgi
# shellcheck disable=SC2015 # A && B || C: what C is for is that A or B is not so

token_life=600  # seconds
token_limit=100 # forms that are open at once
wrong_limit=5   # wrong passwords, within
wrong_time=600  # seconds

# Prints 32 random bytes in hexadecimal digits.
# Fails if the kernel gives none.
random() {
    _random=$(od -An -v -N 32 -t x1 /dev/urandom | tr -d ' \n') && [ "${#_random}" -eq 64 ] && printf '%s' "$_random"
}

# Prints the SHA-256 of $1.
# It goes through a builtin and a pipe, so that no list of processes has it.
sum_of() {
    _sum=$(printf '%s' "$1" | sha256sum) && printf '%s' "${_sum%% *}"
}

# Succeeds if $1 and $2 are equal. How long that takes tells nothing: what is compared are sums behind a salt that nobody knows.
# Fails, too, if that cannot be told.
same() {
    _salt=$(random) && _one=$(sum_of "$_salt$1") && _two=$(sum_of "$_salt$2") && [ "${#_one}" -eq 64 ] && [ "$_one" = "$_two" ]
}

# Sets boot and now.
# Refuses all if they cannot be read.
look_at_clock() {
    { IFS= read -r boot </proc/sys/kernel/random/boot_id && IFS=' .' read -r now _rest </proc/uptime; } || refuse 503 'There is no clock.'
}

# Sets secret to the only line of etc/takeover.passwd.
# Refuses all if that file is not there, may be read by others, or holds no password.
read_secret() {
    _file=$root/etc/takeover.passwd
    # A shell whose printf is a program would show everybody the password.
    [ "$(command -v printf)" = printf ] || refuse 500 'The page is not set up: printf is no builtin of /bin/sh.'
    _mode=$(stat -L -c '%a %u %F' -- "$_file" 2>/dev/null) || refuse 500 'The page is not set up: there is no etc/takeover.passwd, which holds the password.'
    _owner=${_mode#* }
    case $_mode in
    *00\ *\ regular\ file) ;;
    *) refuse 500 'The page is not set up: etc/takeover.passwd is empty, or others may read it; chmod 600.' ;;
    esac
    case ${_owner%% *} in
    0 | "$(id -u)") ;;
    *) refuse 500 'The page is not set up: etc/takeover.passwd belongs to somebody else.' ;;
    esac
    _more='' secret=''
    {
        IFS= read -r secret || :
        IFS= read -r _more || :
    } 2>/dev/null <"$_file" || refuse 500 'The page is not set up: etc/takeover.passwd cannot be read.'
    [ -n "$secret" ] && [ -z "$_more" ] || refuse 500 'The page is not set up: etc/takeover.passwd holds no line, or more than one.'
    case $secret in
    *[[:cntrl:]]*) refuse 500 'The page is not set up: the line of etc/takeover.passwd has a control character in it.' ;;
    esac
}

# Takes the lock of tokens and failures, until the end of this process or unguard.
# Refuses after 10 s.
guard() {
    can_write "$run/takeover.guard"
    exec 9>>"$run/takeover.guard"
    flock -w 10 9 || refuse 503 'Too many ask at the same time. Try it again.'
    look_at_clock
}

# Gives the lock back.
# Returns 0.
unguard() {
    exec 9>&-
}

# Succeeds if the time $2 of the boot $1 is at most $3 seconds ago.
# Fails for what is no time.
is_recent() {
    case $2 in '' | 0?* | *[!0-9]*) return 1 ;; esac
    [ "$1" = "$boot" ] && [ "${#2}" -le 12 ] && [ "$2" -le "$now" ] && [ $((now - $2)) -lt "$3" ]
}

# Makes a token and prints it; those that are too old, or too many, go. The lock must be held.
# Fails if it cannot be written.
make_token() {
    _tokens=$run/takeover.tokens
    [ -d "$_tokens" ] || mkdir -m 0700 -- "$_tokens" || return
    for _file in "$_tokens"/*; do
        [ -f "$_file" ] || continue
        _boot='' _time=''
        IFS=' ' read -r _boot _time <"$_file" || :
        if is_recent "$_boot" "$_time" "$token_life"; then
            printf '%s %s\n' "$_time" "${_file##*/}"
        else
            rm -f -- "$_file"
        fi
    done | sort -rn | tail -n +"$token_limit" | while IFS=' ' read -r _time _name; do rm -f -- "$_tokens/$_name"; done
    token=$(random) && _name=$(sum_of "$token") && printf '%s %s\n' "$boot" "$now" >"$_tokens/$_name" && printf '%s' "$token"
}

# Succeeds if $1 is a token that was given out and is not too old. It is none any more then. The lock must be held.
# Fails if it was none.
take_token() {
    _file=$run/takeover.tokens/$(sum_of "$1") || return
    _boot='' _time=''
    IFS=' ' read -r _boot _time 2>/dev/null <"$_file" || return
    # What cannot be removed could be taken twice.
    rm -- "$_file" 2>/dev/null && is_recent "$_boot" "$_time" "$token_life"
}

# Sets recent to how many wrong passwords there were lately, and cool to the seconds until there is one less. The lock must be held.
# Old ones are removed from the file by count_wrong.
count_recent() {
    recent=0 cool=0
    [ -e "$run/takeover.failures" ] || return 0
    while IFS=' ' read -r _boot _time; do
        is_recent "$_boot" "$_time" "$wrong_time" || continue
        [ "$recent" -gt 0 ] || cool=$((_time + wrong_time - now))
        recent=$((recent + 1))
    done <"$run/takeover.failures"
}

# Counts a wrong password. The lock must be held.
# Fails if it cannot be written.
count_wrong() {
    {
        [ ! -e "$run/takeover.failures" ] || tail -n $((wrong_limit - 1)) -- "$run/takeover.failures"
        printf '%s %s\n' "$boot" "$now"
    } >"$run/takeover.failures.new" && mv -f -- "$run/takeover.failures.new" "$run/takeover.failures"
}

# Returns if token and password of the form are right.
# Refuses what is not, and each if there were too many wrong ones. A password is counted as a wrong one before it is looked at: so it
# counts whatever becomes of this process, and however many come at once.
check_form() {
    guard
    count_recent
    [ "$recent" -lt "$wrong_limit" ] || refuse 429 "There were $wrong_limit wrong passwords in 10 minutes. Nobody can try one for $cool s; bin/takeover can be run by hand." "Retry-After: $cool"
    take_token "$token" || {
        show_form >"$work/form"
        refuse 403 'This form was sent before, or is older than 10 minutes. Here is a new one.' '' "$work/form"
    }
    count_wrong || refuse 503 'var/run cannot be written. Run bin/takeover by hand.'
    if same "$password" "$secret"; then
        rm -f -- "$run/takeover.failures"
        password='' secret='' token=''
        unguard
        return
    fi
    password='' secret=''
    show_form >"$work/form"
    unguard
    note_in_log 'page: a wrong password'
    sleep 1
    refuse 403 'The password is not the one.' '' "$work/form"
}
