# SPDX-License-Identifier: Apache-2.0
# The part of the log that a takeover has written, for everybody: steps with their times. Input: its text.
# Lines that begin otherwise are only counted: what went wrong may name things that are not for everybody. Those of the page itself say
# where somebody came from.
include "words";

def is_step: test("^([0-9]{4}-[0-9]{2}-[0-9]{2}T?[0-9:.]*Z?|[0-9]{2}:[0-9]{2}:[0-9]{2}[0-9.Z]*|lock|acquire|raise|freeze|import|retype|hooks|start|publish|follow|unlock)([ :,]|$)");

[split("\n")[] | select(. != "" and (test("^[0-9T:Z-]+ page: ") | not)) | clean(200)] as $lines |
[$lines[] | select(is_step)] as $steps |
(if $steps == [] then "<p>It has said nothing yet.</p>" else "<pre>\($steps[-200:] | join("\n") | @html)</pre>" end),
(($lines | length) - ($steps | length) | if . > 0 then "<p class=\"dim\">\(plural(.; "other line")) not shown.</p>" else empty end)
