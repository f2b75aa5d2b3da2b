#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Profiles made up at random, resolved by zc.buildout and by rs-render profile, and compared.

    profiles.py COUNT SEED

Each profile is up to four files that extend each other. A section of it is looked at by both: all options must be equal, or
both must refuse. Debian's python3-zc.buildout is the reference; its recipes are not run. Known to differ, by design:
a section that is left out by its condition may be the first of a file, and may follow on one without options; zc.buildout
takes its options, or the lines that its values go on with, for errors.
Prints counts; shows the first differences, and exits 1 if there was one.
"""
import collections
import collections.abc
import io
import json
import logging
import os
import random
import subprocess
import sys
import tempfile

# Debian's package has not yet seen Python 3.10, which took this name away.
collections.MutableMapping = collections.abc.MutableMapping
import zc.buildout.buildout as reference  # noqa

logging.disable(logging.CRITICAL)
reference.Options.initialize = lambda self: None  # no recipes

SECTIONS = ["a", "b", "c", "d-e", "f.g", "buildout"]
OPTIONS = ["x", "y", "z", "recipe", "long-name", "p.q", "_u"]
CONDITIONS = ["python3", "python2", "linux", "bits64 and linux", "sys.version_info >= (3, 7)", "not python2",
              "linux and platform.machine() == 'x86_64'", "os.path.isdir('/')", "os.access('/nonexistent', os.R_OK)", "1", "''",
              "sys.version_info[0] == 2", "python27 or python26", "'\\x23' in 'a\\x23b'", "'a]b' == 'a]b'", "python3", "linux", ""]


class Make:
    def __init__(self, rng):
        self.r = rng
        self.known = []  # (section, option) of this profile so far
        self.section_name = self.option_name = ""

    def word(self):
        return self.r.choice(["one", "two", "three", "1", "a=b", "#c", ";d", "$", "$$", "$${x:y}", "{}", "[a]", "\u00e9\u00e8", "a  b", "<", "=>", "!py!'q'", "+", "x:"])

    def reference(self):
        r = self.r
        if self.known and r.random() < 0.95:  # most are right, or few profiles would be good ones
            # Mostly to an option before its own in the list, which cannot make a circle.
            rank = OPTIONS.index(self.option_name) if self.option_name in OPTIONS and r.random() < 0.97 else len(OPTIONS)
            before = [k for k in self.known if k[1] in OPTIONS[:rank]]
            if not before:
                return "none"
            section, option = r.choice(before)
            if section == self.section_name and r.random() < 0.5:
                section = ""
            return "${%s:%s}" % (section, option)
        if r.random() < 0.5:
            return "${%s:_buildout_section_name_}" % r.choice(["", "a"])
        return r.choice(["${a}", "${a:x", "${}", "${:}", "${a:b:c}", "${none:x}", "${a:none}", "${a,:x}", "${a:q/}", "${a:}", "${ a:x}", "${%s:%s}" % (r.choice(SECTIONS), r.choice(OPTIONS))])

    def piece(self):
        return self.reference() if self.r.random() < 0.12 else self.word()

    def line(self):
        return self.r.choice(["", "", " "]).join(self.piece() for _ in range(self.r.randrange(1, 4)))

    def blank(self):
        return self.r.choice([" ", "  ", "\t", "    ", "   ", "\u00a0", " \t"])

    def more_lines(self, count):
        r = self.r
        out = ""
        for _ in range(count):
            k = r.random()
            if k < 0.1:
                out += r.choice(["\n", "   \n", "\t\n"])
            elif k < 0.2:
                out += r.choice(["# comment\n", "; comment\n", "#\n"])
            else:
                out += self.blank() + self.line() + r.choice(["", "", " ", "\t"]) + "\n"
        return out

    def option(self):
        r = self.r
        name = r.choice(OPTIONS)
        if r.random() < 0.01:
            name = r.choice(["a b", "x+", "x-", "c++", "q{", "\u00e9"])
        else:
            self.known.append((self.section_name, name))
        self.option_name = name
        sign = r.choice(["=", "=", "=", "=", "+=", "-=", " += "])
        return name + r.choice(["", " ", "  "]) + sign + r.choice(["", " ", "\t"]) + (
            self.line() + r.choice(["", " "]) + "\n" + self.more_lines(r.choice([0, 0, 0, 1, 2, 3])) if r.random() < 0.7
            else r.choice(["", " "]) + "\n" + self.more_lines(r.randrange(0, 5)))

    def section(self, name):
        r = self.r
        self.section_name = name
        head = "[%s" % r.choice([name, name, name, " " + name, name + " "])
        if r.random() < 0.1:
            head = "k = 1\n" + head  # see above
            head += ":" + r.choice(["", " "]) + r.choice(CONDITIONS)
        out = head + "]" + r.choice(["", "", "", " # comment", " ; c", " "]) + "\n"
        if r.random() < 0.2:
            out += r.choice(["\n", "   \n", "# c\n"])
        if name != "buildout" and r.random() < 0.35:
            allowed = SECTIONS[:SECTIONS.index(name)] if r.random() < 0.97 else SECTIONS[:-1]
            bases = [r.choice(allowed or ["d-e"]) for _ in range(r.choice([1, 1, 2, 3]))]
            out += r.choice(["<=", "<= ", "< = "]) + r.choice(["\n  ", ""]) + "\n  ".join(bases) + "\n"
        if name != "buildout" and r.random() < 0.03:
            out += "=> %s\n" % r.choice(["a", "b c", "none", ""])
        for _ in range(r.randrange(0, 5)):
            out += self.option()
        if r.random() < 0.01:
            out += r.choice(["no option\n", "=\n", ": x\n", "[a\n", "x : y\n", "a]\n", "[a]b\n", "é = 1\n"])
        return out + r.choice(["", "", "\n"])

    def file(self, extends, first):
        r = self.r
        out = r.choice(["", "", "# comment\n", "\n"])
        if first:
            out += "".join("[%s]\n" % s for s in SECTIONS if r.random() < 0.97)
        out += "[buildout]\n"
        if extends:
            out += "extends = " + r.choice([" ", "\n   "]).join(extends) + "\n"
        for _ in range(r.randrange(1, 7)):
            out += self.section(r.choice(SECTIONS))
        if r.random() < 0.01:
            out = r.choice(["x = 1\n", "  y\n", "junk\n"]) + out
        end = r.choice(["\n", "\n", "\n", "\n", "\r\n", "\r"])
        if r.random() < 0.1:
            out = out[:-1]
        return out.replace("\n", end)

    def profile(self, directory):
        """Writes the files; returns the path of the first."""
        r = self.r
        self.known = []
        count = r.choice([1, 1, 2, 3, 4])
        names = ["main.cfg", "base.cfg", "sub/more.cfg", "sub/last.cfg"][:count]
        os.makedirs(os.path.join(directory, "sub"), exist_ok=True)
        # The last one first, so that the others can refer to what it has.
        for i, name in reversed(list(enumerate(names))):
            later = names[i + 1:]
            chosen = [n for n in later if r.random() < 0.7]
            r.shuffle(chosen)
            if r.random() < 0.01:
                chosen.append(r.choice([name, "missing.cfg"]))
            extends = [os.path.relpath(n, os.path.dirname(name) or ".") for n in chosen]
            with io.open(os.path.join(directory, name), "w", encoding="utf-8", newline="") as f:
                f.write(self.file(extends, i == count - 1))
        return os.path.join(directory, "main.cfg")


def theirs(path, section):
    try:
        buildout = reference.Buildout(path, [], user_defaults=False)
        options = buildout[section]
        return {k: options[k] for k in options.keys()}
    except (Exception, RecursionError) as e:  # noqa
        return e


def ours(path, section):
    p = subprocess.run(["rs-render", "profile", path, "--section", section, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode in (66, 78):
        return Exception(p.stderr.decode())
    if p.returncode != 0:
        return SystemError("status %d %s" % (p.returncode, p.stderr.decode()))
    return json.loads(p.stdout.decode())["sections"][section]


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    make = Make(rng)
    same = refused = shown = different = 0
    os.environ["HOME"] = "/nonexistent"
    for i in range(count):
        with tempfile.TemporaryDirectory() as directory:
            path = make.profile(directory)
            section = rng.choice(SECTIONS)
            os.chdir(directory)
            want, got = theirs(path, section), ours(path, section)
            os.chdir("/")
            if section == "buildout":
                # The defaults of the two are their own affair.
                for r in (want, got):
                    if isinstance(r, dict):
                        for name in set(r) - set(OPTIONS):
                            del r[name]
            if isinstance(want, dict) and want == got:
                same += 1
            elif isinstance(want, Exception) and isinstance(got, Exception) and not isinstance(got, SystemError):
                refused += 1
            else:
                different += 1
                shown += 1
                if shown <= 5:
                    print("---- seed %d, profile %d, section %s" % (seed, i, section))
                    for name in sorted(os.listdir(directory)) + ["sub/" + n for n in sorted(os.listdir(os.path.join(directory, "sub")))]:
                        if os.path.isfile(os.path.join(directory, name)):
                            print("== " + name)
                            print(io.open(os.path.join(directory, name), encoding="utf-8", newline="").read().replace("\r", "\\r"))
                    print("want:", repr(want))
                    print("got: ", repr(got))
    print("%d profiles: %d equal, %d refused by both, %d different" % (count, same, refused, different))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
