# SPDX-License-Identifier: Apache-2.0
# The sections of a deployment file to {errors, deployment}: what every other part of rs-deploy reads.
#   --arg directory    where the file is: what paths are relative to
def words: [splits("[ \t\n]+") | select(. != "")];
def below($base): if . == "" then "" elif startswith("/") then . else $base + "/" + . end;
def unknown($where; $known): (keys - $known)[] | "[\($where)] \(.): no such option; there are: \($known | join(", "))";

# What the name of a file, a socket and a cgroup can be made of.
def is_name: test("^[A-Za-z0-9][A-Za-z0-9._-]*$");
# Stands in crontabs and in programs of the shell: no blanks, no %, nothing to quote.
def is_root: test("^(/[A-Za-z0-9._-]+)+$") and (test("/[.]{1,2}(/|$)") | not);

["name", "profile", "software", "source", "software-type", "parameters", "computers", "stack"] as $deployment_options |
["guid", "network", "ssh", "root", "address", "path", "supervisor", "crontab", "runsvdir", "systemd", "units"] as $computer_options |
["kind", "endpoints", "cacert", "cert", "key", "user", "password-file", "prefix", "timeout", "directory"] as $coordinator_words |
($coordinator_words + ["members", "lease", "block", "automatic"]) as $coordinator_options |
. as $sections |
($sections.deployment // {}) as $d |
(($d.computers // "") | words) as $named |
(if $named == [] then [$sections | keys_unsorted[] | select(. != "deployment" and . != "parameters" and ($sections[.] | has("ssh")))]
 else $named end) as $computers |

# A computer as the other programs want it.
def computer($name):
    $sections[$name] as $c |
    (($c.ssh // "") | words) as $ssh |
    ($c.guid // $name) as $guid |
    {name: $name, guid: $guid, network: ($c.network // $guid), ssh: $ssh, local: ($ssh == ["local"]),
     root: ($c.root // ""), address: ($c.address // (if $ssh == ["local"] then "" else ($ssh[-1] // "" | sub("^.*@"; "")) end)),
     path: ($c.path // "" | words | join(":")), supervisor: ($c.supervisor // "cron"), crontab: ($c.crontab // ""),
     runsvdir: ($c.runsvdir // ""), systemd: ($c.systemd // "system"), units: ($c.units // "")};

def wrong_computer:
    .name as $n |
    (if ($n | is_name | not) then "[\($n)]: not a name of letters, digits, dots, dashes and underscores" else empty end),
    ($sections[$n] | unknown($n; $computer_options)),
    (if .ssh == [] then "[\($n)] ssh: missing: local, or what stands behind ssh" else empty end),
    (if any(.ssh[]; test("[*?\\[]")) then "[\($n)] ssh: has a pattern of the shell in it" else empty end),
    (if .root | is_root | not then "[\($n)] root: not an absolute path of letters, digits, dots, dashes and underscores: \(.root)" else empty end),
    (if .supervisor | IN("cron", "runit", "systemd", "none") | not
     then "[\($n)] supervisor: \(.supervisor): not cron, runit, systemd or none" else empty end),
    (if .supervisor == "runit" and .runsvdir == "" then "[\($n)] runsvdir: missing: the directory that runsvdir looks after" else empty end),
    (if .systemd | IN("system", "user") | not then "[\($n)] systemd: \(.systemd): not system or user" else empty end),
    ({path, crontab, runsvdir, units} | to_entries[] | select(.value != "" and (.value | split(":") | all(is_root) | not)) |
     "[\($n)] \(.key): not an absolute path of letters, digits, dots, dashes and underscores: \(.value)");

# Who says who leads: what coordinator(1) of stack/failover reads, and what rs-elect has to know.
($sections.coordinator // {}) as $coordinator |
def wrong_coordinator($all_local):
    unknown("coordinator"; $coordinator_options),
    (if .kind | IN("etcd", "dir") | not then "[coordinator] kind: etcd or dir, not \(.kind // "")" else empty end),
    (if .kind == "dir" and ($all_local | not) then "[coordinator] kind: dir is for deployments whose computers are all local" else empty end),
    (if .kind == "etcd" and (.endpoints // "") == "" and (.members // "") == "" then "[coordinator] endpoints: missing, or members" else empty end),
    (if (.members // "") != "" then
        (.members | words) as $members |
        (if .kind != "etcd" then "[coordinator] members: are of etcd" else empty end),
        (["endpoints", "cacert", "cert", "key", "user", "password-file"][] as $word | select(has($word)) | "[coordinator] \($word): is not needed with members, whose it is"),
        ($members[] | select(IN($computers[]) | not) | "[coordinator] members: there is no computer \(.)"),
        (if $members | length != (unique | length) then "[coordinator] members: one is there twice" else empty end),
        (if $members | length | IN(1, 3, 5) | not then "[coordinator] members: 3 or 5 (or 1, which is a toy), not \($members | length): an even number bears no more losses than one less" else empty end)
     else empty end),
    (to_entries[] | select(.value | test("[\u0000-\u001f\u007f]")) | "[coordinator] \(.key): has several lines"),
    ({lease, block} | to_entries[] | select(.value != null and (.value | test("^[1-9][0-9]{0,5}$") | not)) |
     "[coordinator] \(.key): not a number of seconds: \(.value)"),
    (select(.automatic != null and (.automatic | IN("yes", "no") | not)) | "[coordinator] automatic: yes or no, not \(.automatic)");

[$computers[] | select($sections[.] != null) | computer(.)] as $found |
{errors: [
    (if $sections.deployment == null then "there is no section [deployment]" else empty end),
    ($d | unknown("deployment"; $deployment_options)),
    (if ($d.name // "") | is_name | not then "[deployment] name: not a name of letters, digits, dots, dashes and underscores: \($d.name // "")" else empty end),
    (if ($d.profile // "") == "" then "[deployment] profile: missing" else empty end),
    (if $computers == [] then "there is no computer: a section with an option ssh" else empty end),
    ($computers[] | select($sections[.] == null) | "[deployment] computers: there is no section [\(.)]"),
    ($found[] | wrong_computer),
    ($found | group_by(.guid)[] | select(length > 1) | "\(map("[\(.name)]") | join(" and ")): the same guid: \(.[0].guid)"),
    ($found | group_by([.ssh, .root])[] | select(length > 1) | "\(map("[\(.name)]") | join(" and ")): the same root on the same machine: \(.[0].root)"),
    (if $sections.coordinator then $coordinator | wrong_coordinator(all($found[]; .local)) else empty end),
    (if all($found[]; .local) then empty else $found[] | select(.address == "") | "[\(.name)] address: missing: others cannot reach it without" end)],
 deployment: {
    name: $d.name, software_type: ($d["software-type"] // ""), stack: (($d.stack // "") | below($directory)),
    software: (($d.software // "") | below($directory)),
    profile: (($d.profile // "") | if ($d.software // "") != "" then . else below($directory) end),
    source: (($d.source // "") | below($directory)),
    parameters_file: (($d.parameters // "") | below($directory)),
    parameters: ($sections.parameters // {}),
    coordinator: (if $sections.coordinator then {
        conf: ([$coordinator_words[] as $word | select(($coordinator[$word] // "") != "") | "\($word) \($coordinator[$word])"] | join("\n")),
        members: ($coordinator.members // "" | words),
        lease: ($coordinator.lease // "15"), block: ($coordinator.block // "3600"), automatic: ($coordinator.automatic // "yes")} else null end),
    all_local: all($found[]; .local),
    computers: $found}}
