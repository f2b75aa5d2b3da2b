# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# CONF of a coordinator: lines `WORD VALUE`, comments with #; sourced by coordinator. It is data, and never run.
# Globals: kind, state, timeout; endpoints, cacert, cert, key, user, password, prefix (etcd); directory (dir).
# shellcheck disable=SC2154,SC2034 # globals are those of the program
# shellcheck disable=SC2015 # A && B || C: what C is for is that A or B is not so

# Ends with 78 for the line $1 of CONF: $2, and what to do, $3.
# Does not return.
wrong_conf() {
    die 78 "$conf:$1: $2" "${3-see rs-failover(7)}"
}

# Ends with 78 unless the value $3 of the word $2 in line $1 has only characters that the pattern $4 does not name.
# What is an argument of a program or part of a key must not be able to be more than that.
plain_conf() {
    # shellcheck disable=SC2254 # it is a pattern
    case $3 in
    -* | $4) wrong_conf "$1" "$2: cannot be '$3'" ;;
    esac
}

# Sets the globals by CONF.
# Gives up with 66 and 78.
read_conf() {
    [ -f "$conf" ] && [ -r "$conf" ] || die 66 "$conf: no such file, or it may not be read" "rs-failover(7) says what it holds"
    kind='' state='' timeout=5 endpoints='' cacert='' cert='' key='' user='' password='' prefix=resilient directory=''
    _secret='' _words=' ' _number=0
    while IFS=' 	' read -r _word _value || [ -n "$_word" ]; do
        _number=$((_number + 1))
        case $_word in '' | '#'*) continue ;; esac
        case $_words in *" $_word "*) wrong_conf "$_number" "$_word: is there twice" "keep one" ;; esac
        _words="$_words$_word "
        [ -n "$_value" ] || wrong_conf "$_number" "$_word: has no value"
        case $_word in
        kind)
            case $_value in etcd | dir) ;; *) wrong_conf "$_number" "kind: is etcd or dir, not '$_value'" ;; esac
            kind=$_value
            ;;
        timeout)
            case $_value in [1-9] | [1-5][0-9] | 60) timeout=$_value ;; *) wrong_conf "$_number" "timeout: is 1 to 60 seconds, not '$_value'" ;; esac
            ;;
        endpoints) plain_conf "$_number" endpoints "$_value" '*[!][A-Za-z0-9:/.,_-]*' && endpoints=$_value ;;
        prefix) plain_conf "$_number" prefix "$_value" '*[!A-Za-z0-9._/-]*' && prefix=${_value%/} ;;
        user) plain_conf "$_number" user "$_value" '*[!A-Za-z0-9._@-]*' && user=$_value ;;
        state | directory | cacert | cert | key | password-file)
            case $_value in /*) ;; *) wrong_conf "$_number" "$_word: is no absolute path" "a relative one means another file for each caller" ;; esac
            case $_word in
            state) state=$_value ;;
            directory) directory=$_value ;;
            cacert) cacert=$_value ;;
            cert) cert=$_value ;;
            key) key=$_value ;;
            *) _secret=$_value ;;
            esac
            ;;
        *) wrong_conf "$_number" "$_word: no such word" ;;
        esac
    done <"$conf"
    [ -n "$kind" ] || wrong_conf "$_number" "kind: is missing"
    [ -n "$state" ] || wrong_conf "$_number" "state: is missing" "a directory of this machine alone, which is kept: what was seen of the coordinator"
    case $kind in
    etcd)
        [ -n "$endpoints" ] || wrong_conf "$_number" "endpoints: are missing"
        [ -z "$user" ] || [ -n "$_secret" ] || wrong_conf "$_number" "user: has no password-file" "with a certificate alone neither is needed"
        ;;
    dir) [ -n "$directory" ] || wrong_conf "$_number" "directory: is missing" ;;
    esac
    [ -z "$_secret" ] || IFS= read -r password 2>/dev/null <"$_secret" || [ -n "$password" ] ||
        die 66 "$_secret: is empty, or may not be read" "it holds the password of $user, a line"
}
