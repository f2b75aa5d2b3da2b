#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loops over faults: a small history, one fault, then everything that was acknowledged must still be there.

    faults.py mini DIR ROUND               a tree of some fifteen names; round 0 makes it, others change it; waits until
                                           an export trusts its times
    faults.py kill WHAT                    SIGKILL before the 1st, 2nd, ... write-like call, until a run completes
    faults.py strace WHAT                  the same with the kernel's own calls, a few of them
    faults.py fail WHAT CALL ERRNO [+]     the Nth CALL fails with ERRNO, each N; "+": and all that follow
    faults.py short WHAT                   the Nth write is cut short, each N, and all of them: no fault at all
    faults.py full WHAT DIR                WHAT on a tmpfs mounted on DIR, as root, with more and more free space
    faults.py cut WHAT                     the stream ends at each of its offsets
    faults.py flip WHAT                    one byte of the stream is another one, at each offset
    faults.py rot [VERIFIER]               one byte of a store is another one, in each file of it: some bytes, looked at
                                           with the tools; or each byte, with the program store-verifier
    faults.py export                       SIGKILL, and errors, at each write-like call of an export

WHAT is pull, first (the first pull), import, prune, copy or mirror (a copy into an empty store); for cut and flip pull or
import. Works in the current directory, with the tools in
PATH. Prints one line for the report. RS_FAULT_PLACES (40) is how many of the calls "fail" lets fail, 0: each; it is also how
many sizes "full" tries with one page more each time, before its steps grow; RS_FAULT_BYTES (1) is how many other values
"flip" gives each byte. Exit status: 0 all held; 1 some did not, each is named on stderr.
"""

import concurrent.futures
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lister  # pylint: disable=wrong-import-position

SEED = 20261120  # of all random choices
PLACES = int(os.environ.get("RS_FAULT_PLACES", "40")) or 10 ** 9
BYTES = int(os.environ.get("RS_FAULT_BYTES", "1"))
WORKERS = 4  # they wait for the disk more than for a processor
KILLED = -signal.SIGKILL
PATIENCE = 30  # seconds a run may take: one that waits for a lock that nobody holds takes longer


class Broken(Exception):
    """A promise that was not kept."""


def need(condition, why):
    if not condition:
        raise Broken(why)


# ---- the tools ----


def run(*argv, stdin=None, fault=None, wrap=()):
    """Run a tool to its end; stdin is bytes or None. RS_FAULT is `fault`; `wrap` stands in front of the command."""
    env = {key: value for key, value in os.environ.items() if key != "RS_FAULT"}
    if fault:
        env["RS_FAULT"] = fault
    return subprocess.run([*wrap, *argv], input=stdin if stdin is not None else b"", env=env, check=False,
                          capture_output=True, timeout=PATIENCE)


def done(*argv, stdin=None, status=0):
    """Run a tool that must end with this status; its stdout."""
    result = run(*argv, stdin=stdin)
    need(result.returncode == status,
         f"{' '.join(argv)}: status {result.returncode}, not {status}: {result.stderr.decode(errors='replace')}")
    return result.stdout


def have(store):
    return done("rs-pull", "--store", store, "--name", "n", "--have")


def emit(store, number, have_stream=None):
    extra = ["--have=-"] if have_stream is not None else []
    return done("rs-pull", "--store", store, "--name", "n", "--emit", number, *extra, stdin=have_stream)


def pull(store, stream, status=0):
    return done("rs-pull", "--store", store, "--name", "n", stdin=stream, status=status).decode().strip()


def export(tree, have_stream=None, *options):
    extra = ["--have=-"] if have_stream is not None else []
    return done("rs-export", *extra, *options, tree, stdin=have_stream)


def listed(store):
    """The numbers of the generations that a store shows."""
    return [line.split()[1] for line in done("rs-store", "list", store).decode().splitlines()]


def lines(tree):
    """What a tree is, as comparable text."""
    return [entry.line() for entry in lister.listing(tree)]


class Verifier:
    """The program store-verifier, kept running: looking at a store takes less than the start of a process."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def generations(self, store):
        """{"NAME E.C": digest} of a store that a full check finds nothing in."""
        self.process.stdin.write(os.path.abspath(store) + "\n")
        self.process.stdin.flush()
        kind, _, rest = self.process.stdout.readline().rstrip("\n").partition(" ")
        need(kind == "OK", f"the check says: {rest or 'nothing, and ends'}")
        rows = [row.rsplit(" ", 1) for row in rest.split("; ") if row]
        return {place: digest for place, digest in rows}

    def end(self):
        self.process.stdin.close()
        self.process.wait()


# ---- a tree ----


def put(path, data, when):
    with open(path, "wb") as file:
        file.write(data)
    os.utime(path, ns=(when, when))


