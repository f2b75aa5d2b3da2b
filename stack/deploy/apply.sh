#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# apply and plan; sourced by rs-deploy.
# shellcheck disable=SC2016,SC2154,SC2034 # programs of jq and of shells elsewhere; globals are those of rs-deploy

# Goes round until nothing new is published: the first instance, where the others go, and each of them that is given
# something else than the last time, or was not rendered in this run.
settle() {
    _round=0
    news=yes
    while [ "$news" = yes ]; do
        _round=$((_round + 1))
        if [ "$_round" -gt 20 ]; then
            unsettled="$unsettled something new is published again and again;"
            break
        fi
        note "round $_round"
        news=no
        render_root
        place
        move_away
        jq -Sr --slurpfile deployment "$work/deployment.json" --slurpfile wanted "$work/wanted.json" --slurpfile placements "$state/placements.json" \
            --slurpfile requests "$state/requests.json" --slurpfile published "$state/published.json" --slurpfile members "$state/members.json" --arg state "$state" -n -f "$lib/given.jq" >"$work/given"
        while read -r _slug _where _name <&3 && IFS= read -r _one <&3; do
            printf '%s\n' "$_one" >"$work/description"
            render_one "$_name" "$_slug" "$_where"
        done 3<"$work/given"
        keep_answers
    done
}

# Takes over the placements, and stops what moves where it is; that which cannot be stopped does not move.
move_away() {
    jq -r '.moves[] | "\(.slug) \(.from) \(.known) \(.name)"' "$work/placed.json" >"$work/moves"
    cp -- "$state/placements.json" "$work/before.json"
    update placements.json '$placed[0].placements' --slurpfile placed "$work/placed.json" || :
    while read -r _slug _from _known _name <&4; do
        if [ "$_known" = false ]; then
            warn "$_name: the deployment has no computer $_from any more: what runs there was not stopped"
        elif ! retire "$_name" "$_slug" "$_from"; then
            complain error "$_name: stays on $_from, where it cannot be stopped" "if $_from is lost for good, take it out of $file, and give --move again"
            update placements.json '.[$name] = $before[0][$name]' --arg name "$_name" --slurpfile before "$work/before.json" || :
            continue
        fi
        update left.json '.[$key] = {name: $name, slug: $slug, computer: $computer}' --arg key "$_slug $_from" --arg name "$_name" \
            --arg slug "$_slug" --arg computer "$_from" || :
        update placements.json '.[$name] |= del(.rendered, .directory, .stopped)' --arg name "$_name" || :
        update given.json 'del(.[$name])' --arg name "$_name" || :
        update published.json 'del(.[$name])' --arg name "$_name" || :
        tell "- $_name on $_from: moves to $(placed "$_name" computer), and what it had stays where it was"
    done 4<"$work/moves"
}

# Renders the instance $1, slug $2, on the computer $3, as $work/description says, unless that was done in this run already.
render_one() {
    if [ -e "$work/rendered/$2" ] && cmp -s -- "$work/rendered/$2" "$work/description"; then return; fi
    [ ! -e "$work/left_alone/$2" ] || return 0
    ship "$3" || return 0
    _base=$(base_of "$3") _got=0
    _profile=$(profile_on "$3")
    [ "$(placed "$1" type)" != etcd-member ] || _profile=$_base/software/stack/etcd/instance.cfg
    render "$1" "$2" "$_base/$2" "$_profile" "$_base/software/stack" "$3" || _got=$?
    case $_got in
    0 | 75) ;;
    255) lose_line "$3" && return ;;
    78) broken=78 ;;
    *) broken=${broken:-69} ;;
    esac
    mv -- "$work/description" "$work/rendered/$2"
}

# Succeeds if the instance $1 was not there before this run, or was elsewhere.
is_new() {
    jq -e --arg name "$1" --slurpfile now "$state/placements.json" \
        '.[$name] | .rendered == null or .computer != $now[0][$name].computer' "$work/at-first.json" >/dev/null
}

