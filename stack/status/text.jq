# SPDX-License-Identifier: Apache-2.0
# The status for a person: what is wrong first, then each instance, the worst one first, a fact a line.
#   --argjson colour, quiet
include "words";

def paint($state):
    if $colour then "\u001b[" + (if $state | badness == 0 then "32" elif $state | badness <= 1 then "36" elif $state | badness <= 2 then "33" else "1;31" end) + "m\(.)\u001b[0m" else . end;
def pad($n): . + ("            "[:[$n - length, 0] | max]);
def word($state): $state | pad(8) | paint($state);
def at: .name + (if .computer then " on \(.computer)" else "" end);
def line($what; $state; $text): "  \($what | pad(9)) \(word($state)) \($text)";

def of_run: line(.what; .state; (if .time then "\(.age_seconds | ago)\(if .generation != null and .generation != "" then ", \(.generation)" else "" end), took \(.duration_seconds | duration)" else "nothing yet" end) +
    ", limit \(if .limit_seconds == 0 then "none" else .limit_seconds | duration end)\(if .state == "failed" then ", status \(.exit)" else "" end): \(.feed)");
def of_lead: if .does == "leads" then line("leads"; .state; "in epoch \(.epoch)")
    else line(.does; .state; "epoch \(.epoch // "?")\(if .step then ", at the step \(.step)" else "" end)\(if .held then ", holds \(.held)\(if .loaded then "" else ", which is not loaded" end)" else ", holds nothing yet" end)") end;
def of_proof: line("proof"; .state; (if .generation then "\(.generation) on \(.instance), dumped \(.age_seconds | ago), load took \(.duration_seconds | whole)" else "none on \(.instance)" end) +
    (if .newest != .generation then ", the newest is \(.newest // "none")" else "" end) + ": \(.name)");
def of_store: . as $s | if .names == [] then line("store"; .state; .path) else .names[] | line("store"; $s.state; (if .newest then
        "\(plural(.generations // 0; "generation")), newest \(.newest.generation) of \(.newest.time | stamp), \(.newest.bytes | bytes), \(.newest.stored_bytes | bytes) stored\(if .newest.suspicious then ", SUSPICIOUS: much smaller" else "" end); all \($s.bytes | bytes)"
        else "\($s.what): no generation" end) + ": \(.name)") end;
def body:
    (.lead // empty | of_lead), (.follows[] | line("follows"; "ok"; "\(.source) in epoch \(.epoch // "?"): \(.name)")),
    (.runs[] | of_run), (.proofs[] | of_proof), (.store // empty | of_store),
    (.queue // empty | line("queue"; .state; "\(.waiting // "?") wait\(if .oldest then ", the oldest for \(.oldest_seconds | duration)" else "" end), \(.given_up // "?") given up\(if (.refused // 0) > 0 then ", \(.refused) refused so far" else "" end)")),
    (.spool // empty | line("told"; .state; if .waiting == 0 then "everybody" else "\(plural(.waiting; "backup server")) not yet, since \(.oldest | stamp)" end)),
    (.disk // empty | line("disk"; .state; "\(.free_bytes | bytes) of \(.bytes | bytes) free\(if .floor != "" then ", floor \(.floor)" else "" end)")),
    (if .keys == [] then empty else line("keys"; (.keys | map(.state) | max_by(badness)); "\([.keys[] | select(.state == "ok")] | length) of \(.keys | length) in order") end),
    (if .services == [] then empty else line("services"; (.services | map(.state) | max_by(badness)); "\([.services[] | select(.state == "up")] | length) of \(.services | length) run") end),
    (if .promises == [] then empty else line("promises"; (.promises | map(.state) | max_by(badness)); "\([.promises[] | select(.state == "kept")] | length) of \(.promises | length) kept") end);

. as $all |
"\(.title): " + (if .state == "ok" then "all is well" | paint("ok") else "NOT WELL" | paint("failed") end) +
    ", \([.instances[] | select(.well)] | length) of \(plural(.instances | length; "instance")), \(.time | todate)",
(if .troubles == [] then empty else "", (.troubles[] | "\(word(.state)) \(.instance)\(if .computer then " on \(.computer)" else "" end): \(.what): \(.text)") end),
(if $quiet then empty else .instances | sort_by([-(.worst | badness), ({export: 0, pbs: 1, import: 2}[.kind] // 3)])[] | "", "\(at): \(if .kind == "other" then "" else "\(.kind), " end)\(.state)\(if .type != "" then ", \(.type)" else "" end)", body end)
