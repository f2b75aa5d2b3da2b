# SPDX-License-Identifier: Apache-2.0
# What each instance is given: two texts for each that is wanted, `SLUG COMPUTER NAME` and the JSON.
#   --slurpfile deployment, wanted, placements, requests, published, members    files of these names; --arg state    their directory
$deployment[0] as $d | $wanted[0] as $w | $requests[0] as $asked | $published[0] as $values |
(reduce $d.computers[] as $c ({}; .[$c.name] = $c)) as $by_name |
def connections($name):
    [($asked[$name] // [])[].name] | map(select($values[.] != null)) | map({(.): $values[.]}) | add // {};
# Those that are called the same together know each other, and can each become what another one is: a leader, a fallback.
def line($r): [$w.instances[] | select(($r.parameters.line // "") != "" and .parameters.line == $r.parameters.line)];
# The members of etcd, as far as they have said where they are; before they have worked together all of them, or nothing.
def members($key): [($d.coordinator.members // [])[] | {name: ., url: ($values["etcd-\(.)"] // {})[$key]}] |
    if $members[0].formed or all(.[]; .url | type == "string") then map(select(.url | type == "string")) else [] end;
def endpoints: members("client-url") | map(.url) | join(",");
def member($r):
    ($r.name | ltrimstr("etcd-")) as $m | $members[0].computers[$m] as $t |
    {member: $m, host: ($t.address | if contains(":") then "[\(.)]" else . end), token: $d.name,
     cluster: (members("peer-url") | map("\(.name)=\(.url)") | join(",")), endpoints: endpoints, formed: (if $members[0].formed then "yes" else "" end),
     ca: $members[0].authority.certificate, certificate: $t.certificate, key: $t.key};
# Who says which of them leads. That of one machine is in a directory beside what is known of the deployment. Those who are asked by
# certificate find theirs in the instance.
def coordinator($computer; $directory):
    $d.coordinator as $c |
    if $c == null or ($c.members != [] and endpoints == "") then {} else
        {"coordinator-lease": $c.lease, "coordinator-block": $c.block, "coordinator-automatic": $c.automatic} +
        if $c.members == [] then
            {coordinator: ($c.conf + (if $c.conf | test("(^|\n)kind dir(\n|$)") and ($c.conf | test("(^|\n)directory ") | not) then "\ndirectory \($state)/coordinator" else "" end))}
        else
            $members[0] as $known |
            {coordinator: (([$c.conf, "endpoints \(endpoints)"] + [{cacert: "ca", cert: "certificate", key: "key"} | to_entries[] | "\(.key) \($directory)/etc/tls/\(.value).pem"]) | join("\n")),
             "coordinator-ca": $known.authority.certificate, "coordinator-certificate": $known.computers[$computer].certificate,
             "coordinator-key": $known.computers[$computer].key}
        end
    end;
def peers($r; $computer; $directory):
    [line($r)[] | select(.name != $r.name) | .name as $n | $values[$n] // {} |
     select((."resilient-ssh-url" | type) == "string" and (."notification-id" | type) == "string" and (."ssh-public-key" | type) == "string") |
     {url: "\($n)@\(."notification-id" | split(":")[0])=\(."resilient-ssh-url")", key: ."ssh-public-key"}] |
    if line($r) == [] then {} else coordinator($computer; $directory) + {peers: (map(.url) | join(" ")), "peer-keys": (map(.key) | join(" "))} end;
def roles($r; $peers):
    $r.parameters as $own |
    [line($r)[] | {("\(.parameters.number)"): {"software-type": (."software-type" // ""),
        parameters: (.parameters + {number: $own.number, name: $own.name} + $peers)}}] |
    (add // {}) | {leader: .["0"], fallback: .["1"]} | with_entries(select(.value));
$w.instances[] | . as $r |
$placements[0][$r.name] as $place |
$by_name[$place.computer] as $c |
($place.slug // $r.slug) as $slug |
(if $r."software-type" == "etcd-member" then member($r) else peers($r; $place.computer; "\($c.root)/\($d.name)/\($slug)") end) as $peers |
"\($slug) \($place.computer) \($r.name)",
({name: $r.name, "software-type": ($r."software-type" // ""), computer: $c.guid, network: $c.network, partition: $slug,
    address: (if $d.all_local then "" else $c.address end), parameters: ($r.parameters + $peers),
    shared: [$w.shared[] | select(.placement.instance_guid == $r.name) | {name, parameters}],
    roles: roles($r; $peers), connections: connections($r.name)} | tojson)
