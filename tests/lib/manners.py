#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signals, closed descriptors and few of them, at random times and in all tools: NEEDS.md B31.

    manners.py signal WHAT TIMES        SIGTERM, SIGHUP or SIGINT at a random time of a run
    manners.py pipe TIMES               the reader of the output goes away after a random number of bytes
    manners.py closed                   stdin, stdout and stderr closed in all combinations
    manners.py few TIMES                with at most 3, 4, 5, ... descriptors, TIMES times those of `ulimit -n 40`

WHAT is that of faults.py, or export. After each run what was acknowledged must be there, the next run must complete,
and it must leave nothing behind; the exit status must be one of rs(7). Works in the current directory. Prints one line
for the report. Exit status: 0 all held; 1 some did not, each is named on stderr.
"""

import concurrent.futures
import fcntl
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults  # pylint: disable=wrong-import-position
from faults import Broken, Loop, done, lines, need, run  # pylint: disable=wrong-import-position

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
WORKERS = os.cpu_count() or 1
FAILED = (1, 64, 65, 66, 69, 70, 73, 74, 75, 77)  # rs(7)


def start(argv, stdin, **more):
    return subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def make(thing, place):
    if thing.name != "import":
        os.makedirs(place)
    thing.begin(place)


# ---- signals ----


def interrupt(argv, data, delay, number):
    """(status, stderr) of a run that gets the signal after so many seconds; its input comes from a file."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as feeder, \
            start(argv, feeder.stdout) as process:
        feeder.stdout.close()
        time.sleep(delay)
        process.send_signal(number)
        try:
            feeder.stdin.write(data or b"")
            feeder.stdin.close()
        except BrokenPipeError:
            feeder.stdin = None  # it has ended, as it should
        _, err = process.communicate(timeout=faults.PATIENCE)
        feeder.kill()
        return process.returncode, err


def signal_export(times):
    """The stream of an export that got a signal is refused, unless it was done."""
    faults.mini("src", 0)
    faults.put("src/large", random.Random(faults.SEED).randbytes(2_000_000), 1_700_000_000_000_000_000)
    done("rs-store", "init", "--reserve", "0", "s")
    loop, counts, rng = Loop(None), {}, random.Random(f"{faults.SEED}/export")
    begin = time.monotonic()
    faults.export("src")
    length = time.monotonic() - begin
    for at in range(times):
        number, delay = rng.choice(SIGNALS), rng.random() * 1.5 * length

        def body(_, number=number, delay=delay):
            with start(("rs-export", "src"), subprocess.DEVNULL) as process:
                timer = threading.Timer(delay, process.send_signal, (number,))
                timer.start()
                out, err = process.communicate(timeout=faults.PATIENCE)
                timer.cancel()
            status = 128 - process.returncode if process.returncode < 0 else process.returncode
            need(status in (0, 128 + number), f"{number.name} after {delay:.3f} s: status {status}: {err.decode()}")
            if status != 0:
                took = run("rs-pull", "--store", "s", "--name", "n", stdin=out)
                need(took.returncode == 65, f"what there is was taken: status {took.returncode}")
                need(faults.listed("s") == [], "something was published")
            return status

        status = loop.attempt(f"export-{at}", body)
        counts[status] = counts.get(status, 0) + 1
    done("rs-import", "out", stdin=faults.export("src"))
    need(lines("out") == lines("src"), "the next one is not whole")
    if set(counts) <= {0, None}:
        loop.broken.append("no run was interrupted")
    return loop.end(f"export: a signal at {times} random times: " + tell(counts) + ": all held")


