# SPDX-License-Identifier: Apache-2.0
# Drawings of the page: which instance gives what to which, and how something went on. Each stands in the page as it is.
include "words";

def class: badness as $b | if . == "ok" or $b == 0 then "ok" elif $b == 1 then "waiting" elif $b == 2 then "late" else "bad" end;
def short($n): if length > $n then .[:$n - 1] + "\u2026" else . end;

# ---- plots ----

def width: 320; def height: 84; def left: 4; def right: 316; def top: 16; def bottom: 66;
def round1: . * 10 | round / 10;

# A plot of what $title says of $of: points {x (time), y, bad, say}, oldest first, as bars or as a curve; y from 0. `unit` says a value.
# What failed is a cross at the bottom.
def plot($title; $of; $form; unit):
    [.[] | select(.x != null and .y != null)] as $all |
    if $all == [] then empty else
    ($all | map(.y) | max) as $most | ($all | map(select(.bad | not) | .y) | if . == [] then 0 else min end) as $least |
    ($all | length) as $n | ($all[0].x) as $from | ($all[-1].x) as $to |
    ((right - left) / ([$n, 1] | max)) as $step |
    def at_x($i): left + $step * ($i + 0.5) | round1;
    def at_y: if $most > 0 then bottom - (bottom - top) * . / $most else bottom end | round1;
    "<figure><figcaption><b>\($title | @html)</b> \($of | @html)<br>last \($all[-1].y | unit | @html), from \($least | unit | @html) to \($most | unit | @html)</figcaption>" +
    "<svg viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-label=\"\("\($title), \($of): \($n) values, last \($all[-1].y | unit), greatest \($most | unit)" | @html)\">" +
    "<line class=\"axis\" x1=\"\(left)\" y1=\"\(bottom)\" x2=\"\(right)\" y2=\"\(bottom)\"/><line class=\"axis\" x1=\"\(left)\" y1=\"\(top)\" x2=\"\(right)\" y2=\"\(top)\" stroke-dasharray=\"2 4\"/>" +
    (if $form == "bars" then
        ([range($n) as $i | $all[$i] | select(.bad | not) | (.y | at_y) as $y |
            "<rect class=\"bar\" x=\"\(at_x($i) - ([$step * 0.35, 5] | min) | round1)\" y=\"\([$y, bottom - 1] | min)\" width=\"\([$step * 0.7, 10] | min | round1)\" height=\"\([bottom - $y, 1] | max | round1)\"><title>\(.say | @html)</title></rect>"] | join(""))
     else
        "<polyline class=\"curve\" points=\"\([range($n) as $i | $all[$i] | select(.bad | not) | "\(at_x($i)),\(.y | at_y)"] | join(" "))\"/>" +
        ([range($n) as $i | $all[$i] | select(.bad | not) | "<circle class=\"dot\" r=\"\(if $n > 40 then 1.2 else 2 end)\" cx=\"\(at_x($i))\" cy=\"\(.y | at_y)\"><title>\(.say | @html)</title></circle>"] | join("")) end) +
    ([range($n) as $i | $all[$i] | select(.bad) | at_x($i) as $x |
        "<path class=\"cross\" d=\"M\($x - 3 | round1) \(bottom - 7)l6 6m0 -6l-6 6\"><title>\(.say | @html)</title></path>"] | join("")) +
    "<text x=\"\(left)\" y=\"\(top - 4)\">\($most | unit | @html)</text><text x=\"\(left)\" y=\"\(height - 5)\">\($from | strftime("%d %b %H:%M"))</text>" +
    "<text x=\"\(right)\" y=\"\(height - 5)\" text-anchor=\"end\">\($to | strftime("%d %b %H:%M"))</text></svg></figure>" end;

# ---- the map ----

# Text $t in width $w: what is too long is squeezed, and what is far too long is cut.
def fitting($class; $x; $y; $t; $w; $most):
    "<text\(if $class == "" then "" else " class=\"\($class)\"" end) x=\"\($x)\" y=\"\($y)\"\(if ($t | length) > $most then " textLength=\"\($w)\" lengthAdjust=\"spacingAndGlyphs\"" else "" end)>\($t | short($most * 5 / 3 | floor) | @html)</text>";

