#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second kill during the recovery from the first: NEEDS.md B33.

    pairs.py WHAT VERIFIER PAIRS [SAMPLE]

WHAT is pull, import, prune or copy, as in faults.py. VERIFIER is the program store-verifier. A run is killed before its
Nth write-like call, the next run of the same command before its Mth, both drawn, until PAIRS of them have died; each
time the promises must hold, and the third run must complete. A store is looked at by the verifier: it reads all data
and tells the digest of each generation, so that what it says is what a restore would show; each SAMPLEth (25th) is
looked at with the tools instead, by everything that faults.py asks for after one kill. What is pulled is restored, and
the tree of an import compared, each time.
Works in the current directory. Prints one line for the report. Exit status: 0 all held; 1 some did not, each is named
on stderr and left in place.
"""

import functools
import multiprocessing
import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults  # pylint: disable=wrong-import-position
from faults import done, have, need, run  # pylint: disable=wrong-import-position

WORKERS = os.cpu_count() or 1
SHARED = 8  # pairs that begin with the same killed run of a store: the store as it is then is copied


class Unmade(Exception):
    """No second kill: the run was at its end before."""


class Stores:
    """What pull, prune and copy have in common."""

    def __init__(self, thing, verifier):
        self.thing, self.verifier = thing, faults.Verifier(verifier)
        self.old = self.verifier.generations("second" if thing.name == "copy" else "base")
        self.template, self.first, self.left, self.tried = None, None, 0, 0

    def begin(self, first, place):
        """A store whose run was killed at the call `first`."""
        if first != self.first or self.left == 0:
            if self.template:
                shutil.rmtree(self.template)
            self.template, self.first, self.left = f"{place}-first", first, SHARED
            os.mkdir(self.template)
            self.thing.begin(self.template)
            argv, stdin = self.thing.command(self.template)
            status = run(*argv, stdin=stdin, fault=f"any:{first}:kill").returncode
            need(status in (0, faults.KILLED), f"status {status} of the first run")
            self.next_stdin = self.stdin(self.template)
        self.left -= 1
        shutil.copytree(self.template, place, symlinks=True)

    def stdin(self, place):
        """What the next run of the command reads."""
        return self.exported(have(f"{place}/s")) if self.thing.name == "pull" else self.thing.command(place)[1]

    @staticmethod
    @functools.cache
    def exported(had):
        """The source does not change: the same question has the same answer."""
        return faults.export("src", had)

    def second(self, place, fault):
        return run(*self.thing.command(place)[0], stdin=self.next_stdin, fault=fault)

    def verify(self, place, complete, thorough):
        if thorough:
            faults.after(self.thing, place, complete)
            return
        store, kind = f"{place}/s", self.thing.name
        self.look(self.verifier.generations(store), complete)
        result = run(*self.thing.command(place)[0], stdin=self.stdin(place))
        need(result.returncode == 0, f"the third run: status {result.returncode}: {result.stderr.decode()}")
        self.look(self.verifier.generations(store), True)
        faults.no_leftovers(store)
        if kind == "pull":
            need(self.thing.history.restores(store, result.stdout.decode().strip(), f"{place}/out"), "not restored")
        elif kind == "prune":
            size = faults.packs(store)
            need(size <= self.thing.after, f"{size} bytes of packs, {self.thing.after} in peace")

    def look(self, now, complete):
        """Are these generations what may be there, and what must be?"""
        if self.thing.name == "prune":
            kept = {f"n {number}": self.old[f"n {number}"] for number in self.thing.keep}
            need(kept.items() <= now.items() <= self.old.items(), f"the store has {sorted(now)}")
            need(not complete or now == kept, f"pruned, and the store has {sorted(now)}")
            return
        need(self.old.items() <= now.items(), f"the store has {sorted(now)}")
        more = len(now) - len(self.old)
        most = 3 if self.thing.name == "pull" else 1
        numbers = [f"n 1.{at + 1}" for at in range(len(now))]
        need(more <= most and sorted(now) == numbers, f"the store has {sorted(now)}")
        need(not complete or more > 0, "done, and nothing came")

    def end(self):
        self.verifier.end()


class Targets:
    """An import. Its directory names inodes, so it is not copied: each pair goes on where the last one ended."""

    def __init__(self, thing, _verifier):
        self.thing, self.at = thing, None

    def begin(self, first, place):
        if self.at is None:
            self.thing.begin(place)
        else:
            os.rename(self.at, place)
            done("rs-import", "--proven", f"{place}/t")
            done("rs-import", f"{place}/t", stdin=self.thing.whole["1.2"])
        self.at = None
        argv, stdin = self.thing.command(place)
        status = run(*argv, stdin=stdin, fault=f"any:{first}:kill").returncode
        need(status in (0, faults.KILLED), f"status {status} of the first run")

    def stdin(self, place):
        return self.emitted(done("rs-import", "--have", f"{place}/t"))

    @functools.cache  # pylint: disable=method-cache-max-size-none
    def emitted(self, had):
        return faults.emit(self.thing.base, "1.3", had)

    def second(self, place, fault):
        return run(*self.thing.command(place)[0], stdin=self.stdin(place), fault=fault)

    def verify(self, place, complete, thorough):
        if thorough:
            faults.after(self.thing, place, complete)
            subprocess.run(["rm", "-rf", place], check=True)
            return
        tree, trees = f"{place}/t", self.thing.history.trees
        now = faults.lines(tree)
        need(now == trees["1.3"] or not complete and now == trees["1.2"], "the target is neither the old tree nor the new")
        done("rs-import", tree, stdin=self.stdin(place))
        need(faults.lines(tree) == trees["1.3"], "the third import is not the generation")
        done("rs-import", "--check", tree)
        faults.no_leftovers_of_import(place)
        done("rs-import", "--rollback", tree)
        need(faults.lines(tree) == trees["1.1"], "what was rolled back is not the tree that was proven last")
        self.at = f"{place}-done"
        os.rename(place, self.at)

    def end(self):
        pass


def attempts(thing, verifier, total, pairs, sample, share):
    """This worker's pairs. Returns (pairs, looked at with the tools, what broke)."""
    rng = random.Random(f"{faults.SEED}/{thing.name}/{share}")
    subject = (Targets if thing.name == "import" else Stores)(thing, verifier)
    made, thorough, number, broken = 0, 0, 0, []
    limit = {}  # of a first kill: the calls that the next run makes
    firsts = []
    while made < pairs and len(broken) <= 20 and number < 4 * pairs + 50:
        if not firsts:
            # Each place in turn, in groups that share what the first kill has left.
            firsts = rng.sample(range(1, total + 1), total)
            firsts = [first for first in firsts for _ in range(SHARED if pairs > 4 * total else 1)]
        first = firsts.pop()
        second = rng.randint(1, limit.get(first, total + 8))
        place = os.path.abspath(f"pair-{share}-{number}")
        number += 1
        try:
            subject.begin(first, place)
            status = subject.second(place, f"any:{second}:kill").returncode
            need(status in (0, faults.KILLED), f"status {status} of the second run")
            if status == 0:
                limit[first] = max(1, second - 1)
            else:
                made += 1
            look = status != 0 and made % sample == 1 % sample
            thorough += look
            subject.verify(place, status == 0, look)
        except (faults.Broken, OSError, subprocess.TimeoutExpired) as error:
            broken.append(f"{place}: killed before call {first}, then {second}: {error}")
            continue  # stays, to be looked at
        if os.path.exists(place):
            shutil.rmtree(place)
    subject.end()
    return made, thorough, broken


