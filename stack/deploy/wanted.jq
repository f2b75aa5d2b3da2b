# SPDX-License-Identifier: Apache-2.0
# What is asked for, from the requests of every instance by its name: {errors, instances, shared}, in the order in which they
# are asked for. Only what "root" asks for counts, and what that asks for, and so on.
# A deployment has one software, and a request that names it has no software-url any more.
#   --slurpfile deployment    whose members of etcd are wanted, too
def slug: gsub("[^A-Za-z0-9]+"; "-") | sub("^-"; "") | sub("-$"; "");

. as $all |
{todo: ["root"], by: {}, instances: [], shared: [], errors: []} |
until(.todo == [];
    .todo[0] as $by | .todo |= .[1:] |
    reduce ($all[$by] // [])[] as $r (.;
        if $r.state == "destroyed" then .
        elif .by[$r.name] then .errors += ["\($r.name): asked for by \(.by[$r.name]), and by \($by), too"]
        else
            .by[$r.name] = $by |
            ($r + {by: $by, slug: ($r.name | slug)}) as $one |
            if $r.shared then .shared += [$one] else .instances += [$one] | .todo += [$r.name] end
        end)) |
.instances += [$deployment[0] as $d | ($d.coordinator.members // [])[] as $m | $d.computers[] | select(.name == $m) |
    {name: "etcd-\($m)", slug: ("etcd-\($m)" | slug), by: "the deployment", "software-type": "etcd-member", state: "started", shared: false,
     parameters: {}, placement: {computer_guid: .guid}}] |
(.instances | map(.name)) as $names |
.errors += [
    (.instances[] | select(.slug | IN("", "root", "software")) | "\(.name): cannot be the name of an instance"),
    (.instances | group_by(.slug)[] | select(length > 1) | "\(map(.name) | join(" and ")): would be one directory: \(.[0].slug)"),
    ((.instances + .shared)[] | select(."software-url" != null) |
     "\(.name): asks for another software, \(."software-url"): a deployment has one"),
    (.shared[] | select(.placement.instance_guid as $guid | $names | index([$guid]) | not) |
     "\(.name): shares the instance \(.placement.instance_guid // ""), which nobody asks for")] |
{errors, instances, shared}
