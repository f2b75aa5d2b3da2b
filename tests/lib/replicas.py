#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Replicated services with parameters made up at random, asked for through the stack's macros.

    replicas.py STACK COUNT SEED    prints how many requests were compared

The macros must give the bytes that python3-jinja2 makes of them; and the requests that a profile with them makes must be those
that the words of the rule ask for: which there are, where they go, and which parameters they carry, with their types.
Exits 1 at the first difference.
"""

import json
import os
import re
import random
import subprocess
import sys
import tempfile

import jinja2

BASES = ["n", "runner", "kvm", "my-app", "x1", "1-x"]
SLA_KEYS = ["computer_guid", "network_guid", "computer-guid", "mode", "a", "1", "n1-x"]
NAMES = ["size", "db-name", "a", "Z_9", "software-root", "buildout-shared-folder", "remove-backup-older-than",
         "resiliency-backup-periodicity", "dump-max-age", "disk-floor", "takeover-page", "name", "number", "notify", "line", "peers"]
VALUES = ["", "v", "3", " padded ", "two\nlines", "\n[evil]\nrecipe = x", "${buildout:directory}", "$$", "a;b", "#c", "!py!1", "it's \"q\"",
          "\u00e9\u2028", "[x]", "a = b", 0, 1, -7, 2.5, True, False, None, [], [1, "a", None], {"k": {"deep": [True]}}, "\t", "\\n"]

TEMPLATE = """{% import 'parts' as parts %}{% import 'replicated' as replicated %}[buildout]
parts =
  {{ parts.replicate(base, count) }}
  publish-connection-information

[leading]
config-colour = red
[backing]
config-colour = blue
{{ replicated.replicate(base, count, 'e', 'i', 'leading', 'backing', slapparameter_dict=slapparameter_dict) }}
"""
PROFILE = """[buildout]
extends = ../resilient/switchsoftware.cfg
[t]
<= resilient-template
url = {directory}/t.in
context +=
    json base {base}
    json count {count}
