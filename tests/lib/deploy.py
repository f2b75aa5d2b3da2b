# SPDX-License-Identifier: Apache-2.0
"""Instances of a stack on this machine, as a deployment makes them: each that is asked for is rendered, with what the others
have published, until nothing new is published.

    deploy.py PROFILE DIRECTORY [PARAMETERS.json] [--type SOFTWARE-TYPE] [--rounds N] [--address ADDRESS]

Each instance is DIRECTORY/NAME, with dashes for what is no letter or digit; the first one is DIRECTORY/root. Prints the number
of rounds, and of changes. Exit status: 0 if all is settled, 1 if not, or if an instance cannot be rendered.
"""

import argparse
import json
import os
import re
import subprocess
import sys


def slug(name):
    return re.sub("[^A-Za-z0-9]+", "-", name).strip("-")


def read(path, otherwise):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return otherwise


class Deployment:
    def __init__(self, profile, directory, address):
        self.profile, self.directory, self.address = profile, directory, address
        self.requests, self.changes = {}, 0  # requests: by name
        # By name, what is there from the last time.
        self.published = {}
        for entry in sorted(os.listdir(directory)):
            given = read(os.path.join(directory, entry, "etc/instance.json"), {})
            if given:
                self.published[given["name"]] = read(os.path.join(directory, entry, "etc/published.json"), {})

    def render(self, name, given):
        """True if nothing is missing."""
        root = os.path.join(self.directory, slug(name))
        asked = read(os.path.join(root, "etc/requests.json"), [])
        given |= {"name": name,
                  "connections": {r["name"]: self.published[r["name"]] for r in asked if r["name"] in self.published}}
        done = subprocess.run(
            ["rs-render", "--quiet", "instance", self.profile, "--root", root, "--given", "/dev/stdin"],
            input=json.dumps(given), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode not in (0, 75):
            sys.exit(f"{name}: status {done.returncode}\n{done.stderr}")
        self.changes += done.stdout.count("\n")
        for request in read(os.path.join(root, "etc/requests.json"), []):
            self.requests[request["name"]] = request
        published = read(os.path.join(root, "etc/published.json"), {})
        changed = self.published.get(name) != published
        self.published[name] = published
        return done.returncode == 0 and not changed

    def given_to(self, request):
        """What an instance that is not shared is given."""
        shared = [{"name": other["name"], "parameters": other["parameters"]}
                  for other in self.requests.values()
                  if other["shared"] and other["placement"].get("instance_guid") == request["name"]]
        parameters = request["parameters"]
        # Those that are called the same together know each other, and can each become what another one is.
        line = [other for other in self.requests.values() if parameters.get("line") and other["parameters"].get("line") == parameters["line"]]
        known = [(other["name"], self.published.get(other["name"], {})) for other in line if other["name"] != request["name"]]
        peers = {"peers": " ".join(f"{name}@{p['notification-id'].split(':')[0]}={p['resilient-ssh-url']}" for name, p in known if "resilient-ssh-url" in p),
                 "peer-keys": " ".join(p["ssh-public-key"] for _, p in known if "resilient-ssh-url" in p)} if line else {}
        roles = {}
        for other in line:
            role = {"0": "leader", "1": "fallback"}.get(str(other["parameters"].get("number")))
            if role:
                roles[role] = {"software-type": other.get("software-type", ""),
                               "parameters": other["parameters"] | {k: parameters[k] for k in ("number", "name")} | peers}
        return {"software-type": request.get("software-type", ""), "partition": slug(request["name"]), "roles": roles,
                "computer": request["placement"].get("computer_guid", "COMP-0"),
                "address": self.address, "parameters": parameters | peers, "shared": shared}

    def round(self, first):
        whole = self.render("root", dict(first))
        for request in list(self.requests.values()):
            if not request["shared"]:
                whole &= self.render(request["name"], self.given_to(request))
        return whole


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("profile")
    parser.add_argument("directory")
    parser.add_argument("parameters", nargs="?")
    parser.add_argument("--type", default="")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--address", default="", help="of all instances, which reach each other by ssh then")
    options = parser.parse_args()
    first = {"software-type": options.type, "computer": "COMP-ROOT", "partition": "root",
             "parameters": read(options.parameters, {}) if options.parameters else {}}
    os.makedirs(options.directory, exist_ok=True)
    deployment = Deployment(options.profile, options.directory, options.address)
    for number in range(1, options.rounds + 1):
        if deployment.round(first):
            print(number, deployment.changes)
            return 0
    return 1


sys.exit(main())