def command_signal(what, times):
    times = int(times)
    if what == "export":
        return signal_export(times)
    thing = faults.THINGS[what]()
    thing.prepare()
    loop, counts, rng = Loop(thing), {}, random.Random(f"{faults.SEED}/{what}")

    # How long one takes from its start to its end, with this much other work on the machine.
    def whole(place):
        make(thing, place)
        argv, stdin = thing.command(place)
        begin = time.monotonic()
        done(*argv, stdin=stdin)
        return time.monotonic() - begin

    length = loop.attempt("whole", whole)
    need(length is not None, "; ".join(loop.broken))
    draws = [(at, rng.random() * 2 * length, rng.choice(SIGNALS)) for at in range(times)]

    def one(draw):
        at, delay, number = draw

        def body(place):
            make(thing, place)
            argv, stdin = thing.command(place)
            # Half of the time the input is there at once, else it comes with the signal.
            if at % 2:
                with open(f"{place}-stdin", "w+b") as file:
                    file.write(stdin or b"")
                    file.seek(0)
                    os.unlink(file.name)
                    with start(argv, file) as process:
                        time.sleep(delay)
                        process.send_signal(number)
                        _, err = process.communicate(timeout=faults.PATIENCE)
                        status = process.returncode
            else:
                status, err = interrupt(argv, stdin, delay, number)
            # Before the tool has its handlers the signal itself ends the process; a shell says 128 + N of either.
            status = 128 - status if status < 0 else status
            need(status in (0, 128 + number), f"{number.name} after {delay:.3f} s: status {status}: {err.decode()}")
            faults.after(thing, place, status == 0)
            return status

        status = loop.attempt(f"{what}-{at}", body)
        counts[status] = counts.get(status, 0) + 1

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, draws))
    if set(counts) <= {0, None}:
        loop.broken.append("no run was interrupted")
    return loop.end(f"{what}: a signal at {times} random times: " + tell(counts) + ": all held")


def tell(counts):
    return ", ".join(f"{n} x status {status}" for status, n in sorted(counts.items(), key=str))


# ---- a reader that goes ----


def writers():
    """Commands that write much to stdout, and what they read. Makes their stores and trees."""
    history = faults.History(3)
    faults.pull("base", history.streams["1.3"])
    # More than a pipe holds.
    faults.put("src/large", random.Random(faults.SEED).randbytes(3_000_000), 1_700_000_000_000_000_000)
    faults.settle("src")
    faults.pull("base", faults.export("src", faults.have("base")))
    stream = faults.emit("base", "1.4")
    done("rs-import", "t", stdin=stream)
    return {"export": (("rs-export", "src"), b""),
            "have": (("rs-pull", "--store", "base", "--name", "n", "--have"), b""),
            "emit": (("rs-pull", "--store", "base", "--name", "n", "--emit", "1.4"), b""),
            "import --have": (("rs-import", "--have", "t"), b""),
            "import --signature": (("rs-import", "--signature", "t"), b""),
            "list": (("rs-store", "list", "base"), b""),
            "show": (("rs-store", "show", "base", "n", "1.4", "--entries"), b""),
            "cat": (("rs-store", "cat", "base", "n", "1.4", "large"), b""),
            "stats": (("rs-store", "stats", "base"), b""),
            "pull": (("rs-pull", "--store", "base", "--name", "m"), faults.export("src")),
            "check": (("rs-store", "check", "base"), b"")}, history


def command_pipe(times):
    """Each command, its reader gone after a random number of bytes: the status is 74, or 0 if it had written all."""
    commands, history = writers()
    loop, counts, rng = Loop(None), {}, random.Random(faults.SEED)
    for kind, (argv, stdin) in commands.items():
        size = len(done(*argv, stdin=stdin))
        for at in range(int(times)):
            want = 0 if at == 0 else rng.randrange(size)

            def body(_, argv=argv, stdin=stdin, want=want, size=size):
                reader, writer = os.pipe()
                if want == 0:
                    os.close(reader)
                with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=writer, stderr=subprocess.PIPE) as process:
                    os.close(writer)
                    got = 0
                    if want:
                        process.stdin.write(stdin)
                        process.stdin.close()
                        process.stdin = None
                        while got < want and (piece := os.read(reader, want - got)):
                            got += len(piece)
                        held = fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ)
                        os.close(reader)
                    _, err = process.communicate(stdin if not want else None, timeout=faults.PATIENCE)
                    status = process.returncode
                # What fits into the pipe may have been written before the reader went.
                need(status == 74 or status == 0 and want and size - got <= held,
                     f"{got} of {size} read: status {status}: {err}")
                return status

            status = loop.attempt(f"{kind}-{at}", body)
            counts[status] = counts.get(status, 0) + 1
    faults.well("base")
    need(history.restores("base", "1.3", os.path.abspath("out")), "not restored")
    need(counts.get(74, 0) >= len(commands), "nearly nobody noticed")
    return loop.end(f"the reader of {len(commands)} commands gone: {tell(counts)}: all held")


# ---- descriptors ----


