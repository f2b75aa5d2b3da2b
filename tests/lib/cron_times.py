#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""When cron runs a line, minute by minute, by the words of crontab(5); compared with rs-render schedule --next.

    cron_times.py COUNT SEED    COUNT random lines; prints how many times were compared

Exits 1 at the first difference.
"""

import datetime
import random
import subprocess
import sys

RANGES = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
MINUTE = datetime.timedelta(minutes=1)


def field(rng, low, high):
    def item():
        a, b = sorted((rng.randint(low, high), rng.randint(low, high)))
        return rng.choice(["*", f"*/{rng.randint(1, high)}", f"{a}", f"{a}", f"{a}-{b}", f"{a}-{b}/{rng.randint(1, 9)}"])
    return ",".join(item() for _ in range(rng.choice([1, 1, 1, 2, 3])))


def values(text, low, high):
    out = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        first, last = (low, high) if span == "*" else (int(span.split("-")[0]), int(span.split("-")[-1]))
        out.update(range(first, last + 1, int(step or 1)))
    return out


def runs(fields, sets, when):
    day, week = when.day in sets[2], when.isoweekday() % 7 in {n % 7 for n in sets[4]}
    either = fields[2][0] != "*" and fields[4][0] != "*"
    return (when.minute in sets[0] and when.hour in sets[1] and when.month in sets[3]
            and (day or week if either else day and week))


def main():
    count, rng, compared = int(sys.argv[1]), random.Random(int(sys.argv[2])), 0
    for _ in range(count):
        fields = [field(rng, *limits) for limits in RANGES]
        if rng.random() < 0.7:
            fields[3] = "*"
        sets = [values(text, *limits) for text, limits in zip(fields, RANGES)]
        start = datetime.datetime(2026, 1, 1) + datetime.timedelta(minutes=rng.randrange(2 * 366 * 1440))
        want, when, end = [], start + MINUTE, start + datetime.timedelta(days=40)
        while when < end and len(want) < 5:
            if runs(fields, sets, when):
                want.append(when.strftime("%Y-%m-%dT%H:%M:%SZ"))
            when += MINUTE
        line = " ".join(fields)
        got = subprocess.run(["rs-render", "schedule", "--next", "5", "--after", start.strftime("%Y-%m-%dT%H:%M"), line],
                             stdout=subprocess.PIPE, check=True, env={"TZ": "UTC", "PATH": __import__("os").environ["PATH"]}).stdout.decode().split("\n")
        got = [g for g in got[1:-1] if g < end.strftime("%Y-%m-%dT%H:%M:%SZ")]
        if got != want:
            print(f"{line} after {start}\ngot  {got}\nwant {want}")
            sys.exit(1)
        compared += len(want)
    print(compared)


main()
