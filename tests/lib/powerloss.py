#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A loss of power at any time of a run: what the disk may hold then must still be a store, or a target.

    powerloss.py WHAT VERIFIER STATES [SAMPLE] [--lazy]

WHAT is that of faults.py. VERIFIER is the program store-verifier. The run is recorded; then for the moment before each
sync, and for its end, the operations that are not durable are on the disk or are not, in all combinations if there are
few, else in STATES of them, drawn; a write may also be there in part, with some of its pages, or as zeros. Each state
that differs from those before is made and looked at; each SAMPLEth (50th) is looked at with the tools as well, with
everything that faults.py asks for, and the next run is made in it. --lazy: as if the syncs of the run had been left
out, which must not hold. Works in the current directory. Prints one line for the report. Exit status: 0 all held; 1
some did not, each is named on stderr.
"""

import itertools
import multiprocessing
import os
import random
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import diskmodel  # pylint: disable=wrong-import-position
import faults  # pylint: disable=wrong-import-position

WORKERS = os.cpu_count() or 1
KNOWN = 1000  # drawn states without a new one among them, after which a moment is taken to be exhausted


def ways(operation, rng):
    """How an operation that is not durable may have arrived; None: not."""
    if operation.kind != "data":
        return [None, "whole"]
    _, offset, data = operation.what
    out = [None, "whole", "zeros", rng.randrange(len(data)) if data else 0]
    if (count := diskmodel.pages(offset, len(data))) > 1:
        out.append(tuple(rng.random() < 0.5 for _ in range(count)))
    return out


def combinations(pending, limit, rng, stale):
    """Each way that the pending operations may have arrived; if there are too many: all or nothing, all but one, only
    one, and `limit` drawn ones. A write may arrive in part, which makes more ways than can be tried: some are always
    drawn, until stale() says that nothing new comes of it."""
    choices = [ways(op, rng) for op in pending]
    total = 1
    for choice in choices:
        total *= len(choice)
    if total <= limit:
        yield from itertools.product(*choices)
    else:
        nothing, everything = [None] * len(choices), ["whole"] * len(choices)
        for at, choice in enumerate(choices):
            for way in choice:
                yield (*everything[:at], way, *everything[at + 1:])
                yield (*nothing[:at], way, *nothing[at + 1:])
    if total > limit or any(op.kind == "data" for op in pending):
        for _ in range(limit):
            if stale():
                return
            share = rng.random()  # from nearly nothing to nearly everything
            yield tuple(rng.choice(ways(op, rng)[1:]) if rng.random() < share else None for op in pending)


def states(recording, limit):
    """(state, its key, whether the run had said that it was done) for each moment; none twice."""
    rng, seen = random.Random(faults.SEED), set()
    for moment in sorted({*recording.syncs, recording.acknowledged, recording.clock + 1}):
        done = [op for op in recording.operations if op.at < moment]
        pending = [op for op in done if op.durable_at is None or op.durable_at >= moment]
        number = {op: at for at, op in enumerate(pending)}
        acknowledged, known = moment >= recording.acknowledged, 0  # known: states in a row that were there before
        # pylint: disable-next=cell-var-from-loop
        for combination in combinations(pending, limit, rng, lambda: known > KNOWN):
            state = diskmodel.State(recording.root)
            for op in done:
                way = combination[number[op]] if op in number else "whole"
                if way is not None:
                    state.apply(op, way)
            key = state.key()
            known += 1
            if (key, acknowledged) not in seen:
                seen.add((key, acknowledged))
                known = 0
                yield state, key, acknowledged


class Target:
    """Looks at the directory of an import."""

    def __init__(self, thing, _verifier):
        self.thing = thing

    def prepare(self, place, inodes):
        """The state directory speaks of directories by their inodes, which are other ones here."""
        state = f"{place}/.t.rs-import"
        if not os.path.isdir(state):
            return
        other = lambda number: str(inodes.get(int(number), 0))  # noqa: E731
        for name in os.listdir(state):
            if name.startswith("tree-"):
                number, _, suffix = name[len("tree-"):].partition(".")
                os.rename(f"{state}/{name}", f"{state}/moving-{other(number)}.{suffix}")
            elif name in ("pending", "proven"):
                with open(f"{state}/{name}", "r+", encoding="ascii", errors="replace") as file:
                    words = file.read().split()
                    if words and words[0].isdigit():
                        file.seek(0)
                        file.truncate()
                        file.write(other(words[0]) + "\n")
        for name in os.listdir(state):
            if name.startswith("moving-"):
                os.rename(f"{state}/{name}", f"{state}/tree-{name[len('moving-'):]}")

    def look(self, place, acknowledged):
        now, trees = faults.lines(f"{place}/t"), self.thing.history.trees
        faults.need(now == trees["1.3"] or (now == trees["1.2"] and not acknowledged),
                    "the target is neither the old tree nor the new one" if now != trees["1.2"] else "acknowledged and not there")

    def end(self):
        pass


class Store:
    """Looks at a store."""

    def __init__(self, thing, verifier):
        self.verifier = faults.Verifier(verifier)
        self.before, self.after = (self.verifier.generations(store) for store in ("store-before", "store-after"))
        self.ordered = thing.name != "prune"  # generations come; a prune's go
        faults.need(self.before != self.after, "the run changes nothing")

    def prepare(self, place, inodes):
        pass

    def look(self, place, acknowledged):
        now = self.verifier.generations(f"{place}/s")
        least, most = (self.before, self.after) if self.ordered else (self.after, self.before)
        faults.need(least.items() <= now.items() <= most.items(), f"the store has {sorted(now)}")
        faults.need(not acknowledged or now == self.after, f"done, and the store has {sorted(now)}")

    def end(self):
        self.verifier.end()


def timeless(tree):
    """Without the times that a write sets by the way, which are not in the model."""
    return [re.sub(r" mtime=-?\d+", "", line) for line in faults.lines(tree)]


def record(thing):
    """The recording of a run that is left in peace."""
    place = os.path.abspath("recorded")
    if thing.name != "import":
        os.makedirs(place)
    thing.begin(place)
    if thing.name != "import":
        shutil.copytree(f"{place}/s", "store-before")
    recording = diskmodel.Recording(place)
    argv, stdin = thing.command(place)
    result = recording.run(argv, stdin)
    faults.need(result.returncode == 0, f"the run that is recorded: {result.stderr.decode()}")
    faults.need(len(recording.syncs) >= 5, f"only {len(recording.syncs)} syncs were recorded")
    # The model has understood every call if it gives what the run has left.
    last = diskmodel.State(recording.root)
    for operation in recording.operations:
        last.apply(operation)
    last.write("modelled")
    faults.need(timeless("modelled") == timeless(place), "the model of the run is not what the run has left")
    if thing.name == "import":
        faults.need(faults.lines("modelled/t") == faults.lines(f"{place}/t"), "the model has other times")
    if thing.name != "import":
        shutil.copytree(f"{place}/s", "store-after")
    return recording


def explore(thing, recording, verifier, limit, sample, share):
    """Looks at those states whose keys fall to this share. Returns (states, sampled, broken)."""
    looker = (Target if thing.name == "import" else Store)(thing, verifier)
    count, sampled, broken = 0, 0, []
    for state, key, acknowledged in states(recording, limit):
        if key % WORKERS != share:
            continue
        count += 1
        place = os.path.abspath(f"state-{share}-{count}")
        inodes = state.write(place)
        try:
            looker.prepare(place, inodes)
            looker.look(place, acknowledged)
            if count % sample == 1 % sample:
                sampled += 1
                faults.after(thing, place, acknowledged)
        except faults.Broken as error:
            broken.append(f"{place}: {error}")
            if len(broken) > 20:
                break
            continue  # stays, to be looked at
        shutil.rmtree(place)
    looker.end()
    return count, sampled, broken


def main(argv):
    lazy = "--lazy" in argv
    argv = [word for word in argv if word != "--lazy"]
    what, verifier, limit = argv[0], argv[1], int(argv[2])
    sample = int(argv[3]) if len(argv) > 3 else 50
    thing = faults.THINGS[what]()
    try:
        thing.prepare()
        recording = record(thing)
        if lazy:
            for operation in recording.operations:
                operation.durable_at = None
        with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
            shares = pool.starmap(explore, [(thing, recording, verifier, limit, sample, share) for share in range(WORKERS)])
    except faults.Broken as error:
        print(error, file=sys.stderr)
        return 1
    broken = [line for share in shares for line in share[2]]
    for line in broken:
        print(line, file=sys.stderr)
    count, sampled = (sum(share[at] for share in shares) for at in (0, 1))
    if count < 30:
        broken.append(f"only {count} states")
        print(broken[-1], file=sys.stderr)
    print(f"{what}: {len(recording.operations)} operations, {len(recording.syncs)} syncs: {count} states of the disk after "
          f"a loss of power, the next run made in {sampled} of them: {'all held' if not broken else f'{len(broken)} broken'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
