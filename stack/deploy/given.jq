# SPDX-License-Identifier: Apache-2.0
# What each instance is given: two texts for each that is wanted, `SLUG COMPUTER NAME` and the JSON.
#   --slurpfile deployment, wanted, placements, requests, published    files of these names
$deployment[0] as $d | $wanted[0] as $w | $requests[0] as $asked | $published[0] as $values |
(reduce $d.computers[] as $c ({}; .[$c.name] = $c)) as $by_name |
def connections($name):
    [($asked[$name] // [])[].name] | map(select($values[.] != null)) | map({(.): $values[.]}) | add // {};
$w.instances[] | . as $r |
$placements[0][$r.name] as $place |
$by_name[$place.computer] as $c |
"\($r.slug) \($place.computer) \($r.name)",
({name: $r.name, "software-type": ($r."software-type" // ""), computer: $c.guid, network: $c.network, partition: $r.slug,
    address: (if $d.all_local then "" else $c.address end), parameters: $r.parameters,
    shared: [$w.shared[] | select(.placement.instance_guid == $r.name) | {name, parameters}],
    connections: connections($r.name)} | tojson)
