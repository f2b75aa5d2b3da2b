# SPDX-License-Identifier: Apache-2.0
"""Notifications through a line that loses, doubles, delays and shuffles them, to a receiver that is killed at random.

    lossy.py RUNS [SEED]

In the current directory: q with callbacks for C1:wiki, which runs ./pull; pull appends what it was asked for to ./ran. Each run
tells some twenty generations; at the end the newest that was acknowledged has been done, no generation was done after a newer
one, and none more often than the receiver was killed. Prints a summary. Exit status 1 if that does not hold.
"""

import os
import random
import subprocess
import sys
import time


def text(generation):
    return f"rs-notification 1\nsource C1\nname wiki\ngeneration {generation[0]}.{generation[1]}\ndigest -\nmac -\n"


def accept(generation):
    """True if it was acknowledged."""
    done = subprocess.run(["rs-notify", "accept", "--queue", "q"], input=text(generation), text=True, capture_output=True, check=False)
    return done.returncode == 0


def one_run(rng, first):
    """Generations from `first` on; gives how many were sent, acknowledged, how often the worker was killed."""
    open("ran", "w", encoding="ascii").close()
    told, line, kills, sent = [], [], 0, 0
    worker = None
    for counter in range(first, first + 20):
        for copy in range(rng.choice([0, 1, 1, 1, 2, 2])):
            line.append((1, counter))
        while len(line) > rng.randrange(10):
            sent += 1
            generation = line.pop(rng.randrange(len(line)))
            if accept(generation):
                told.append(generation)
        if worker is None and rng.random() < 0.6:
            worker = subprocess.Popen(["rs-notify", "work", "--queue", "q", "--log", "log"])
        elif worker is not None and rng.random() < 0.3:
            time.sleep(rng.random() * 0.02)
            worker.kill()
            worker.wait()
            worker, kills = None, kills + 1
    if worker is not None:
        worker.kill()
        worker.wait()
        kills += 1
    # What was just being started when its worker was killed holds the lock for a moment more.
    while (status := subprocess.run(["rs-notify", "work", "--once", "--queue", "q", "--log", "log"],
                                     stderr=subprocess.DEVNULL, check=False).returncode) != 0:
        if status != 75:
            sys.exit(f"work --once: status {status}")
    with open("ran", encoding="ascii") as file:
        ran = [tuple(map(int, line.split("."))) for line in file.read().split()]
    newest = max(told, default=None)
    if newest is not None and (not ran or ran[-1] != newest):
        sys.exit(f"told of {newest}, and last done {ran[-1:]}")
    if ran != sorted(ran):
        sys.exit(f"out of order: {ran}")
    if len(ran) - len(set(ran)) > kills:
        sys.exit(f"done twice without a kill: {ran}")
    return sent, len(told), kills


def main():
    runs, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    rng = random.Random(seed)
    totals = [0, 0, 0]
    for number in range(runs):
        totals = [a + b for a, b in zip(totals, one_run(rng, 1 + 100 * number))]
    print(f"{runs} runs (seed {seed}): {totals[0]} notifications, {totals[1]} acknowledged, {totals[2]} kills, nothing lost")


os.environ["LC_ALL"] = "C"
main()
