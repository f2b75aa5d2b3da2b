# SPDX-License-Identifier: Apache-2.0
"""What the machine does with the same data and plain tools: the limits that a backup can reach."""
import os
import pathlib
from typing import NamedTuple

from meter import Step

NAMES = ('zstd', 'cp', 'tar')  # that --tools can leave out; the rest is quick and always measured


class Limit(NamedTuple):
    title: str
    pipeline: list
    stdout: object = pathlib.Path('/dev/null')
    makes: object = None        # removed before each run
    directory: bool = False     # and made as an empty directory
    sized: bool = False         # whether the size of stdout is a result

    def step(self, cwd):
        pipeline = [[str(argument) for argument in command] for command in self.pipeline]
        return Step(pipeline, cwd=cwd, stdout=self.stdout)


def limits(kind, source, scratch, names):
    """The limits of one workload, in order; commands run beside the source directory."""
    threads = f'-T{os.cpu_count()}'
    packed, copy = scratch / 'packed.zst', scratch / 'copy'
    if kind == 'tree':
        tree = source.name
        yield Limit('find with stat', [['find', tree, '-printf', '%s %T@ %C@ %i %p\\n']])
        yield Limit('read by tar', [['tar', '-cf', '-', tree], ['cat']])
        if 'tar' in names:
            for level in '13':
                yield Limit(f'tar, zstd -{level} {threads}',
                            [['tar', '-cf', '-', tree], ['zstd', '-qc', f'-{level}', threads]],
                            stdout=packed, sized=True)
            yield Limit('tar from zstd -d',
                        [['zstd', '-qdc', packed], ['tar', '-C', copy, '-xf', '-']],
                        makes=copy, directory=True)
        if 'cp' in names:
            yield Limit('cp -a', [['cp', '-a', tree, copy]], makes=copy)
        return

    file = next(source.iterdir())
    yield Limit('read', [['cat', file]])
    yield Limit('pipe', [['cat', file], ['cat']])
    yield Limit('XXH3-128', [['xxh128sum', file]])
    yield Limit('SHA-256', [['openssl', 'dgst', '-sha256', file]])
    if 'tar' in names and kind == 'image':
        for level in '13':
            yield Limit(f'tar -S, zstd -{level} {threads}',
                        [['tar', '-cSf', '-', source.name], ['zstd', '-qc', f'-{level}', threads]],
                        stdout=packed, sized=True)
    if 'zstd' in names:
        for level in '13':
            yield Limit(f'zstd -{level} {threads}', [['zstd', '-qc', f'-{level}', threads, file]],
                        stdout=packed, sized=True)
        yield Limit('zstd -d', [['zstd', '-qdf', packed, '-o', copy]], makes=copy)
    if 'cp' in names:
        yield Limit('cp', [['cp', file, copy]], makes=copy)
        # What a restore that is durable at its end cannot go below: ours flush, most peers do not.
        yield Limit('dd, flushed', [['dd', 'status=none', 'bs=1M', 'conv=fsync', f'if={file}', f'of={copy}']],
                    makes=copy)
