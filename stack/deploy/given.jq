# SPDX-License-Identifier: Apache-2.0
# What each instance is given: two texts for each that is wanted, `SLUG COMPUTER NAME` and the JSON.
#   --slurpfile deployment, wanted, placements, requests, published    files of these names; --arg state    their directory
$deployment[0] as $d | $wanted[0] as $w | $requests[0] as $asked | $published[0] as $values |
(reduce $d.computers[] as $c ({}; .[$c.name] = $c)) as $by_name |
def connections($name):
    [($asked[$name] // [])[].name] | map(select($values[.] != null)) | map({(.): $values[.]}) | add // {};
# Those that are called the same together know each other, and can each become what another one is: a leader, a fallback.
def line($r): [$w.instances[] | select(($r.parameters.line // "") != "" and .parameters.line == $r.parameters.line)];
# Who says which of them leads. That of one machine is in a directory beside what is known of the deployment.
def coordinator:
    $d.coordinator as $c | if $c == null then {} else
        {coordinator: ($c.conf + (if $c.conf | test("(^|\n)kind dir(\n|$)") and ($c.conf | test("(^|\n)directory ") | not) then "\ndirectory \($state)/coordinator" else "" end)),
         "coordinator-lease": $c.lease, "coordinator-block": $c.block, "coordinator-automatic": $c.automatic}
    end;
def peers($r):
    [line($r)[] | select(.name != $r.name) | .name as $n | $values[$n] // {} |
     select((."resilient-ssh-url" | type) == "string" and (."notification-id" | type) == "string" and (."ssh-public-key" | type) == "string") |
     {url: "\($n)@\(."notification-id" | split(":")[0])=\(."resilient-ssh-url")", key: ."ssh-public-key"}] |
    if line($r) == [] then {} else coordinator + {peers: (map(.url) | join(" ")), "peer-keys": (map(.key) | join(" "))} end;
def roles($r; $peers):
    $r.parameters as $own |
    [line($r)[] | {("\(.parameters.number)"): {"software-type": (."software-type" // ""),
        parameters: (.parameters + {number: $own.number, name: $own.name} + $peers)}}] |
    (add // {}) | {leader: .["0"], fallback: .["1"]} | with_entries(select(.value));
$w.instances[] | . as $r |
$placements[0][$r.name] as $place |
$by_name[$place.computer] as $c |
peers($r) as $peers |
($place.slug // $r.slug) as $slug |
"\($slug) \($place.computer) \($r.name)",
({name: $r.name, "software-type": ($r."software-type" // ""), computer: $c.guid, network: $c.network, partition: $slug,
    address: (if $d.all_local then "" else $c.address end), parameters: ($r.parameters + $peers),
    shared: [$w.shared[] | select(.placement.instance_guid == $r.name) | {name, parameters}],
    roles: roles($r; $peers), connections: connections($r.name)} | tojson)
