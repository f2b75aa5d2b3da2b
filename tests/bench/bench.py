#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our export, pull and import with other backup tools on three workloads.

Every figure is of whole processes, from the start of the first to the end of the last, with the
input in the page cache and nothing dirty in it. The source directory is taken from round to round
once, and every tool backs it up in each round: all see the same change, with the inodes and times
of a real one. The commands of each tool are in tools.py.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source tree stays clean

import limits
import report
from meter import Failure, Meter, listing, remove, size_of, warm
from scale import Scale
from source import KINDS, Source
from tools import TOOLS, Ours, Unsupported

FAILURES = (Failure, subprocess.SubprocessError, OSError)


def say(*words):
    print(*words, file=sys.stderr, flush=True)


class Run:
    """All work of all tools on one workload."""

    def __init__(self, source, meter, options, environment):
        self.source, self.meter = source, meter
        self.options, self.environment = options, environment
        self.columns = [name for name in options.tools if name in TOOLS]
        self.records, self.notes = [], []
        self.stores = options.work / 'stores' / source.kind
        self.targets, self.trash = options.work / 'targets', options.work / 'trash' / source.kind
        for directory in (self.stores, self.targets, self.trash):
            remove(directory)
        self.trash.mkdir(parents=True)

    def discard(self, path):
        """Removes what nobody measures. Files of a tree only in the end: ext4 looks through the inodes
        that were freed in the last minutes for each new one, and whoever restores next would pay."""
        if self.source.kind == 'tree' and path.exists():
            path.rename(self.trash / str(len(list(self.trash.iterdir()))))
        else:
            remove(path)

    def record(self, tool, work, repetition=0, **results):
        self.records.append({'workload': self.source.kind, 'tool': tool, 'work': work,
                             'repetition': repetition, **results})

    def note(self, tool, work, reason):
        if (tool, work) not in [note[:2] for note in self.notes]:
            say(f'{self.source.kind}: {tool}: {work}: {reason}')
            self.notes.append((tool, work, str(reason)))

    def measure(self, tool, work, repetition, steps, environment):
        """Wall seconds; everything else goes to the records."""
        self.meter.touch(int(4e9 * self.options.scale))
        figures = self.meter.run(steps, environment)
        self.record(tool, work, repetition, **figures)
        say(f'{self.source.kind}: {tool}: {work} {repetition}: {figures["wall"]:.3f} s, '
            f'{figures["peak_kib"] >> 10} MiB')
        return figures['wall']

    def repeat(self, tool, work, once):
        """Calls once(repetition), which returns wall seconds, --runs times; slow work only once."""
        try:
            for repetition in range(self.options.runs):
                if once(repetition) > self.options.patience:
                    break
        except (Unsupported, *FAILURES) as reason:
            self.note(tool.name, work, reason)

    def run(self):
        self.set_round(0)
        oldest = listing(self.source.path)
        living = [tool for tool in map(self.initial, self.columns) if tool]
        self.limits()
        for number in range(1, self.options.rounds + 1):
            if number == self.options.rounds:
                living = [tool for tool in living if self.hold(tool)]
            self.set_round(number)
            living = [tool for tool in living if self.delta(tool, number)]
        newest = listing(self.source.path)
        for tool in living:
            self.restores(tool, oldest, newest)
            self.repeat(tool, 'check', lambda repetition: self.check(tool, repetition))
            self.repeat(tool, 'unchanged',
                        lambda repetition: self.backup(tool, 'unchanged', repetition))

    def clean(self):
        """What nobody needs any more. On a disk that discards at once this takes longer than all the work."""
        remove(self.trash)
        if not self.options.keep:
            remove(self.stores)

    def set_round(self, number):
        say(f'{self.source.kind}: round {number}')
        self.source.set_round(number)

    def initial(self, name):
        """Backs up into fresh stores and returns the tool with the last one, None if it failed."""
        kind = TOOLS[name]
        if reason := kind.missing(self.options.build):
            return self.note(name, 'all work', reason)
        made = []

        def once(repetition):
            home = self.stores / f'{name}-{repetition}'
            home.mkdir(parents=True)
            tool = kind(home, self.source.path, self.source.kind, self.environment)
            self.meter.run(tool.init(), tool.environment)
            warm(self.source.path)
            wall = self.measure(name, 'initial', repetition, tool.backup(), tool.environment)
            tool.backed_up()
            if made:
                self.discard(made.pop().home)
            made.append(tool)
            return wall
        self.repeat(kind, 'initial', once)
        if not made:
            return None
        self.record(name, 'size', bytes=size_of(made[0].store))
        return made[0]

    def backup(self, tool, work, repetition):
        time.sleep(tool.pause)
        warm(self.source.path, tool.store)
        before = size_of(tool.store)
        wall = self.measure(tool.name, work, repetition, tool.backup(), tool.environment)
        tool.backed_up()
        self.record(tool.name, f'growth, {work}', repetition, bytes=size_of(tool.store) - before)
        return wall

    def delta(self, tool, number):
        return self.succeeds(tool, 'delta', lambda: self.backup(tool, 'delta', number))

    def hold(self, tool):
        return self.succeeds(tool, 'hold', lambda: self.meter.run(tool.hold(), tool.environment))

    def succeeds(self, tool, work, action):
        """False if the tool failed, so that it cannot go on."""
        try:
            action()
            return True
        except FAILURES as reason:
            self.note(tool.name, work, reason)
            return False

    def check(self, tool, repetition):
        warm(tool.store)
        return self.measure(tool.name, 'check', repetition, tool.check(), tool.environment)

    def restores(self, tool, oldest, newest):
        parent = self.targets / tool.name
        target = parent / 'tree'

        def restore(work, steps, expected, stage=None):
            def once(repetition):
                self.discard(parent)
                parent.mkdir(parents=True)
                if tool.makes_target:
                    target.mkdir()
                if stage:
                    self.meter.run(stage(target), tool.environment)
                    warm(target)
                warm(tool.store)
                wall = self.measure(tool.name, work, repetition, steps(), tool.environment)
                if repetition == 0:
                    self.compare(tool, work, tool.unpacked(target), expected)
                return wall
            self.repeat(tool, work, once)

        restore('restore newest', lambda: tool.restore(-1, target), newest)
        restore('restore oldest', lambda: tool.restore(0, target), oldest)
        restore('delta restore', lambda: tool.delta_restore(target), newest, tool.stage)
        self.discard(parent)

    def compare(self, tool, work, root, expected):
        found = listing(root)
        wrong = [path for path in expected if found.get(path) != expected[path]]
        more = [path for path in found if path not in expected]
        self.record(tool.name, f'verify {work}', entries=len(expected), wrong=len(wrong),
                    unexpected=len(more))
        if wrong or more:
            links = sum(expected[path].startswith('link') for path in wrong)
            self.note(tool.name, f'verify {work}',
                      f'{len(wrong)} of {len(expected)} entries missing or different '
                      f'({links} of them symbolic links), {len(more)} unexpected; '
                      f'for example {(wrong + more)[0]}')

    def limits(self):
        scratch = self.targets / 'limits'
        scratch.mkdir(parents=True)
        warm(self.source.path)
        for limit in limits.limits(self.source.kind, self.source.path, scratch, self.options.tools):
            one = limit.step(self.source.path.parent)
            absent = [command[0] for command in one.pipeline if not shutil.which(command[0])]
            if absent:
                self.note('limit', limit.title, f'{", ".join(absent)} not installed')
                continue
            try:
                for repetition in range(self.options.runs):
                    if limit.makes:
                        self.discard(limit.makes)
                    if limit.directory:
                        limit.makes.mkdir()
                    os.sync()
                    self.measure('limit', limit.title, repetition, [one], self.environment)
                if limit.sized:
                    self.record('limit', limit.title, bytes=limit.stdout.stat().st_size)
            except FAILURES as reason:
                self.note('limit', limit.title, reason)
        self.discard(self.targets)