def command_closed():
    """In all combinations, with a pull, an import, an export, a list. What is opened first must not become stdout."""
    loop, counts = Loop(None), {}
    thing = faults.Pull()
    thing.prepare()
    target = faults.Import()
    os.mkdir("import")
    os.chdir("import")
    target.prepare()
    os.chdir("..")

    def closed(argv, data, which):
        """The status with these of 0, 1, 2 closed; stdin, where it is open, is a file."""
        def close():
            for fd in which:
                os.close(fd)
        with open("stdin-data", "w+b") as file:
            file.write(data)
            file.seek(0)
            with subprocess.Popen(argv, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  preexec_fn=close) as process:  # pylint: disable=subprocess-popen-preexec-fn
                out, _ = process.communicate(timeout=faults.PATIENCE)
                return process.returncode, out

    for mask in range(1, 8):
        which = [fd for fd in range(3) if mask >> fd & 1]

        def pulls(place, which=which):
            make(thing, place)
            argv, stdin = thing.command(place)
            status, _ = closed(argv, stdin, which)
            need(status in (0, *FAILED), f"pull: status {status}")
            need(status != 0 or 0 not in which, "a pull without an input is done")
            faults.after(thing, place, status == 0)
            return status

        def imports(place, which=which):
            target.begin(place)
            status, _ = closed(("rs-import", f"{place}/t"), target.delta, which)
            need(status in (0, *FAILED), f"import: status {status}")
            need(status != 0 or 0 not in which, "an import without an input is done")
            faults.after(target, place, status == 0)
            return status

        def prints(_, which=which):
            worst = 0
            for argv in (("rs-export", "src"), ("rs-pull", "--store", "base", "--name", "n", "--emit", "1.2"),
                         ("rs-store", "list", "base"), ("rs-store", "check", "base"), ("rs-export", "--have=-", "src")):
                status, out = closed(argv, faults.have("base"), which)
                need(status in (0, *FAILED), f"{argv}: status {status}")
                need(1 not in which or status != 0, f"{' '.join(argv)}: without stdout, status 0")
                need(status == 0 or not out or run("rs-import", "nowhere", stdin=out).returncode == 65,
                     f"{' '.join(argv)}: status {status}, and its output is taken")
                worst = max(worst, status)
            faults.well("base")
            need(lines("src") == thing.history.trees["1.3"], "the source was written to")
            return worst

        for label, body in (("pull", pulls), ("import", imports), ("print", prints)):
            status = loop.attempt(f"{label}-without-{'-'.join(map(str, which))}", body)
            counts[status] = counts.get(status, 0) + 1
    return loop.end(f"stdin, stdout, stderr closed: {loop.count} runs of 3 kinds: {tell(counts)}: all held")


def command_few(times):
    """Enough descriptors, or a message; nothing in between, and nothing lost."""
    loop, counts = Loop(None), {}
    things = [faults.THINGS[name]() for name in ("pull", "import", "prune", "copy")]
    limits = [*range(3, 40), *[40] * int(times)]
    for thing in things:
        os.mkdir(thing.name)
        os.chdir(thing.name)
        thing.prepare()
        for at, limit in enumerate(limits):
            def body(place, limit=limit, thing=thing):
                make(thing, place)
                argv, stdin = thing.command(place)
                few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))  # noqa: E731
                # pylint: disable-next=subprocess-popen-preexec-fn
                with start(argv, subprocess.PIPE, preexec_fn=few) as process:
                    _, err = process.communicate(stdin, timeout=faults.PATIENCE)
                status = process.returncode
                # 127: the loader could not open a library.
                need(status in (0, *FAILED, 127), f"{limit} descriptors: status {status}: {err.decode()}")
                need(status != 70, f"{limit} descriptors: called a bug: {err.decode()}")
                need(status == 0 or err.strip(), f"{limit} descriptors: status {status} and no message")
                need(limit < 40 or status == 0, f"{limit} descriptors are too few: {err.decode()}")
                if limit < 40 or at % 10 == 0:
                    faults.after(thing, place, status == 0)
                return status

            status = loop.attempt(f"{limit}-{at}", body)
            counts[status] = counts.get(status, 0) + 1
        os.chdir("..")
    return loop.end(f"3 to 39 descriptors, and {times} x 40, for each of {len(things)} tools: {tell(counts)}: all held")


def main(argv):
    commands = {"signal": (command_signal, 2), "pipe": (command_pipe, 1), "closed": (command_closed, 0),
                "few": (command_few, 1)}
    if not argv or argv[0] not in commands or len(argv) != 1 + commands[argv[0]][1]:
        print(__doc__, file=sys.stderr)
        return 64
    try:
        return commands[argv[0]][0](*argv[1:])
    except Broken as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
