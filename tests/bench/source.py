# SPDX-License-Identifier: Apache-2.0
"""The data that is backed up."""
import json
import subprocess

from meter import remove, sha256_of

KINDS = ('dump', 'tree', 'image')


class Source:
    """A directory that is taken from round to round. What is there with equal parameters is reused.

    A dump is rewritten whole in each round, as a new file; all rounds are kept. A tree or an image
    is changed in place; to go back it is made anew.
    """

    FILES = {'dump': 'shop.sql', 'image': 'disk.img'}

    def __init__(self, kind, work, helper, scale, seed):
        self.kind, self.helper = kind, helper
        self.home, self.path = work / kind, work / kind / 'source'
        amount = {'dump': int(700e6 * scale), 'tree': int(60000 * scale),
                  'image': int(2**31 * scale) // 65536 * 65536}[kind]
        unit = '--files' if kind == 'tree' else '--bytes'
        self.options = [unit, str(amount), '--seed', str(seed)]
        self.parameters = {'options': self.options, 'generator': sha256_of(helper)}
        self.state = self.home / 'state.json'
        known = json.loads(self.state.read_text()) if self.state.exists() else {}
        if known.get('parameters') != self.parameters:
            remove(self.home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.round = known.get('round') if self.path.exists() else None

    def set_round(self, number):
        if self.round == number:
            return
        previous, self.round = self.round, number
        self.state.unlink(missing_ok=True)  # an interrupted change is not reused
        if self.kind == 'dump':
            self.exchange_dump(previous, number)
        else:
            if previous != number - 1:
                remove(self.path)
            if self.kind == 'image':
                self.path.mkdir(exist_ok=True)
            self.make(self.path / self.FILES.get(self.kind, ''), number)
        self.state.write_text(json.dumps({'parameters': self.parameters, 'round': number}))

    def exchange_dump(self, previous, number):
        self.path.mkdir(exist_ok=True)
        current = self.path / self.FILES['dump']
        if previous is not None:
            current.rename(self.home / f'round-{previous}')
        kept = self.home / f'round-{number}'
        if not kept.exists():
            self.make(kept, number)
        kept.rename(current)

    def make(self, path, number):
        subprocess.run([self.helper, self.kind, path, *self.options, '--round', str(number)],
                       check=True)
