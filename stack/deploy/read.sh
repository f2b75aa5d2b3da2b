#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a deployment consists of: its file, its software, its parameters; sourced by rs-deploy.
# shellcheck disable=SC2016,SC2154,SC2034 # programs of jq and of shells elsewhere; globals are those of rs-deploy

# Reads the deployment file: $work/deployment.json is what the rest knows of it.
read_deployment() {
    [ -f "$file" ] || die 66 "$file: is not there" "rs-deploy(1) shows what stands in it"
    _directory=$(cd -- "$(dirname -- "$file")" && pwd)
    file=$_directory/${file##*/}
    rs-render profile --all --json "$file" >"$work/profile.json" 2>"$work/errors" || {
        cat -- "$work/errors" >&2
        exit 78
    }
    jq '.sections' "$work/profile.json" | jq --arg directory "$_directory" -f "$lib/inventory.jq" >"$work/inventory.json"
    report errors "$work/inventory.json" "$file: " || exit 78
    name=$(jq -r .deployment.name "$work/inventory.json")
    [ -n "$state" ] || state=$_directory/.$name.rs-deploy
    case $state in /*) ;; *) state=$PWD/$state ;; esac
    find_software
    read_parameters
}

# Says each of the list $1 in the file $2, an error with $3 in front.
# Returns 1 if there is one.
report() {
    _wrong=0
    jq -r --arg list "$1" '.[$list][]' "$2" >"$work/reported"
    while IFS= read -r _line; do
        complain error "$3$_line" ''
        _wrong=1
    done <"$work/reported"
    return "$_wrong"
}

# Prints the member $1 of the deployment.
deployment() {
    jq -r --arg member "$1" '.[$member] // ""' "$work/deployment.json"
}

# Finds what is shipped, and the profile in it, as paths of this machine and below the directory that is shipped.
find_software() {
    jq '.deployment' "$work/inventory.json" >"$work/deployment.json"
    _profile=$(deployment profile) software=$(deployment software) source=$(deployment source)
    _first=${software:-$_profile}
    [ -f "$_first" ] || die 78 "$file: there is no profile $_first"
    [ -n "$stack" ] || stack=$(deployment stack)
    [ -n "$stack" ] || stack=$own_stack
    [ -f "$stack/deploy/services.sh" ] || die 78 "$stack: is no directory of the stack" "--stack, or RS_STACK, names it"
    stack=$(cd -- "$stack" && pwd)
    _first=$(cd -- "$(dirname -- "$_first")" && pwd)/${_first##*/}
    if [ -z "$source" ]; then
        # A software of the stack itself refers to what lies beside it there.
        case $_first in
        "$stack"/*) source=$stack ;;
        *) source=$(dirname -- "$_first") ;;
        esac
    fi
    source=$(cd -- "$source" 2>/dev/null && pwd) || die 78 "$file: there is no directory $(deployment source)" "source is what is shipped"
    case $_first in
    "$source"/*) within=${_first#"$source"/} ;;
    *) die 78 "$file: $_first: does not lie below $source" "source is what is shipped to computers, with all that profiles refer to" ;;
    esac
    made=$_profile
}

# Reads the parameters, those of [parameters] over those of the file, to $work/parameters.json.
read_parameters() {
    _parameters=$(deployment parameters_file)
    if [ -n "$_parameters" ]; then
        [ -f "$_parameters" ] || die 78 "$file: there are no parameters $_parameters"
    else
        _parameters=$work/none
        printf '{}\n' >"$_parameters"
    fi
    jq '.parameters' "$work/deployment.json" >"$work/laid-over.json"
    parameters_of "$_parameters" >"$work/of-file.json" || exit 78
    jq -s '.[0] + .[1]' "$work/of-file.json" "$work/laid-over.json" >"$work/parameters.json"
    # That file is shown to nobody, this one may be.
    jq 'del(.parameters)' "$work/deployment.json" >"$work/deployment.new"
    mv -- "$work/deployment.new" "$work/deployment.json"
}

# Prints the parameters in the file $1, XML, JSON or text, as a JSON object, those that say where instances go with them.
parameters_of() {
    rs-slaparse --rest --json "$1" >"$work/rest.json" 2>"$work/errors" || {
        cat -- "$work/errors" >&2
        return 1
    }
    jq '.parameters + .placement' "$work/rest.json"
}

# Warns of each parameter that says where a request goes that nobody makes.
# Replicated services are known by what their instances are given: a number, and a namebase that makes the name with it.
unknown_parameters() {
    jq -r '[.instances[] | .parameters as $p | select($p.namebase != null and ($p.number | tostring | test("^[0-9]+$"))) |
        select(.name == "\($p.namebase)\($p.number)")] | group_by(.parameters.namebase)[] |
        "\(map(.parameters.number | tonumber) | max + 1) \(.[0].parameters.namebase)"' "$work/wanted.json" >"$work/services"
    jq '[keys[] | select(startswith("-sla-"))]' "$work/parameters.json" >"$work/strangers.json"
    while read -r _count _base; do
        rs-slaparse --quiet --all "$_base:$_count" --strict --json "$work/parameters.json" >"$work/known.json" 2>/dev/null ||
            [ $? -eq 1 ] || continue
        jq --slurpfile known "$work/known.json" 'map(select(. as $k | $known[0].unknown | index([$k])))' "$work/strangers.json" >"$work/strangers.new"
        mv -- "$work/strangers.new" "$work/strangers.json"
    done <"$work/services"
    jq -r '.[]' "$work/strangers.json" >"$work/reported"
    while IFS= read -r _line; do
        warn "parameter $_line: is for none of the requests" "see rs-slaparse(1): a typing error, or a number that is too large?"
    done <"$work/reported"
}
