# SPDX-License-Identifier: Apache-2.0
# What look.sh has told of an instance, as {kind, name, runs, proofs, spool, queue, store, disk, keys}; input: its text. Nothing in it
# is trusted: what has not the type that it should have is left out, and text is cleaned.
include "words";

def numbers_only: if type == "number" then . else null end;
def text: if type == "string" then clean else null end;
def time: if type == "string" then (.[:19] + "Z" | fromdateiso8601? // null) else null end;
def object: fromjson? | objects;
def seconds: capture("^(?<n>[0-9]{1,12})(?<u>[smhd]?)$")? // {n: "0", u: ""} | (.n | tonumber) * ({m: 60, h: 3600, d: 86400}[.u] // 1);
def kib: tonumber? // null | if . then . * 1024 else null end;
def word: index(" ") as $i | if $i then [.[:$i], .[$i + 1:]] else [., ""] end;

([split("\n")[] | select(. != "") | word | {word: .[0], rest: .[1]}] | group_by(.word) | map({(.[0].word): map(.rest)}) | add // {}) as $told |
($told.time // ["0"] | .[0] | tonumber? // 0) as $now |
([($told.watched // [])[] | word | {word: .[0], rest: .[1]}]) as $watched |
def watched($word): $watched[] | select(.word == $word) | .rest;
def age: if . == null then null else [0, $now - .] | max end;
# Older than that, or so far in the future that it says nothing: which clock is wrong?
def is_older($limit): . != null and ($now - . > $limit or . - $now > 300);
def behind($list; $key): [($list // [])[] | word | select(.[0] == $key) | .[1] | object];

def row: {time: (.time | time), outcome: (.status | text), exit: (.exit | numbers_only), seconds: (.seconds | numbers_only),
    tries: (.tries | numbers_only), generation: (.generation | text), error: (.error | text), title: (.title | text)};

def run:
    split(" ") | . as [$feed, $what, $limit] | (.[3:] | join(" ")) as $name |
    [behind($told.row; $feed)[] | select(has("title")) | row] as $rows |
    (behind($told.health; $feed)[0].state // "unknown") as $health |
    ($rows | last) as $last | ([$rows[] | select(.outcome != "FAILURE")] | last) as $good |
    {feed: ($feed | clean), what: ($what | clean), name: ($name | clean), limit_seconds: ($limit | seconds),
     state: ({none: "waiting", ok: "ok", failed: "failed", stalled: (if $last then "late" else "never" end)}[$health] // "failed"),
     time: $last.time, age_seconds: ($last.time | age), last_good: $good.time, exit: $last.exit, duration_seconds: $last.seconds,
     generation: $last.generation, error: $last.error, rows: [$rows[] | {time, outcome, exit, seconds, tries, generation}]};

def generation: {generation: (.generation | text), time: (.time | time), bytes: (.tree_bytes | numbers_only), stored_bytes: (.stored_bytes | numbers_only),
    suspicious: (.suspicious == true), proofs: [(.proofs // [])[] | objects | {instance: (.instance | text), time: (.time | time), seconds: (.seconds | numbers_only)}]};
def history($name): [behind($told.list; $name)[] | select(has("tree_bytes") and .branch != true) | generation];

def proof:
    split(" ") | . as [$id, $limit, $name] | (.[3:] | join(" ")) as $instance | ($limit | seconds) as $limit |
    history($name) as $all |
    ([$all[] | . as $g | .proofs[] | select(.instance == ($instance | clean)) | {generation: $g.generation, of: $g.time, time, seconds}] | last) as $proof |
    ($all | last) as $newest |
    {id: ($id | clean), name: ($name | clean), instance: ($instance | clean), limit_seconds: $limit, newest: $newest.generation,
     generation: $proof.generation, of: $proof.of, age_seconds: ($proof.of | age), time: $proof.time, duration_seconds: $proof.seconds,
     state: (if $newest == null then "waiting" elif $proof.generation == $newest.generation then "ok"
        elif $limit == 0 or ($proof.of // $all[0].time | is_older($limit) | not) then (if $proof then "ok" else "waiting" end)
        elif $proof then "late" else "never" end)};

def store:
    word[0] as $path | . as $whole | ($told.store // [] | .[0] // "" | split(" ")) as $said |
    {path: ($whole | clean), state: ({there: "ok", none: "waiting"}[$said[0] // ""] // "failed"), what: ($said[0] // "unknown" | clean),
     bytes: (($said[1] // "") | kib),
     names: [[watched("run") | split(" ") | select(.[1] == "pull") | .[3:] | join(" ")] | unique[] | . as $name | history($name) as $all |
        {name: ($name | clean), generations: ([behind($told.list; $name)[] | .generations | numbers] | last), newest: ($all | last), history: $all}]};

def queue:
    [($told.queue // [])[] | object] as $all | [$all[] | select(has("program"))] as $items | ([$all[] | select(has("waiting"))] | last) as $sum |
    ([$items[] | select(.state == "waits" or .state == "retries") | .since | time | numbers] | min) as $oldest |
    {path: clean, waiting: ($sum.waiting | numbers_only), given_up: ($sum.given_up | numbers_only), damaged: ($sum.damaged | numbers_only),
     oldest: $oldest, oldest_seconds: ($oldest | age), refused: ([$sum.forged, $sum.foreign, $sum.malformed | numbers] | add),
     state: (if $sum == null or $sum.given_up != 0 or $sum.damaged != 0 then "failed" else "ok" end),
     items: [$items[] | select(.state | IN("waits", "retries", "given up")) | {program: (.program | text), state: (.state | text), wanted: (.wanted | text),
        since: (.since | time), tries: (.tries | numbers_only), status: (.status | numbers_only)}]};

def spool:
    split(" ")[0] as $limit | ($limit | seconds) as $limit | ($told.spool // ["0 0"] | .[0] | split(" ") | map(tonumber? // 0)) as [$count, $oldest] |
    {waiting: $count, oldest: (if $count > 0 then $oldest else null end), oldest_seconds: (if $count > 0 then $oldest | age else null end),
     limit_seconds: $limit, state: (if $count > 0 and $limit > 0 and ($oldest | is_older($limit)) then "late" else "ok" end)};

# The floor is the least of N% and sizes; units are those of promise-disk.
def disk:
    ($told.disk // [""] | .[0] | split(" ") | map(kib)) as [$size, $free] |
    ([watched("floor")] | .[0] // "") as $floor |
    ([$floor | splits(" +") | capture("^(?<n>[0-9.]+)(?<u>[%KMGT]?)$")? | .u as $u | (.n | tonumber? // 0) |
        if $u == "%" then ($size // 0) * . / 100 else . * ({K: 1024, M: 1048576, G: 1073741824, T: 1099511627776}[$u] // 1) end] | min) as $least |
    if $size == null then {bytes: null, free_bytes: null, floor_bytes: $least, floor: ($floor | clean), state: "failed"}
    else {bytes: $size, free_bytes: $free, floor_bytes: ($least // 0 | floor), floor: ($floor | clean),
        state: (if $free < ($least // 0) then "failed" else "ok" end)} end;

def key:
    . as $path | ([($told.key // [])[] | select(startswith($path + " ")) | .[($path | length) + 1:] | split(" ") | map(select(. != ""))] | .[0] // []) as $said |
    {path: ($path | clean), mode: ($said[0] // null), state: (if $said | length < 4 then "failed" elif $said[0] == "600" and $said[1] == $said[3] then "ok" else "failed" end)};

# Who leads, as this instance knows it. The first leader of all has been given no epoch: it is 1.
def lead($kind):
    ([($told.lead // [])[] | word | {(.[0]): .[1]}] | add // {}) as $l |
    def epoch($word): $l[$word] // "" | if test("^[1-9][0-9]{0,14}$") then tonumber else null end;
    ($l."held-generation" // "" | if test("^[0-9]+\\.[0-9]+$") then . else null end) as $held |
    ([epoch("epoch"), epoch("leads"), epoch("superseded"), ($held // "0" | split(".")[0] | tonumber), 1] | map(numbers) | max) as $known |
    (if $l | has("superseded") then "superseded" elif $l | has("handing-over") then "hands over"
     elif $l."takeover-step" and $l."takeover-step" != "done" then "takes over" elif $kind == "export" then "leads" else "follows" end) as $does |
    {does: $does, line: ([watched("line")] | .[0] // "" | clean), epoch: (if $does == "leads" then epoch("leads") // 1 elif $does == "takes over" then epoch("takeover-epoch") else $known end),
     known_epoch: $known, step: (if $does == "takes over" then $l."takeover-step" | clean else null end), held: $held,
     loaded: (if $held == null then null else $l."held-imported" == "yes" end), state: (if $does | IN("leads", "follows") then "ok" else "waiting" end)};

def follows: split(" ") | {name: (.[0] // "" | clean), source: (.[1] // "" | clean), epoch: (.[2] // "" | tonumber? // null)};

{time: $now, kind: ([watched("kind")] | .[0] // "other" | clean),
 lead: ([watched("kind")] | .[0] // "other" | if IN("export", "import") and ([watched("failover")] != []) then lead(.) else null end),
 follows: [($told.leader // [])[] | follows],
 runs: [watched("run") | run], proofs: [watched("proven") | proof],
 spool: ([watched("spool") | spool] | .[0]), queue: ([watched("queue") | queue] | .[0]), store: ([watched("store") | store] | .[0]),
 disk: (if $told.disk or $watched != [] then disk else null end), keys: [watched("key") | key]}
