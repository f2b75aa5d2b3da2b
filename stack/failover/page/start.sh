# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Starts the takeover, and shows how it goes; sourced by takeover.cgi.
# takeover.page has lines: offset BYTES (where its part of the log begins), began TIME, and status N when it has ended.
# shellcheck disable=SC2154,SC2034 # globals are those of takeover.cgi
# shellcheck disable=SC2015 # A && B || C: what C is for is that A or B is not so

# Writes a line with the time, $1 and where the request came from into the log.
# Returns 0: it must not stop what it is about.
note_in_log() {
    case $address in '' | *[!][0-9A-Fa-f.:]*) _from=somewhere ;; *) _from=$address ;; esac
    { printf '%s %s, from %.60s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$_from" >>"$log"; } 2>/dev/null || :
}

# Starts bin/takeover, in a session of its own that neither the browser nor httpd can end, and leads to the view of its progress.
# Refuses if one runs, or if bin/takeover says that it cannot be.
start_takeover() {
    can_write "$run/takeover.page.lock"
    exec 8>>"$run/takeover.page.lock"
    # Whoever looks whether it is held holds it, too, for a moment.
    flock -w 2 8 || refuse 409 'A takeover runs already.'
    ask_whether
    case $verdict in
    could) ;;
    runs) refuse 409 'A takeover runs already.' ;;
    *)
        { printf '<pre>' && escape <"$work/reasons" && printf '</pre>\n'; } >"$work/more"
        [ "$verdict" = refused ] || refuse 503 'Whether a takeover could be cannot be told.' '' "$work/more"
        refuse 409 'bin/takeover does not take over now.' '' "$work/more"
        ;;
    esac
    note_in_log 'page: the password is right, bin/takeover begins'
    # Without a log there is no offset, and the takeover goes on all the same.
    _offset=$(stat -c %s -- "$log" 2>/dev/null) || _offset=0
    printf 'offset %s\nbegan %s\n' "$_offset" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$run/takeover.page.new" &&
        mv -f -- "$run/takeover.page.new" "$run/takeover.page" || refuse 503 'var/run cannot be written. Run bin/takeover by hand.'
    # The lock goes with it.
    env -i PATH="$PATH" HOME="${HOME-/}" LC_ALL=C setsid "$here/page/run" "$root" </dev/null >/dev/null 2>&1 9>&- &
    exec 8>&-
    headers 303 'Location: ?progress'
    page_begin 'It has begun' late
    page_end
    exit 0
}

# Answers with how the takeover goes that was started here last, and ends.
# No password is asked for: of the log only lines are shown that begin with a time or the name of a step.
show_progress() {
    _offset=0 _began='' _ended='' _class=waiting _title='No takeover was started here' _more=''
    [ ! -e "$run/takeover.page" ] || while IFS=' ' read -r _word _value; do
        case $_word:$_value in
        *:*[!0-9TZ:-]*) ;;
        offset:*[!0-9]*) ;;
        offset:?*) _offset=$_value ;;
        began:?*) _began=$_value ;;
        status:?*) _ended=$_value ;;
        esac
    done <"$run/takeover.page"
    if [ -n "$_began" ]; then
        if is_locked "$run/takeover.page.lock"; then
            _class=late _title='The takeover runs' _more='<meta http-equiv="refresh" content="3">'
        elif [ -z "$_ended" ]; then
            _class=bad _title='The takeover was broken off: run bin/takeover again'
        elif [ "$_ended" = 0 ]; then
            _class=ok _title='The takeover is done'
        elif [ "$_ended" = 1 ]; then
            _class=late _title='The takeover ended, and something is not well: look at var/log/takeover.log'
        else
            _class=bad _title="The takeover ended with status $_ended: look at var/log/takeover.log"
        fi
    fi
    {
        page_begin "$_title" "$_class" "$_more"
        if [ -n "$_began" ]; then
            printf '<p class="dim">Begun %s; what is said here is in var/log/takeover.log, with all else.</p>\n' "$_began"
            # A log that was rotated meanwhile begins anew.
            _size=$(stat -c %s -- "$log" 2>/dev/null) || _size=0
            [ "${#_offset}" -le 15 ] && [ "$_offset" -le "$_size" ] || _offset=0
            if [ "$_size" -gt 0 ]; then tail -c "+$((_offset + 1))" -- "$log" | tail -c 65536; fi |
                jq -R -s -r -L "$here/../status" -f "$here/page/progress.jq"
        fi
        page_end
    } >"$work/page" || refuse 503 'The page cannot be made.'
    headers 200
    cat -- "$work/page"
    exit 0
}
