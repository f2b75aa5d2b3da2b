#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many pulls into one store at once, of different names and of the same one, beside a prune loop and a check loop: B13.

    crowd.py SECONDS [PULLERS] [--kill]

PULLERS (20) processes pull for so long, three of five in a name of their own, the others in one that they share. What
they pull changes from round to round; that of the shared name while none of them is at work, because two contents for
one number are refused for good reason (rs(7)). What is newest in some name is emitted again and again meanwhile.
--kill: about each second one of the tools at work is killed. In the end: each pull, emission and prune ended with 0 or
75, each check with 0, or was killed; after 75 a retry came through; each generation that was acknowledged and that
retention keeps restores bit for bit; a full check finds nothing; nothing is left in tmp/.
Works in the current directory. Prints one line for the report. Exit status: 0 all held; 1 some did not, each on stderr.
"""

import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults  # pylint: disable=wrong-import-position

KEEP = 2  # generations of each name that a prune leaves
PATIENCE = 120  # seconds for one tool, on a machine where many run
RETRIES = 200  # of a pull that is told to come again


class Crowd:
    """All that happens at once, and what is remembered of it."""

    def __init__(self, seconds, pullers, kill):
        self.end, self.kill = time.monotonic() + seconds, kill
        self.lock = threading.Lock()  # of all that follows
        self.statuses = {what: collections.Counter() for what in ("pull", "prune", "check", "emit")}
        self.broken, self.acknowledged, self.streak = [], {}, 0
        self.running = {}  # process to whether it has been shot at
        alone = pullers * 3 // 5
        self.names = [f"n{at}" if at < alone else "shared" for at in range(pullers)]
        self.over, self.shared_turn = False, 0
        self.barrier = threading.Barrier(pullers - alone, self.change_shared)

    def tool(self, what, *argv, stdin=None):
        """(status or None if we killed it, stdout, stderr)"""
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            with self.lock:
                self.running[process] = False
            try:
                out, err = process.communicate(stdin, timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
                with self.lock:
                    self.broken.append(f"{' '.join(argv)}: not done in {PATIENCE} s")
        with self.lock:
            status = None if self.running.pop(process) and process.returncode == faults.KILLED else process.returncode
            if what:
                self.statuses[what]["killed" if status is None else status] += 1
                if status not in (None, 0) and not (status == 75 and what != "check"):
                    self.broken.append(f"{what}: status {status}: {err.decode(errors='replace')}{out[-500:]}")
        return status, out

    def pull_once(self, name, tree):
        """The status of the whole pipe, and the generation."""
        for argv in (("rs-pull", "--store", "s", "--name", name, "--have"), ("rs-export", "--have=-", tree),
                     ("rs-pull", "--store", "s", "--name", name)):
            last = argv[0] == "rs-pull" and "--have" not in argv
            status, out = self.tool("pull" if last else None, *argv, stdin=None if "--have" in argv else had)
            if status != 0:
                if not last and status is not None:
                    with self.lock:
                        self.broken.append(f"{' '.join(argv)}: status {status}")
                return status, None
            had = out
        return 0, out.decode().strip()

    @staticmethod
    def change(tree, rng, turn):
        """Names differ, content is partly the same everywhere: chunks are shared, and prunes take them away."""
        common, when = random.Random(rng.randrange(4)), 1_700_000_000_000_000_000 + turn
        faults.put(f"{tree}/common", common.randbytes(60_000), when)
        faults.put(f"{tree}/own", rng.randbytes(4_000), when)
        faults.settle(tree)

    def change_shared(self):
        """Called by one of them while all wait for each other."""
        self.over = time.monotonic() >= self.end
        self.shared_turn += 1
        self.change("src-shared", random.Random(f"{faults.SEED}/shared/{self.shared_turn}"), self.shared_turn)

    def puller(self, at):
        """Pulls until the time is over; a failure that must not be ends it."""
        name, rng, turn = self.names[at], random.Random(f"{faults.SEED}/{at}"), 0
        try:
            if name == "shared":
                while self.barrier.wait(2 * PATIENCE) is not None and not self.over:
                    self.come_through(name, "src-shared")
            while name != "shared" and time.monotonic() < self.end:
                turn += 1
                self.change(f"src-{at}", rng, turn)
                self.come_through(name, f"src-{at}")
        except threading.BrokenBarrierError:
            pass  # another one has told why
        except Exception as error:  # pylint: disable=broad-except
            with self.lock:
                self.broken.append(f"{name}: {error!r}")
            self.barrier.abort()

    def come_through(self, name, tree):
        """One pull, again and again while it is told to come again or killed."""
        now, again = faults.lines(tree), 0
        while True:
            status, number = self.pull_once(name, tree)
            if status == 0:
                break
            again += 1
            faults.need(again <= RETRIES and status in (75, None), f"no way through: {again} tries, status {status}")
        with self.lock:
            self.streak = max(self.streak, again)
            faults.need(self.acknowledged.setdefault((name, number), now) == now, f"{number}: acknowledged twice")

    def loop(self, what, *argv):
        while time.monotonic() < self.end:
            self.tool(what, *argv)

    def emitter(self):
        """The newest of a name that has one; a prune may move all that it reads, and remove it when it is old."""
        rng = random.Random(f"{faults.SEED}/emitter")
        while time.monotonic() < self.end:
            with self.lock:
                names = sorted({name for name, _ in self.acknowledged})
            if names:
                self.tool("emit", "rs-pull", "--store", "s", "--name", rng.choice(names), "--emit", "latest")
            else:
                time.sleep(0.05)

    def killer(self):
        rng = random.Random(faults.SEED)
        while time.monotonic() < self.end:
            time.sleep(rng.random() * 2)
            with self.lock:
                if self.running:
                    process = rng.choice(list(self.running))
                    self.running[process] = True
                    process.send_signal(signal.SIGKILL)

    def run(self):
        work = [(self.puller, at) for at in range(len(self.names))]
        work += [(self.loop, "prune", "rs-store", "prune", "--keep-last", str(KEEP), "s"),
                 (self.loop, "check", "rs-store", "check", "s"), (self.emitter,)]
        work += [(self.killer,)] if self.kill else []
        threads = [threading.Thread(target=body, args=args) for body, *args in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def verify(self):
        """Of what is at rest now."""
        restored = 0
        faults.well("s")
        shown = collections.defaultdict(list)
        for line in faults.done("rs-store", "list", "s").decode().splitlines():
            name, number = line.split()[:2]
            shown[name].append(number)
        count = lambda number: int(number.split(".")[1])  # noqa: E731
        for name in set(self.names):
            mine = sorted((number for owner, number in self.acknowledged if owner == name), key=count)
            present = sorted(shown[name], key=count)
            faults.need(len(mine) > KEEP, f"{name}: only {len(mine)} pulls came through")
            faults.need(len(present) >= KEEP, f"{name}: {present} is less than retention keeps")
            # A kill may have left a later one than was acknowledged, and retention counts it.
            lost = [number for number in mine if count(number) >= count(present[-KEEP]) and number not in present]
            faults.need(not lost, f"{name}: {lost} acknowledged and lost; there are {present}")
            for number in set(present) & set(mine):
                sent = faults.done("rs-pull", "--store", "s", "--name", name, "--emit", number)
                faults.done("rs-import", "out", stdin=sent)
                faults.need(faults.lines("out") == self.acknowledged[name, number], f"{name} {number}: is another tree")
                shutil.rmtree("out")
                shutil.rmtree(".out.rs-import")
                restored += 1
        faults.done("rs-store", "prune", "--keep-last", "1", "s")
        faults.well("s")
        faults.no_leftovers("s")
        return restored


def main(argv):
    kill = "--kill" in argv
    argv = [word for word in argv if word != "--kill"]
    if len(argv) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 64
    seconds, pullers = int(argv[0]), int(argv[1]) if len(argv) > 1 else 20
    faults.done("rs-store", "init", "--reserve", "0", "s")
    crowd = Crowd(seconds, pullers, kill)
    for name in {"shared" if name == "shared" else str(at) for at, name in enumerate(crowd.names)}:
        faults.mini(f"src-{name}", 0)
    crowd.run()
    restored = 0
    try:
        restored = crowd.verify()
    except (faults.Broken, subprocess.TimeoutExpired) as error:
        crowd.broken.append(str(error))
    for what, counts in crowd.statuses.items():
        if counts[0] < 3:
            crowd.broken.append(f"only {counts[0]} times {what} was done")
    if kill and not any(counts["killed"] for counts in crowd.statuses.values()):
        crowd.broken.append("nothing was killed")
    for line in crowd.broken[:40]:
        print(line, file=sys.stderr)
    tell = lambda counts: ", ".join(f"{n} x {status}" for status, n in sorted(counts.items(), key=str))  # noqa: E731
    print(f"{pullers} at once for {seconds} s: "
          + "; ".join(f"{what} {tell(counts)}" for what, counts in crowd.statuses.items()) + f"; {crowd.streak} x 75 or killed in a row at most; {restored} generations restored: "
          + ("all held" if not crowd.broken else f"{len(crowd.broken)} broken"))
    return 1 if crowd.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
