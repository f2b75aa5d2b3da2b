#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The page with the button that a person presses: a program for the CGI of any httpd. rs-takeover-page(7).
#
#   takeover.cgi ROOT     ROOT: the directory of the instance that may take over
#
# GET                   how the instance is, what would be lost, and the form if a takeover could be
# GET ?progress         how the one that was started here goes
# POST password, token  starts bin/takeover, and leaves it to itself
#
# ROOT/bin/takeover --explain says whether: 0 it could be now; 1 it should not, for the reasons that it prints; 75 one runs
# already, which also the lock says that a takeover holds, in the state directory of ROOT/etc/failover.
#
# In ROOT/var/run are takeover.tokens/ (forms that were given out), takeover.failures (wrong passwords), takeover.guard (the lock of
# both), takeover.page (the run that was started last) and takeover.page.lock (held while it runs).
#
# What is secret is in variables of this shell that are not exported, and goes through its builtins and through pipes. Nothing of a
# request is ever a command, a file's name or a number before it has the form that it must have.
# Globals: root, run, log, here, work (a scratch directory), method, query, length, type, address: the request.
# shellcheck disable=SC2154,SC2034 # globals are read and set by the parts in page
# shellcheck disable=SC2015 # A && B || C: what C is for is that A or B is not so
set -eu
umask 077
# What was in the environment under one of our names would be given to every child.
unset root run log here work method query length type address body token password secret
method=${REQUEST_METHOD-} query=${QUERY_STRING-} length=${CONTENT_LENGTH-} type=${CONTENT_TYPE-} address=${REMOTE_ADDR-}
# What a client says is in the environment, too, and is nothing for those that run here.
for _name in $(env | sed -n 's/^\([A-Z][A-Z0-9_]*\)=.*/\1/p'); do
    case $_name in PATH | HOME | TMPDIR | LANG | USER | LOGNAME) ;; *) unset "$_name" || : ;; esac
done
export LC_ALL=C
# httpd may have its own descriptors open.
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-

here=$(cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
for _part in answer request secret state start; do
    # shellcheck source=/dev/null # each is checked by itself
    . "$here/page/$_part.sh"
done
[ $# -eq 1 ] && [ -d "$1/etc" ] && [ -d "$1/var" ] || refuse 500 'The page is not set up: it has not been told of an instance.'
root=$(cd -- "$1" && pwd)
run=$root/var/run log=$root/var/log/takeover.log
work=$(mktemp -d) || refuse 503 'There is no room for a scratch file. Run bin/takeover by hand.'
trap 'rm -rf -- "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
mkdir -p -- "$run" "$root/var/log" || refuse 503 'var/run cannot be made. Run bin/takeover by hand.'

case $method in
GET | POST) ;;
*) refuse 405 'Only GET and POST are answered.' ;;
esac
case $method:$query in
GET: | POST:) ;;
GET:progress) show_progress ;;
*)
    refuse 400 'The address has something behind the question mark that does not belong there, and nothing was done.
A password is never part of an address: addresses are kept by browsers and in logs. If one was, change it.'
    ;;
esac
read_secret
case $method in
GET) show_page ;;
POST)
    read_form
    check_form
    start_takeover
    ;;
esac