def main(argv):
    if len(argv) not in (3, 4) or argv[0] not in faults.THINGS:
        print(__doc__, file=sys.stderr)
        return 64
    what, verifier, pairs, sample = argv[0], argv[1], int(argv[2]), int(argv[3]) if len(argv) > 3 else 25
    thing = faults.THINGS[what]()
    thing.new = ["1.3", "1.4"]
    try:
        thing.prepare()
        if what == "pull":
            thing.history.trees["1.4"] = thing.history.trees["1.5"] = thing.history.trees["1.3"]
        total = faults.count_calls(thing, "any")
    except faults.Broken as error:
        print(error, file=sys.stderr)
        return 1
    shares = [pairs // WORKERS + (at < pairs % WORKERS) for at in range(WORKERS)]
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        results = pool.starmap(attempts, [(thing, verifier, total, *share, at)
                                          for at, share in enumerate((count, sample) for count in shares)])
    broken = [line for result in results for line in result[2]]
    made, thorough = (sum(result[at] for result in results) for at in (0, 1))
    if made < pairs:
        broken.append(f"only {made} pairs of {pairs}")
    for line in broken:
        print(line, file=sys.stderr)
    print(f"{what}: {made} pairs of kills at {total} places and in the recovery, {thorough} looked at with the tools, "
          f"seed {faults.SEED}: {'all held' if not broken else f'{len(broken)} broken'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
