# SPDX-License-Identifier: Apache-2.0
# How values are said, and what makes text harmless, for all that show them.

# Text from elsewhere, in one line and not endless: without control characters, and without those that turn the writing round.
def clean($most): tostring | explode |
    map(if . < 32 or (. >= 127 and . < 160) or . == 8232 or . == 8233 or (. >= 8234 and . <= 8238) or (. >= 8294 and . <= 8297) then 32 else . end) |
    (if length > $most then .[:$most - 3] + [46, 46, 46] else . end) | implode;
def clean: clean(500);

def plural($n; $what): "\($n) \($what)\(if $n == 1 then "" else "s" end)";

# Seconds for people: two units at most.
def duration:
    if . == null or . > 1e10 then "?" elif . < 0 then "0 s" elif . < 1 then "\(. * 1000 | round) ms" elif . < 10 then "\(. * 10 | round / 10) s" elif . < 60 then "\(round) s"
    elif . < 3600 then "\(. / 60 | floor) min" + (if . < 600 and . % 60 >= 1 then " \(. % 60 | floor) s" else "" end)
    elif . < 86400 then "\(. / 3600 | floor) h" + (. % 3600 / 60 | floor | if . > 0 then " \(.) min" else "" end)
    else "\(. / 86400 | floor) d" + (. % 86400 / 3600 | floor | if . > 0 then " \(.) h" else "" end) end;
# Of what was measured in whole seconds.
def whole: if . == 0 then "less than 1 s" else duration end;
def ago: if . == null then "never" else duration + " ago" end;

def bytes:
    if . == null then "?" else
        . as $n | [["", 1], ["K", 1024], ["M", 1048576], ["G", 1073741824], ["T", 1099511627776], ["P", 1125899906842624]] |
        (map(select(.[1] <= $n)) | last // ["", 1]) as $u |
        if $u[1] == 1 then "\($n) B" else ($n / $u[1] | if . < 10 then . * 10 | round / 10 else round end | "\(.) \($u[0])iB") end
    end;

def stamp: if . == null then "never" else todate end;

# How bad a state is; what is not known here is.
def badness: {"ok": 0, "kept": 0, "up": 0, "waiting": 1, "late": 2, "never": 3, "down": 4, "failed": 5, "unreachable": 6}[.] // 5;
