# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Which services are one group, as its exporter and importer are told. Behind common.sh.
#
# Globals: those of common.sh; members.
# shellcheck disable=SC2154 # they are set there

# Gives up unless $members, words NAME=PROGRAM, are services with programs that there are, each with a name of its own.
# Returns 0.
members_are_right() {
    wanted --members "$members"
    _seen=' '
    for _member in $members; do
        _name=${_member%%=*}
        case $_member in *=*) ;; *) _name= ;; esac
        case $_name in
        '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) give_up 64 "--members: $_member: not NAME=PROGRAM, with a name of letters, digits, dots, dashes and underscores" ;;
        esac
        case $_seen in *" $_name "*) give_up 64 "--members: $_name is there twice" ;; esac
        _seen="$_seen$_name "
        [ -x "${_member#*=}" ] || give_up 66 "${_member#*=}: no such program; correct the member $_name"
    done
}

# Prints the names of $members, one a line, sorted.
# Takes nothing.
names_of_members() {
    for _member in $members; do printf '%s\n' "${_member%%=*}"; done | sort
}
