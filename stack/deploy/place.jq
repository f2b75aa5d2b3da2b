# SPDX-License-Identifier: Apache-2.0
# Where instances go: {errors, refused, warnings, placements, moves, left}. Who has a place stays there, as long as its
# constraints can be met there.
#   --slurpfile deployment   see inventory.jq
#   --slurpfile wanted       see wanted.jq
#   --argjson move           whether an instance may go elsewhere when its constraints say so
# Input: the placements so far, by the names of instances.
$deployment[0].computers as $computers |
$wanted[0].instances as $instances |
. as $before |
(reduce $computers[] as $c ({}; .[$c.name] = $c)) as $by_name |

def shown: to_entries | map("\(.key) = \(.value)") | join(", ");
def constraints: if . == {} then {mode: "unique_by_network"} else . end;

# Why a computer does not fit, or nothing.
def objection($c):
    (if .computer_guid != null and .computer_guid != $c.guid then "its guid is \($c.guid)" else empty end),
    (if .network_guid != null and .network_guid != $c.network then "its network is \($c.network)" else empty end);
def fits($c): [objection($c)] == [];

def wrong($r):
    ($r.placement | constraints) as $p |
    (($p | keys) - ["computer_guid", "network_guid", "mode"])[] |
    "\($r.name): \(.) = \($p[.]): no such constraint; there are: computer_guid, network_guid, mode";
def wrong_mode($r):
    $r.placement.mode // "unique_by_network" |
    select(. != "unique_by_network") | "\($r.name): mode = \(.): no such mode; there is: unique_by_network";
def nowhere($r):
    ($r.placement | constraints) as $p |
    "\($r.name): \($p | shown): no computer fits: " +
    ([$computers[] | . as $c | "\($c.name): \([$p | objection($c)] | join(" and "))"] | join("; "));

# How crowded a computer is, the network first. What says who leads takes nobody's place.
def crowd($all; $c):
    [$all[] | select(.type != "etcd-member")] as $placements |
    [([$placements[] | select($by_name[.computer].network == $c.network)] | length),
     ([$placements[] | select(.computer == $c.name)] | length)];

# First those that stay, so that the new ones see them; the freer a request is the later it is placed.
def freedom: .placement as $p |
    if $before[.name].computer as $c | $c != null and $by_name[$c] != null and ($p | fits($by_name[$c])) then 0
    elif $p.computer_guid != null then 1 elif $p.network_guid != null then 2 else 3 end;

def place($r):
    ($r.placement | constraints) as $p |
    [$computers[] | . as $c | select($p | fits($c))] as $fitting |
    $before[$r.name].computer as $old |
    # Who has taken over stays where it is, and so does who led before: what was asked for was where they began.
    if $before[$r.name].exchanged and $by_name[$old] then .placements[$r.name] = {computer: $old}
    elif $fitting == [] then .errors += [nowhere($r)]
    elif any($fitting[]; .name == $old) then .placements[$r.name] = {computer: $old}
    else
        .placements as $so_far |
        ($fitting | to_entries | min_by([crowd($so_far; .value), .key]).value.name) as $new |
        .placements[$r.name] = {computer: $new} |
        if $old == null then .fresh += [$r.name]
        else
            .moves += [{name: $r.name, slug: $before[$r.name].slug, from: $old, to: $new, known: ($by_name[$old] != null)}] |
            if $move then .
            else .refused += ["\($r.name): is on \($old), and would have to go to \($new): " +
                (if $by_name[$old] then "\($p | shown)" else "the deployment has no computer \($old) any more" end)] end
        end
    end |
    if .placements[$r.name] then
        .placements[$r.name] = $before[$r.name] + .placements[$r.name] +
            {slug: ($before[$r.name].slug // $r.slug), placement: $p, type: ($r."software-type" // ""), state: $r.state, wanted: true}
    else . end;

# Networks that an instance which wants one for itself has to share.
def sharing:
    .placements as $all |
    [$all | to_entries[] | select(.value.placement.mode == "unique_by_network") | . as $one |
     select(any($all | to_entries[]; .value.type != "etcd-member" and .key != $one.key and $by_name[.value.computer].network == $by_name[$one.value.computer].network)) |
     "\($one.key) on \($one.value.computer)"];

{errors: [$instances[] | wrong(.), wrong_mode(.)], refused: [], moves: [], fresh: [], placements: {}} |
if .errors != [] then . else reduce ($instances | to_entries | sort_by([(.value | freedom), .key])[].value) as $r (.; place($r)) end |
sharing as $sharing |
.warnings = (if $sharing == [] then [] else
    [($computers | map(.network) | unique | length | if . == 1 then "1 network is" else "\(.) networks are" end) + " too few for each instance to have one of its own: \($sharing | join(", "))"] end) |
.gone = [$before | keys[] | select(. as $n | all($instances[]; .name != $n))] |
# What nobody asks for keeps its place, and its data.
.gone as $gone |
.placements = (reduce $gone[] as $n (.placements; .[$n] = $before[$n] + {wanted: false}))