def machine(options):
    def first_line(command):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
        return (done.stdout.splitlines() or ['unknown'])[0]

    cpus = [line.split(':', 1)[1].strip() for line in open('/proc/cpuinfo')
            if line.startswith('model name')]
    peers = [TOOLS[name] for name in options.tools if name in TOOLS]
    return {'date': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
            'cpu': (cpus or [platform.machine()])[0], 'cores': os.cpu_count(),
            'memory_bytes': os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES'),
            'kernel': platform.release(), 'load': os.getloadavg()[0],
            'filesystem': first_line(['stat', '-f', '-c', '%T', str(options.work)]),
            'scale': options.scale, 'seed': options.seed, 'runs': options.runs,
            'rounds': options.rounds,
            'versions': {tool.name: first_line(tool.version_command) for tool in peers
                         if tool.version_command and not tool.missing(options.build)}}


def parse(arguments):
    names = [*TOOLS, *limits.NAMES]
    parser = argparse.ArgumentParser(
        description=__doc__.split('\n\n', 1)[0],
        epilog='Results: bench.md (medians) and bench.json (everything) in --work. '
               'Scale 1 with all peers takes about 25 GB there and about two hours.')
    add = parser.add_argument
    add('--build', type=pathlib.Path, required=True, help='with tools/ and tests/bench/ in it')
    add('--work', type=pathlib.Path, help='for data, stores and results (default: BUILD/bench)')
    add('--only', default=','.join((*KINDS, 'scale')),
        help='workloads; scale: many chunks, files, generations (default: %(default)s)')
    add('--tools', default=','.join(names),
        help='columns, and limits of the machine (default: %(default)s)')
    add('--runs', type=int, default=3, help='of what can be repeated (default: %(default)s)')
    add('--rounds', type=int, default=5, help='changes of the source (default: %(default)s)')
    add('--scale', type=float, default=1.0, help='1 is 700 MB, 60,000 files, 2 GiB (the default)')
    add('--seed', type=int, default=1)
    add('--quick', action='store_true', help='the same as --scale 0.1 --runs 1 --rounds 2')
    add('--timeout', type=float, default=900, help='seconds for one command (default: %(default)g)')
    add('--patience', type=float, default=60,
        help='work that takes longer, in seconds, is not repeated (default: %(default)g)')
    add('--keep', action='store_true', help='keep the stores')
    options = parser.parse_args(arguments)
    if options.quick:
        options.scale, options.runs, options.rounds = 0.1, 1, 2
    options.build = options.build.resolve()
    options.work = (options.work or options.build / 'bench').resolve()
    options.only, options.tools = options.only.split(','), options.tools.split(',')
    if 'ours' in options.tools and 'ours-no-sha256' not in options.tools:
        options.tools.insert(options.tools.index('ours') + 1, 'ours-no-sha256')
    for word in set(options.only) - {*KINDS, 'scale'} | set(options.tools) - set(names):
        parser.error(f'unknown workload or tool: {word}')
    if options.runs < 1 or options.rounds < 1 or options.scale <= 0:
        parser.error('--runs, --rounds and --scale must be positive')
    return options


