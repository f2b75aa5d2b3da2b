#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How things are done on computers; sourced by rs-deploy and rs-status.
#
# A computer is known by its name; what the deployment file says of it is a file per option in $work/host/NAME. One
# connection to each is kept open until close_hosts, and one that could not be reached is not tried again.
# Globals: control (where the sockets of connections are), and those of rs-deploy.
# shellcheck disable=SC2154 # globals are those of rs-deploy

# Prints the words $@ so that a shell reads them back as they are.
quoted() {
    for _word in "$@"; do
        case $_word in
        *"'"*) printf "'%s' " "$(printf '%s' "$_word" | sed "s/'/'\\\\''/g")" ;;
        *) printf "'%s' " "$_word" ;;
        esac
    done
}

# Prints the option $2 of the computer $1.
host() {
    _option=
    IFS= read -r _option <"$work/host/$1/$2" || :
    printf '%s' "$_option"
}

# Makes $work/host from the deployment, and a directory for sockets: the path of one has to be short.
open_hosts() {
    jq -r '.computers | to_entries[] | .value + {number: .key} | .ssh |= join(" ") | .name as $name | to_entries[] |
        "\($name) \(.key) \(.value)"' \
        "$work/deployment.json" >"$work/options"
    while read -r _name _option _value; do
        mkdir -p -- "$work/host/$_name"
        printf '%s' "$_value" >"$work/host/$_name/$_option"
    done <"$work/options"
    # Of this run alone: others ask at the same time, and end their connections.
    control=$work/ssh
    [ ${#control} -le 70 ] || control=$(mktemp -d /tmp/rs-deploy.XXXXXX)
    mkdir -p -- "$control"
    chmod 0700 "$control"
}

# Closes all connections, and leaves no socket.
# Returns 0.
close_hosts() {
    [ -n "$control" ] || return 0
    for _host in "$work"/host/*; do
        [ -e "$_host/open" ] || continue
        # shellcheck disable=SC2046 # words
        ssh -o ControlPath="$control/$(cat -- "$_host/number")" -O exit $(cat -- "$_host/ssh") 2>/dev/null </dev/null || :
    done
    rm -rf -- "$control"
}

# Has the computer $1 run the words after it; standard input, output and error are theirs.
# Returns their status, or 255 if the computer cannot be reached. What runs here must not hold the lock of the deployment.
on() {
    _computer=$1
    shift
    [ ! -e "$work/host/$_computer/unreached" ] || return 255
    _command=$(quoted "$@")
    _dirs=$(host "$_computer" path)
    [ -z "$_dirs" ] || _command="PATH=$_dirs:\$PATH; export PATH; $_command" # no word of it needs quotes
    _code=0
    if [ "$(host "$_computer" local)" = true ]; then
        sh -c "$_command" 8>&- 9>&- || _code=$?
        [ "$_code" -ne 255 ] || _code=254 # of the command itself
        return "$_code"
    fi
    : >"$work/host/$_computer/open"
    # Whatever shell the user has there, this one reads the command. It speaks for itself, and ssh for the line.
    # shellcheck disable=SC2046 # options of ssh are words
    ssh -o BatchMode=yes -o ConnectTimeout="${RS_DEPLOY_CONNECT-10}" -o ServerAliveInterval=15 -o ServerAliveCountMax=4 \
        -o ControlMaster=auto -o ControlPath="$control/$(host "$_computer" number)" -o ControlPersist=60 -o LogLevel=ERROR \
        $(host "$_computer" ssh) "sh -c $(quoted "$_command")" 8>&- 9>&- || _code=$?
    [ "$_code" -ne 255 ] || : >"$work/host/$_computer/unreached"
    return "$_code"
}

# Has the computer $1 run the script $2, which need not be there, with the arguments after it.
# Returns its status, or 255.
script_on() {
    _where=$1 _script=$2
    shift 2
    on "$_where" sh -s -- "$@" <"$_script"
}
