#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Has the schedule and the services of an instance run on this computer, or not.
#
#   supervise.sh up ID DIR PROGRAM [NAME=VALUE...]    PROGRAM: services.sh, of which the instance gets a copy
#   supervise.sh down ID DIR [NAME=VALUE...]
#   supervise.sh status ID DIR [NAME=VALUE...]        prints `up NAME` or `down NAME` for each service
#
# ID names the instance among all of this computer. NAME=VALUE:
#   supervisor=cron|runit|systemd|none    who looks after services
#   crontab=DIR     schedules are files in this directory, as in /etc/cron.d; else lines of the user's own crontab
#   runsvdir=DIR    what runsvdir looks after
#   systemd=system|user, units=DIR        which systemd, and where its units are
#   path=DIRS       where the tools are, if cron would not find them
# Prints a line for each thing that it changes; changes nothing that is right already.
# Exit status: 0 done, 1 a service does not run, 64 wrong usage, 69 a program that is needed failed or is not there.
# Globals: the arguments; begin, end (what our lines in a crontab stand between); work.
set -eu
umask 077
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-

# Ends with status 69, for the reason $*.
give_up() {
    printf 'supervise: error: %s\n' "$*" >&2
    exit 69
}

action=$1 id=$2 dir=$3
shift 3
program=
if [ "$action" = up ]; then
    program=$1
    shift
fi
supervisor=cron crontab='' runsvdir='' systemd=system units='' path=''
for setting in "$@"; do
    value=${setting#*=}
    case $setting in
    supervisor=*) supervisor=$value ;;
    crontab=*) crontab=$value ;;
    runsvdir=*) runsvdir=$value ;;
    systemd=*) systemd=$value ;;
    units=*) units=$value ;;
    path=*) path=$value ;;
    *) exit 64 ;;
    esac
done
begin="# $id: what follows is made by rs-deploy"
end="# $id: end"
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# Puts standard input into the file $1 with the mode $2, and says `what` $3, if that is not what it holds.
# Succeeds if it changed something; whole or not at all.
put() {
    cat >"$work/new"
    if cmp -s -- "$work/new" "$1"; then return 1; fi
    _mark=+
    [ ! -e "$1" ] || _mark='~'
    # Not a name that cron or another reader of the directory would take for one of its files.
    _beside=$(dirname -- "$1")/.rs-new.$id
    { cat -- "$work/new" >"$_beside" && chmod "$2" "$_beside" && mv -f -- "$_beside" "$1"; } || give_up "$1: cannot be written"
    printf '%s %s\n' "$_mark" "$3"
}

# Prints the names of the services of the instance.
services() {
    for _file in "$dir"/etc/service/*; do
        [ -f "$_file" ] && [ -x "$_file" ] && printf '%s\n' "${_file##*/}"
    done
    return 0
}

# ---- schedules ----

# Prints the lines that cron is to have, with $1 between the fields and the command.
# A command runs with the tools in its path. In a crontab a bare % is a line end.
schedule() {
    [ ! -e "$dir/etc/crontab" ] || cat -- "$dir/etc/crontab"
    if [ "$supervisor" = cron ] && [ -n "$(services)" ]; then
        printf '* * * * * %s\n@reboot %s\n' "$dir/bin/services start" "$dir/bin/services start"
    fi
}

