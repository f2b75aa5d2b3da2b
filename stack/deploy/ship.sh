#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What computers need before instances can be there; sourced by rs-deploy.
# shellcheck disable=SC2016,SC2154,SC2034 # programs of jq and of shells elsewhere; globals are those of rs-deploy

# Says once that the computer $1 cannot be used, why: $2, with the hint $3 if given; the status will be 69.
# What else needs it is left out.
lose() {
    : >"$work/host/$1/unreached"
    case " $unreached " in *" $1 "*) return 0 ;; esac
    unreached="$unreached $1"
    complain error "$2" "${3-}"
}

# The same for the computer $1 that ssh could not reach.
lose_line() {
    lose "$1" "$1: cannot be reached: ssh $(host "$1" ssh)" "what does not need it was done; apply again when it is there"
}

# Prints the directory of the deployment on the computer $1.
base_of() {
    printf '%s/%s\n' "$(host "$1" root)" "$name"
}

# Prints the settings of supervise.sh for the computer $1, words.
settings_of() {
    for _key in supervisor crontab runsvdir systemd units; do
        printf '%s=%s ' "$_key" "$(host "$1" "$_key")"
    done
    _tools=$(cat -- "$work/host/$1/tools" 2>/dev/null || :)
    case $_tools in
    '' | /usr/bin | /bin | /usr/local/bin | *[!A-Za-z0-9._/-]*) ;;
    *) printf 'path=%s' "$_tools" ;;
    esac
}

# Looks whether the computer $1 has what is needed, once.
# Returns 1 if it cannot be used, which has been said.
look_at() {
    [ ! -e "$work/host/$1/looked" ] || [ -e "$work/host/$1/unreached" ] || return 0
    if [ -e "$work/host/$1/unreached" ]; then return 1; fi
    note "$1: looking at it"
    _looked=0
    on "$1" sh -c 'umask 077
        for tool in rs-render rs-export rs-import rs-pull rs-store flock setsid; do
            command -v "$tool" >/dev/null || echo "missing $tool"
        done
        version=$(rs-render --version 2>/dev/null) && echo "version $version"
        tools=$(command -v rs-render) && echo "tools ${tools%/*}"
        echo "shipped $(cat "$1/software/shipped" 2>/dev/null)"' sh "$(base_of "$1")" \
        >"$work/look" 2>"$work/errors" </dev/null || _looked=$?
    if [ "$_looked" -eq 255 ]; then
        lose_line "$1"
        note "$(cat -- "$work/errors")"
        return 1
    fi
    _missing=$(sed -n 's/^missing //p' "$work/look" | tr '\n' ' ')
    if [ -n "$_missing" ] || [ "$_looked" -ne 0 ]; then
        lose "$1" "$1: not there: ${_missing:-a shell}" "install the resilient stack on $1, or name the directory of its tools: path = DIR in [$1]"
        return 1
    fi
    _version=$(sed -n 's/^version //p' "$work/look")
    [ "$_version" = "$version" ] || warn "$1: has $_version, here is $version"
    sed -n 's/^tools //p' "$work/look" | tr -d '\n' >"$work/host/$1/tools"
    sed -n 's/^shipped //p' "$work/look" >"$work/host/$1/shipped"
    : >"$work/host/$1/looked"
}

# Computes what tells the software from another one, to $work/digest, and what of it stays here, to $work/exclude.
# Times and owners do not count. What a deployment keeps beside its profile is nobody else's business.
digest_software() {
    [ ! -e "$work/digest" ] || return 0
    {
        printf '%s\n' .git "${state##*/}" ".$name.rs-deploy" "${file##*/}"
        _parameters=$(deployment parameters_file)
        [ -z "$_parameters" ] || printf '%s\n' "${_parameters##*/}"
    } >"$work/exclude.names"
    # A computer that is a directory of this machine may lie beside the profile: its instances have keys and data.
    jq -r '.computers[] | select(.local) | .root' "$work/deployment.json" | while IFS= read -r _root; do
        case $_root in
        "$source") printf '/%s\n' "$name" ;;
        "$source"/*) printf '/%s\n' "${_root#"$source/"}" ;;
        esac
    done >"$work/exclude.roots"
    cat -- "$work/exclude.names" "$work/exclude.roots" >"$work/exclude"
    sed 's/^/./' "$work/exclude.roots" >"$work/exclude.anchored"
    {
        for _tree in "$source" "$stack"; do
            tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --exclude-from="$work/exclude.names" \
                --anchored --no-wildcards --exclude-from="$work/exclude.anchored" -C "$_tree" -cf - .
        done
        printf '%s\n' "$within" "$software" "$version"
    } | sha256sum | cut -d ' ' -f 1 >"$work/digest"
    [ "$(deployment all_local)" = true ] || warn_absolute
}

# Warns of a software that was made for where it lies here, if it goes elsewhere.
warn_absolute() {
    _place=$(grep -rlIF --exclude-dir="${state##*/}" --exclude="${file##*/}" -- "$source/" "$source" | head -n 1) || :
    [ -z "$_place" ] || warn "$_place: refers to $source, which other computers do not have" \
        "name the profile that this was made from as software = FILE: then each computer makes its own"
}

# Has the computer $1 have the software and the stack as they are here, and the software made there.
# Returns 1 if that cannot be done, which has been said.
ship() {
    look_at "$1" || return 1
    [ ! -e "$work/host/$1/ready" ] || return 0
    _base=$(base_of "$1")
    if [ "$(cat -- "$work/host/$1/shipped")" != "$(cat -- "$work/digest")" ]; then
        note "$1: shipping the software"
        if ! ship_all "$1" "$_base"; then
            if [ -e "$work/host/$1/unreached" ]; then lose_line "$1"; else lose "$1" "$1: the software cannot be put there"; fi
            return 1
        fi
        tell "~ software on $1"
    fi
    update shipped.json '.[$name] = $digest' --arg name "$1" --arg digest "$(cat -- "$work/digest")" || :
    : >"$work/host/$1/ready"
}

# Sends the software and the stack to the directory $2 of the computer $1, and last what tells that they are there.
# Returns 1 if that failed.
ship_all() {
    on "$1" sh -c 'umask 077; mkdir -p -- "$1/software" && rm -f -- "$1/software/shipped"' sh "$2" </dev/null &&
        ship_tree "$1" "$source" "$2/software/source" &&
        ship_tree "$1" "$stack" "$2/software/stack" &&
        make_software "$1" "$2" &&
        on "$1" sh -c 'umask 077; cat >"$1/software/shipped"' sh "$2" <"$work/digest"
}

# Sends the tree $2 to the directory $3 of the computer $1: what it has already stays.
ship_tree() {
    on "$1" rs-import --have "$3" </dev/null |
        rs-export --quiet --have=- --exclude-from "$work/exclude" "$2" |
        on "$1" rs-import --quiet --no-owner --no-devices "$3"
}

# Makes the software in $2 on the computer $1, where a deployment has the profile of one.
make_software() {
    [ -n "$software" ] || return 0
    on "$1" rs-render instance --quiet --stack "$2/software/stack" --root "$2/software/made" "$2/software/source/$within" </dev/null >/dev/null
}

# Prints the profile of instances on the computer $1.
profile_on() {
    if [ -n "$software" ]; then
        printf '%s/software/made/%s\n' "$(base_of "$1")" "$made"
    else
        printf '%s/software/source/%s\n' "$(base_of "$1")" "$within"
    fi
}
