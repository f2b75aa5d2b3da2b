#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Placements by the words of the rule, written without looking at rs-slaparse, and compared with it.

    placements.py COUNT SEED    COUNT random sets of parameters, each in XML, JSON or lines; prints how many requests

Exits 1 at the first difference, with the parameters and both answers.
"""

import json
import random
import subprocess
import sys
from xml.sax.saxutils import escape, quoteattr

KEYS = ["computer_guid", "network_guid", "computer-guid", "mode", "a", "1", "n1-x", "x-"]
BASES = ["n", "runner", "kvm", "my-app", "x1", "1-x", "pb"]


def placement(parameters, base, number):
    """The rule: what names the request, else what names its id, key by key."""
    named, grouped = f"-sla-{base}{number}-", f"-sla-{number}-"
    found = {}
    for name, value in parameters.items():
        if name.startswith(named) and len(name) > len(named):
            found[name[len(named):]] = (1, value)
        elif name.startswith(grouped) and len(name) > len(grouped):
            found.setdefault(name[len(grouped):], (0, value))
    # Once more, so that the order does not matter: a named one replaces a grouped one.
    for name, value in parameters.items():
        if name.startswith(named) and len(name) > len(named):
            found[name[len(named):]] = (1, value)
    return {key: value for key, (_, value) in found.items()} or {"mode": "unique_by_network"}


def random_parameters(rng, base, count):
    magics = [str(rng.randrange(count + 2)), f"{base}{rng.randrange(count + 2)}", f"pbs{rng.randrange(count + 2)}", "foo", "pbs", base]
    out = {}
    for _ in range(rng.randrange(12)):
        magic = rng.choice(magics + [str(rng.randrange(count)), f"{base}{rng.randrange(count)}"])
        name = rng.choice([f"-sla-{magic}-{rng.choice(KEYS)}"] * 8 + [rng.choice(["plain", "sla-1-a", f"-sla-{magic}", f"-sla-{magic}-"])])
        out[name] = rng.choice(["V%d" % rng.randrange(100), "", "a b", "it's", "<&>", "\u00e9", "$x"])
    items = list(out.items())
    rng.shuffle(items)
    return dict(items)


def written(rng, parameters):
    form = rng.randrange(4)
    if form == 0:
        inside = "".join(f"<parameter id={quoteattr(k)}>{escape(v)}</parameter>\n" for k, v in parameters.items())
        return f"<?xml version='1.0' encoding='utf-8'?>\n<instance>{inside}</instance>"
    if form == 1:
        return json.dumps(parameters)
    if form == 2:
        return "<instance><parameter id='_'>" + escape(json.dumps(parameters)) + "</parameter></instance>"
    return "".join(f"{k}={v}\n" for k, v in parameters.items())


def main():
    count, rng, compared = int(sys.argv[1]), random.Random(int(sys.argv[2])), 0
    for _ in range(count):
        base, size = rng.choice(BASES), rng.randrange(1, 13)
        parameters = random_parameters(rng, base, size)
        text = written(rng, parameters)
        run = subprocess.run(["rs-slaparse", "--json", "--all", f"{base}:{size}"], input=text.encode(), stdout=subprocess.PIPE, check=True)
        got = json.loads(run.stdout)["requests"]
        want = {f"{base}{i}": placement(parameters, base, i) for i in range(size)}
        want.update({f"pbs{i}": placement(parameters, "pbs", i) for i in range(1, size)})
        rest = subprocess.run(["rs-slaparse", "--json", "--rest"], input=text.encode(), stdout=subprocess.PIPE, check=True)
        left = {k: v for k, v in parameters.items() if not k.startswith("-sla-")}
        if got != want or json.loads(rest.stdout)["parameters"] != left:
            print(f"{base}:{size} {parameters}\ngot  {got}\nwant {want}")
            sys.exit(1)
        compared += len(want)
    print(compared)


main()