# Says what was rendered, a line for each instance.
tell_rendered() {
    instances '.wanted' >"$work/list"
    while read -r _slug _where _name; do
        awk -v slug="$_slug" '$1 == slug' "$work/changes" | cut -d ' ' -f 2- | sort -u >"$work/changed"
        [ -s "$work/changed" ] || continue
        if is_new "$_name"; then
            tell "+ $_name on $_where: $(placed "$_name" type)"
        else
            tell "~ $_name on $_where: $(awk '
                NR <= 3 { line = line (NR > 1 ? ", " : "") $0 }
                END { print line (NR > 3 ? ", and " NR - 3 " more" : "") }' "$work/changed")"
        fi
        [ "$verbose" = no ] || tr -d '\000-\011\013-\037\177' <"$work/changed" | sed 's/^/    /' >&2
    done <"$work/list"
}

# Runs supervise.sh with the action $1 for the instance $2, whose slug is $3, on the computer $4.
# Says what that changed. Returns 1 if it failed, which has been said.
supervise() {
    look_at "$4" || return 1
    _base=$(base_of "$4") _program=
    [ "$1" != up ] || _program=$_base/software/stack/deploy/services.sh
    _got=0
    # shellcheck disable=SC2046 # settings are words
    script_on "$4" "$stack/deploy/supervise.sh" "$1" "$name-$3" "$_base/$3" ${_program:+"$_program"} $(settings_of "$4") >"$work/said" 2>"$work/errors" || _got=$?
    while IFS= read -r _line; do
        tell "${_line%% *} $2 on $4: ${_line#* }"
    done <"$work/said"
    [ "$_got" -ne 0 ] || return 0
    if [ "$_got" -eq 255 ]; then
        lose_line "$4"
    else
        warn "$2 on $4: $(tail -n 1 -- "$work/errors")"
    fi
    return 1
}

# Has everything that is rendered run, or not run if that is what was asked for.
start_all() {
    {
        instances '.wanted and .rendered != null and .state == "started"' | sed 's/^/up /'
        instances '.wanted and .rendered != null and .state != "started"' | sed 's/^/down /'
    } >"$work/list"
    while read -r _action _slug _where _name <&3; do
        [ ! -e "$work/host/$_where/unreached" ] || continue
        supervise "$_action" "$_name" "$_slug" "$_where" || :
        if [ "$_action" = up ] && [ "$(host "$_where" supervisor)" = none ] && is_new "$_name"; then
            tell "= $_name on $_where: nothing is started there: supervisor = none"
        fi
    done 3<"$work/list"
}

# Stops the instance $1, slug $2, on the computer $3, and takes its programs away; its data stays.
# Returns 1 if it cannot be stopped. Where its software has no type frozen the programs stay, and nothing calls them.
retire() {
    supervise down "$1" "$2" "$3" || return 1
    jq -n --arg name "$1" --arg partition "$2" '{name: $name, "software-type": "frozen", partition: $partition}' >"$work/frozen"
    _base=$(base_of "$3")
    on "$3" sh -c 'umask 077; [ ! -e "$1/etc/instance.json" ] || cat | rs-render instance --quiet --stack "$3" --root "$1" --given /dev/stdin "$2"' \
        sh "$_base/$2" "$(profile_on "$3")" "$_base/software/stack" <"$work/frozen" >/dev/null 2>&1 || :
}

# Stops what nobody asks for any more, and says how to be rid of it.
stop_gone() {
    instances '.wanted == false and .stopped != true' >"$work/list"
    while read -r _slug _where _name <&3; do
        if [ ! -e "$work/host/$_where" ]; then
            warn "$_name: nobody asks for it any more, and the deployment has no computer $_where, where it was"
            continue
        fi
        retire "$_name" "$_slug" "$_where" || continue
        update placements.json '.[$name].stopped = true' --arg name "$_name" || :
        update published.json 'del(.[$name])' --arg name "$_name" || :
        update requests.json 'del(.[$name])' --arg name "$_name" || :
        tell "- $_name on $_where: nobody asks for it any more; stopped, and its data is kept: rs-deploy destroy $file '$_name' removes it"
    done 3<"$work/list"
}

