#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# takeover; sourced by rs-deploy.
# shellcheck disable=SC2154 # globals are those of rs-deploy

# Has the instance $1 take over, on its computer, as rs-takeover with the options after it does there. An apply that is under way keeps
# nobody from that.
# Ends with the status of that.
takeover() {
    _who=$1 # open_hosts has a _name of its own
    shift
    [ -e "$state/placements.json" ] || die 66 "$state: nothing was deployed from here"
    _where=$(placed "$_who" computer)
    _directory=$(placed "$_who" directory)
    [ -n "$_directory" ] || die 64 "$_who: there is no such instance" "rs-deploy status $file lists them"
    open_hosts
    [ -e "$work/host/$_where" ] || die 69 "$_who: the deployment has no computer $_where any more, where it is"
    _got=0
    # shellcheck disable=SC2016 # the shell there expands it
    on "$_where" sh -c '_top=$1; shift; [ -x "$_top/bin/takeover" ] || exit 127; exec "$_top/bin/takeover" "$@"' sh "$_directory" "$@" </dev/null || _got=$?
    case $_got in
    255) die 69 "$_where: cannot be reached" "log in there by another way, and run $_directory/bin/takeover" ;;
    127) die 66 "$_who on $_where: has no $_directory/bin/takeover" "it is a backup server, which leads nothing, or is not there any more" ;;
    esac
    exit "$_got"
}