def words(rng, size):
    """Text that compresses."""
    return b"".join(b"%08x common words of a line\n" % rng.getrandbits(32) for _ in range(size // 32 + 1))[:size]


def mini(root, number):
    """The tree at a round: 0 makes it, each other one changes what the round before left. All mtimes are set."""
    rng, when = random.Random(f"{SEED}/{number}"), 1_700_000_000_000_000_000 + number * 3_600_000_000_123
    at = lambda *parts: os.path.join(root, *parts)  # noqa: E731
    if number == 0:
        for path in ("", "a", "b", "z", "z/deep"):
            os.makedirs(at(path), exist_ok=True)
        put(at("a/one"), words(rng, 3000), when)
        put(at("a/two"), rng.randbytes(9000), when)
        os.symlink("one", at("a/link"))
        os.link(at("a/one"), at("b/same"))
        put(at("b/empty"), b"", when)
        os.mkfifo(at("b/fifo"), 0o640)
        put(at("big"), words(rng, 60_000) + rng.randbytes(60_000), when)
        put(at("z/deep/file"), words(rng, 500), when)
        put(at(b"nl\nback\\slash \xff".decode("utf-8", "surrogateescape")), b"x", when)
        with open(at("sparse"), "wb") as file:
            file.truncate(262_144)
            os.pwrite(file.fileno(), rng.randbytes(4096), 131_072)
        os.chmod(at("z/deep/file"), 0o4711)
        os.chmod(at("b"), 0o700)
        try:
            os.setxattr(at("a/two"), "user.kind", b"two")
        except OSError:
            pass  # a file system without
    else:
        with open(at("a/one"), "ab") as file:
            file.write(words(rng, 700))
        with open(at("big"), "r+b") as file:
            # The same two places in turn: what a round wrote dies two rounds later, and half of round 0 with it.
            os.pwrite(file.fileno(), rng.randbytes(24_000), 60_000 + 30_000 * (number % 2))
        put(at(f"b/new-{number}"), rng.randbytes(5000), when)
        if number > 1:
            os.unlink(at(f"b/new-{number - 1}"))
        os.chmod(at("a/two"), 0o600 + number)
        if number % 2:
            os.rename(at("z/deep"), at("z/moved"))
            os.unlink(at("a/link"))
            os.mkdir(at("a/link"))
        else:
            os.rename(at("z/moved"), at("z/deep"))
            os.rmdir(at("a/link"))
            os.symlink("two", at("a/link"))
    for path in ("a/one", "big", "sparse", "b/fifo", "a/link", *(["z/deep"] if number == 0 else []), "a", "b", "z", ""):
        os.utime(at(path), ns=(when, when), follow_symlinks=False)


def settle(root):
    """Until nothing in the tree is so new that an export mistrusts its times (50 ms, exporter)."""
    paths = [os.path.join(top, name) for top, dirs, files in os.walk(root) for name in dirs + files]
    newest = max(os.lstat(path).st_ctime for path in [root, *paths])
    while time.time() - newest < 0.08:
        time.sleep(0.01)


class History:
    """The tree "src" through some rounds, each pulled into the store "base" as 1.1, 1.2, ...; and as it was."""

    def __init__(self, rounds, reserve="0"):
        done("rs-store", "init", "--reserve", reserve, "base")
        self.trees, self.streams = {}, {}
        for number in range(rounds):
            mini("src", number)
            settle("src")
            name = f"1.{number + 1}"
            self.streams[name] = export("src", have("base"))
            self.trees[name] = lines("src")
            if number + 1 < rounds:
                need(pull("base", self.streams[name]) == name, f"{name} was not pulled")
        self.last = name  # not pulled yet

    def restores(self, store, number, place, allowed=(0,)):
        """The generation is what it was, bit for bit; or, if the statuses allow it, cannot be had. True if it is."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(os.path.join(os.path.dirname(place), f".{os.path.basename(place)}.rs-import"), ignore_errors=True)
        sent = run("rs-pull", "--store", store, "--name", "n", "--emit", number)
        need(sent.returncode in allowed, f"{number}: emit: status {sent.returncode}: {sent.stderr.decode()}")
        if sent.returncode != 0:
            return False
        got = run("rs-import", place, stdin=sent.stdout)
        need(got.returncode in allowed, f"{number}: import: status {got.returncode}: {got.stderr.decode()}")
        if got.returncode != 0:
            need(not os.path.exists(place), f"{number}: a failed import left a tree")
            return False
        need(lines(place) == self.trees[number], f"{number}: restored, and not what it was")
        return True


def well(store):
    """A full check finds nothing."""
    result = run("rs-store", "check", "--read-data", store)
    need(result.returncode == 0, f"check says {result.returncode}: {result.stdout.decode().strip()}")


def no_leftovers_of_import(place):
    """Beside the target are its state, with two trees that can be gone back to, and nothing else."""
    state = sorted(os.listdir(f"{place}/.t.rs-import"))
    trees = [name for name in state if name.startswith("tree-")]
    need(state == ["lock", "previous", "proven", *trees] and len(trees) == 2, f"left behind: {state}")
    need(sorted(os.listdir(place)) == [".t.rs-import", "t"], f"left beside: {os.listdir(place)}")


def no_leftovers(store):
    """A store at rest holds nothing of a transfer."""
    need(os.listdir(f"{store}/tmp") == [], f"left in tmp/: {os.listdir(f'{store}/tmp')}")
    rest = [os.path.join(top, name) for top, _, names in os.walk(store) for name in names if name.startswith(".tmp-")]
    rest += [os.path.join(top, name) for top, _, names in os.walk(f"{store}/partial") for name in names]
    need(not rest, f"left behind: {rest}")


# ---- what is tried: prepare() once, then for each fault begin(), run(), verify() ----


class Pull:
    """The third generation, as a delta, into a store with two."""

    name, statuses = "pull", (74,)
    old, new = ["1.1", "1.2"], ["1.3"]  # new: what the runs with a fault may have published; pairs.py makes two

    def prepare(self):
        self.history = History(len(self.old) + 1)

    def begin(self, place):
        shutil.copytree("base", f"{place}/s", symlinks=True)

    def command(self, place):
        return ("rs-pull", "--store", f"{place}/s", "--name", "n"), self.history.streams[self.history.last]

    def intact(self, place, complete):
        store = f"{place}/s"
        shown = listed(store)
        need(len(shown) >= len(self.old) and shown == [*self.old, *self.new][:len(shown)], f"the store shows {shown}")
        need(not complete or len(shown) > len(self.old), "acknowledged and not there")
        for number in shown:
            self.history.restores(store, number, f"{place}/out")
        well(store)

    def again(self, place):
        store = f"{place}/s"
        before = listed(store)
        number = pull(store, export("src", have(store)))
        need(number == f"1.{len(before) + 1}", f"the next pull gave {number}")
        shutil.rmtree(f"{place}/out", ignore_errors=True)
        done("rs-import", f"{place}/out", stdin=emit(store, number))
        need(lines(f"{place}/out") == self.history.trees[self.history.last], "the next pull is not the source")
        well(store)
        no_leftovers(store)


class First(Pull):
    """The first generation, whole, into an empty store."""

    name, old, new = "first", [], ["1.1"]


class Import:
    """The third generation, as a delta, over the second, whose previous tree is still there."""

    name, statuses = "import", (74, 1)  # 1: the new tree is in place, and the old one could not be tidied up

    def prepare(self):
        self.history = History(4)
        base = "base"
        self.whole = {number: emit(base, number) for number in ("1.1", "1.2")}
        done("rs-import", "seed", stdin=self.whole["1.1"])
        done("rs-import", "seed", stdin=self.whole["1.2"])
        self.delta = emit(base, "1.3", done("rs-import", "--have", "seed"))
        need(len(self.delta) < len(emit(base, "1.3")) / 2, "what is tested is no delta")
        self.base = os.path.abspath(base)

    def begin(self, place):
        os.mkdir(place)
        done("rs-import", f"{place}/t", stdin=self.whole["1.1"])
        done("rs-import", f"{place}/t", stdin=self.whole["1.2"])

    def command(self, place):
        return ("rs-import", f"{place}/t"), self.delta

    def intact(self, place, complete):
        tree = f"{place}/t"
        now = lines(tree)
        old, new = self.history.trees["1.2"], self.history.trees["1.3"]
        need(now in (old, new), "the target is neither the old tree nor the new one")
        need(not complete or now == new, "acknowledged and not there")
        done("rs-import", "--check", tree)

    def again(self, place):
        tree = f"{place}/t"
        done("rs-import", tree, stdin=emit(self.base, "1.3", done("rs-import", "--have", tree)))
        need(lines(tree) == self.history.trees["1.3"], "the next import is not the generation")
        done("rs-import", "--check", tree)
        no_leftovers_of_import(place)
        done("rs-import", "--rollback", tree)
        # Nobody said that a later one was proven, so the first one stands for that.
        need(lines(tree) == self.history.trees["1.1"], "what was rolled back is not the tree that was proven last")
        done("rs-import", "--check", tree)
        done("rs-import", "--proven", tree)
        need(len(os.listdir(f"{place}/.t.rs-import")) == 2, "left behind after --proven")


class Prune:
    """Five generations down to the newest two: some packs go, one is rewritten."""

    name, statuses, needs_room = "prune", (74, 1), False
    keep = ["1.4", "1.5"]
    options = ("--keep-last", "2")

    def prepare(self):
        self.history = History(6)
        shutil.copytree("base", "peace")
        done("rs-store", "prune", *self.options, "peace")
        self.after = packs("peace")  # bytes after a prune that was left in peace
        self.before = packs("base")
        need(len(os.listdir("peace/packs")) < len(os.listdir("base/packs")), "the prune that is tested removes no pack")
        need(not set(os.listdir("peace/packs")) <= set(os.listdir("base/packs")), "the prune that is tested rewrites none")

    def begin(self, place):
        shutil.copytree("base", f"{place}/s", symlinks=True)

    def command(self, place):
        return ("rs-store", "prune", *self.options, f"{place}/s"), b""

    def intact(self, place, complete):
        store = f"{place}/s"
        shown = listed(store)
        need(set(self.keep) <= set(shown), f"the store shows only {shown}")
        need(not complete or shown == self.keep, f"pruned, and the store shows {shown}")
        for number in shown:
            self.history.restores(store, number, f"{place}/out")
        well(store)

    def again(self, place):
        store = f"{place}/s"
        done("rs-store", "prune", *self.options, store)
        need(listed(store) == self.keep, f"the next prune left {listed(store)}")
        for number in self.keep:
            self.history.restores(store, number, f"{place}/out")
        well(store)
        no_leftovers(store)
        need(packs(store) <= self.after, f"{packs(store)} bytes of packs, {self.after} after a prune without a fault")


class Copy:
    """A store of three generations into a second one that has two."""

    name, statuses, old = "copy", (74,), 2

    def prepare(self):
        self.history = History(4)
        done("rs-store", "init", "--reserve", "0", "--like", "base", "second")
        for number in ("1.1", "1.2")[:self.old]:
            pull("second", emit("base", number, have("second")))

    def begin(self, place):
        shutil.copytree("second", f"{place}/s", symlinks=True)

    def command(self, place):
        return ("rs-store", "copy", "base", f"{place}/s"), b""

    def intact(self, place, complete):
        store = f"{place}/s"
        shown = listed(store)
        need(len(shown) >= self.old and shown == ["1.1", "1.2", "1.3"][:len(shown)], f"the second store shows {shown}")
        need(not complete or len(shown) == 3, "acknowledged and not there")
        for number in shown:
            self.history.restores(store, number, f"{place}/out")
        well("base")
        well(store)

    def again(self, place):
        store = f"{place}/s"
        done("rs-store", "copy", "base", store)
        need(listed(store) == ["1.1", "1.2", "1.3"], f"the next copy left {listed(store)}")
        for number in listed(store):
            self.history.restores(store, number, f"{place}/out")
        well(store)
        no_leftovers(store)


class Mirror(Copy):
    """A store of three generations into an empty one."""

    name, old = "mirror", 0


THINGS = {thing.name: thing for thing in (Pull, First, Import, Prune, Copy, Mirror)}


def packs(store):
    return sum(os.stat(f"{store}/packs/{name}").st_size for name in os.listdir(f"{store}/packs"))


def digest(tree):
    return lines(tree) if os.path.isdir(tree) else None


class Loop:
    """Attempts on a few threads; what breaks is gathered."""

    def __init__(self, thing):
        self.thing, self.broken, self.count = thing, [], 0

    def attempt(self, label, body):
        """body(place) in a directory of its own, which goes when all was well."""
        place = os.path.abspath(f"at-{label}")
        self.count += 1
        try:
            result = body(place)
        except (Broken, subprocess.TimeoutExpired, OSError) as error:
            self.broken.append(f"{label}: {error}")
            return None
        except Exception:  # pylint: disable=broad-except
            self.broken.append(f"{label}: {traceback.format_exc()}")
            return None
        subprocess.run(["rm", "-rf", place], check=True)
        return result

    def end(self, summary):
        for line in self.broken[:40]:
            print(line, file=sys.stderr)
        if self.broken:
            print(f"{len(self.broken)} of {self.count} broken", file=sys.stderr)
            return 1
        need(self.count > 0, "nothing was tried")
        print(summary)
        return 0


def try_fault(thing, place, fault, wrap=()):
    """One fault and everything after it. Returns the status of the run with the fault."""
    thing.begin(place)
    argv, stdin = thing.command(place)
    result = run(*argv, stdin=stdin, fault=fault, wrap=wrap)
    status = result.returncode
    if status in (KILLED, 128 + signal.SIGKILL):
        status = KILLED
    elif fault and fault.endswith(":kill") or wrap:
        need(status == 0, f"status {status}: {result.stderr.decode()}")
    after(thing, place, status == 0)
    return status, result


def after(thing, place, complete):
    """Both promises are looked at, also when the first was not kept."""
    broken = []
    for promise in (lambda: thing.intact(place, complete), lambda: thing.again(place)):
        try:
            promise()
        except Broken as error:
            broken.append(str(error).strip())
    need(not broken, "; then: ".join(broken))


def kill_loop(thing, wrap_of=None, numbers=None):
    """Kill at 1, 2, 3, ... until a run completes; at least ten runs must have died."""
    thing.prepare()
    loop, killed, complete = Loop(thing), 0, 0

    def one(number):
        fault, wrap = (None, wrap_of(number)) if wrap_of else (f"any:{number}:kill", ())
        return loop.attempt(number, lambda place: (os.makedirs(place, exist_ok=True) if thing.name != "import" else None,
                                                   try_fault(thing, place, fault, wrap)[0])[1])

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        todo = iter(numbers or range(1, 100_000))
        while complete == 0 or numbers:
            batch = [number for _, number in zip(range(2 * WORKERS), todo)]
            if not batch:
                break
            results = list(pool.map(one, batch))
            killed += sum(result == KILLED for result in results)
            complete += sum(result == 0 for result in results)
            if len(loop.broken) > 60:
                break
    if numbers is None and killed + len(loop.broken) < 10:
        loop.broken.append(f"only {killed} runs were killed")
    if numbers is None and not complete and not loop.broken:
        loop.broken.append("no run came to its end")
    return loop, killed


def command_kill(what):
    loop, killed = kill_loop(THINGS[what]())
    return loop.end(f"{what}: killed before each of {killed} calls: all held")


# Calls as the kernel counts them, for each kind apart, and not all kinds in each tool.
KERNEL_CALLS = [("write", 1), ("write", 2), ("write", 5), ("fsync", 1), ("fsync", 3), ("renameat2", 1), ("renameat2", 2),
                ("renameat2", 4), ("unlinkat", 1), ("mkdirat", 1), ("mkdirat", 3), ("linkat", 2), ("syncfs", 1)]


def command_strace(what):
    def wrap(number):
        call, nth = KERNEL_CALLS[number]
        return ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}")

    loop, killed = kill_loop(THINGS[what](), wrap, range(len(KERNEL_CALLS)))
    if killed < 5:
        loop.broken.append(f"only {killed} runs were killed")
    return loop.end(f"{what}: killed by the kernel at {killed} of {len(KERNEL_CALLS)} calls")


def count_calls(thing, call):
    """How many calls of that name a run makes: the first number at which a kill does nothing, less one."""
    low, high = 0, 1  # killed at low, not known at high

    def killed(number):
        place = os.path.abspath(f"count-{number}")
        if thing.name != "import":
            os.makedirs(place)
        thing.begin(place)
        argv, stdin = thing.command(place)
        status = run(*argv, stdin=stdin, fault=f"{call}:{number}:kill").returncode
        subprocess.run(["rm", "-rf", place], check=True)
        need(status in (0, KILLED), f"status {status} while calls were counted")
        return status == KILLED

    while killed(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if killed(middle) else (low, middle)
    return low


def command_fail(what, call, errno_name, later=""):
    """PLACES of the calls, the first and the last among them."""
    thing = THINGS[what]()
    thing.prepare()
    total = count_calls(thing, call)
    need(total > 0, f"a {what} makes no {call} call")
    step = 1 + total // PLACES
    numbers = sorted({*range(1, total + 1, step), total})
    loop, statuses = Loop(thing), {}

    def one(number):
        def body(place):
            if thing.name != "import":
                os.makedirs(place)
            fault = f"{call}:{number}{later}:{errno_name}"
            status, result = try_fault(thing, place, fault)
            need(status in (0, *thing.statuses), f"status {status}: {result.stderr.decode()}")
            need(status == 0 or result.stderr, "no message")
            if call == "fsync" or later and number < total // 2:
                need(status != 0, f"status 0 after {fault}")
            return status
        status = loop.attempt(number, body)
        statuses[status] = statuses.get(status, 0) + 1

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, numbers))
    if set(statuses) == {0}:
        loop.broken.append("no run failed")
    return loop.end(f"{what}: {errno_name} at {len(numbers)} of {total} {call} calls{' and later' if later else ''}: "
                    + ", ".join(f"{n} x status {s}" for s, n in sorted(statuses.items(), key=str)))


def command_short(what):
    thing = THINGS[what]()
    thing.prepare()
    total = count_calls(thing, "write")
    need(total > 0, f"a {what} writes nothing")
    loop = Loop(thing)

    def one(fault):
        def body(place):
            if thing.name != "import":
                os.makedirs(place)
            status, result = try_fault(thing, place, fault)
            need(status == 0, f"status {status}: {result.stderr.decode()}")
        loop.attempt(fault, body)

    faults = [f"write:{number}{later}:short" for number in range(1, total + 1) for later in ("", "+")]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, faults))
    return loop.end(f"{what}: {len(faults)} times with short writes, of {total}: all done")


def command_full(what, mount):
    """From a full file system on, one step more room each time, until the command completes."""
    thing = THINGS[what]()
    thing.prepare()
    loop, refused, extra, step = Loop(thing), 0, 0, 4096
    while True:
        place = os.path.join(mount, "at")
        status = [None]

        def body(_, place=place, status=status, extra=extra):
            subprocess.run(["mount", "-o", "remount,size=64m", mount], check=True)
            subprocess.run(["rm", "-rf", place], check=True)
            if thing.name != "import":
                os.makedirs(place)
            thing.begin(place)
            fs = os.statvfs(mount)
            used = (fs.f_blocks - fs.f_bfree) * fs.f_frsize
            subprocess.run(["mount", "-o", f"remount,size={used + extra}", mount], check=True)
            argv, stdin = thing.command(place)
            result = run(*argv, stdin=stdin)
            status[0] = result.returncode
            need(status[0] in (0, *thing.statuses), f"status {status[0]}: {result.stderr.decode()}")
            need(status[0] == 0 or b"No space left" in result.stderr, result.stderr.decode())
            # What is there can be read while the disk is full, and when there is room again all goes on.
            if what != "import":
                done("rs-store", "check", f"{place}/s")
            subprocess.run(["mount", "-o", "remount,size=64m", mount], check=True)
            after(thing, place, status[0] == 0)

        loop.attempt(f"{extra // 1024}K", body)
        if status[0] in (0, None) or loop.broken and len(loop.broken) > 10:
            break
        refused += 1
        extra += step * (1 + refused // (8 if PLACES == 40 else PLACES))
    if not getattr(thing, "needs_room", True):
        if refused:
            loop.broken.append(f"{refused} runs were stopped by a full disk")
        return loop.end(f"{what}: no byte free is enough")
    if refused < 3:
        loop.broken.append(f"only {refused} runs met a full disk")
    return loop.end(f"{what}: {refused} sizes were too small, {extra // 1024} KiB free are enough")


# ---- streams ----


def tiny(root):
    """A tree whose stream has a segment and a manifest and is short."""
    os.makedirs(f"{root}/d")
    put(f"{root}/d/f", random.Random(SEED).randbytes(100), 1_700_000_000_000_000_007)
    put(f"{root}/e", b"", 1_700_000_000_000_000_007)
    os.symlink("d/f", f"{root}/l")
    os.link(f"{root}/d/f", f"{root}/h")


class Receiver:
    """Something that takes a stream, and how to see that it holds what it held. One for each thread."""

    def __init__(self, what, kind, streams, trees, label):
        self.what, self.kind, self.streams, self.trees = what, kind, streams, trees
        self.place = os.path.abspath(f"{what}-{kind}-{label}")
        os.mkdir(self.place)
        if what == "pull":
            shutil.copytree(f"store-{kind}", f"{self.place}/s")
            self.argv = ("rs-pull", "--store", f"{self.place}/s", "--name", "n")
        else:
            self.argv = ("rs-import", f"{self.place}/t")
            if kind == "delta":
                done("rs-import", f"{self.place}/t", stdin=streams["first"])
        self.before = self.state()

    def state(self):
        """All that is published."""
        if self.what == "import":
            return digest(f"{self.place}/t")
        files = [os.path.join(top, name) for part in ("packs", "index", "names")
                 for top, _, names in os.walk(f"{self.place}/s/{part}") for name in names]
        return sorted((path, os.stat(path).st_ino, os.stat(path).st_mtime_ns) for path in files)

    def accepts(self):
        """The whole stream is taken, and gives the tree."""
        done(*self.argv, stdin=self.streams[self.kind])
        tree = f"{self.place}/t"
        if self.what == "pull":
            tree = f"{self.place}/restored"
            number = "1.2" if self.kind == "delta" else "1.1"
            done("rs-import", tree, stdin=emit(f"{self.place}/s", number))
            done("rs-store", "check", "--read-data", f"{self.place}/s")
        need(lines(tree) == self.trees[self.kind], "the whole stream gave another tree")


def make_streams(what):
    """A whole stream and a delta, which answers what pull and import have."""
    os.mkdir("src")
    tiny("src/t")
    done("rs-store", "init", "--reserve", "0", "store-whole")
    whole = export("src/t", have("store-whole"), "--host", "h")
    shutil.copytree("store-whole", "store-delta")
    pull("store-delta", whole)
    trees = {"whole": lines("src/t")}
    settle("src/t")
    streams = {"whole": whole, "first": emit("store-delta", "1.1")}
    put("src/t/d/g", random.Random(SEED + 1).randbytes(90), 1_700_000_000_000_000_009)
    os.utime("src/t/d", ns=(1, 1))
    trees["delta"] = lines("src/t")
    done("rs-import", "have-of", stdin=streams["first"])
    held = have("store-delta") if what == "pull" else done("rs-import", "--have", "have-of")
    streams["delta"] = export("src/t", held, "--host", "h")
    for kind in ("whole", "delta"):
        need(300 < len(streams[kind]) < 4096, f"the {kind} stream has {len(streams[kind])} bytes")
    return streams, trees


def over_offsets(what, kind, length, streams, trees, body):
    """body(receiver, offset) for all offsets, on threads with a receiver each. Returns what broke."""
    broken = []

    def share(label):
        receiver = Receiver(what, kind, streams, trees, label)
        for offset in range(label, length, WORKERS):
            try:
                body(receiver, offset)
            except Broken as error:
                broken.append(f"{what} {kind}, byte {offset}: {error}")
                if len(broken) > 20:
                    return
        try:
            receiver.accepts()
        except Broken as error:
            broken.append(f"{what} {kind}, in the end: {error}")

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(share, range(WORKERS)))
    return broken


def command_cut(what):
    streams, trees = make_streams(what)
    loop = Loop(None)
    for kind in ("whole", "delta"):
        data = streams[kind]

        def body(receiver, offset, data=data):
            result = run(*receiver.argv, stdin=data[:offset])
            need(result.returncode == 65, f"status {result.returncode}: {result.stderr.decode()}")
            need(result.stdout == b"" and result.stderr, "said nothing on stderr, or something on stdout")
            need(receiver.state() == receiver.before, "something was published")

        loop.broken += over_offsets(what, kind, len(data), streams, trees, body)
        loop.count += len(data)
    return loop.end(f"{what}: cut at each of {len(streams['whole'])} and {len(streams['delta'])} bytes")


def command_flip(what):
    streams, trees = make_streams(what)
    loop, harmless = Loop(None), []
    for kind in ("whole", "delta"):
        data = streams[kind]

        def body(receiver, offset, data=data, kind=kind):
            offset, turn = divmod(offset, BYTES)
            other = random.Random(f"{SEED}/{offset}").sample(range(1, 256), BYTES)[turn]
            bad = data[:offset] + bytes([data[offset] ^ other]) + data[offset + 1:]
            result = run(*receiver.argv, stdin=bad)
            if result.returncode == 0:
                # Only bits that say nothing may pass: those of zstd's frame that no content depends on.
                harmless.append(offset)
                need(kind == "whole" or what == "pull", "a delta with another byte was taken")
                fresh = Receiver(what, kind, streams, trees, f"fresh-{offset}-{other}")
                done(*fresh.argv, stdin=bad)
                fresh.accepts()
                return
            need(result.returncode in (65, 75, 77), f"status {result.returncode}: {result.stderr.decode()}")
            need(result.stdout == b"" and result.stderr, "said nothing on stderr, or something on stdout")
            need(receiver.state() == receiver.before, "something was published")

        loop.broken += over_offsets(what, kind, len(data) * BYTES, streams, trees, body)
        loop.count += len(data) * BYTES
    return loop.end(f"{what}: {loop.count} flips, of each byte {BYTES}, {len(harmless)} of them without a meaning")


# ---- a store that rots ----


def rot_share(verifier, kept, files, share):
    """Each byte of these files, one other value. Returns (flips, found, what broke)."""
    store, flips, found, broken = f"rot-{share}", 0, 0, []
    shutil.copytree("base", store)
    looker = Verifier(verifier)
    for file in files:
        with open(f"{store}/{file}", "r+b", buffering=0) as target:
            data = target.read()
            rng = random.Random(f"{SEED}/{file}")
            for offset, byte in enumerate(data):
                os.pwrite(target.fileno(), bytes([byte ^ rng.randrange(1, 256)]), offset)
                flips += 1
                try:
                    now = looker.generations(store)
                    if now != kept:
                        broken.append(f"{file}, byte {offset}: the check finds nothing, and the store has {sorted(now)}")
                except Broken as error:
                    found += 1
                    if looker.process.poll() is not None or "nothing, and ends" in str(error):
                        broken.append(f"{file}, byte {offset}: the verifier has died")
                        looker = Verifier(verifier)
                os.pwrite(target.fileno(), bytes([byte]), offset)
                if len(broken) > 20:
                    return flips, found, broken
    looker.end()
    return flips, found, broken


def rot_everywhere(verifier):
    """As command_rot, for each byte. What a clean check and an equal digest mean for a restore, command_rot looks at."""
    files = [os.path.join(top, name) for top, _, names in os.walk("base") for name in names]
    files = sorted((os.path.relpath(path, "base") for path in files), key=lambda path: os.path.getsize(f"base/{path}"))
    first = Verifier(verifier)
    kept = first.generations("base")
    first.end()
    need(len(kept) == 3, f"the store has {sorted(kept)}")
    count = os.cpu_count() or 1
    with multiprocessing.get_context("fork").Pool(count) as pool:
        shares = pool.starmap(rot_share, [(verifier, kept, files[at::count], at) for at in range(count)])
    loop = Loop(None)
    loop.count, found = (sum(share[at] for share in shares) for at in (0, 1))
    loop.broken = [line for share in shares for line in share[2]]
    size = sum(os.path.getsize(f"base/{path}") for path in files)
    if loop.count != size or found < size * 3 // 4:
        loop.broken.append(f"{loop.count} of {size} bytes flipped, {found} found")
    return loop.end(f"store: each of {size} bytes in {len(files)} files flipped, {found} found, {size - found} without a meaning: "
                    "all held")


def command_rot(verifier=None):
    history = History(4)
    if verifier:
        return rot_everywhere(verifier)
    files = sorted(os.path.relpath(os.path.join(top, name), "base") for top, _, names in os.walk("base") for name in names)
    rng, cases = random.Random(SEED), []
    for file in files:
        size = os.path.getsize(f"base/{file}")
        step = max(1, size // 24)
        offsets = {*range(0, size, step), *range(max(0, size - 4), size), *range(0, min(size, 40), 5)}
        cases += [(file, min(size - 1, offset + rng.randrange(min(step, 3))), rng.randrange(1, 256)) for offset in sorted(offsets)]
    loop, seen = Loop(None), {"found": 0, "harmless": 0}

    def one(case):
        file, offset, other = case

        def body(place):
            shutil.copytree("base", f"{place}/s")
            with open(f"{place}/s/{file}", "r+b") as target:
                byte = os.pread(target.fileno(), 1, offset)[0]
                os.pwrite(target.fileno(), bytes([byte ^ other]), offset)
            check = run("rs-store", "check", "--read-data", f"{place}/s")
            need(check.returncode in (0, 65), f"check: status {check.returncode}: {check.stderr.decode()}")
            allowed = (0,) if check.returncode == 0 else (0, 65)
            whole = [history.restores(f"{place}/s", number, f"{place}/out", allowed) for number in ("1.1", "1.2", "1.3")]
            need(check.returncode == 65 or all(whole), "check saw nothing and something is lost")
            seen["found" if check.returncode else "harmless"] += 1

        loop.attempt(f"{file.replace('/', '_')}@{offset}^{other}", body)

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, cases))
    if seen["found"] < len(cases) / 2:
        loop.broken.append(f"only {seen['found']} of {len(cases)} were found")
    return loop.end(f"store: {len(cases)} bytes in {len(files)} files flipped, {seen['found']} found, "
                    f"{seen['harmless']} without a meaning")


# ---- exports ----


def command_export():
    """What an export that died or failed has written is refused, and the next one is whole."""
    History(2)
    loop, counts = Loop(None), {}
    put("src/large", random.Random(SEED).randbytes(3_000_000), 1_700_000_000_000_000_000)  # for some more writes
    had = have("base")
    held = listed("base")
    tar = subprocess.run(["tar", "-C", "src", "-cf", "-", "."], check=True, stdout=subprocess.PIPE)
    put("tree.tar", tar.stdout, 1_700_000_000_000_000_000)
    commands = {"tree": (("rs-export", "src"), None), "delta": (("rs-export", "--have=-", "src"), had),
                "archive": (("rs-export", "--from-archive"), tar.stdout),
                "command": (("rs-export", "--exec", "dump", "--", "cat", "tree.tar"), None)}
    for kind, (argv, stdin) in commands.items():
        for action in ("kill", "EIO", "ENOSPC", "EDQUOT"):
            for later in ("", "+"):
                number, status, before = 0, None, len(loop.broken)
                while status != 0 and len(loop.broken) == before:
                    number += 1
                    fault = f"any:{number}{later}:{action}"

                    def body(_, argv=argv, stdin=stdin, fault=fault, action=action):
                        result = run(*argv, stdin=stdin, fault=fault)
                        need(result.returncode in (0, KILLED if action == "kill" else 74), f"status {result.returncode}")
                        need(action == "kill" or result.returncode == 0 or result.stderr, "no message")
                        if result.returncode != 0:
                            for taker in (("rs-pull", "--store", "base", "--name", "n"), ("rs-import", "out")):
                                took = run(*taker, stdin=result.stdout)
                                # A delta may be refused before its end, for there is no tree that it could build on.
                                other = 75 if argv == commands["delta"][0] and taker[0] == "rs-import" else 65
                                need(took.returncode in (65, other), f"{taker[0]} took what there is of it: {took.returncode}")
                            need(listed("base") == held and not os.path.exists("out"), "something was published")
                            counts[action] = counts.get(action, 0) + 1
                        return result.returncode

                    status = loop.attempt(f"{kind}-{fault}", body)
                if number < 2 and len(loop.broken) == before:
                    loop.broken.append(f"{kind} {action}: no call failed")
    number = pull("base", export("src", have("base")))
    done("rs-import", "out", stdin=emit("base", number))
    need(lines("out") == lines("src"), "the next one is not whole")
    well("base")
    return loop.end(f"export of {len(commands)} kinds: " + ", ".join(f"{n} x {action}" for action, n in counts.items())
                    + ", each refused: all held")


def command_mini(root, number):
    mini(root, int(number))
    settle(root)
    return 0


def main(argv):
    commands = {"mini": command_mini, "kill": command_kill, "strace": command_strace, "fail": command_fail, "short": command_short,
                "full": command_full, "cut": command_cut, "flip": command_flip, "rot": command_rot, "export": command_export}
    if not argv or argv[0] not in commands:
        print(__doc__, file=sys.stderr)
        return 64
    try:
        return commands[argv[0]](*argv[1:])
    except Broken as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
