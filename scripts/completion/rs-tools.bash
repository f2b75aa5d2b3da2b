# SPDX-License-Identifier: Apache-2.0
# Completion of rs-elect, rs-export, rs-pull, rs-import, rs-notify, rs-render, rs-slaparse, rs-status, rs-store and rs-takeover for bash 4.4 and later.
#
# Options and subcommands are read from the tool's own --help, so that they are always those of the
# program that is run. Names and generations come from `rs-store list`, which gets one second.

# Prints the long options of the command "$@", one per line.
# Prints nothing if it cannot be run.
_rs_options() {
    "$@" --help 2>/dev/null | sed -n 's/^ *\(-[A-Za-z],\)\{0,1\}\(--[-a-z0-9]*\).*/\2/p'
}

# Prints the subcommands of the tool $1, one per line.
# Prints nothing if it has none.
_rs_subcommands() {
    "$1" --help 2>/dev/null | awk '/^[^ ]/ { inside = /^Subcommands:/; next } inside && /^  [a-z]/ { print $1 }'
}

# Prints what the store $1 has: its names, or with a second argument the generations of that name.
# Prints nothing if it is no store, and what was found so far if that takes longer than a second.
_rs_stored() {
    local store=$1
    [[ $store == \~/* ]] && store=$HOME${store:1}
    [[ -d $store ]] || return 0
    if (($# == 1)); then
        timeout 1 rs-store list -- "$store" 2>/dev/null | awk '!seen[$1]++ { print $1 }'
    else
        echo latest
        timeout 1 rs-store list --name "$2" -- "$store" 2>/dev/null |
            awk '{ print (/, branch/ ? "branch/" : "") $2 }'
    fi
}

# Succeeds if the option $2 of the tool $1 takes a value behind it.
# Options whose value is optional, or that are not known, do not.
_rs_takes_value() {
    case $1:$2 in
    rs-import:* | rs-notify:--warned | rs-notify:--again | rs-notify:--once | rs-notify:--retry | rs-notify:--check | rs-notify:--brief) return 1 ;;
    rs-notify:--json | rs-notify:--quiet | rs-notify:--verbose | rs-notify:--help | rs-notify:--version) return 1 ;;
    rs-notify:*) ;;
    rs-elect:--at) ;;
    rs-elect:*) return 1 ;;
    rs-status:--deployment | rs-status:--state | rs-status:--output | rs-status:-o) ;;
    rs-status:*) return 1 ;;
    rs-takeover:--force-data-loss | rs-takeover:--step | rs-takeover:--epoch | rs-takeover:--stand-down | rs-takeover:--supersede) ;;
    rs-takeover:*) return 1 ;;
    rs-store:--entries | rs-store:--checksum) return 1 ;;
    rs-export:--have | *:--store | *:--name | *:--emit | *:--exec | *:--exclude | *:--exclude-from) ;;
    *:--generation | *:--host | *:--instance | *:--limit | *:--level | *:--threads | *:--wait) ;;
    *:--shrink | *:--reserve | *:--like | *:--seconds | *:--digest | *:--format | *:--budget) ;;
    *:--keep | *:--keep-last | *:--keep-hourly | *:--keep-daily | *:--keep-weekly) ;;
    *:--keep-monthly | *:--keep-yearly | *:--floor | *:--as | *:--id | *:--all | *:--from | *:--prefix | *:--hourly | *:--next | *:--after) ;;
    *) return 1 ;;
    esac
}

# Offers the lines of standard input that begin with $1.
# Sets COMPREPLY; lines stay whole, blanks and all.
_rs_offer() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        [[ $line == "$1"* ]] && COMPREPLY+=("$line")
    done
}

# Offers directories ($1 is d) or files (f) that begin with $2.
# Sets COMPREPLY.
_rs_paths() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -"$1" -- "$2")
}

# Completes the value $3 of the option $2 of the tool $1; $4 and $5 are the store and the name so far.
# Sets COMPREPLY; offers nothing where nothing is known.
_rs_value() {
    case $2 in
    --store | --like | --state) _rs_paths d "$3" ;;
    --deployment | --output | -o | --have | --exclude-from) _rs_paths f "$3" ;;
    --name) _rs_offer "$3" < <(_rs_stored "$4") ;;
    --emit) _rs_offer "$3" < <(_rs_stored "$4" "$5") ;;
    --format) _rs_offer "$3" < <(printf '%s\n' tar cpio zip) ;;
    --from) _rs_offer "$3" < <(printf '%s\n' xml json text) ;;
    --step) _rs_offer "$3" < <(printf '%s\n' lock acquire raise freeze import retype hooks start publish follow unlock) ;;
    --keep) _rs_offer "$3" < <(printf '%s\n' 2W 3B) ;;
    esac
}

# Completes operand number $3 (from 0), which begins with $4, of the tool $1 with the subcommand $2.
# The operands so far are in the caller's array `operands`. Sets COMPREPLY.
_rs_operand() {
    case $1:$2:$3 in
    rs-export::0 | rs-import::0 | rs-status::* | rs-takeover::0) _rs_paths d "$4" ;;
    rs-slaparse::0) _rs_paths f "$4" ;;
    rs-pull::*) _rs_paths f "$4" ;; # it has none: the value of --have
    rs-store::* | rs-render::* | rs-elect::*) _rs_offer "$4" < <(_rs_subcommands "$tool_path") ;;
    rs-elect:*:0 | rs-store:*:0 | rs-store:copy:1) _rs_paths d "$4" ;;
    rs-store:show:1 | rs-store:diff:1 | rs-store:cat:1 | rs-store:prove:1 | rs-store:fence:1)
        _rs_offer "$4" < <(_rs_stored "${operands[0]}")
        ;;
    rs-store:show:2 | rs-store:diff:2 | rs-store:cat:2 | rs-store:prove:2)
        _rs_offer "$4" < <(_rs_stored "${operands[0]}" "${operands[1]}")
        ;;
    rs-store:diff:3)
        if [[ $4 == */* && $4 != branch/* ]]; then
            _rs_paths d "$4"
        else
            _rs_offer "$4" < <(_rs_stored "${operands[0]}" "${operands[1]}")
        fi
        ;;
    esac
}

# The completion itself: $1 is the command as it was typed.
# Reads COMP_WORDS and COMP_CWORD, sets COMPREPLY.
_rs_tools() {
    local tool_path=$1 tool=${1##*/}
    local word option='' subcommand='' store='' name='' only_operands=no
    local -a operands=()
    local i
    COMPREPLY=()
    [[ $tool_path == \~/* ]] && tool_path=$HOME${tool_path:1}
    # bash has cut --store=S into three words; `option` is what still waits for a value.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $only_operands == no && $word == = ]]; then
            option=${COMP_WORDS[i - 1]}
        elif [[ -n $option ]]; then
            case $option in
            --store) store=$word ;;
            --name) name=$word ;;
            esac
            option=''
        elif [[ $only_operands == no && $word == -- ]]; then
            only_operands=yes
        elif [[ $only_operands == no && $word == -?* ]]; then
            _rs_takes_value "$tool" "$word" && option=$word
        elif [[ $tool == rs-@(elect|store|render) && -z $subcommand ]]; then
            subcommand=$word
        else
            operands+=("$word")
        fi
    done
    word=${COMP_WORDS[COMP_CWORD]}
    if [[ $only_operands == no && $word == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 1]}
        word=''
    fi
    [[ $tool == rs-store ]] && store=${operands[0]-}
    if [[ -n $option ]]; then
        _rs_value "$tool" "$option" "$word" "$store" "$name"
    elif [[ $only_operands == no && $word == -* ]]; then
        if [[ -n $subcommand ]]; then
            _rs_offer "$word" < <(_rs_options "$tool_path" "$subcommand" && printf '%s\n' --json --verbose --quiet)
        else
            _rs_offer "$word" < <(_rs_options "$tool_path")
        fi
    elif [[ $tool == rs-export && $only_operands == yes && " ${COMP_WORDS[*]} " == *' --exec'* ]]; then
        # The command of --exec, then its arguments.
        if ((${#operands[@]} == 0)); then
            mapfile -t COMPREPLY < <(compgen -c -- "$word")
        else
            _rs_paths f "$word"
        fi
    else
        _rs_operand "$tool" "$subcommand" "${#operands[@]}" "$word"
    fi
}

complete -F _rs_tools rs-elect rs-export rs-pull rs-import rs-notify rs-render rs-slaparse rs-status rs-store rs-takeover
