# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the exporters and importers of the reference softwares have in common; each begins with
#
#     . "${0%/*}/../software/common.sh"
#
# Globals: here (the directory of the program), me (what it is called in messages), work (a directory that goes with it).
set -eu
umask 077
# Names are bytes, and messages are for programs too.
export LC_ALL=C

here=$(cd -- "${0%/*}" && pwd)
me=${here##*/}-${0##*/}
work=

# Ends with status $1, and says why as far as anybody listens.
# Does not return.
give_up() {
    _status=$1
    shift
    printf '%s: %s\n' "$me" "$*" >&2 || :
    exit "$_status"
}

# Prints the comment at the top of the program: it is its manual.
# Takes nothing.
manual() {
    awk 'NR > 1 && !/^#/ || /^# shellcheck/ { exit } NR > 1 && !/SPDX/ { sub(/^# ?/, ""); print }' "$0"
}

# Sets variables by the arguments `--NAME VALUE`; $1 has the names that there are, the rest are the arguments.
# A dash in a name is an underscore in that of the variable. Ends with 0 for --help, and with 64 if the usage is wrong.
options() {
    _names=" $1 "
    shift
    while [ $# -gt 0 ]; do
        case $1 in
        --help) manual && exit 0 ;;
        --[a-z]*) ;;
        *) give_up 64 "$1: not an option; see --help" ;;
        esac
        _name=${1#--}
        [ $# -gt 1 ] || give_up 64 "$1: its value is missing; see --help"
        case "$_names" in
        *" $_name "*) eval "$(printf '%s' "$_name" | tr - _)=\$2" ;;
        *)
            # What runs on a notification is told which one it was.
            [ "$_name" = transaction-id ] || give_up 64 "--$_name: no such option; see --help"
            ;;
        esac
        shift 2
    done
}

# Gives up unless the value $2 of the option $1 is there.
# Returns 0.
wanted() {
    [ -n "$2" ] || give_up 64 "$1: it must be given; see --help"
}

# Prints the absolute path of the directory $1, which option $2 named.
# Gives up if there is none; paths end in no newline.
directory() {
    wanted "$2" "$1"
    (cd -- "$1" 2>/dev/null && pwd -P) || give_up 66 "$1: no such directory; make it, or correct $2"
}

# Prints the absolute path of $1, which option $2 named: it need not be there, but the directory that it is in must.
# Gives up if there is none.
place() {
    _in=$(directory "$(dirname -- "$1")" "$2") && printf '%s/%s\n' "${_in%/}" "$(basename -- "$1")"
}

# Makes the directory $work below the directory $1; it is removed at the end.
# Whoever wants a trap on EXIT of his own calls clean in it.
scratch() {
    work=$(mktemp -d -- "$1/.$me.XXXXXX") || give_up 73 "$1: no directory can be made in it"
    trap clean EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Removes $work.
# Returns 0.
clean() {
    [ -z "$work" ] || rm -rf -- "$work"
}

# Gives up with 65 unless the texts $1, of the dump, and $2, of what was loaded, are the same; $3 says what they are of.
# Shows where they differ: that is what somebody has to look at.
same_or_65() {
    cmp -s -- "$1" "$2" && return
    diff -- "$1" "$2" | head -n 10 >&2 || :
    give_up 65 "$3: not what it was when it was dumped (above: < dumped, > loaded); nothing was changed, look at the dump"
}
