# SPDX-License-Identifier: Apache-2.0
# The status as a page: without a script, and without anything from elsewhere. Every text goes through @html.
#   --arg style    what stands in its <style>
include "words";
include "svg";

def word($state): "<span class=\"s \($state | class)\">\($state | @html)</span>";
def at: .name + (if .computer then " on \(.computer)" else "" end);
def time: if . == null then "never" else strftime("%Y-%m-%d %H:%M:%S UTC") end;
def line($what; $state; $text; $more): "<tr><th scope=\"row\">\($what | @html)</th><td>\(word($state))</td><td>\($text | @html)\(if $more == "" then "" else "<small>\($more | @html)</small>" end)</td></tr>";

def of_run: line(.what; .state; (if .time then "\(.age_seconds | ago)\(if (.generation // "") != "" then ", \(.generation)" else "" end), took \(.duration_seconds | duration)" else "nothing yet" end);
    "\(.feed), limit \(if .limit_seconds == 0 then "none" else .limit_seconds | duration end)\(if .state == "failed" then ", status \(.exit)" else "" end)");
def of_lead: if .does == "leads" then line("leads"; .state; "in epoch \(.epoch)"; "")
    else line(.does; .state; "epoch \(.epoch // "?")\(if .step then ", at the step \(.step)" else "" end)"; if .held then "holds \(.held)\(if .loaded then "" else ", which is not loaded" end)" else "holds nothing yet" end) end;
def of_proof: line("proof"; .state; (if .generation then "\(.generation) on \(.instance), load took \(.duration_seconds | whole)" else "none on \(.instance)" end);
    (if .newest != .generation then "the newest is \(.newest // "none"), " else "" end) + "\(if .generation then "dumped \(.age_seconds | ago), " else "" end)limit \(if .limit_seconds == 0 then "none" else .limit_seconds | duration end)");
def of_store: . as $s | if .names == [] then line("store"; .state; .what; .path) else .names[] | line("store"; $s.state;
    (if .newest then "\(plural(.generations // 0; "generation")), newest \(.newest.generation), \(.newest.bytes | bytes)\(if .newest.suspicious then ", SUSPICIOUS: much smaller" else "" end)" else $s.what end);
    "\(.name), \($s.bytes | bytes) on disk\(if .newest then ", proven on \(.newest.proofs | map(.instance) | if . == [] then "nobody yet" else join(", ") end)" else "" end)") end;
def facts:
    (.lead // empty | of_lead), (.follows[] | line("follows"; "ok"; "\(.source) in epoch \(.epoch // "?")"; .name)),
    (.runs[] | of_run), (.proofs[] | of_proof), (.store // empty | of_store),
    (.queue // empty | line("queue"; .state; "\(.waiting // "?") wait, \(.given_up // "?") given up"; if .oldest then "the oldest for \(.oldest_seconds | duration)" else "" end)),
    (.spool // empty | line("told"; .state; if .waiting == 0 then "everybody" else "\(plural(.waiting; "backup server")) not yet" end; if .oldest then "since \(.oldest | time)" else "" end)),
    (.disk // empty | line("disk"; .state; "\(.free_bytes | bytes) free of \(.bytes | bytes)"; if .floor != "" then "floor \(.floor)" else "" end)),
    (if .keys == [] then empty else line("keys"; (.keys | map(.state) | max_by(badness)); "\([.keys[] | select(.state == "ok")] | length) of \(.keys | length) in order"; "") end),
    (.services[] | line("service"; .state; .name; ""));
def promises: if .promises == [] then "" else
    "<details><summary>\([.promises[] | select(.state == "kept")] | length) of \(plural(.promises | length; "promise")) kept</summary><table class=\"promises\">" +
    ([.promises[] | select(.state == "failed") | "<tr><td>\(word(.state))</td><td>\(.name | @html)\(if .text == "" then "" else "<small>\(.text | @html)</small>" end)</td></tr>"] | join("")) + "</table>" +
    ([.promises[] | select(.state == "kept") | .name] | if . == [] then "" else "<p>\(word("kept")) \(join(", ") | @html)</p>" end) + "</details>" end;
def card: "<section class=\"card \(.worst | class)\"><div class=\"head\"><h3>\(at | @html)</h3>\(word(.worst))</div><p class=\"dim\">\(([.kind | select(. != "other")] + [.state] + [.type | select(. != "")]) | join(", ") | @html)</p>" +
    "<table>\([facts] | join(""))</table>\(promises)</section>";

def runs_of($what): . as $i | .runs[] | select(.what == $what) | . as $r | [.rows[] | {x: .time, y: .seconds, bad: (.outcome == "FAILURE"),
    say: "\(.time | time): \(.outcome), \(.seconds | duration)\(if (.generation // "") != "" then ", \(.generation)" else "" end)\(if .outcome == "FAILURE" then ", status \(.exit)" else "" end)"}] |
    plot("\($what), how long it took"; $i.name; "curve"; duration);
def history($of): .history as $h |
    ($h | map({x: .time, y: .bytes, bad: false, say: "\(.generation), \(.time | time): \(.bytes | bytes)"}) | plot("size of the dump"; $of; "curve"; bytes)),
    ($h | map({x: .time, y: .stored_bytes, bad: false, say: "\(.generation), \(.time | time): \(.stored_bytes | bytes) stored"}) | plot("what each added to the store"; $of; "bars"; bytes)),
    ($h | map(select((.bytes // 0) > 0) | {x: .time, y: (.stored_bytes / .bytes * 100), bad: false, say: "\(.generation), \(.time | time): \(.stored_bytes / .bytes * 1000 | round / 10) %"}) |
        plot("delta: stored of its size"; $of; "bars"; (. * 10 | round / 10 | "\(.) %")));
def plots: [(.store // empty).names[] | . as $n | history($n.name)]
    + [("dump", "pull", "push", "load") as $w | runs_of($w)] |
    join("");

. as $all |
"<!DOCTYPE html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><meta name=\"robots\" content=\"noindex\">
<title>\("\(.title): \(if .state == "ok" then "all is well" else "not well" end)" | @html)</title>
<style>\($style)</style></head><body>
<header class=\"\(if .state == "ok" then "ok" else "bad" end)\"><h1>\(.title | @html)</h1><span class=\"s\">\(if .state == "ok" then "all is well" else "not well" end)</span>
<span class=\"dim\">\([.instances[] | select(.well)] | length) of \(plural(.instances | length; "instance")) well, as of \(.time | time)</span></header>",
(if .troubles == [] then empty else "<ul class=\"troubles\">" + ([.troubles[] | "<li class=\"\(.state | class)\">\(word(.state)) <b>\("\(.instance)\(if .computer then " on \(.computer)" else "" end)" | @html)</b> \(.what | @html)<p>\(.text | @html)</p></li>"] | join("\n")) + "</ul>" end),
([map] | .[0] // empty | "<h2>Who gives to whom</h2>", .),
"<h2>Instances</h2><div class=\"cards\">", (.instances | sort_by([-(.worst | badness), ({export: 0, pbs: 1, import: 2}[.kind] // 3)])[] | card), "</div>",
([.instances | sort_by(.kind)[] | plots] | join("") | if . == "" then empty else "<h2>How it went</h2><div class=\"plots\">", ., "</div>" end),
"<footer>Made by rs-status. What it says is of the time above; a page that is old says nothing of now.</footer></body></html>"
