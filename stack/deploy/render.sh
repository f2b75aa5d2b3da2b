#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Instances are rendered, and their answers kept; sourced by rs-deploy.
# shellcheck disable=SC2016,SC2154,SC2034 # programs of jq and of shells elsewhere; globals are those of rs-deploy

# Renders the instance $1, slug $2, in the tree $3 from the profile $4 with the stack $5, as $work/description says; on the
# computer $6, or here if that is empty. What came of it is a file in $work/answers.
# Returns the status of rs-render, or 255; what else but 0 and 75 it is, has been said.
render() {
    _who=$1 _result=0
    _render='umask 077; [ -d "$2/etc" ] || echo made anew >&2; cat | rs-render instance --json --quiet --stack "$3" --root "$2" --given /dev/stdin "$1"'
    if [ -n "$6" ]; then
        _who="$1 on $6"
        on "$6" sh -c "$_render" sh "$4" "$3" "$5" <"$work/description" >"$work/answer" 2>"$work/errors" || _result=$?
    else
        sh -c "$_render" sh "$4" "$3" "$5" <"$work/description" >"$work/answer" 2>"$work/errors" 9>&- || _result=$?
    fi
    case $_result in
    0 | 75) ;;
    255) return 255 ;;
    *)
        complain error "$_who: rs-render ended with status $_result" ''
        tr -d '\000-\011\013-\037\177' <"$work/errors" | sed 's/^/    /' >&2
        return "$_result"
        ;;
    esac
    if [ "$_result" -eq 75 ] && jq -e 'has("error")' "$work/answer" >/dev/null 2>&1; then
        unsettled="$unsettled another rs-render is at work with $_who;"
        return 75
    fi
    # At first, or elsewhere, it has no directory yet that we know of.
    if [ -n "$6" ] && grep -qx 'made anew' "$work/errors" && [ -n "$(placed "$1" directory)" ]; then
        warn "$_who: was not there any more, and is made anew, with nothing of what it had" "$3 may be on a file system that is not mounted; of a backup server, rs-troubleshooting(7) says where its history is"
    fi
    jq -S --arg name "$1" --arg slug "$2" --arg directory "$3" --arg software "$4" --arg computer "$6" \
        --slurpfile given "$work/description" -f "$lib/answer.jq" "$work/answer" >"$work/answer.json" 2>"$work/errors" || {
        complain error "$_who: what rs-render answered is not what rs-render answers: $(tail -n 1 -- "$work/errors")" ''
        return 70
    }
    mv -- "$work/answer.json" "$work/answers/$2"
    return "$_result"
}

# Keeps what instances have answered since the last time.
# Sets news if one asks for, or publishes, something else than before.
keep_answers() {
    find "$work/answers" -type f -exec cat {} + -exec rm -f {} + >"$work/round"
    if update published.json 'reduce $round[] as $a (.; .[$a.name] = $a.published)' --slurpfile round "$work/round"; then news=yes; fi
    if update requests.json 'reduce $round[] as $a (.; .[$a.name] = $a.requests)' --slurpfile round "$work/round"; then news=yes; fi
    jq -r '.slug as $slug | .changes[] | "\($slug) \(.)"' "$work/round" >>"$work/changes"
    update placements.json 'reduce ($round[] | select(.computer != "")) as $a (.;
            .[$a.name] += {rendered: $a.exit, directory: $a.directory, stopped: false})' --slurpfile round "$work/round" || :
    update given.json 'reduce ($round[] | select(.computer != "")) as $a (.; .[$a.name] = $a.given)' --slurpfile round "$work/round" || :
    update left.json 'reduce $round[] as $a (.; del(.["\($a.slug) \($a.computer)"]))' --slurpfile round "$work/round" || :
}

# Renders the first instance, here: it only asks for others.
# Ends with 78 if that cannot be done, since then nothing is known.
render_root() {
    _software=$source/$within
    if [ -n "$software" ]; then
        rs-render instance --quiet --stack "$stack" --root "$state/software" "$_software" >/dev/null 9>&- || die 78 "$_software: cannot be rendered"
        _software=$state/software/$made
    fi
    jq -n --slurpfile d "$work/deployment.json" --slurpfile parameters "$work/parameters.json" --slurpfile requests "$state/requests.json" \
        --slurpfile published "$state/published.json" '
        {name: "root", "software-type": $d[0].software_type, computer: $d[0].name, partition: "root", parameters: $parameters[0],
         connections: ([$requests[0].root // [] | .[].name | select($published[0][.] != null) | {(.): $published[0][.]}] | add // {})}' \
        >"$work/description"
    root_exit=0
    render root root "$state/root" "$_software" "$stack" '' || root_exit=$?
    case $root_exit in 0 | 75) ;; *) exit 78 ;; esac
    keep_answers
}

# Finds out what is wanted, and where it goes: $work/wanted.json, $work/placed.json.
# Ends with 78 if that cannot be.
place() {
    jq --slurpfile deployment "$work/deployment.json" -f "$lib/wanted.jq" "$state/requests.json" >"$work/wanted.json"
    report errors "$work/wanted.json" '' || exit 78
    jq --slurpfile deployment "$work/deployment.json" --slurpfile wanted "$work/wanted.json" --argjson move "$may_move" \
        -f "$lib/place.jq" "$state/placements.json" >"$work/placed.json"
    report errors "$work/placed.json" '' || exit 78
    if jq -e '.fresh != []' "$work/placed.json" >/dev/null; then : >"$work/fresh"; fi
    report refused "$work/placed.json" '' ||
        die 78 "an instance that is there does not move by itself" \
            "with --move it is stopped where it is, its data stays there, and a new one is made; or change its parameters back"
    check_roots
}

# Ends with 78 if a computer keeps its instances elsewhere than it did: those that are there would be lost.
check_roots() {
    jq -r --slurpfile d "$work/deployment.json" '(reduce $d[0].computers[] as $c ({}; .[$c.name] = $c)) as $by_name |
        to_entries[] | .value.directory as $old | select($old and $by_name[.value.computer]) |
        "\($by_name[.value.computer].root)/\($d[0].name)/\(.value.slug)" as $new | select($old != $new) |
        "\(.key): is \($old) on \(.value.computer), and the deployment says \($new)"' "$state/placements.json" >"$work/reported"
    IFS= read -r _line <"$work/reported" || return 0
    die 78 "$_line" "the root of a computer stays what it was as long as instances are there"
}
