# SPDX-License-Identifier: Apache-2.0
"""What grows with the number of chunks, files and generations: peak memory and time at sizes that no workload of
bench.py has. Memory does not depend on the length of a chunk, so the chunks here are 32 bytes long."""
import os
import subprocess
import sys
import threading
import time

from meter import Failure, Step, remove, step, warm

# work: the highest peak that is allowed, in MiB
CHUNK_LIMIT, FILE_LIMIT = 512, 96


class Scale:
    """All measurements of this kind, one after the other; rows for the report."""

    def __init__(self, options, meter, environment):
        self.meter, self.environment, self.scale = meter, environment, options.scale
        self.tools, self.helper = options.build / 'tools', options.build / 'tests' / 'bench' / 'bench-chunks'
        self.home = options.work / 'scale'
        self.rows, self.notes = [], []

    def tool(self, name, *arguments):
        return [str(self.tools / name), *map(str, arguments)]

    def pull(self, *arguments):
        return self.tool('rs-pull', '--store', self.home / 'store', '--name', 'n', *arguments)

    def measure(self, work, limit, *pipeline, stdout=None):
        """One row: seconds, and the peak of the largest process, which must stay below the limit (MiB; None: no
        limit)."""
        figures = self.meter.run([Step(list(pipeline), stdout=stdout)], self.environment)
        peak = figures['peak_kib'] / 1024
        self.rows.append((work, figures['wall'], peak, limit))
        print(f'scale: {work}: {figures["wall"]:.2f} s, {peak:.0f} MiB', file=sys.stderr, flush=True)
        if limit and peak >= limit:
            self.notes.append(f'{work}: {peak:.0f} MiB where {limit} are allowed')

    def quietly(self, *pipeline, stdout=None):
        self.meter.run([Step(list(pipeline), stdout=stdout)], self.environment)

    def fresh(self):
        remove(self.home)
        self.home.mkdir(parents=True)
        self.quietly(self.tool('rs-store', 'init', '--reserve', '0', self.home / 'store'))

    def run(self):
        for part in (self.chunks, self.files, self.generations):
            try:
                self.fresh()
                part()
            except (Failure, subprocess.SubprocessError, OSError) as reason:
                self.notes.append(f'{part.__name__}: {reason}')
        remove(self.home)

    def chunks(self):
        count = int(10_000_000 * self.scale)
        tree, stream, have, delta = (self.home / name for name in ('tree', 'stream', 'have', 'delta'))
        tree.mkdir()
        self.quietly([str(self.helper), str(tree), str(count)], stdout=stream)
        of = f'{count:,} chunks'
        # Files are given as the output of cat: the tools read pipes.
        self.measure(f'pull, {of}, all new', CHUNK_LIMIT, ['cat', str(stream)], self.pull())
        self.measure(f'have, {of}', CHUNK_LIMIT, self.pull('--have'), stdout=have)
        for file in tree.iterdir():
            os.utime(file)  # changed, as far as its time tells: all of it is read and compared
        self.measure(f'export, {of} known', CHUNK_LIMIT, self.tool('rs-export', f'--have={have}', tree), stdout=delta)
        self.measure(f'pull, {of} known', CHUNK_LIMIT, ['cat', str(delta)], self.pull())
        self.measure(f'emit and import, {of}', CHUNK_LIMIT, self.pull('--emit', 'latest'),
                     self.tool('rs-import', self.home / 'target'))
        self.measure(f'check of all data, {of}', CHUNK_LIMIT,
                     self.tool('rs-store', 'check', '--read-data', self.home / 'store'))
        self.measure(f'prune, {of}', CHUNK_LIMIT,
                     self.tool('rs-store', 'prune', '--keep-last', '1', self.home / 'store'))

    def files(self):
        count = int(1_000_000 * self.scale)
        tree, target = self.home / 'tree', self.home / 'target'
        tree.mkdir()
        for number in range(count):
            directory = tree / f'{number // 1000:05}'
            if number % 1000 == 0:
                directory.mkdir()
            with open(directory / f'{number:07}', 'wb', buffering=0) as file:
                file.write(b'%d\n' % number)
        warm(tree)
        of = f'{count:,} files'
        backup = (self.pull('--have'), self.tool('rs-export', '--have=-', tree), self.pull())
        restore = (self.tool('rs-import', '--have', target), self.pull('--emit', 'latest', '--have=-'),
                   self.tool('rs-import', target))
        self.measure(f'initial, {of}', FILE_LIMIT, *backup)
        self.measure(f'import, {of}', FILE_LIMIT, *restore)
        for number in range(0, count, 100):
            (tree / f'{number // 1000:05}' / f'{number:07}').write_bytes(b'changed')
        self.measure(f'delta, {of}', FILE_LIMIT, *backup)
        self.measure(f'import onto the previous, {of}', FILE_LIMIT, *restore)

    def generations(self):
        count, kept = max(int(1000 * self.scale), 30), 10
        tree = self.home / 'tree'
        tree.mkdir()
        file = tree / 'data'
        content = bytearray(os.urandom(4_000_000))
        backup = (self.pull('--have'), self.tool('rs-export', '--have=-', tree), self.pull())
        walls = []
        for number in range(count):
            at = number * 4096 % len(content)
            content[at:at + 64] = os.urandom(64)
            file.write_bytes(content)
            walls.append(self.meter.run([Step(list(backup))], self.environment)['wall'])
        self.rows.append((f'a pull, the first {kept} of {count:,}', sum(walls[:kept]) / kept, None, None))
        self.rows.append((f'a pull, the last {kept} of {count:,}', sum(walls[-kept:]) / kept, None, None))
        store = self.home / 'store'
        prune = self.tool('rs-store', 'prune', '--keep-last')
        half = count // 2
        done, slowest = threading.Event(), []

        def pull_on():
            """Pulls as long as the prune takes: they are to go on."""
            number = count
            while not done.is_set():
                number += 1
                file.write_bytes(b'%020d' % number + content[20:])
                start = time.monotonic()
                with subprocess.Popen(' | '.join(' '.join(command) for command in backup), shell=True,
                                      env=self.environment, stdout=subprocess.DEVNULL) as child:
                    status = child.wait()
                slowest.append((time.monotonic() - start, status))
        thread = threading.Thread(target=pull_on)
        thread.start()
        try:
            self.measure(f'prune, {half:,} of {count:,} generations go, pulls go on', None, [*prune, str(half), str(store)])
        finally:
            done.set()
            thread.join()
        failed = [status for _, status in slowest if status != 0]
        self.rows.append((f'the slowest of {len(slowest)} pulls meanwhile, {len(failed)} failed',
                          max(wall for wall, _ in slowest), None, None))
        self.measure(f'prune, {half - kept:,} more go', None, [*prune, str(kept), str(store)])
        self.measure('prune, nothing goes', None, [*prune, str(kept), str(store)])

    def report(self):
        lines = '## scale\n\n| work | s | peak of the largest process, MiB | allowed |\n| --- | ---: | ---: | ---: |\n'
        for work, wall, peak, limit in self.rows:
            lines += f'| {work} | {wall:.2f} | {"-" if peak is None else f"{peak:.0f}"} | {limit or "-"} |\n'
        return lines + '\n' + ''.join(f'- {note}\n' for note in self.notes) + '\n'