def main(arguments):
    options = parse(arguments)
    helper = options.build / 'tests' / 'bench' / 'bench-workload'
    for name in ('bench-workload', 'bench-chunks'):
        if not os.access(helper.with_name(name), os.X_OK):
            say(f'bench.py: error: {helper.with_name(name)}: not there\n'
                f'bench.py: hint: ninja -C {options.build} tests/bench/{name}')
            return 69
    scratch = options.work / 'scratch'
    remove(scratch)
    home, temporary = scratch / 'home', scratch / 'tmp'
    home.mkdir(parents=True)
    temporary.mkdir()
    environment = {'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8', 'HOME': str(home),
                   'TMPDIR': str(temporary)}
    Ours.build = options.build
    meter = Meter(helper, scratch, options.timeout)

    results, runs = {'machine': machine(options), 'records': [], 'notes': []}, []
    text = report.head(results['machine'])
    for kind in options.only:
        if kind == 'scale':
            scale = Scale(options, meter, environment)
            scale.run()
            text += scale.report()
            results['scale'] = scale.rows
        else:
            source = Source(kind, options.work, helper, options.scale, options.seed)
            run = Run(source, meter, options, environment)
            runs.append(run)
            run.run()
            text += report.workload_report(kind, source.options, run.columns, run.records, run.notes)
            results['records'] += run.records
            results['notes'] += [[kind, *note] for note in run.notes]
        (options.work / 'bench.md').write_text(text)
        (options.work / 'bench.json').write_text(json.dumps(results, indent=1) + '\n')
    print(text, end='', flush=True)
    say(f'written: {options.work}/bench.md, {options.work}/bench.json')
    for run in runs:
        run.clean()
    remove(scratch)
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
