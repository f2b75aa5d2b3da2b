# SPDX-License-Identifier: Apache-2.0
"""How many processes something has at once, and how much memory.

  footprint.py WORD STOP    processes that have WORD in their environment; until the file STOP is there

Prints two numbers: the largest number of processes, and the largest sum of their resident memory in MiB; shared pages count for each.
"""
import os
import sys
import time


def sample(word):
    count = pages = 0
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/environ', 'rb') as file:
                if word not in file.read().split(b'\0'):
                    continue
            with open(f'/proc/{pid}/statm', encoding='ascii') as file:
                pages += int(file.read().split()[1])
            count += 1
        except OSError:
            continue  # it has gone, or is not ours
    return count, pages * os.sysconf('SC_PAGE_SIZE') >> 20


def main(word, stop):
    most = memory = 0
    while not os.path.exists(stop):
        count, pages = sample(os.fsencode(word))
        most, memory = max(most, count), max(memory, pages)
        time.sleep(0.05)
    print(most, memory)


main(*sys.argv[1:])
