# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# How the instance is, and the form; sourced by takeover.cgi.
# Globals: verdict: could, refused, runs, or unknown; importing: true or false.
# shellcheck disable=SC2154,SC2034 # globals are those of takeover.cgi
# shellcheck disable=SC2015 # A && B || C: what C is for is that A or B is not so

# Runs the program $2 with the arguments $3... for at most $1 seconds, with nothing of ours but what everybody may see.
# Returns its status.
run_clean() {
    env -i PATH="$PATH" HOME="${HOME-/}" LC_ALL=C timeout -k 5 "$@" </dev/null 7>&- 8>&- 9>&-
}

# Succeeds if a takeover runs, whoever has started it: it holds a lock in the state directory that etc/failover names.
# The kernel is asked who holds what, since whoever tries a lock has it for a moment, in which a takeover would not begin. Where the
# kernel gives files other numbers than we see, it does not find it, and bin/takeover finds out itself.
takeover_runs() {
    _state=$(sed -n 's/^state //p' "$root/etc/failover" 2>/dev/null) && [ -n "$_state" ] || return 1
    _file=$(stat -c '%Hd %Ld %i' -- "$_state/lock" 2>/dev/null) || return 1
    # shellcheck disable=SC2086 # three numbers
    _file=$(printf '%02x:%02x:%s' $_file)
    awk -v file="$_file" '$2 == "FLOCK" && $6 == file { found = 1 } END { exit !found }' /proc/locks 2>/dev/null
}

# Sets verdict to what bin/takeover says of a takeover now, and writes its words to $work/reasons.
# Returns 0. It asks backup servers, one after the other, and waits for those that do not answer.
ask_whether() {
    _status=0
    run_clean 300 "$root/bin/takeover" --explain >"$work/said" 2>/dev/null || _status=$?
    case $_status in
    0) verdict=could ;;
    1) verdict=refused ;;
    75) verdict=runs ;;
    *) verdict=unknown ;;
    esac
    ! takeover_runs || verdict=runs
    {
        head -c 8192 -- "$work/said" | head -n 40
        # What it says elsewhere is for who may log in here.
        [ "$verdict" != unknown ] || printf 'bin/takeover --explain ended with %s; run it by hand to see why.\n' "$_status"
    } >"$work/reasons"
}

# Succeeds if somebody holds the lock of the file $1.
# The lock is asked for as one that many may have: askers do not get into each other's way.
is_locked() {
    [ -e "$1" ] && ! flock -n -s "$1" true
}

# Answers with how the instance is, and ends. One looks at a time: a promise can be a lot of work.
# That the state cannot be told is no reason against a takeover.
show_page() {
    can_write "$run/takeover.look"
    exec 7>>"$run/takeover.look"
    flock -w 60 7 || refuse 503 'Too many ask at the same time. Try it again.'
    run_clean 60 rs-status --json "$root" >"$work/status" 2>/dev/null &
    ask_whether
    wait
    exec 7>&-
    importing=false
    ! is_locked "$run/backup.lock" || importing=true
    ! is_locked "$run/takeover.page.lock" || verdict=runs
    guard
    count_recent
    {
        _class=late
        [ "$verdict" = could ] || _class=bad
        page_begin 'Take over?' "$_class"
        jq -n -r -L "$here/../status" --arg verdict "$verdict" --argjson importing "$importing" --rawfile reasons "$work/reasons" \
            --rawfile text "$work/status" -f "$here/page/state.jq"
        if [ "$verdict" != could ]; then
            :
        elif [ "$recent" -ge "$wrong_limit" ]; then
            printf '<p><span class="s bad">locked</span> There were too many wrong passwords. The form is back in %s s; bin/takeover can be run by hand.</p>\n' "$cool"
        else
            show_form
        fi
        page_end
    } >"$work/page" || refuse 503 'The page cannot be made. Run bin/takeover by hand.'
    headers 200
    cat -- "$work/page"
    exit 0
}

# Prints the form, with a token of its own. The lock must be held.
# Without a token there is no form.
show_form() {
    if _token=$(make_token 2>/dev/null); then
        printf '<form method="post" action="?" autocomplete="off"><input type="hidden" name="token" value="%s">\n' "$_token"
        printf '<label for="password">Password</label><input type="password" id="password" name="password" required autocomplete="off" maxlength="1000">\n'
        printf '<button type="submit">Take over now</button></form>\n'
    else
        printf '<p><span class="s bad">failed</span> var/run cannot be written, so there is no form. Run bin/takeover by hand.</p>\n'
    fi
    _token=''
}