def box_width: 96; def box_height: 48;
def box($x; $y; $i):
    "<g class=\"\($i.worst | class)\"><title>\("\($i.name): \($i.worst)" | @html)</title><rect class=\"box\" x=\"\($x)\" y=\"\($y)\" width=\"\(box_width)\" height=\"\(box_height)\" rx=\"4\"\(if $i.worst | badness > 1 then " stroke-dasharray=\"5 3\"" else "" end)/>" +
    fitting("name"; $x + 6; $y + 15; $i.name; 84; 12) +
    fitting(""; $x + 6; $y + 28; "\($i.kind)\(if $i.computer then ", \($i.computer)" else "" end)"; 84; 15) +
    fitting("word"; $x + 6; $y + 41; (if $i.well then $i.worst else "\($i.worst): \($i.troubles | max_by(.state | badness) | .what as $w | [($i.runs[] | select(.feed == $w) | .what), ($i.proofs[] | select("\(.id)-proven" == $w) | "proof"), $w] | .[0])" end); 84; 14) + "</g>";

# An arrow from ($x1, $y1) to ($x2, $y2), with the state and the age of the run that goes there.
def way($x1; $y1; $x2; $y2; $run):
    "<g class=\"\($run.state | class)\"><title>\("\($run.feed): \($run.state)" | @html)</title><path class=\"way\" d=\"M\($x1) \($y1)H\($x1 + 8)V\($y2)H\($x2 - 5)\"\(if $run.state | badness > 1 then " stroke-dasharray=\"5 3\"" else "" end)/><path class=\"tip\" d=\"M\($x2) \($y2)l-6 -3.5v7z\"/>" +
    "<text class=\"word\" x=\"\($x2 - 6)\" y=\"\($y2 - 5)\" text-anchor=\"end\">\(if $run.state == "waiting" then "waits" else $run.state end | @html)</text><text x=\"\($x2 - 6)\" y=\"\($y2 + 13)\" text-anchor=\"end\">\(if $run.time then $run.age_seconds | duration | split(" ")[:2] | join(" ") else "" end)</text></g>";

# Exports on the left, each backup server between whom it pulls from and whom it pushes to.
def map:
    .instances as $all |
    [$all[] | select(.kind == "export")] as $exports | [$all[] | select(.kind == "import")] as $imports | [$all[] | select(.kind == "pbs")] as $servers |
    if $exports + $imports + $servers == [] then empty else
    # Who is pulled from: the name in the store is SOURCE-NAMEBASE-NUMBER.
    def leader($run): [range($exports | length) as $i | $exports[$i].runs[] | select(.name as $n | $n != "" and ($run.name | contains("-\($n)-"))) | $i] | .[0];
    # A fallback stands beside the server that pushes to it.
    def beside($name): [range($servers | length) as $i | select($servers[$i].proofs | any(.instance == $name)) | $i] | .[0];
    def place($i): 4 + $i * 66;
    ([range($imports | length) as $i | $imports[$i] | .row = (beside(.name) // $i)]) as $right |
    (([$servers, $exports, $imports | length] + [$right[].row + 1, 1]) | max) as $rows |
    def left_of($i): if ($exports | length) == 1 then 4 + ([($servers | length) - 1, 0] | max) * 33 else place($i) end;
    def half: box_height / 2;
    "<svg class=\"map\" viewBox=\"0 0 396 \($rows * 66)\" role=\"img\" aria-label=\"Which instance gives its dumps to which\">" +
    ([range($servers | length) as $i | $servers[$i].runs[] | select(.what == "pull") | . as $run | leader($run) as $l | select($l != null) |
        way(100; left_of($l) + half; 150; place($i) + half; $run)] | join("")) +
    ([range($servers | length) as $i | $servers[$i] as $s | $s.proofs[] | . as $p | $s.runs[] | select(.feed == $p.id) | . as $run | $right[] | select(.name == $p.instance) |
        way(246; place($i) + half; 296; place(.row) + half; $run + {state: (if ($p.state | badness) > ($run.state | badness) then $p.state else $run.state end)})] | join("")) +
    ([range($exports | length) as $i | box(4; left_of($i); $exports[$i])] | join("")) +
    ([range($servers | length) as $i | box(150; place($i); $servers[$i])] | join("")) +
    ([$right[] | box(296; place(.row); .)] | join("")) + "</svg>" end;
