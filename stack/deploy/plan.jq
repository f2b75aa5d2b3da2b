# SPDX-License-Identifier: Apache-2.0
# What apply would do, from what each instance would be given now (given.jq) and what it was given last: {deployment, instances}.
$placed[0] as $p | $before[0] as $old |
def what($one):
    $old[$one.name] as $o |
    if $o == null or $o.rendered == null then {mark: "+", what: "new, \($one.given["software-type"])"}
    elif $o.computer != $one.computer then {mark: ">", what: "moves from \($o.computer), with --move"}
    elif $o.wanted == false then {mark: "+", what: "is asked for again, \($one.given["software-type"])"}
    elif $given[0][$one.name] != $one.given then {mark: "~", what: "what it is given has changed"}
    elif $shipped[0][$one.computer] != $digest then {mark: "~", what: "its software has changed"}
    else {mark: "=", what: "as it is"} end;
{deployment: $name,
 instances: ([_nwise(2) | (.[0] | split(" ")) as $h | {name: ($h[2:] | join(" ")), slug: $h[0], computer: $h[1], given: (.[1] | fromjson)} |
     {name, slug, computer, type: .given["software-type"]} + what(.)] +
    [$p.placements | to_entries[] | select(.value.wanted == false and .value.stopped != true) |
     {name: .key, slug: .value.slug, computer: .value.computer, type: .value.type, mark: "-", what: "nobody asks for it any more: is stopped, and its data kept"}])}
