# SPDX-License-Identifier: Apache-2.0
# All instances as one: {title, time, state, troubles, instances, exit}. Input: rows as rs-deploy has them, each with the text of
# look.sh in `facts`; --slurpfile seen: what facts.jq made of these texts, in the same order.
#   --arg title, --argjson time    what it is all about, and when it was asked
#   --argjson all                  whether these are all instances of a deployment
include "words";

def trouble($i; $word; $what; $text):
    {state: $word, instance: $i.name, computer: $i.computer, what: $what, text: $text};

# What the promise of a fact is called.
def facts:
    (.runs[] | {what: .feed, state, text: ("\(.what): " + (if .state == "failed" then "failed \(.age_seconds | ago), status \(.exit)\(if .error != null and .error != "" then ": \(.error)" else "" end)"
        elif .state == "never" then "has never run" else "nothing since \(.time | stamp), the limit is \(.limit_seconds | duration)" end))}),
    (.proofs[] | {what: "\(.id)-proven", state, text: "\(.name) is not proven on \(.instance)"}),
    (.queue // empty | {what: "queue", state, text: "\(.given_up // "?") given up"}),
    (.spool // empty | {what: "spool", state, text: "\(.waiting) not told since \(.oldest | stamp)"}),
    (.disk // empty | {what: "disk", state, text: "\(.free_bytes | bytes) are free, the floor is \(.floor)"}),
    (.store // empty | {what: "store", state, text: "\(.path): \(.what)"}),
    (.keys[] | {what: "keys", state, text: "\(.path): \(if .mode then "mode \(.mode)" else "not there" end)"});

def promises: [(.kept[] | {name: clean, state: "kept", text: ""}),
    (.failing[] | index(":") as $i | {name: (.[:$i // length] | clean), state: "failed", text: (if $i then .[$i + 1:] | ltrimstr(" ") | clean(1500) else "" end)})];

def instance($seen):
    . as $row |
    {name: (.name | clean), computer: (.computer // null | if . then clean else . end), directory: (.directory // null), type: (.type // ""), state: (.state | clean)} +
    ($seen // {kind: "other", lead: null, follows: [], runs: [], proofs: [], spool: null, queue: null, store: null, disk: null, keys: []}) +
    {services: [.services | to_entries[] | {name: (.key | clean), state: (if .value then "up" else "down" end)}], promises: promises} |
    . as $i |
    # One that cannot be asked has its place all the same.
    .kind |= (if . != "other" then . elif $i.type == "pull-backup" then "pbs" elif $i.type | endswith("-export") then "export"
        elif $i.type | endswith("-import") then "import" else . end) |
    .troubles = (
        [if .state == "unreachable" then trouble($i; "unreachable"; "computer"; "\(.computer // "?") cannot be reached; look whether it runs, and ssh gets there") else empty end,
         if .state == "not there any more" then trouble($i; "failed"; "deployment"; "\(.directory // "its directory") is not there any more; mount it, or rs-deploy apply makes it anew, with nothing of what it had") else empty end,
         if .state | IN("waiting for others", "placed") then trouble($i; "never"; "deployment"; "\(.state); rs-deploy apply") else empty end,
         (.promises[] | select(.state == "failed") | trouble($i; "failed"; .name; .text)),
         (.services[] | select(.state == "down") | trouble($i; "down"; .name; "the service does not run"))]) |
    # What a promise says already is not said again; where it does not say it, the fact does.
    ([.promises[] | select(.state == "failed") | .name]) as $said |
    .troubles += [facts | select(.state | badness > 1) | select(.what as $w | $said | index($w) | not) | trouble($i; .state; .what; .text)] |
    # The word of a promise is better known from the fact that it is about.
    ([facts | {(.what): .state}] | add // {}) as $states |
    .troubles |= map(.state = (if .state == "failed" and ($states[.what] // "ok" | badness) > 1 then $states[.what] else .state end)) |
    .well = (.troubles == []) |
    .worst = (([.troubles[].state] | max_by(badness)) // (if .state == "stopped" or (.state | startswith("not asked")) then "waiting" else "ok" end));

# Of two that lead the same service the one of the older epoch does not know it.
def two_leaders:
    . as $all | [.[] | select(.lead.does == "leads" and .lead.line != "")] as $leaders |
    map(. as $i | ([$leaders[] | select(.lead.line == $i.lead.line and .name != $i.name and .lead.epoch >= ($i.lead.epoch // 0))] | max_by(.lead.epoch)) as $other |
        if .lead.does == "leads" and .lead.line != "" and $other then
            .troubles += [trouble($i; "failed"; "lead"; "leads in epoch \($i.lead.epoch), and so does \($other.name) in epoch \($other.lead.epoch); if this is the one that should not: \($i.directory // "its directory")/bin/takeover --stand-down \($other.lead.epoch)")] |
            .well = false | .worst = "failed" | .lead.state = "failed"
        else . end);

# A line that nobody leads. One that is asked by itself may have its leader elsewhere: only if these are all, and each that could lead
# has said what it does or is gone.
def no_leader:
    if ($all | not) or any(.[]; (.type | test("-(ex|im)port$")) and (.state | IN("settled", "not there any more") | not)) then . else
        ([[.[] | select(.lead.line // "" != "")] | group_by(.lead.line)[] | select(all(.[]; .lead.does | IN("follows", "superseded")))] |
            map({key: (max_by(.lead.known_epoch).name), value: .}) | from_entries) as $lines |
        map(. as $i | $lines[$i.name] as $them | if $them == null then . else
            .troubles += [trouble($i; "failed"; "lead"; "nobody leads \($i.lead.line); a person has to order it, of one of these: " +
                ([$them[] | select(.lead.does == "follows").directory | strings | "\(.)/bin/takeover"] | join(", ")))] |
            .well = false | .worst = "failed" | .lead.state = "failed" end)
    end;

[., $seen] | transpose | map(.[1] as $s | .[0] | instance($s)) | two_leaders | no_leader |
{title: ($title | clean), time: $time, state: (if all(.[]; .well) then "ok" else "not well" end),
 troubles: ([.[].troubles[]] | sort_by(-(.state | badness))),
 instances: .} | .exit = (if .state == "ok" then 0 else 1 end)
