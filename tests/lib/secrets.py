# SPDX-License-Identifier: Apache-2.0
"""Looks for secrets where everybody sees them: the arguments and environments of all processes, again and again.

  secrets.py FILE READY STOP    FILE: secrets, one a line; READY: made when it has looked once; STOP: it ends
                                  when that is there

Prints how many samples of how many processes it took, and a line for each secret that it saw: where. Exit status: 0 nothing was
seen, 1 something was, 66 there is no secret to look for.
"""
import os
import sys
import time


def secrets_of(path):
    with open(path, 'rb') as lines:
        return [line.strip() for line in lines if len(line.strip()) >= 16]


def look(wanted, seen):
    """One sample. Processes come and go meanwhile."""
    count = 0
    me = str(os.getpid())
    for pid in os.listdir('/proc'):
        if not pid.isdigit() or pid == me:
            continue
        for part in ('cmdline', 'environ'):
            try:
                with open(f'/proc/{pid}/{part}', 'rb') as file:
                    text = file.read()
            except OSError:
                continue
            count += 1
            for number, secret in enumerate(wanted):
                if secret in text:
                    seen.add((part, number, text.split(b'\0')[0][:80]))
    return count


def main(path, ready, stop):
    wanted = secrets_of(path)
    if not wanted:
        return 66
    seen = set()
    samples = looked = 0
    while True:
        looked += look(wanted, seen)
        samples += 1
        if samples == 1:
            open(ready, 'w', encoding='ascii').close()
        if os.path.exists(stop):
            break
        time.sleep(0.001)
    print(f'{samples} samples, {looked} texts, {len(wanted)} secrets, {len(seen)} seen')
    for part, number, program in sorted(seen):
        print(f'secret {number} in the {part} of {program!r}')
    return 1 if seen else 0


sys.exit(main(*sys.argv[1:]))