# Puts the words $1 between the fields and the command of each line of a crontab on standard input.
# Comments stay.
between() {
    awk -v words="$1" '
        /^[ \t]*(#|$)/ { print; next }
        match($0, /^(@[a-z]+|([^ \t]+[ \t]+){4}[^ \t]+)[ \t]+/) {
            print substr($0, 1, RLENGTH) words substr($0, RLENGTH + 1); next
        }
        { print }'
}

# The lines of the instance are a file of its own in the directory crontab.
schedule_in_directory() {
    _file=$crontab/$(printf 'rs-%s' "$id" | tr '.' '-')
    schedule | between "$(id -un) " >"$work/lines"
    if [ "$action" = up ] && [ -s "$work/lines" ]; then
        {
            printf '# Made by rs-deploy: what is changed here is lost the next time.\n'
            [ -z "$path" ] || printf 'PATH=%s:/usr/local/bin:/usr/bin:/bin\n' "$path"
            cat -- "$work/lines"
        } | put "$_file" 0644 schedule || :
    elif [ -e "$_file" ]; then
        rm -f -- "$_file"
        printf '%s schedule\n' '-'
    fi
}

# The lines of the instance are between two comments in the crontab of who runs this; all others stay as they are.
# A crontab that cannot be read is no empty one: it would be lost.
schedule_of_user() {
    _set=
    # Not a line of its own: it would count for all lines behind it.
    [ -z "$path" ] || _set="PATH=$path:/usr/local/bin:/usr/bin:/bin; export PATH; "
    if [ "$action" = up ]; then schedule | between "$_set" >"$work/lines"; else : >"$work/lines"; fi
    if ! command -v crontab >/dev/null; then
        [ -s "$work/lines" ] || return 0
        give_up 'crontab: not found: install cron, or name a directory for schedules: crontab = DIR'
    fi
    # Instances of several deployments may be at it.
    mkdir -p -- "$(dirname -- "$dir")"
    exec 7>>"$(dirname -- "$dir")/../.crontab.lock"
    flock 7
    if ! crontab -l >"$work/old" 2>"$work/why"; then
        grep -qi '^no crontab' -- "$work/why" || give_up "crontab -l: $(cat -- "$work/why")"
        : >"$work/old"
    fi
    awk -v begin="$begin" -v end="$end" '
        $0 == begin { inside = 1; next }
        inside && $0 == end { inside = 0; next }
        !inside' "$work/old" >"$work/crontab"
    if [ -s "$work/lines" ]; then
        { printf '%s\n' "$begin"; cat -- "$work/lines"; printf '%s\n' "$end"; } >>"$work/crontab"
    fi
    if ! cmp -s -- "$work/old" "$work/crontab"; then
        crontab - <"$work/crontab" || give_up "crontab: refuses the schedule of $id"
        if [ -s "$work/lines" ]; then printf '~ schedule\n'; else printf '%s schedule\n' '-'; fi
    fi
    exec 7>&-
}

# ---- services ----

# bin/services, a copy of $program, looks after them; the schedule calls it.
services_cron() {
    case $action in
    up)
        if [ -n "$(services)" ]; then put "$dir/bin/services" 0700 'bin/services' <"$program" || :; fi
        [ ! -x "$dir/bin/services" ] || PATH=${path:+$path:}$PATH "$dir/bin/services" start
        ;;
    down)
        [ ! -x "$dir/bin/services" ] || "$dir/bin/services" stop
        ;;
    esac
}

# Prints the checksum that the service $1 had when it was started last, as kept in the instance.
# It follows the program alone: a service that reads a file sees to that itself.
changed() {
    mkdir -p -- "$dir/var/run/services" "$dir/var/log"
    cksum <"$dir/etc/service/$1" >"$work/sum"
    ! cmp -s -- "$work/sum" "$dir/var/run/services/$1.sum"
}
remember() {
    cp -- "$work/sum" "$dir/var/run/services/$1.sum"
}