[switch-softwaretype]
default = ${{t:output}}
"""


def parameters_of(rng, base, count):
    out = {}
    for _ in range(rng.randrange(10)):
        magic = rng.choice([str(rng.randrange(count + 2)), f"{base}{rng.randrange(count + 2)}", f"pbs{rng.randrange(count + 2)}", "foo", base])
        out[f"-sla-{magic}-{rng.choice(SLA_KEYS)}"] = rng.choice(["V%d" % rng.randrange(9), "a b", "it's", "$x", "\u00e9"])
    for _ in range(rng.randrange(6)):
        out[rng.choice(NAMES)] = rng.choice(VALUES)
    items = list(out.items())
    rng.shuffle(items)
    return dict(items)


def placement(parameters, base, number):
    named, grouped = f"-sla-{base}{number}-", f"-sla-{number}-"
    found = {k[len(grouped):]: v for k, v in parameters.items() if k.startswith(grouped) and not k.startswith(named)}
    found.update({k[len(named):]: v for k, v in parameters.items() if k.startswith(named)})
    return found or {"mode": "unique_by_network"}


def wanted(parameters, base, count):
    """Name to (type, shared, placement, parameters that do not come from what others publish)."""
    left = {k: v for k, v in parameters.items() if not k.startswith("-sla-")}
    line = {"line": f"C-p-{base}"}
    own = line | {"number": "0", "name": base + "0", "namebase": base, "colour": "red"}
    leader = {k: v for k, v in left.items() if k not in ("number", "name", "namebase", "notify", "line", "peers", "peer-keys")} | own

    def watched(*keys):
        return {k: left[k] for k in keys if left.get(k)}

    out = {base + "0": ("e", False, placement(parameters, base, 0), leader)}
    for i in range(1, count):
        some = {k: left[k] for k in ("software-root", "buildout-shared-folder") if left.get(k)}
        out[f"{base}{i}"] = ("i", False, placement(parameters, base, i),
                             some | watched("resiliency-backup-periodicity", "dump-max-age", "disk-floor", "takeover-page") | line | {"number": str(i), "name": f"{base}{i}", "namebase": base, "colour": "blue"})
        out[f"PBS ({base} / {i})"] = ("pull-backup", False, placement(parameters, "pbs", i), watched("disk-floor"))
        here = {"instance_guid": f"PBS ({base} / {i})"}
        shared = {"name": f"C-p-{base}-{i}", "namebase": base} | watched("resiliency-backup-periodicity", "dump-max-age")
        out[f"PBS {i} pulling from {base}0"] = ("pull-backup", True, here, shared | {
            "type": "pull", "title": f"Pulling from {base}", "notification-id": f"C-p-{base}-{i}-pull",
            "remove-backup-older-than": left.get("remove-backup-older-than", "2W")})
        out[f"PBS pushing on {base}{i}"] = ("pull-backup", True, here, shared | {
            "type": "push", "number": str(i), "title": f"Pushing to {base} backup {i}", "instance": f"{base}{i}", "notification-id": f"C-p-{base}-{i}-push"})
    return out


# Come from what others have published, which is nothing yet; of the backup servers there is nothing else.
PUBLISHED = {"authorized-key", "on-notification", "notify", "url", "server-key", "monitor-title", "notification-key"}
NUMBERED = re.compile("(url|server-key|on-notification|notification-key)-[0-9]+")


def differs(what, parameters, got, want):
    print(f"{what}\nparameters {parameters}\ngot  {got}\nwant {want}")
    sys.exit(1)


def main():
    stack, rounds, rng = os.path.realpath(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    sources = {"t": TEMPLATE}
    for name in ("parts", "replicated"):
        with open(f"{stack}/resilient/template-{name}.cfg.in", encoding="utf-8") as file:
            sources[name] = file.read()
    python = jinja2.Environment(loader=jinja2.DictLoader(sources), undefined=jinja2.StrictUndefined,
                                extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
    compared = 0
    with tempfile.TemporaryDirectory() as directory:
        def path(name, text=None):
            if text is not None:
                with open(f"{directory}/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
            return f"{directory}/{name}"

        path("t.in", TEMPLATE)
        for turn in range(rounds):
            base, count = rng.choice(BASES), rng.randrange(1, 5)
            parameters = parameters_of(rng, base, count)
            given = rng.choice([count, str(count)])
            context = {"base": base, "count": given, "slapparameter_dict": parameters}
            done = subprocess.run(["rs-render", "template", path("t.in"), "-c", path("c.json", json.dumps(context))]
                                  + [f"--import={n}={stack}/resilient/template-{n}.cfg.in" for n in ("parts", "replicated")],
                                  stdout=subprocess.PIPE, check=True)
            text = python.get_template("t").render(context)
            if done.stdout.decode() != text:
                differs("other bytes than python3-jinja2", parameters, done.stdout.decode(), text)

            path("p.cfg", PROFILE.format(directory=directory, base=json.dumps(base), count=json.dumps(given)))
            path("given", json.dumps({"name": "root", "computer": "C", "partition": "p", "parameters": parameters}))
            done = subprocess.run(["rs-render", "--json", "instance", path("p.cfg"), "--root", f"{directory}/r", "--given", path("given"),
                                   "--dry-run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            if done.returncode not in (0, 75):
                differs(f"status {done.returncode}: {done.stderr.decode()}", parameters, "", "")
            requests = json.loads(done.stdout)["requests"]
            got = {r["name"]: (r["software-type"], r["shared"], r["placement"],
                               {k: v for k, v in r["parameters"].items() if k not in PUBLISHED and not NUMBERED.fullmatch(k)}) for r in requests}
            want = wanted(parameters, base, count)
            if len(requests) != len(want) or json.dumps(got, sort_keys=True) != json.dumps(want, sort_keys=True):
                differs(f"round {turn}: other requests", parameters, got, want)
            compared += len(want)
    print(compared)


main()
