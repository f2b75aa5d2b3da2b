# SPDX-License-Identifier: Apache-2.0
"""What is compared: one class a tool, each saying its commands and nothing else.

A method returns the steps of one piece of work, and raises Unsupported with the reason if the tool
has no command for it.
"""
import json
import os
import pathlib
import shutil
import subprocess
import time

from meter import Step, step


class Unsupported(Exception):
    """The tool cannot do this; the text says why."""


class Tool:
    name = ''
    programs = ()                   # that must be on PATH
    version_command = ()
    pause = 0                       # seconds before a backup, for generations named by the second
    makes_target = False            # whether the directory to restore into must be there, empty

    def __init__(self, home, source, kind, environment):
        """home: a directory of its own; source: what to back up; kind: dump, tree or image."""
        self.home, self.source, self.kind = home, source, kind
        self.store, self.cache = home / 'store', home / 'cache'
        self.environment = environment | self.variables()
        self.generations = []       # what the tool calls each backup, oldest first

    def variables(self):
        return {}

    @classmethod
    def missing(cls, build):
        """Why the tool cannot be used here, or None."""
        absent = [program for program in cls.programs if not shutil.which(program)]
        return f'{", ".join(absent)} not installed' if absent else None

    def output(self, *arguments):
        """What a command prints; not measured."""
        return subprocess.run(arguments, env=self.environment, text=True, check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout

    def the_file(self):
        """The one file of a dump or an image."""
        return next(self.source.iterdir())

    def unpacked(self, target):
        """Where the tree is in the directory that was restored into."""
        return target

    def init(self):
        return []

    def backup(self):
        raise NotImplementedError

    def backed_up(self):
        """Called after each backup: notes its generation."""
        self.generations.append(len(self.generations))

    def restore(self, index, target):
        """Restores generations[index] into target, which is not there unless makes_target."""
        raise NotImplementedError

    def hold(self):
        """Called before the last change of the source, for what stage() needs."""
        return []

    def stage(self, target):
        """Makes `target` what it was one generation ago; not measured."""
        raise Unsupported('no import onto an older tree')

    def delta_restore(self, target):
        """Brings `target` from the last but one generation to the last."""
        raise Unsupported('no import onto an older tree')

    def check(self):
        raise Unsupported('no command that checks all data')


class Ours(Tool):
    name = 'ours'
    export_options = ()
    build = pathlib.Path()          # set by bench.py

    @classmethod
    def missing(cls, build):
        absent = [name for name in ('rs-store', 'rs-export', 'rs-pull', 'rs-import')
                  if not os.access(build / 'tools' / name, os.X_OK)]
        return f'{", ".join(absent)} not in {build}/tools' if absent else None

    def command(self, name, *arguments):
        return [str(self.build / 'tools' / name), *map(str, arguments)]

    def pull(self, *arguments):
        return self.command('rs-pull', '--store', self.store, '--name', 'bench', *arguments)

    def init(self):
        return [Step([self.command('rs-store', 'init', '--reserve', '0', self.store)])]

    def backup(self):
        export = self.command('rs-export', '--have=-', *self.export_options, self.source)
        return [Step([self.pull('--have'), export, self.pull()], stdout=self.home / 'generation')]

    def backed_up(self):
        self.generations.append((self.home / 'generation').read_text().split()[-1])

    def restore(self, index, target):
        emit = self.pull('--emit', self.generations[index])
        return [Step([emit, self.command('rs-import', target)])]

    def stage(self, target):
        return self.restore(self.before_last, target)

    def hold(self):
        self.before_last = len(self.generations) - 1
        return []

    def delta_restore(self, target):
        have = self.command('rs-import', '--have', target)
        emit = self.pull('--emit', 'latest', '--have=-')
        return [Step([have, emit, self.command('rs-import', target)])]

    def check(self):
        return [Step([self.command('rs-store', 'check', '--read-data', self.store)])]


class OursWithoutSha256(Ours):
    name = 'ours-no-sha256'
    export_options = ('--no-sha256',)


class Restic(Tool):
    name = 'restic'
    programs = ('restic',)
    version_command = ('restic', 'version')

    def variables(self):
        password = self.home / 'password'
        return {'RESTIC_PASSWORD_FILE': str(password), 'RESTIC_REPOSITORY': str(self.store),
                'RESTIC_CACHE_DIR': str(self.cache)}

    def init(self):
        (self.home / 'password').write_text('bench\n')
        return [step('restic', 'init', '-q')]

    def backup(self):
        return [step('restic', 'backup', '-q', self.source)]

    def backed_up(self):
        snapshots = json.loads(self.output('restic', 'snapshots', '--json'))
        self.generations = [one['id'] for one in sorted(snapshots, key=lambda one: one['time'])]

    def restore(self, index, target):
        return [step('restic', 'restore', '-q', self.generations[index], '--target', target)]

    def unpacked(self, target):
        return target / self.source.relative_to('/')

    def check(self):
        return [step('restic', 'check', '-q', '--read-data')]


class Borg(Tool):
    name = 'borg'
    programs = ('borg',)
    version_command = ('borg', '--version')
    makes_target = True

    def variables(self):
        return {'BORG_BASE_DIR': str(self.cache), 'BORG_REPO': str(self.store),
                'BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK': 'yes'}

    def init(self):
        self.cache.mkdir(exist_ok=True)
        return [step('borg', 'init', '-e', 'none')]

    def backup(self):
        return [step('borg', 'create', '--compression', 'zstd,3', f'::{len(self.generations)}',
                     self.source.name, cwd=self.source.parent)]

    def restore(self, index, target):
        sparse = ['--sparse'] if self.kind == 'image' else []
        return [step('borg', 'extract', *sparse, f'::{self.generations[index]}', cwd=target)]

    def unpacked(self, target):
        return target / self.source.name

    def check(self):
        return [step('borg', 'check', '--verify-data')]


class Bup(Tool):
    name = 'bup'
    programs = ('bup',)
    version_command = ('bup', '--version')

    def variables(self):
        return {'BUP_DIR': str(self.store), 'TZ': 'UTC'}

    def init(self):
        return [step('bup', 'init')]

    def backup(self):
        index = self.home / 'index'  # a cache of the client's side
        date = 1767225600 + len(self.generations)  # generations are named by the second
        return [step('bup', 'index', '-f', index, self.source),
                step('bup', 'save', '-q', '-f', index, '--strip', '-n', 'bench', '--date', date,
                     self.source)]

    def backed_up(self):
        self.generations = sorted(set(self.output('bup', 'ls', 'bench').split()) - {'latest'})

    def restore(self, index, target):
        sparse = ['--sparse'] if self.kind == 'image' else []
        return [step('bup', 'restore', '-q', *sparse, '-C', target,
                     f'/bench/{self.generations[index]}/.')]

    def check(self):
        return [step('bup', 'fsck', '--disable-par2', '-j', os.cpu_count())]


class Casync(Tool):
    name = 'casync'
    programs = ('casync',)
    version_command = ('casync', '--version')

    def index(self, number):
        return self.store / f'{number}.{"caidx" if self.kind == "tree" else "caibx"}'

    def init(self):
        self.store.mkdir()
        return []

    def options(self):
        return ['--store', self.store / 'default.castr']

    def backup(self):
        # Without --cache: with it, version 2 makes archives of changed trees that it then cannot
        # read ("Bad message").
        what = self.source if self.kind == 'tree' else self.the_file()
        return [step('casync', 'make', *self.options(), self.index(len(self.generations)), what)]

    def restore(self, index, target):
        what = self.index(self.generations[index])
        if self.kind == 'tree':
            return [step('casync', 'extract', *self.options(), what, target)]
        target.mkdir()
        return [step('casync', 'extract', *self.options(), what, target / self.the_file().name)]

    def check(self):  # no check command, but a digest reads and compares every chunk of an index
        return [step('casync', 'digest', *self.options(), self.index(number))
                for number in self.generations]


class RdiffBackup(Tool):
    name = 'rdiff-backup'
    programs = ('rdiff-backup',)
    version_command = ('rdiff-backup', '--version')
    pause = 1.1

    def command(self, *arguments):
        # The default API, 200: with 201 version 2.2.2 cannot restore as root into a new directory
        # (_user_map is None).
        return step('rdiff-backup', '--tempdir', self.environment['TMPDIR'], *arguments)

    def age(self, index):
        backups_ago = len(self.generations) - 1 - index % len(self.generations)
        return f'{backups_ago}B'

    def backup(self):
        return [self.command('backup', self.source, self.store)]

    def restore(self, index, target):
        return [self.command('restore', '--at', self.age(index), self.store, target)]

    def check(self):  # the newest is whole, the oldest is reached through every increment
        return [self.command('verify', '--at', self.age(-1), self.store),
                self.command('verify', '--at', self.age(0), self.store)]


class Duplicity(Tool):
    name = 'duplicity'
    programs = ('duplicity',)
    version_command = ('duplicity', '--version')
    pause = 1.1

    def command(self, *arguments):
        action, *paths = arguments
        return step('duplicity', action, '--no-encryption', '--archive-dir', self.cache,
                    '--name', 'bench', '--tempdir', self.environment['TMPDIR'],
                    '--no-print-statistics', '-v', 'warning', *paths)

    def url(self):
        return f'file://{self.store}'

    def init(self):
        self.store.mkdir()
        return []

    def backup(self):
        action = 'incremental' if self.generations else 'full'
        return [self.command(action, self.source, self.url())]

    def backed_up(self):
        self.generations.append(int(time.time()))

    def restore(self, index, target):
        return [self.command('restore', '--time', self.generations[index], self.url(), target)]

    def check(self):  # of the newest, through all increments, with the source
        return [self.command('verify', '--compare-data', self.url(), self.source)]


class Rsync(Tool):
    name = 'rsync'
    programs = ('rsync',)
    version_command = ('rsync', '--version')

    def copy(self, source, target):
        return [step('rsync', '-aHAXS', '--delete', f'{source}/', f'{target}/')]

    def backup(self):
        return self.copy(self.source, self.store)

    def restore(self, index, target):
        if index == 0:
            raise Unsupported('keeps one copy, no history')
        return self.copy(self.store, target)

    def hold(self):
        return [step('cp', '-a', self.store, self.home / 'previous')]

    def stage(self, target):
        return [step('cp', '-a', self.home / 'previous', target)]

    def delta_restore(self, target):
        return self.copy(self.store, target)


class Zpaq(Tool):
    name = 'zpaq'
    programs = ('zpaq',)
    version_command = ('sh', '-c', 'zpaq | head -n 1')

    def archive(self):
        return self.store / 'bench.zpaq'

    def init(self):
        self.store.mkdir()
        return []

    def backup(self):
        return [step('zpaq', 'a', self.archive(), self.source.name, cwd=self.source.parent)]

    def restore(self, index, target):
        until = ['-until', '1'] if index == 0 else []
        return [step('zpaq', 'x', self.archive(), self.source.name, '-to', target, *until)]

    def check(self):
        return [step('zpaq', 'x', self.archive(), '-all', '-test')]


TOOLS = {tool.name: tool for tool in (Ours, OursWithoutSha256, Restic, Borg, Bup, Casync,
                                      RdiffBackup, Duplicity, Rsync, Zpaq)}