# Warns of the promises that are not kept.
check_promises() {
    { printf 'root - root\n' && instances '.wanted and .rendered != null and .state == "started"'; } >"$work/list"
    while read -r _slug _where _name <&3; do
        _on=" on $_where"
        [ "$_where" != - ] || _where='' _on=
        [ -z "$_where" ] || [ ! -e "$work/host/$_where/unreached" ] || continue
        ask_promises "$_name" '' "$_slug" "$_where" || :
        sed -n 's/^failing //p' "$work/promises" >"$work/failing"
        if grep -qx 'kept etcd' "$work/promises"; then know_formed "$_name"; fi
        while IFS= read -r _line; do
            warn "$_name$_on: a promise is not kept: $_line"
        done <"$work/failing"
    done 3<"$work/list"
}

# Ends with the status that says how things are, the worst first.
conclude() {
    [ -z "$unreached" ] || complain error "could not be used:$unreached" ''
    [ -z "$broken" ] || exit "$broken"
    [ -z "$unreached" ] || exit 69
    if [ -n "$unsettled" ]; then
        complain error "not settled: $unsettled" "apply again later"
        exit 75
    fi
    [ "$warned" = no ] || exit 1
    exit 0
}

apply() {
    take_state
    open_hosts
    mkdir -- "$work/rendered" "$work/answers"
    follow_leaders
    cp -- "$state/placements.json" "$work/at-first.json"
    : >"$work/changes"
    digest_software
    certify
    settle
    unknown_parameters
    if [ -e "$work/fresh" ] || [ "$strict" = yes ]; then warn_sharing; fi
    tell_rendered
    start_all
    stop_gone
    check_promises
    [ "$root_exit" -eq 0 ] || unsettled="$unsettled root waits for others;"
    instances '.wanted and .rendered == 75' >"$work/list"
    while read -r _slug _where _name; do unsettled="$unsettled $_name waits for others;"; done <"$work/list"
    [ -e "$work/told" ] || tell "$name: nothing to do"
    conclude
}

# Says which instances had to share a network; that is a matter of the status with --strict only.
warn_sharing() {
    jq -r '.warnings[]' "$work/placed.json" >"$work/reported"
    while IFS= read -r _line; do
        complain warning "$_line" ''
        [ "$strict" = no ] || warned=yes
    done <"$work/reported"
}

# Tells what apply would do. Works on a copy of the state, and asks no computer.
plan() {
    mkdir -- "$work/state" "$work/answers"
    : >"$work/changes"
    [ ! -e "$state/placements.json" ] || cp -a -- "$state"/*.json "$work/state/"
    for _tree in root software; do [ ! -e "$state/$_tree" ] || cp -a -- "$state/$_tree" "$work/state/"; done
    _kept=$state
    state=$work/state
    fill_state
    certify
    render_root
    may_move=true
    place
    unknown_parameters
    digest_software_of "$_kept"
    jq '.placements' "$work/placed.json" >"$work/placements.json"
    jq --slurpfile deployment "$work/deployment.json" --slurpfile wanted "$work/wanted.json" --slurpfile placements "$work/placements.json" \
        --slurpfile requests "$state/requests.json" --slurpfile published "$state/published.json" --slurpfile members "$state/members.json" --arg state "$state" -n -f "$lib/given.jq" |
        jq -s --slurpfile placed "$work/placed.json" --slurpfile before "$state/placements.json" --slurpfile given "$state/given.json" \
            --slurpfile shipped "$state/shipped.json" --arg digest "$(cat -- "$work/digest")" --arg name "$name" -f "$lib/plan.jq" >"$work/plan.json"
    warn_sharing
    if [ "$json" = yes ]; then
        _exit=0
        [ "$warned" = no ] || _exit=1
        jq -c --argjson exit "$_exit" '. + {exit: $exit}' "$work/plan.json"
    elif [ "$quiet" = no ]; then
        jq -r '.instances[] | "\(.mark) \(.name) on \(.computer): \(.what)"' "$work/plan.json" | tr -d '\000-\011\013-\037\177'
    fi
    conclude
}

# The digest of the software, where $1 is the state that is kept beside it.
digest_software_of() {
    state=$1
    digest_software
    state=$work/state
}
