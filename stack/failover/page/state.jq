# SPDX-License-Identifier: Apache-2.0
# How the instance is, as a part of the page. Every text goes through @html.
#   --arg verdict                 could, refused, runs or unknown
#   --argjson importing           whether a dump is being loaded
#   --rawfile reasons, text       what bin/takeover --explain said; what rs-status --json said, which may be nothing
include "words";

def class: badness | if . == 0 then "ok" elif . == 1 then "waiting" elif . == 2 then "late" else "bad" end;
def word($state): "<span class=\"s \($state | class)\">\($state | @html)</span>";
def row($what; $html): "<tr><th scope=\"row\">\($what | @html)</th><td>\($html)</td></tr>";
def stamp_of: strftime("%Y-%m-%d %H:%M:%S UTC");
def trouble($class; $word; $text): "<li class=\"\($class)\"><span class=\"s\">\($word | @html)</span> \($text | @html)</li>";

(try ($text | fromjson | select(type == "object")) catch null) as $all |
($all.instances[0]? // null) as $i |
([$i.runs[]? | select(.what == "load")] | .[0]) as $load |
([$load.rows[]? | select(.outcome != "FAILURE")] | last) as $good |
($good.time // $load.last_good) as $time |
(if $time and ($all.time | type) == "number" then [0, $all.time - $time] | max else null end) as $age |

"<p class=\"dim\">\(if $i then "Instance \($i.name)\(if ($i.type // "") != "" then ", \($i.type)" else "" end), as of \($all.time | stamp_of)" else "The state of the instance" end | @html)</p>",
"<ul class=\"troubles\">",
trouble("bad"; "warning"; "A takeover makes this instance the one that serves and dumps. The old one does not come back as what it was."),
(if $i.kind == "export" then trouble("bad"; "leads"; "This instance leads already.")
 elif $time == null and $i then trouble("bad"; "no backup"; "No backup was loaded yet: a takeover should not happen now.") else empty end),
(if $verdict == "could" and $time then trouble("late"; "loss"; "What was written after the dump that was loaded \($age | whole) ago is lost.") else empty end),
(if $importing then trouble("late"; "importer"; "An importer is at work now. A takeover waits for it; better wait until it has ended, and look again.") else empty end),
(if $verdict == "refused" then trouble("bad"; "refused"; "bin/takeover does not take over now, for the reasons below.")
 elif $verdict == "runs" then trouble("late"; "runs"; "A takeover runs already.")
 elif $verdict == "unknown" then trouble("bad"; "unknown"; "Whether a takeover could be cannot be told.") else empty end),
"</ul>",
"<table>",
(if $i.kind == "export" then empty
 elif $i then
    row("Last valid backup"; if $time == null then word("never") + " No backup was loaded yet, and a takeover should not happen now."
        else "\(if ($good.generation // "") != "" then "generation \($good.generation), " else "" end)loaded \($time | stamp_of), \($age | whole) ago" | @html end),
    row("Last load"; if $load == null then word("never") else word($load.state) +
        " \(if $load.time then "\($load.age_seconds | whole) ago\(if $load.exit != null and $load.exit != 0 then ", status \($load.exit)" else "" end)" else "nothing yet" end | @html)" end)
 else row("State"; word("failed") + " rs-status does not say how the instance is") end),
(if $i then
    (([$i.promises[]? | .state == "kept"]) | select(. != []) | row("Promises"; word(if all then "kept" else "failed" end) + " \(map(select(.)) | length) of \(length)")),
    ($i.troubles[]? | row(.what; word(.state) + " \(.text | @html)"))
 else empty end),
row("Importer at work"; if $importing then word("waiting") + " yes" else "no" end),
"</table>",
"<h2>What bin/takeover says</h2><pre>\($reasons | split("\n") | map(clean(400)) | join("\n") | sub("\n+$"; "") | @html)</pre>"
