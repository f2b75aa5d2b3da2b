#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who leads may be another one than who was deployed to lead: rs-takeover(1) asks nobody here; sourced by rs-deploy.
#
# Where that is so the two exchange their names: the one that leads is the first one from now on, where it is, with all that it
# has. Whoever led before is a fallback, once it has given away what nobody had of it.
# shellcheck disable=SC2016,SC2154,SC2034 # programs of jq and of shells elsewhere; globals are those of rs-deploy

# Asks all computers what their instances are: $work/lines.json, a list of {slug, computer, name, line, number, kind, role, leads,
# superseded}.
ask_leaders() {
    : >"$work/said"
    instances '.wanted and .rendered != null' | cut -d ' ' -f 2 | sort -u >"$work/list"
    while read -r _where <&3; do
        [ -e "$work/host/$_where" ] || continue
        look_at "$_where" || continue
        on "$_where" sh -c 'cd -- "$1" 2>/dev/null || exit 0
            for file in */etc/failover; do
                [ -e "$file" ] || continue
                slug=${file%%/*}
                say() { sed -n "s/^$1 //p" "$file"; }
                state() { if [ -e "$slug/srv/failover/$1" ]; then head -n 1 "$slug/srv/failover/$1"; else echo -; fi; }
                role=$(say role)
                echo "$slug $2 $(say kind) ${role:--} $(state leads) $(state superseded)"
            done' sh "$(base_of "$_where")" "$_where" >>"$work/said" 2>"$work/errors" </dev/null ||
            lose "$_where" "$_where: does not say who leads there: $(tail -n 1 -- "$work/errors")" "what is there is left as it is"
    done 3<"$work/list"
    jq -R -n --slurpfile placements "$state/placements.json" --slurpfile given "$state/given.json" '
        def number: if test("^[1-9][0-9]{0,14}$") then tonumber else null end;
        [inputs | split(" ") | select(length == 6) | {slug: .[0], computer: .[1], kind: .[2], role: .[3], leads: (.[4] | number), superseded: (.[5] | number)} |
         . as $one |
         ($placements[0] | to_entries[] | select(.value.slug == $one.slug and .value.computer == $one.computer and .value.wanted) | .key) as $name |
         ($given[0][$name].parameters // {}) as $p | select(($p.line // "") != "") |
         . + {name: $name, line: $p.line, number: "\($p.number)"}]' "$work/said" >"$work/lines.json"
}

# Exchanges names where another one leads. Who is to be a fallback, and is none yet, becomes one, or is left as it is for now: a file
# in $work/left_alone.
follow_leaders() {
    mkdir -p -- "$work/left_alone"
    ask_leaders
    # The first one, and who leads since the highest epoch, a line each.
    jq -r --slurpfile given "$state/given.json" '
        group_by(.line)[] | . as $line |
        ([.[] | select(.kind == "export" and .leads and .superseded == null)] | max_by(.leads) // empty) as $leader |
        ($given[0] | to_entries[] | select(.value.parameters.line == $line[0].line and "\(.value.parameters.number)" == "0") | .key) as $first |
        select($leader.number != "0") | "\($leader.leads) \($leader.name) = \($first)"' "$work/lines.json" >"$work/exchanges"
    while IFS= read -r _line <&4; do
        _epoch=${_line%% *} _names=${_line#* }
        _leader=${_names% = *} _first=${_names#* = }
        # The places in one step, after which they are exchanged; what else is known by name is found out again if this ends here.
        update placements.json '.[$a] as $was | .[$a] = .[$b] | .[$b] = $was | .[$a].exchanged = true | .[$b].exchanged = true' \
            --arg a "$_leader" --arg b "$_first" || :
        for _json in published requests; do
            update "$_json.json" '.[$a] as $was | .[$a] = .[$b] | .[$b] = $was' --arg a "$_leader" --arg b "$_first" || :
        done
        tell "~ $_leader has taken over in epoch $_epoch: it is $_first from now on, and what was $_first is $_leader"
    done 4<"$work/exchanges"
    # By their present names: those that are to be fallbacks, and lead, or have led.
    jq -r --slurpfile placements "$state/placements.json" '
        (reduce ($placements[0] | to_entries[]) as $p ({}; .["\($p.value.slug) \($p.value.computer)"] = $p.key)) as $names |
        group_by(.line)[] | . as $line |
        ([.[] | select(.kind == "export" and .leads and .superseded == null)] | max_by(.leads)) as $leader |
        .[] | select($leader == null or .name != $leader.name) | $names["\(.slug) \(.computer)"] as $name |
        if .kind == "export" and $leader then "back \($leader.leads) \(.slug) \(.computer) \($name)"
        elif .number == "0" and .role == "fallback" and $leader == null then "wait 0 \(.slug) \(.computer) \($name)"
        else empty end' "$work/lines.json" >"$work/backs"
    while read -r _what _epoch _slug _where _name <&4; do
        if [ "$_what" = wait ]; then
            : >"$work/left_alone/$_slug"
            warn "$_name on $_where: is a fallback now, and who leads cannot be asked: it is left as it is"
            continue
        fi
        note "$_name on $_where: becomes a fallback"
        _got=0
        on "$_where" rs-takeover --quiet --stand-down "$_epoch" --rejoin "$(base_of "$_where")/$_slug" </dev/null >/dev/null 2>"$work/errors" || _got=$?
        [ "$_got" -ge 2 ] || continue
        : >"$work/left_alone/$_slug"
        warn "$_name on $_where: led before, and is no fallback yet: $(tail -n 1 -- "$work/errors")"
    done 4<"$work/backs"
}
