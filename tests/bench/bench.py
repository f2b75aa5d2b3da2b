#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our export, pull and import with other backup tools on three workloads.

Every figure is of whole processes, from the start of the first to the end of the last, with the input in the page
cache and nothing dirty in it. All tools see the same source directory at the same time: it is taken from round to
round once, and each tool backs it up in each round, so that inodes and times are those of a real change.
"""
import argparse
import datetime
import hashlib
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time

import tools
from tools import Step, Unsupported

WORKLOADS = ('dump', 'tree', 'image')
LIMITS = ('zstd', 'cp', 'tar')  # named in --tools: the machine's limits, not columns of their own
MEGABYTE = 1_000_000


class Failure(Exception):
    """A command failed; the text says which and how."""


def say(*words):
    print(*words, file=sys.stderr, flush=True)


# --- measuring ------------------------------------------------------------------------------------------------------

class Meter:
    """Runs steps through `bench-workload measure`, which is small enough not to spoil the figures of peak memory."""

    def __init__(self, helper, directory, limit):
        self.helper, self.limit = helper, limit
        self.report, self.log = directory / 'report.json', directory / 'log'

    def run(self, steps, environment):
        """The sums of wall and CPU seconds and the highest peak, with the figures of each process."""
        total = {'wall': 0.0, 'user': 0.0, 'sys': 0.0, 'peak_kib': 0, 'processes': []}
        for one in steps:
            figures = self.run_step(one, environment)
            total['wall'] += figures['wall']
            for process in figures['processes']:
                total['user'] += process['user']
                total['sys'] += process['sys']
                total['peak_kib'] = max(total['peak_kib'], process['peak_kib'])
            total['processes'] += figures['processes']
        return total

    def run_step(self, one, environment):
        words = ' | '.join(' '.join(command) for command in one.pipeline)
        arguments = [str(self.helper), 'measure', str(self.report)]
        for i, command in enumerate(one.pipeline):
            arguments += ['|'] * (i > 0) + command
        self.report.unlink(missing_ok=True)
        with open(one.stdout or self.log, 'wb') as stdout, open(self.log, 'ab') as log:
            log.truncate(0)
            child = subprocess.Popen(arguments, cwd=one.cwd, env=environment, stdin=subprocess.DEVNULL,
                                     stdout=stdout, stderr=log, start_new_session=True)
            try:
                status = child.wait(self.limit)
            except subprocess.TimeoutExpired:
                raise Failure(f'not done after {self.limit} s: {words}') from None
            finally:
                if child.poll() is None:  # also on an interrupt
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
        if status != 0:
            raise Failure(f'{words}: {self.last_words()}')
        figures = json.loads(self.report.read_text())
        bad = [f'{process["program"]} exit {process["status"]}' for process in figures['processes'] if process['status']]
        if bad:
            raise Failure(f'{", ".join(bad)}: {words}: {self.last_words()}')
        return figures

    def last_words(self):
        return ' / '.join(self.log.read_text(errors='replace').split('\n')[-4:]).strip(' /')[-400:]


def warm(*paths):
    """Reads all files once, so that they are in the page cache."""
    buffer = bytearray(1 << 20)
    for path in paths:
        for file in files_under(path):
            with open(file, 'rb', buffering=0) as stream:
                while stream.readinto(buffer):
                    pass
    os.sync()


def files_under(path):
    if path.is_file():
        yield path
    for directory, _, names in os.walk(path):
        for name in names:
            file = os.path.join(directory, name)
            if os.path.isfile(file) and not os.path.islink(file):
                yield file


def size_of(path):
    """Bytes of all files by apparent size, as `du --apparent-size` counts: hard links once, directories not at all."""
    seen = {}
    for directory, _, names in os.walk(path):
        for name in names:
            status = os.lstat(os.path.join(directory, name))
            seen[status.st_dev, status.st_ino] = status.st_size
    return sum(seen.values())


def listing(root):
    """Path to type and contents of everything in a tree: what a restore is compared by."""
    entries = {}
    for directory, directories, names in os.walk(root):
        for name in directories + names:
            path = os.path.join(directory, name)
            key = os.path.relpath(path, root)
            if os.path.islink(path):
                entries[key] = 'link to ' + os.readlink(path)
            elif os.path.isdir(path):
                entries[key] = 'directory'
            else:
                with open(path, 'rb') as stream:
                    entries[key] = 'file ' + digest(stream)
    return entries


def digest(stream):
    sha256 = hashlib.sha256()
    while block := stream.read(1 << 20):
        sha256.update(block)
    return sha256.hexdigest()


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# --- the data that is backed up -------------------------------------------------------------------------------------

class Workload:
    """A source directory that is taken from round to round. What is there already with equal parameters is reused."""

    FILES = {'dump': 'shop.sql', 'image': 'disk.img'}

    def __init__(self, kind, work, helper, scale, seed):
        self.kind, self.helper = kind, helper
        self.home, self.source = work / kind, work / kind / 'source'
        amount = {'dump': int(700e6 * scale), 'tree': int(60000 * scale), 'image': int(2**31 * scale) // 65536 * 65536}
        self.options = ['--files' if kind == 'tree' else '--bytes', str(amount[kind]), '--seed', str(seed)]
        self.parameters = {'options': self.options, 'generator': digest(open(helper, 'rb'))}
        self.state = self.home / 'state.json'
        known = json.loads(self.state.read_text()) if self.state.exists() else {}
        if known.get('parameters') != self.parameters and self.home.exists():
            remove(self.home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.round = known.get('round') if self.source.exists() else None

    def make(self, path, number):
        subprocess.run([self.helper, self.kind, path, *self.options, '--round', str(number)], check=True)

    def set_round(self, number):
        """Takes the source to a round: a tree or an image in place if it can, a dump by another file in its place."""
        if self.round == number:
            return
        say(f'{self.kind}: round {number}')
        previous, self.round = self.round, number
        self.state.unlink(missing_ok=True)
        if self.kind == 'dump':
            self.set_dump(previous, number)
        else:
            if previous != number - 1:
                remove(self.source)
            if self.kind == 'tree':
                self.make(self.source, number)
            else:
                self.source.mkdir(exist_ok=True)
                self.make(self.source / self.FILES['image'], number)
        self.state.write_text(json.dumps({'parameters': self.parameters, 'round': number}))

    def set_dump(self, previous, number):
        self.source.mkdir(exist_ok=True)
        current = self.source / self.FILES['dump']
        if current.exists() and previous is not None:
            current.rename(self.home / f'round-{previous}')
        kept = self.home / f'round-{number}'
        if not kept.exists():
            self.make(kept, number)
        kept.rename(current)


# --- one workload, all tools ----------------------------------------------------------------------------------------

class Run:
    """All work of all tools on one workload."""

    def __init__(self, workload, meter, options, environment):
        self.workload, self.meter, self.options, self.environment = workload, meter, options, environment
        self.records, self.notes, self.columns = [], [], []
        self.stores = options.work / 'stores' / workload.kind
        self.targets = options.work / 'targets'
        remove(self.stores)
        remove(self.targets)

    def note(self, tool, work, reason):
        if work in (known for name, known, _ in self.notes if name == tool):
            return
        say(f'{self.workload.kind}: {tool}: {work}: {reason}')
        self.notes.append((tool, work, reason))

    def measure(self, tool, work, steps, repetition, environment=None):
        figures = self.meter.run(steps, environment or tool.environment)
        name = tool if isinstance(tool, str) else tool.name
        self.records.append({'workload': self.workload.kind, 'tool': name, 'work': work, 'repetition': repetition, **figures})
        say(f'{self.workload.kind}: {name}: {work} {repetition}: {figures["wall"]:.3f} s, {figures["peak_kib"] >> 10} MiB')
        return figures['wall']

    def record_size(self, tool, work, repetition, size):
        self.records.append({'workload': self.workload.kind, 'tool': tool.name, 'work': work, 'repetition': repetition, 'bytes': size})

    def repeat(self, tool, work, once):
        """Calls once(repetition), which returns wall seconds, --runs times; a slow work not again."""
        for repetition in range(self.options.runs):
            try:
                if once(repetition) > self.options.patience:
                    break
            except Unsupported as reason:
                return self.note(tool.name, work, str(reason))
            except (Failure, subprocess.SubprocessError, OSError) as reason:
                return self.note(tool.name, work, str(reason))

    def run(self):
        options, workload = self.options, self.workload
        workload.set_round(0)
        lists = {0: listing(workload.source)}
        living = []
        for name in options.tools:
            if name in tools.TOOLS:
                self.columns.append(name)
                reason = tools.TOOLS[name].missing(options.build)
                if reason:
                    self.note(name, 'all work', reason)
                elif tool := self.initial(tools.TOOLS[name]):
                    living.append(tool)
        self.limits()
        for number in range(1, options.rounds + 1):
            if number == options.rounds:
                for tool in living:
                    self.meter.run(tool.hold(), tool.environment)
            workload.set_round(number)
            living = [tool for tool in living if self.delta(tool, number)]
        lists[-1] = listing(workload.source)
        for tool in living:
            self.after(tool, lists)
        if not options.keep:
            remove(self.stores)

    def initial(self, kind):
        """Backs up into fresh stores, the last of which is gone on with."""
        made = []

        def once(repetition):
            home = self.stores / f'{kind.name}-{repetition}'
            home.mkdir(parents=True)
            tool = kind(home, self.workload.source, self.workload.kind, self.environment)
            self.meter.run(tool.init(), tool.environment)
            warm(self.workload.source)
            wall = self.measure(tool, 'initial', tool.backup(), repetition)
            tool.backed_up()
            for old in made:
                remove(old.home)
            made[:] = [tool]
            return wall
        self.repeat(kind, 'initial', once)
        if not made:
            return None
        self.record_size(made[0], 'size', 0, size_of(made[0].store))
        return made[0]

    def backup(self, tool, work, repetition):
        time.sleep(tool.pause)
        warm(self.workload.source, tool.store)
        before = size_of(tool.store)
        wall = self.measure(tool, work, tool.backup(), repetition)
        tool.backed_up()
        self.record_size(tool, f'growth, {work}', repetition, size_of(tool.store) - before)
        return wall

    def delta(self, tool, number):
        """False if the tool failed and cannot go on."""
        try:
            self.backup(tool, 'delta', number)
            return True
        except (Failure, subprocess.SubprocessError, OSError) as reason:
            self.note(tool.name, 'delta', str(reason))
            return False

    def after(self, tool, lists):
        parent = self.targets / tool.name
        target = parent / 'tree'

        def prepare():
            remove(parent)
            parent.mkdir(parents=True)
            if tool.makes_target:
                target.mkdir()

        def restored(work, steps, repetition, expected):
            warm(tool.store)
            wall = self.measure(tool, work, steps, repetition)
            if repetition == 0:
                self.compare(tool, work, tool.unpacked(target), expected)
            return wall

        def restore(index):
            def once(repetition):
                prepare()
                work = 'restore oldest' if index == 0 else 'restore newest'
                return restored(work, tool.restore(index, target), repetition, lists[index])
            return once

        def delta_restore(repetition):
            prepare()
            self.meter.run(tool.stage(target), tool.environment)
            warm(target)
            return restored('delta restore', tool.delta_restore(target), repetition, lists[-1])

        def check(repetition):
            warm(tool.store)
            return self.measure(tool, 'check', tool.check(), repetition)

        self.repeat(tool, 'restore newest', restore(-1))
        self.repeat(tool, 'restore oldest', restore(0))
        self.repeat(tool, 'delta restore', delta_restore)
        remove(parent)
        self.repeat(tool, 'check', check)
        self.repeat(tool, 'unchanged', lambda repetition: self.backup(tool, 'unchanged', repetition))

    def compare(self, tool, work, root, expected):
        found = listing(root)
        wrong = [path for path in expected if found.get(path) != expected[path]]
        more = [path for path in found if path not in expected]
        self.records.append({'workload': self.workload.kind, 'tool': tool.name, 'work': f'verify {work}',
                             'entries': len(expected), 'wrong': len(wrong), 'unexpected': len(more)})
        if wrong or more:
            links = sum(expected[path].startswith('link') for path in wrong)
            self.note(tool.name, f'verify {work}', f'{len(wrong)} of {len(expected)} entries missing or different ({links} of them '
                      f'symbolic links), {len(more)} unexpected; for example {(wrong + more)[0]}')

    def limits(self):
        """What this machine does with the same data and plain tools."""
        source, scratch = self.workload.source, self.targets / 'limits'
        remove(scratch)
        scratch.mkdir(parents=True)
        threads = f'-T{os.cpu_count()}'

        def limit(work, *pipeline, stdout=None, produces=None, fresh=None, directory=False):
            one = Step([[str(word) for word in command] for command in pipeline], cwd=source.parent, stdout=stdout)
            absent = [command[0] for command in one.pipeline if not shutil.which(command[0])]
            if absent:
                return self.note('limit', work, f'{", ".join(absent)} not installed')
            for repetition in range(self.options.runs):
                if fresh:
                    remove(fresh)
                if directory:
                    fresh.mkdir()
                os.sync()
                try:
                    self.measure('limit', work, [one], repetition, self.environment)
                except Failure as reason:
                    return self.note('limit', work, str(reason))
            if produces:
                self.records.append({'workload': self.workload.kind, 'tool': 'limit', 'work': work, 'repetition': 0, 'bytes': produces.stat().st_size})

        warm(source)
        nowhere = pathlib.Path('/dev/null')
        packed, copy = scratch / 'packed.zst', scratch / 'copy'
        if self.workload.kind == 'tree':
            name = source.name
            limit('find', ['find', name, '-printf', '%s %T@ %C@ %i %p\\n'], stdout=nowhere)
            limit('read (tar)', ['tar', '-cf', '-', name], ['cat'], stdout=nowhere)
            if 'tar' in self.options.tools:
                for level in '1', '3':
                    limit(f'tar, zstd -{level} {threads}', ['tar', '-cf', '-', name], ['zstd', '-q', f'-{level}', threads, '-c'],
                          stdout=packed, produces=packed)
                limit('tar from zstd', ['zstd', '-q', '-d', '-c', packed], ['tar', '-xf', '-', '-C', copy], fresh=copy, directory=True)
            if 'cp' in self.options.tools:
                limit('cp -a', ['cp', '-a', name, copy], fresh=copy)
        else:
            file = next(source.iterdir())
            limit('read', ['cat', file], stdout=nowhere)
            limit('pipe', ['cat', file], ['cat'], stdout=nowhere)
            limit('XXH3-128', ['xxh128sum', file], stdout=nowhere)
            limit('SHA-256', ['openssl', 'dgst', '-sha256', file], stdout=nowhere)
            if 'zstd' in self.options.tools:
                for level in '1', '3':
                    limit(f'zstd -{level} {threads}', ['zstd', '-q', f'-{level}', threads, '-c', file], stdout=packed, produces=packed)
                limit('zstd -d', ['zstd', '-q', '-d', '-f', '-o', copy, packed], fresh=copy)
            if 'tar' in self.options.tools and self.workload.kind == 'image':
                for level in '1', '3':
                    limit(f'tar -S, zstd -{level} {threads}', ['tar', '-cSf', '-', source.name], ['zstd', '-q', f'-{level}', threads, '-c'],
                          stdout=packed, produces=packed)
            if 'cp' in self.options.tools:
                limit('cp', ['cp', file, copy], fresh=copy)
        remove(self.targets)


# --- the report -----------------------------------------------------------------------------------------------------

SECONDS = (('initial', 'initial backup'), ('delta', '{percent} delta'), ('unchanged', 'unchanged'),
           ('restore newest', 'restore newest'), ('restore oldest', 'restore oldest'),
           ('delta restore', 'restore onto the previous'), ('check', 'check of all data'))
BYTES = (('size', 'size after the initial one'), ('growth, delta', 'growth for each delta'),
         ('growth, unchanged', 'growth, unchanged'))


def median(records, tool, work, field):
    values = [record[field] for record in records if record['tool'] == tool and record['work'] == work and field in record]
    return statistics.median(values) if values else None


def cell(value, unit=1.0):
    if value is None:
        return '-'
    value /= unit
    return f'{value:.0f}' if value >= 100 else f'{value:.1f}' if value >= 10 else f'{value:.2f}' if value >= 0.1 else f'{value:.3f}'


def table(head, rows):
    lines = [head, ['---'] + ['---:'] * (len(head) - 1)] + rows
    return ''.join('| ' + ' | '.join(line) + ' |\n' for line in lines)


def report(run):
    records, columns = run.records, run.columns
    percent = '1%' if run.workload.kind == 'dump' else '0.5%'
    rows = [[f'{title.format(percent=percent)}, s'] + [cell(median(records, tool, work, 'wall')) for tool in columns]
            for work, title in SECONDS]
    rows += [[f'{title}, MB'] + [cell(median(records, tool, work, 'bytes'), MEGABYTE) for tool in columns]
             for work, title in BYTES]
    peaks = [max((record.get('peak_kib', 0) for record in records if record['tool'] == tool), default=0) for tool in columns]
    rows += [['peak memory, MB'] + [cell(peak * 1024 if peak else None, MEGABYTE) for peak in peaks]]
    text = f'## {run.workload.kind}: {" ".join(run.workload.options)}\n\n'
    text += table(['work'] + columns, rows) if columns else ''

    seen = dict.fromkeys(record['work'] for record in records if record['tool'] == 'limit')
    if seen:
        text += '\n' + table(["the machine's limits", 's', 'MB'], [
            [work, cell(median(records, 'limit', work, 'wall')), cell(median(records, 'limit', work, 'bytes'), MEGABYTE)] for work in seen])
    grouped = {}
    for tool, work, reason in run.notes:
        grouped.setdefault((work, reason), []).append(tool)
    if grouped:
        text += '\n' + ''.join(f'- {work}: {", ".join(names)}: {reason}\n' for (work, reason), names in grouped.items())
    verified = [record for record in records if record['work'].startswith('verify')]
    good = sum(not record['wrong'] and not record['unexpected'] for record in verified)
    return text + f'\n{good} of {len(verified)} restored trees equal their source (names, types, SHA-256).\n\n'


def machine(options, names):
    def first_line(command):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return (done.stdout.splitlines() or ['unknown'])[0]
    model = next((line.split(':')[1].strip() for line in pathlib.Path('/proc/cpuinfo').read_text().splitlines()
                  if line.startswith('model name')), platform.machine())
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    filesystem = first_line(['stat', '-f', '-c', '%T', str(options.work)])
    versions = {name: first_line(tools.TOOLS[name].version_command) for name in names
                if name in tools.TOOLS and tools.TOOLS[name].version_command and not tools.TOOLS[name].missing(options.build)}
    return {'date': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'), 'cpu': model,
            'cores': os.cpu_count(), 'memory_bytes': memory, 'kernel': platform.release(), 'filesystem': filesystem,
            'load': os.getloadavg()[0], 'scale': options.scale, 'seed': options.seed, 'runs': options.runs,
            'rounds': options.rounds, 'versions': versions}


def parse(arguments):
    everything = ','.join(list(tools.TOOLS) + list(LIMITS))
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0],
                                     epilog='At scale 1 it needs about 25 GB in --work and an hour and a half.')
    parser.add_argument('--build', type=pathlib.Path, required=True, help='build directory, with tools/ and tests/bench/')
    parser.add_argument('--work', type=pathlib.Path, help='for data, stores and results (BUILD/bench)')
    parser.add_argument('--only', default=','.join(WORKLOADS), help='workloads (%(default)s)')
    parser.add_argument('--tools', default=everything, help='what to compare; "ours" brings ours-no-sha256 with it (%(default)s)')
    parser.add_argument('--runs', type=int, default=3, help='repetitions of what can be repeated (%(default)s)')
    parser.add_argument('--rounds', type=int, default=5, help='changes of the source (%(default)s)')
    parser.add_argument('--scale', type=float, default=1.0, help='size of the workloads: 1 is 700 MB, 60,000 files, 2 GiB')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--quick', action='store_true', help='the same as --scale 0.1 --runs 1 --rounds 2')
    parser.add_argument('--timeout', type=float, default=900, help='seconds for one command (%(default)s)')
    parser.add_argument('--patience', type=float, default=60, help='what takes longer, in seconds, is run once (%(default)s)')
    parser.add_argument('--keep', action='store_true', help='keep the stores')
    options = parser.parse_args(arguments)
    if options.quick:
        options.scale, options.runs, options.rounds = 0.1, 1, 2
    options.build = options.build.resolve()
    options.work = (options.work or options.build / 'bench').resolve()
    options.only, options.tools = options.only.split(','), options.tools.split(',')
    if 'ours' in options.tools and 'ours-no-sha256' not in options.tools:
        options.tools.insert(options.tools.index('ours') + 1, 'ours-no-sha256')
    for word in options.only + options.tools:
        if word not in everything.split(',') and word not in WORKLOADS:
            parser.error(f'unknown workload or tool: {word}')
    if options.runs < 1 or options.rounds < 1:
        parser.error('--runs and --rounds are at least 1')
    return options


def main(arguments):
    options = parse(arguments)
    helper = options.build / 'tests' / 'bench' / 'bench-workload'
    if not os.access(helper, os.X_OK):
        say(f'bench.py: error: {helper}: not there\nbench.py: hint: meson compile -C {options.build} bench-workload')
        return 69
    tools.Ours.build = options.build
    scratch = options.work / 'scratch'
    remove(scratch)
    for name in ('home', 'tmp'):
        (scratch / name).mkdir(parents=True)
    environment = {'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8', 'HOME': str(scratch / 'home'), 'TMPDIR': str(scratch / 'tmp')}
    os.environ['HOME'] = environment['HOME']
    meter = Meter(helper, scratch, options.timeout)

    results = {'machine': machine(options, options.tools), 'records': [], 'notes': []}
    about = results['machine']
    text = f'# Benchmark, {about["date"]}\n\n{about["cpu"]}, {about["cores"]} cores, {about["memory_bytes"] / 2**30:.0f} GiB, ' \
           f'Linux {about["kernel"]}, {about["filesystem"]}, load {about["load"]:.2f} at the start; scale {options.scale:g}, ' \
           f'median of {options.runs} runs and {options.rounds} deltas; wall time of whole processes, page cache warm.\n\n'
    text += ''.join(f'- {name}: {version}\n' for name, version in about['versions'].items()) + '\n'
    for kind in options.only:
        run = Run(Workload(kind, options.work, helper, options.scale, options.seed), meter, options, environment)
        run.run()
        text += report(run)
        results['records'] += run.records
        results['notes'] += [[kind, *note] for note in run.notes]
        (options.work / 'bench.md').write_text(text)
        (options.work / 'bench.json').write_text(json.dumps(results, indent=1) + '\n')
    remove(scratch)
    print(text, end='')
    say(f'written: {options.work}/bench.md and bench.json')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
