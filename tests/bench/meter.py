# SPDX-License-Identifier: Apache-2.0
"""Runs commands and measures them; reads, sizes and lists what they work on."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
from typing import NamedTuple


class Failure(Exception):
    """A command failed; the text says which and how."""


class Step(NamedTuple):
    """One pipeline. A piece of work is a list of steps, measured one after the other and summed."""
    pipeline: list          # of lists of arguments
    cwd: object = None
    stdout: object = None   # file for the output of the last command


def step(*arguments, **where):
    """A pipeline of one command."""
    return Step([[str(argument) for argument in arguments]], **where)


class Meter:
    """Runs steps through `bench-workload measure`: a process inherits its parent's peak memory over
    fork and exec, and that program is small enough not to spoil the figures as this one would."""

    def __init__(self, helper, directory, limit):
        self.helper, self.limit = helper, limit  # limit: seconds for one step
        self.report, self.log = directory / 'report.json', directory / 'log'

    def touch(self, most):
        """Fills free memory once and gives it back, at most so many bytes. A virtual machine gets memory from its host
        when it first writes there, at a tenth of the speed: whoever comes first would pay for it."""
        free = next(int(line.split()[1]) << 10 for line in open('/proc/meminfo') if line.startswith('MemFree'))
        subprocess.run([str(self.helper), 'touch', '--bytes', str(max(min(most, free - (1 << 30)), 4096))], check=True,
                       stdin=subprocess.DEVNULL)

    def run(self, steps, environment):
        """The sums of wall and CPU seconds, the highest peak, and the figures of each process."""
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
        self.log.write_bytes(b'')
        with open(self.log, 'ab') as stderr, \
                open(one.stdout, 'wb') if one.stdout else open(self.log, 'ab') as stdout:
            child = subprocess.Popen(arguments, cwd=one.cwd, env=environment,
                                     stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                                     start_new_session=True)
            try:
                child.wait(self.limit)
            except subprocess.TimeoutExpired:
                raise Failure(f'not done after {self.limit:g} s: {words}') from None
            finally:
                if child.poll() is None:  # also on an interrupt
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
        if child.returncode != 0:
            raise Failure(f'{words}: {self.last_words()}')
        figures = json.loads(self.report.read_text())
        bad = [f'{process["program"]} exit {process["status"]}'
               for process in figures['processes'] if process['status'] != 0]
        if bad:
            raise Failure(f'{", ".join(bad)}: {words}: {self.last_words()}')
        return figures

    def last_words(self):
        lines = self.log.read_text(errors='replace').split('\n')
        return ' / '.join(lines[-4:]).strip(' /')[-400:]


def files_under(path):
    if os.path.isfile(path):
        yield path
    for directory, _, names in os.walk(path):
        for name in names:
            file = os.path.join(directory, name)
            if os.path.isfile(file) and not os.path.islink(file):
                yield file


def warm(*paths):
    """Reads all files once, so that the page cache holds them; waits until nothing is dirty."""
    buffer = bytearray(1 << 20)
    for path in paths:
        for file in files_under(path):
            with open(file, 'rb', buffering=0) as stream:
                while stream.readinto(buffer):
                    pass
    os.sync()


def size_of(path):
    """Bytes of all files by apparent size: hard links once, directories not at all."""
    seen = {}
    for directory, _, names in os.walk(path):
        for name in names:
            status = os.lstat(os.path.join(directory, name))
            seen[status.st_dev, status.st_ino] = status.st_size
    return sum(seen.values())


def sha256_of(path):
    sha256 = hashlib.sha256()
    with open(path, 'rb') as stream:
        while block := stream.read(1 << 20):
            sha256.update(block)
    return sha256.hexdigest()


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
                entries[key] = 'file ' + sha256_of(path)
    return entries


def remove(path):
    """Whatever is there, if anything."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