# A directory in runsvdir for each: made aside and moved in, since runsvdir looks at any time.
services_runit() {
    for _name in $([ "$action" = down ] || services); do
        _place=$runsvdir/$id-$_name
        if [ ! -e "$_place" ]; then
            changed "$_name" || :
            mkdir -p -- "$runsvdir/.$id-$_name"
            printf '#!/bin/sh\nexec %s/etc/service/%s >>%s/var/log/%s.log 2>&1\n' "$dir" "$_name" "$dir" "$_name" >"$runsvdir/.$id-$_name/run"
            chmod 0700 "$runsvdir/.$id-$_name/run"
            mv -- "$runsvdir/.$id-$_name" "$_place"
            remember "$_name"
            printf '+ service %s\n' "$_name"
        elif changed "$_name"; then
            sv restart "$_place" >/dev/null || give_up "sv restart $_place: failed"
            remember "$_name"
            printf '~ service %s\n' "$_name"
        fi
    done
    for _place in "$runsvdir/$id"-*; do
        [ -e "$_place/run" ] || continue
        # An id may begin like another one: what runs tells whose it is.
        _name=${_place#"$runsvdir/$id-"}
        grep -qF "exec $dir/etc/service/$_name >>" -- "$_place/run" || continue
        [ "$action" != up ] || [ ! -x "$dir/etc/service/$_name" ] || continue
        # Not under supervision: nothing runs there.
        [ ! -p "$_place/supervise/ok" ] || sv -w 20 force-shutdown "$_place" >/dev/null || :
        rm -rf -- "$_place"
        printf '%s service %s\n' '-' "$_name"
    done
}

# Calls systemctl of the system, or of the user.
control() {
    if [ "$systemd" = user ]; then set -- --user "$@"; fi
    systemctl --quiet "$@" || give_up "systemctl $*: failed"
}

# A unit for each.
services_systemd() {
    if [ -z "$units" ]; then
        units=/etc/systemd/system
        [ "$systemd" = system ] || units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
    fi
    mkdir -p -- "$units"
    for _name in $([ "$action" = down ] || services); do
        _unit=rs-$id-$_name.service
        _target=multi-user.target
        [ "$systemd" = system ] || _target=default.target
        changed "$_name" && _again=yes || _again=no
        if put "$units/$_unit" 0644 "service $_name" <<EOF
# Made by rs-deploy: what is changed here is lost the next time.
[Unit]
Description=$_name of $id
After=network.target

[Service]
ExecStart=$dir/etc/service/$_name
Environment=PATH=${path:+$path:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
StandardOutput=append:$dir/var/log/$_name.log
StandardError=inherit
# As runit does: what a service has begun, a takeover or the pull of a backup server, goes on without it.
KillMode=process
Restart=always
RestartSec=5

[Install]
WantedBy=$_target
EOF
        then
            control daemon-reload
            control enable --now "$_unit"
            _again=$([ "$_mark" = '~' ] && echo yes || echo no)
        elif [ "$_again" = yes ]; then
            printf '~ service %s\n' "$_name"
        fi
        [ "$_again" = no ] || control restart "$_unit"
        remember "$_name"
    done
    for _unit in "$units/rs-$id"-*.service; do
        [ -e "$_unit" ] || continue
        _name=${_unit#"$units/rs-$id-"} _name=${_name%.service}
        grep -qxF "ExecStart=$dir/etc/service/$_name" -- "$_unit" || continue
        [ "$action" != up ] || [ ! -x "$dir/etc/service/$_name" ] || continue
        control disable --now "${_unit##*/}"
        rm -f -- "$_unit"
        control daemon-reload
        printf '%s service %s\n' '-' "$_name"
    done
}

# ---- what runs ----

# Succeeds if the service $1 runs.
runs() {
    case $supervisor in
    runit) sv status "$runsvdir/$id-$1" 2>/dev/null | grep -q '^run:' ;;
    systemd)
        if [ "$systemd" = user ]; then set -- "$1" --user; fi
        systemctl ${2+"$2"} --quiet is-active "rs-$id-$1.service"
        ;;
    *) return 1 ;;
    esac
}

# Tells of each service whether it runs.
# Returns 1 if one does not.
status() {
    if [ -x "$dir/bin/services" ] && [ "$supervisor" = cron ]; then
        "$dir/bin/services" status
        return
    fi
    _status=0
    [ "$supervisor" != none ] || return 0 # that is nobody's business here
    for _name in $(services); do
        if runs "$_name"; then
            printf 'up %s\n' "$_name"
        else
            printf 'down %s\n' "$_name"
            _status=1
        fi
    done
    return "$_status"
}

case $supervisor in cron | runit | systemd | none) ;; *) exit 64 ;; esac
case $action in
up | down)
    [ "$supervisor" != none ] || exit 0
    # An instance that changes what it is does this by itself: rs-takeover(1).
    if [ "$action" = up ] && [ -d "$dir/var" ]; then
        printf '%s\n' "$id" "$program" "$@" >"$dir/var/supervised.new"
        mv -- "$dir/var/supervised.new" "$dir/var/supervised"
    fi
    # What is taken down must not be started again meanwhile: the schedule goes first, and comes last.
    [ "$action" != up ] || "services_$supervisor"
    if [ -n "$crontab" ]; then schedule_in_directory; else schedule_of_user; fi
    [ "$action" != down ] || "services_$supervisor"
    ;;
status) status ;;
*) exit 64 ;;
esac
