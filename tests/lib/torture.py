#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make a directory tree with everything that a Unix tree can hold, and change it in rounds.

    torture.py make DIR [--seed N] [--small]
    torture.py change DIR --seed N --round R

make fills DIR, which must be empty or not exist. The tree is a function of the seed, of --small and of
what the caller and the file system may do: nothing depends on the clock, all mtimes are set, those of
directories last and bottom up. It holds under 40 MB of data (--small: under 4 MB), although one sparse
file looks like 100 MB (8 MB). What is refused here (devices and owners without root, attributes the file
system has no room for) is left out, and each such kind is reported on stdout: "skipped WHAT: ERRNO".

change makes one round of some forty changes in place and prints one line for each, "OPERATION PATH".
The same round on two equal trees gives two equal trees. Data stays below about 50 MB however many
rounds there are: a round that would go on from more cuts the largest files first. Files are changed
with and without a new mtime, and at the same size, so that a reader who trusts size and mtime alone
is found out. Works on every tree that the caller owns; what he cannot enter or write is left alone.

Exit status: 0 done; 2 wrong usage or an unexpected error. To delete a tree without being root:
chmod -R u+rwx DIR first. Needs Linux, Python 3.11, and setfacl from the package acl (left out if missing).
Paths stay below 3,000 bytes after DIR. As a module: make(root, seed, small) and change(root, seed, round).
"""

import argparse
import contextlib
import ctypes
import errno
import hashlib
import os
import random
import shutil
import socket
import stat
import subprocess
import sys

from lister import BLOCK, escape, hole_ranges

MIB = 1 << 20
SECOND = 10**9  # ns
NAME_MAX = 255  # bytes
NAME_BYTES = bytes(byte for byte in range(1, 256) if byte != ord("/"))
UIDS = (12345, 65534)
GIDS = (54321, 65534)
# a vfs_cap_data of version 2 (linux/capability.h): cap_net_bind_service, effective and permitted
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
ODD_TIMES = {  # ns; the ends of signed and unsigned 32-bit seconds among them
    "zero": 0, "one-ns": 1, "minus-one-ns": -1, "minus-half-second": -SECOND // 2,
    "1938": -10**18, "1901": -2**31 * SECOND, "1970-second": SECOND, "2001": 10**18 + 999999999,
    "2038": (2**31 - 1) * SECOND + 999999999, "2038-after": 2**31 * SECOND,
    "2100": 4102444800 * SECOND + 123456789, "2106-after": 2**32 * SECOND + 1,
    "whole-microsecond": 1234567890123456000,
}
NOT_ALLOWED = (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.EINVAL)
NO_ROOM = (errno.ENOSPC, errno.E2BIG, errno.ERANGE, errno.EDQUOT)
BAD_NAME = (errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG)


# Tools of both commands


def random_name(rng, length=None):
    """A file name of random bytes, of a random length if none is given."""
    while True:
        name = bytes(rng.choices(NAME_BYTES, k=length or rng.randint(1, NAME_MAX)))
        if name not in (b".", b".."):
            return name


def text(rng, size):
    """Words that compress about 4 to 1, no two lines of a block alike."""
    words = [rng.randbytes(rng.randint(1, 5)).hex().encode() for _ in range(200)]
    block = b" ".join(rng.choices(words, k=min(size, 1 << 16) // 4 + 1))
    return (block * (size // len(block) + 1))[:size]


def content(rng, size):
    """Bytes of a random kind: incompressible, text, one line over and over."""
    kind = rng.randrange(3)
    if kind == 0:
        return rng.randbytes(size)
    if kind == 1:
        return text(rng, size)
    return (b"the same line again\n" * (size // 20 + 1))[:size]


def time_of(*key):
    """An mtime in ns that follows from the key, between 2001 and 2020."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    return 10**18 + int.from_bytes(digest[:8], "big") % (600_000_000 * SECOND)


def set_time(path, ns):
    """Set mtime and atime of what the path names, also of a symbolic link."""
    os.utime(path, ns=(ns, ns), follow_symlinks=False)


def write_all(fd, data, offset):
    """pwrite until all is written."""
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done


def bind_socket(path):
    """Make a Unix socket by bind(2), by way of /proc since such addresses end at 108 bytes."""
    parent = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind(b"/proc/self/fd/%d/%s" % (parent, os.path.basename(path)))
    finally:
        os.close(parent)


def set_acl(path, *arguments):
    """Run setfacl; OSError with EOPNOTSUPP if there is none or it fails."""
    try:
        done = subprocess.run([b"setfacl", *arguments, b"--", path], stderr=subprocess.PIPE, check=False)
    except FileNotFoundError:
        raise OSError(errno.EOPNOTSUPP, "no setfacl command", path) from None
    if done.returncode != 0:
        raise OSError(errno.EOPNOTSUPP, done.stderr.decode(errors="replace").strip(), path)


def punch(fd, offset, length):
    """Make a hole; False if the file system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    if libc.fallocate(fd, 3, offset, length) == 0:  # FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
        return True
    if ctypes.get_errno() != errno.EOPNOTSUPP:
        raise OSError(ctypes.get_errno(), "fallocate")
    return False


@contextlib.contextmanager
def umask(mask):
    """The umask of the process is `mask` meanwhile."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def plain(path):
    """A path as absolute bytes without slashes at its end, so that other paths start with it and one slash."""
    return os.path.join(os.getcwdb(), os.fsencode(path)).rstrip(b"/")


# make


class Maker:
    """Fills one tree; each method adds one family of things below a directory of its own. Modes of
    directories wait in `modes` and unusual mtimes in `times` until finish() sets them."""

    def __init__(self, root, seed, small):
        self.root = root
        self.seed, self.small = seed, small
        self.modes, self.times, self.skipped = {}, {}, {}

    def rng(self, topic):
        """A generator for one topic, so that what is skipped in one does not change another."""
        return random.Random(f"{self.seed}/make/{topic}")

    @contextlib.contextmanager
    def optional(self, what, refusals=NOT_ALLOWED):
        """Goes on, and takes a note, if the block is refused with one of these errors."""
        try:
            yield
        except OSError as error:
            if error.errno not in refusals:
                raise
            self.skipped[what] = errno.errorcode[error.errno]

    def dir(self, *parts, mode=0o755):
        """Make a directory (not its parents), whose mode is set at the end; returns the path."""
        path = os.path.join(self.root, *parts)
        os.mkdir(path)
        self.modes[path] = mode
        return path

    def file(self, *parts, data=b"", mode=0o644):
        """Make a regular file; returns the path."""
        return self.sparse(*parts, size=len(data), pieces=[(0, data)], mode=mode)

    def sparse(self, *parts, size, pieces, mode=0o644):
        """Make a file of this size that is written only at the pieces (offset, data); returns the path."""
        path = os.path.join(self.root, *parts)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            for offset, data in pieces:
                write_all(fd, data, offset)
            os.ftruncate(fd, size)
            os.fchmod(fd, mode)
        finally:
            os.close(fd)
        return path

    def names(self):
        """Every byte as a name; names hard to quote, to decode and to sort; the longest ones."""
        one = self.dir(b"byte")
        for byte in NAME_BYTES:
            name = bytes([byte])
            with self.optional("name of byte", BAD_NAME):
                self.file(one, b".." + name if name == b"." else name, data=name)
        odd = self.dir(b"odd-names")
        for number, name in enumerate(self.odd_names()):
            with self.optional("odd name", BAD_NAME):
                self.file(odd, name, data=b"%d\n" % number)
        for name in (b"-dir", b" dir ", b"dir\n", b"dir\\", b"dir\xff", b"*"):
            with self.optional("odd name", BAD_NAME):
                self.file(self.dir(odd, b"d" + name), name, data=name)

    def odd_names(self):
        """Names of files that some program is known to trip over, then random ones, each once."""
        rng = self.rng("names")
        known = [b"-", b"--", b"-rf", b"--help", b".hidden", b"...", b"..x", b". ", b" lead", b"trail ",
                 b"two  blanks", b"new\nline", b"\nfirst", b"last\n", b"cr\rhere", b"crlf\r\n", b"tab\t",
                 b"back\\slash", b"\\", b"\\n", b"\\x41", b"\\\\134", b'"', b"'", b'"quoted"', b"it's",
                 b"`id`", b"$(id)", b"$HOME", b"${x}", b"*.c", b"?", b"[a-z]", b"[", b"{a,b}", b"~", b"~root", b"#", b"!",
                 b"a;b", b"a|b", b"a&b", b"<", b">", b"%s%n", b"%00", b"a=b", b"a:b", b"a,b", b"con", b"aux.txt",
                 b"\xff", b"\xff\xfe", b"\xc3", b"\xc3\x28", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf",
                 "\u00e9".encode(), "e\u0301".encode(), "\u202e".encode(), "\ufeff".encode(), b"\x1b[31m",
                 b"\x7f", b"Case", b"case", b"CASE", b"file.rs-tmp", b".rs", b"rs-store",
                 b"\xff" * NAME_MAX, b"\n" * NAME_MAX, b"n" * NAME_MAX, b"n" * (NAME_MAX - 1),
                 "\u00e9".encode() * 127 + b"x"]
        drawn = [random_name(rng) for _ in range(60)] + [random_name(rng, NAME_MAX) for _ in range(3)]
        return dict.fromkeys(known + drawn)

    def order(self):
        """Names that are beginnings of each other, and names with bytes around '/' (2f), at two levels."""
        top = self.dir(b"order")
        for depth in (top, self.dir(top, b"a")):
            for name in (b"a-b", b"a.b", b"a0", b"a!", b"a ", b"a\x01", b"a\xff", b"aa", b"ab", b"abc", b"A", b"b"):
                self.file(depth, name, data=name)
            for name in (b"a-", b"a.", b"a0b", b"ab-"):
                self.file(self.dir(depth, name), b"b", data=name)
        self.file(top, b"a", b"a", data=b"a/a")
        self.file(self.dir(top, b"empty-before-0"), b"0")

    def links(self):
        """Hard links: across directories, made in either order of the names, of every type."""
        first, last = self.dir(b"links"), self.dir(b"zlinks")
        rng = self.rng("links")
        sources = [self.file(last, b"file", data=content(rng, 5000)), self.file(last, b"empty"),
                   self.file(first, b"mine", data=b"first name made first")]
        sources.append(self.sparse(last, b"sparse", size=100000, pieces=[(50000, b"middle")]))
        sources.append(os.path.join(last, b"symlink"))
        os.symlink(b"file", sources[-1])
        sources.append(os.path.join(last, b"fifo"))
        os.mkfifo(sources[-1])
        sources.append(os.path.join(last, b"socket"))
        os.mknod(sources[-1], stat.S_IFSOCK | 0o600)
        for source in sources:
            base, other = os.path.basename(source), last if source.startswith(first) else first
            os.link(source, os.path.join(other, base + b"-2"), follow_symlinks=False)
            os.link(source, os.path.join(other, b"0-" + base), follow_symlinks=False)
            os.link(source, source + b"-same-dir", follow_symlinks=False)
        # a chain of groups that cross: a directory's names belong to groups opened in another order
        for number in range(10):
            path = self.file(first, b"x%d" % number, data=b"%d" % number)
            os.link(path, os.path.join(last, b"x%d" % (9 - number)), follow_symlinks=False)

    def symlinks(self):
        """Symbolic links to everything and nothing."""
        top = self.dir(b"symlinks")
        targets = {b"dangling": b"no/such/file", b"absolute": b"/etc/passwd", b"absolute-dangling": b"/no/such",
                   b"root": b"/", b"parent": b"..", b"self-dir": b".", b"out": b"../../..", b"loop": b"loop",
                   b"ring-1": b"ring-2", b"ring-2": b"ring-1", b"newline": b"a\nb\r\n", b"blank": b" ",
                   b"bytes": b"\xff\xfe\\ \"'", b"slash": b"../order/", b"slashes": b"..//order///a",
                   b"dir": b"../order", b"file": b"../order/b", b"option": b"-rf", b"dot-slash": b"./file",
                   b"via-link": b"dir/a", b"1023": b"t" * 1023, b"255": b"\xe9" * 255}
        for name, target in targets.items():
            os.symlink(target, os.path.join(top, name))
        with self.optional("symlink of 4095 bytes", BAD_NAME):
            os.symlink(b"0123456789abcde/" * 255 + b"x" * 15, os.path.join(top, b"4095"))

    def holes(self):
        """Sparse files, and files of zeros that are none."""
        top, rng = self.dir(b"holes"), self.rng("holes")
        kib = 1024
        data = rng.randbytes(64 * kib)
        far = (8 if self.small else 100) * 10**6
        for name, size, pieces in [
                (b"start", 128 * kib, [(64 * kib, data)]),
                (b"middle", 192 * kib, [(0, data), (128 * kib, data)]),
                (b"end", 128 * kib, [(0, data)]),
                (b"end-odd", 128 * kib + 123, [(0, data[:-77])]),
                (b"all", 128 * kib, []), (b"all-odd", 128 * kib + 1, []), (b"all-one", 1, []),
                (b"all-4095", 4095, []), (b"all-4097", 4097, []),
                (b"unaligned", 200001, [(5000, data[:3000]), (100001, data[:17]), (150000, data[:9999])]),
                (b"last-byte", 65537, [(65536, b"!")]),
                (b"first-byte", 65537, [(0, b"!")]),
                (b"far-byte", far, [(far // 3, b"!")]),
                (b"far-last", far // 4 + 1, [(far // 4, b"!")]),
                (b"comb", 256 * kib, [(at, data[at:at + BLOCK]) for at in range(0, 64 * kib, 2 * BLOCK)]),
                (b"zeros-in-hole", 96 * kib, [(32 * kib, bytes(32 * kib))]),
                (b"zeros-then-data", 96 * kib, [(32 * kib, bytes(16 * kib)), (48 * kib, data[:100])])]:
            self.sparse(top, name, size=size, pieces=pieces)
        for name, size in ((b"zeros", 300000), (b"zeros-block", BLOCK), (b"zeros-4097", 4097), (b"zero-byte", 1)):
            self.file(top, name, data=bytes(size))
        self.file(top, b"zeros-between", data=data[:10000] + bytes(200000) + data[10000:20000])
        self.file(top, b"zeros-after", data=data[:10000] + bytes(MIB // (8 if self.small else 1)))

    def sizes(self):
        """Files of every power of two and one byte more or less, and empty ones."""
        top, rng = self.dir(b"sizes"), self.rng("sizes")
        top_power = 16 if self.small else 22
        for size in sorted({2**power + more for power in range(top_power + 1) for more in (-1, 0, 1)}):
            self.file(top, b"%d" % size, data=content(rng, size))
        for name in (b"empty", b"empty-too"):
            self.file(top, name)

    def contents(self):
        """Incompressible and compressible content, and content that comes again in other files."""
        top, rng = self.dir(b"contents"), self.rng("contents")
        unit = MIB // (8 if self.small else 1)
        noise, prose = rng.randbytes(unit), text(rng, unit)
        half = unit // 2
        for name, data in {b"noise": noise, b"noise-again": noise, b"noise-shifted": b"x" + noise[:half],
                           b"noise-tail": noise[half + 1:], b"prose": prose, b"one-byte": b"a" * unit,
                           b"noise-prose": noise[:half] + prose[:half], b"turned": prose[half:] + prose[:half],
                           b"twice": noise[:half] * 2, b"lines": b"0123456789\n" * (half // 11)}.items():
            self.file(top, name, data=data)

    def special(self):
        """Fifos, sockets and, if allowed, devices."""
        top = self.dir(b"special")
        os.mkfifo(os.path.join(top, b"fifo"))
        os.chmod(os.path.join(top, b"fifo"), 0o640)
        os.mknod(os.path.join(top, b"socket-made"), stat.S_IFSOCK | 0o600)
        with self.optional("socket by bind"):
            bind_socket(os.path.join(top, b"socket-bound"))
            os.chmod(os.path.join(top, b"socket-bound"), 0o666)
        if os.geteuid() != 0:  # 0:0 would be allowed, to no use
            self.skipped["devices"] = "EPERM"
            return
        for name, kind, major, minor in ((b"null", stat.S_IFCHR, 1, 3), (b"char-large", stat.S_IFCHR, 511, 1048575),
                                         (b"char-none", stat.S_IFCHR, 0, 0), (b"block", stat.S_IFBLK, 7, 0),
                                         (b"block-large", stat.S_IFBLK, 4095, 1048575)):
            with self.optional("devices"):
                os.mknod(os.path.join(top, name), kind, os.makedev(major, minor))
                os.chmod(os.path.join(top, name), 0o660)
                os.link(os.path.join(top, name), os.path.join(top, name + b"-2"))

    def permissions(self):
        """Modes of all sorts on files and directories, owners if allowed."""
        top = self.dir(b"modes")
        for mode in (0o000, 0o200, 0o400, 0o444, 0o111, 0o777, 0o600, 0o4755, 0o2755, 0o2644, 0o1644, 0o7777, 0o4000):
            self.file(top, b"file-%04o" % mode, data=b"mode %04o" % mode, mode=mode)
        for mode in (0o000, 0o1777, 0o2775, 0o555, 0o311, 0o444, 0o700, 0o7777, 0o4755):
            path = self.dir(top, b"dir-%04o" % mode, mode=mode)
            self.file(path, b"file", data=b"in %04o" % mode)
            self.file(self.dir(path, b"dir", mode=mode), b"deeper")
        top = self.dir(b"owners")
        for uid, gid in ((UIDS[0], GIDS[0]), (UIDS[1], GIDS[1]), (UIDS[0], 0), (2**32 - 2, 2**31)):
            with self.optional("owners"):
                self.owned(top, uid, gid)

    def owned(self, top, uid, gid):
        """One thing of each kind for this owner; setuid comes after, since chown clears it."""
        os.chown(top, os.geteuid(), os.getegid())
        name = b"%d.%d" % (uid, gid)
        probe = self.file(top, name, data=name)
        try:
            os.chown(probe, uid, gid)
        except OSError:
            os.unlink(probe)
            raise
        path = self.dir(top, name + b".d", mode=0o2770)
        os.symlink(b"x", os.path.join(path, b"symlink"))
        os.mkfifo(os.path.join(path, b"fifo"))
        self.file(path, b"setuid", data=b"#!/bin/sh\n")
        for entry in (os.path.join(path, b"symlink"), os.path.join(path, b"fifo"), os.path.join(path, b"setuid"), path):
            os.lchown(entry, uid, gid)
        os.chmod(os.path.join(path, b"setuid"), 0o6755)

    def attribute(self, path, name, value, what=None):
        """Set an extended attribute if that is allowed and there is room."""
        with self.optional(what or "xattr " + name.split(b".")[0].decode() + ".*", NOT_ALLOWED + NO_ROOM):
            os.setxattr(path, name, value, follow_symlinks=False)

    def attributes(self):
        """Extended attributes on everything that may have them."""
        top, rng = self.dir(b"xattr"), self.rng("xattr")
        self.attribute(self.file(top, b"one", data=b"1"), b"user.one", b"value")
        self.attribute(self.file(top, b"empty-value"), b"user.empty", b"")
        many = self.file(top, b"many", data=content(rng, 3000))
        for number in range(30):
            self.attribute(many, b"user.n%d" % number, rng.randbytes(number))
        names = self.file(top, b"names")
        for name in (b"user.with blank", b"user.new\nline", b"user.\xff\xfe", b"user.a=b", b"user.a.b.c", b"user.\\x41",
                     b"user.DOSATTRIB", b"user." + b"n" * 250):
            self.attribute(names, name, name, "xattr with an odd name")
        self.attribute(self.file(top, b"bytes"), b"user.bytes", bytes(range(256)))
        self.largest_attribute(self.file(top, b"large"), rng)
        path = self.dir(top, b"dir")
        self.attribute(path, b"user.dir", b"on a directory")
        same = self.file(top, b"linked", data=b"two names")
        os.link(same, os.path.join(path, b"linked"))
        self.attribute(same, b"user.linked", b"of both names")
        capable = self.file(top, b"capable", data=b"#!/bin/sh\n", mode=0o755)
        self.attribute(capable, b"security.capability", CAPABILITY)
        os.symlink(b"one", os.path.join(top, b"symlink"))
        os.mkfifo(os.path.join(top, b"fifo"))
        for name in (b"one", b"dir", b"symlink", b"fifo"):
            self.attribute(os.path.join(top, name), b"trusted.torture", b"of " + name)

    def largest_attribute(self, path, rng):
        """A value of 60 KB, or of the most bytes that fit."""
        value = rng.randbytes(60 * 1000)
        least, most = 0, len(value)
        while least < most:
            size = most if least == 0 and most == len(value) else (least + most + 1) // 2
            try:
                os.setxattr(path, b"user.large", value[:size])
                least = size
            except OSError as error:
                if error.errno not in NOT_ALLOWED + NO_ROOM:
                    raise
                most = size - 1
        if least < len(value):
            self.skipped[f"xattr of {len(value)} bytes"] = f"{least} bytes at most"

    def acls(self):
        """Access and default ACLs with several numeric users and groups; what inherits them."""
        top = self.dir(b"acl")
        access = b"u:12345:rwx,u:54321:r,u:65534:-,g:12345:rx,g:54321:rw,m::rx"
        path, del_mode = self.dir(top, b"dir"), self.modes.pop
        entries = {self.file(top, b"file", data=b"acl"): [b"-m", access],
                   self.file(top, b"one-user", data=b"1", mode=0o640): [b"-m", b"u:12345:r"],
                   self.file(top, b"mask-only"): [b"-m", b"m::r"],
                   self.file(top, b"no-access", mode=0): [b"-m", b"u:12345:rw,m::-"],
                   path: [b"-m", access + b",d:u::rwx,d:u:12345:rx,d:g::-,d:g:54321:rwx,d:o::-"],
                   self.dir(top, b"default-only"): [b"-d", b"-m", b"u::rwx,g::rx,o::-,u:54321:rw"],
                   self.dir(top, b"setgid", mode=0o2770): [b"-m", b"g:54321:rwx,d:g:54321:rwx"]}
        os.mkfifo(os.path.join(top, b"fifo"))
        entries[os.path.join(top, b"fifo")] = [b"-m", b"u:12345:rw"]
        for entry, arguments in entries.items():
            if entry in self.modes:  # a chmod after setfacl would set the mask
                os.chmod(entry, del_mode(entry))
            with self.optional("ACLs"):
                set_acl(entry, *arguments)
        os.close(os.open(os.path.join(path, b"inherits"), os.O_CREAT | os.O_WRONLY, 0o666))
        os.mkdir(os.path.join(path, b"inherits-dir"))

    def mtimes(self):
        """Odd modification times on files, directories and symbolic links."""
        top = self.dir(b"times")
        for name, ns in ODD_TIMES.items():
            name = name.encode()
            path = self.dir(top, name + b".d")
            os.symlink(name, os.path.join(top, name + b".l"))
            for entry in (self.file(top, name, data=name), path, self.file(path, b"inside"),
                          os.path.join(top, name + b".l")):
                self.times[entry] = ns

    def shapes(self):
        """Deep, wide and empty directories."""
        rng = self.rng("shapes")
        path = self.dir(b"deep")
        for level in range(20):
            path = self.dir(path, (b"%02d-" % level) + rng.randbytes(20).hex().encode()[:37])
            if level % 5 == 4:
                self.file(path, b"file", data=b"level %d" % level)
        self.dir(b"empty")
        self.dir(self.dir(b"almost-empty"), b"empty")
        path = self.dir(b"wide")
        for number in range(300 if self.small else 3000):
            self.file(path, b"%d" % number, data=b"number %d\n" % number if number % 2 else b"")

    def finish(self, path):
        """Modes of directories and all mtimes below a directory and of it, bottom up."""
        for name in sorted(os.listdir(path)):
            entry = os.path.join(path, name)
            if stat.S_ISDIR(os.lstat(entry).st_mode):
                self.finish(entry)
            else:
                set_time(entry, self.time(entry))
        if path in self.modes:
            os.chmod(path, self.modes[path])
        set_time(path, self.time(path))

    def time(self, path):
        """The mtime that a path is to have."""
        return self.times.get(path, time_of(self.seed, path[len(self.root):]))

    def make(self):
        """Fill the tree; returns what was skipped, as a dictionary from what to why."""
        os.makedirs(self.root, exist_ok=True)
        if os.listdir(self.root):
            raise OSError(errno.ENOTEMPTY, "not an empty directory", self.root)
        for family in (self.names, self.order, self.links, self.symlinks, self.holes, self.sizes, self.contents,
                       self.special, self.permissions, self.attributes, self.acls, self.mtimes, self.shapes):
            family()
        self.attribute(self.root, b"user.root", b"of the root directory")
        self.modes[self.root] = 0o1751
        self.times[self.root] = ODD_TIMES["minus-one-ns"] - 86400 * SECOND
        self.finish(self.root)
        return self.skipped


def make(root, seed=1, small=False):
    """Make the tree; returns what was skipped, as a dictionary from what to why."""
    with umask(0o022):
        return Maker(plain(root), seed, small).make()


# change


class Node:
    """One name of the tree: its path, its lstat, whether its directory may be written (free: it may be
    renamed or removed), and whether it is a directory that may be listed, entered and written (open).
    Directories are examined at once, all else when it is first asked for, which saves most of the time.
    The inode is as in the directory's entry; on some file systems lstat has another number."""

    __slots__ = ("path", "free", "is_dir", "inode", "open", "known")

    def __init__(self, path, free, is_dir, inode):
        self.path, self.free, self.is_dir, self.inode = path, free, is_dir, inode
        self.open = is_dir and os.access(path, os.R_OK | os.W_OK | os.X_OK)
        self.known = os.lstat(path) if is_dir else None

    @property
    def stat(self):
        """The lstat, as it was when first asked for."""
        return self.examined().known

    def examined(self):
        """The same node; from now on it keeps the lstat that its path has now or had before."""
        if self.known is None:
            self.known = os.lstat(self.path)
        return self

    @property
    def kind(self):
        """The type, as S_IFREG."""
        return stat.S_IFMT(self.stat.st_mode)

    @property
    def mode(self):
        """The permission bits."""
        return stat.S_IMODE(self.stat.st_mode)

    @property
    def size(self):
        """The size in bytes."""
        return self.stat.st_size

    @property
    def is_file(self):
        """Whether this is a regular file."""
        return self.kind == stat.S_IFREG

    @property
    def is_link(self):
        """Whether this is a symbolic link."""
        return self.kind == stat.S_IFLNK


def scan(root):
    """All nodes of the tree that can be reached, the root first, sorted by path."""
    nodes, todo = [], [Node(root, False, True, os.lstat(root).st_ino)]
    while todo:
        node = todo.pop()
        nodes.append(node)
        if node.is_dir and (node.open or os.access(node.path, os.R_OK | os.X_OK)):
            with os.scandir(node.path) as entries:
                todo += [Node(entry.path, node.open, entry.is_dir(follow_symlinks=False), entry.inode())
                         for entry in entries]
    return sorted(nodes, key=lambda node: node.path)


@contextlib.contextmanager
def writing(node):
    """An open descriptor of a regular file, whose mode is as before when the block ends."""
    mode = node.mode
    if os.geteuid() != 0:
        os.chmod(node.path, mode | 0o600)
    fd = os.open(node.path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.fchmod(fd, mode)
        os.close(fd)


class Changer:
    """One round of changes. Each operation is a method that returns the path it changed, or None if
    the tree has nothing to do it on; it takes the tree from self.nodes, and must stamp() what it wrote."""

    LONGEST = 1200  # bytes; a directory with a longer path gets no new names
    EDITABLE = 8 * MIB  # bytes; larger (sparse) files are not rewritten as a whole
    BOUND = 48 * MIB  # bytes of all editable files

    def __init__(self, root, seed, number):
        self.root = root
        self.key = (seed, number)
        self.rng = random.Random(f"{seed}/change/{number}")
        self.nodes = []
        self.dir_times = {}  # inode to mtime in ns: what the round began with, and what touch() set

    # choosing

    def pick(self, want):
        """A node for which want(node) is true and that is not the root, or None. First a top-level directory
        is drawn, lest the one with most names gets most changes."""
        families = {}
        for node in self.nodes[1:]:
            families.setdefault(node.path[len(self.root) + 1:].split(b"/", 1)[0], []).append(node)
        for family in self.rng.sample(list(families.values()), len(families)):
            fits = [node for node in family if want(node)]
            if fits:
                return self.rng.choice(fits).examined()
        return None

    def pick_file(self, least=0, most=EDITABLE):
        """A regular file of a size within these bounds."""
        return self.pick(lambda node: node.is_file and least <= node.size <= most)

    def pick_free_file(self):
        """A regular file that may be replaced."""
        return self.pick(lambda node: node.is_file and node.free and node.size <= self.EDITABLE)

    def place(self, inside=None):
        """A path that does not exist yet, in a directory (not below `inside`) where one may be made."""
        below = inside and inside + b"/"
        homes = [node.path for node in self.nodes if node.open and len(node.path) - len(self.root) < self.LONGEST
                 and not (below and (node.path + b"/").startswith(below))]
        if not homes:
            return None
        home = self.rng.choice(homes)
        while True:
            name = random_name(self.rng) if self.rng.random() < 0.5 else b"new-%d" % self.rng.randrange(10**6)
            if not os.path.lexists(os.path.join(home, name)):
                return os.path.join(home, name)

    def pick_tree(self, most):
        """A directory that may be removed or moved with all below, which is at most so many names, with
        paths that are not much longer than its own."""
        count, depth, locked = {}, {}, set()
        for node in reversed(self.nodes[1:]):  # what is in a directory comes before it
            path, home = node.path, os.path.dirname(node.path)
            count[home] = count.get(home, 0) + 1 + count.get(path, 0)
            depth[home] = max(depth.get(home, 0), len(path) - len(home) + depth.get(path, 0))
            if node.is_dir and (not node.open or path in locked):
                locked.add(path)
                locked.add(home)
        return self.pick(lambda node: node.is_dir and node.free and node.path not in locked
                         and count.get(node.path, 0) <= most and depth.get(node.path, 0) < self.LONGEST)

    # finishing

    def stamp(self, path, keep=None, chance=0.25):
        """Set the mtime: with this chance to `keep` (a node or None), else to a new one."""
        if keep is not None and self.rng.random() < chance:
            set_time(path, keep.stat.st_mtime_ns)
        else:
            set_time(path, time_of(*self.key, path[len(self.root):]))
        return path

    def new_file(self, path, data, mode=0o644):
        """Make a regular file at a free path."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            write_all(fd, data, 0)
            os.fchmod(fd, mode)
        finally:
            os.close(fd)
        return self.stamp(path)

    def some(self, most=20000):
        """Random content."""
        return content(self.rng, self.rng.randint(1, most))

    # content

    def splice(self, node, at, length, data):
        """Put data in place of `length` bytes of a file; what follows moves."""
        with writing(node) as fd:
            tail = os.pread(fd, node.size, at + length)
            write_all(fd, data + tail, at)
            os.ftruncate(fd, at + len(data) + len(tail))
        return self.stamp(node.path, node)

    def insert(self):
        """Insert bytes in the middle of a file."""
        node = self.pick_file(1)
        if node:
            return self.splice(node, self.rng.randint(0, node.size), 0, self.some(3000))

    def delete(self):
        """Delete bytes from the middle of a file."""
        node = self.pick_file(2)
        if node:
            return self.splice(node, self.rng.randrange(node.size), self.rng.randint(1, 5000), b"")

    def overwrite(self):
        """Flip bits of bytes in the middle of a file, of any size; often with size and mtime as they were."""
        node = self.pick_file(1, 2**40)
        if node:
            at = self.rng.randrange(node.size)
            with writing(node) as fd:
                old = os.pread(fd, self.rng.choice((1, 1, 50, 5000)), at)
                write_all(fd, bytes(byte ^ 0x10 for byte in old), at)
            return self.stamp(node.path, node, 0.5)

    def append(self):
        """Append to a file."""
        node = self.pick_file()
        if node:
            with writing(node) as fd:
                write_all(fd, self.some(), node.size)
            return self.stamp(node.path, node)

    def truncate(self):
        """Cut a file, now and then to nothing."""
        node = self.pick_file(1)
        if node:
            with writing(node) as fd:
                os.ftruncate(fd, self.rng.choice((0, node.size // 2, node.size - 1)))
            return self.stamp(node.path, node)

    def extend(self):
        """Lengthen a file by a hole."""
        node = self.pick_file(0, MIB)
        if node:
            with writing(node) as fd:
                os.ftruncate(fd, node.size + self.rng.randint(1, 50000))
            return self.stamp(node.path, node)

    def grow(self):
        """A small file becomes one of several MiB."""
        node = self.pick_file(0, 64 << 10)
        if node:
            with writing(node) as fd:
                write_all(fd, content(self.rng, self.rng.randint(2 * MIB, 4 * MIB)), node.size)
            return self.stamp(node.path, node)

    def shrink(self):
        """Keep the tree in bounds: cut the largest files if it has too many bytes."""
        files = {node.inode: node for node in self.nodes if node.is_file and node.size <= self.EDITABLE}
        total, last = sum(node.size for node in files.values()), None
        for node in sorted(files.values(), key=lambda node: (-node.size, node.path)):
            if total <= self.BOUND:
                break
            with writing(node) as fd:
                os.ftruncate(fd, 1000)
            total, last = total - node.size, self.stamp(node.path)
        return last

    def punch(self):
        """Make a hole in the middle of a file; zeros where the file system has no holes."""
        node = self.pick_file(3 * BLOCK)
        if node:
            at, length = self.rng.randint(0, node.size // 2), self.rng.randint(BLOCK, 100000)
            length = min(length, node.size - at)
            with writing(node) as fd:
                if not punch(fd, at, length):
                    write_all(fd, bytes(length), at)
            return self.stamp(node.path, node)

    def fill(self):
        """Fill (part of) a hole with data or with zeros."""
        node = self.pick(lambda node: node.is_file and node.size >= BLOCK and self.has_hole(node))
        if node:
            with writing(node) as fd:
                begin, end = self.rng.choice(hole_ranges(fd, node.size))
                length = min(end - begin, self.rng.randint(1, 200000))
                write_all(fd, self.rng.choice((bytes(length), self.rng.randbytes(length))), begin)
            return self.stamp(node.path, node)

    @staticmethod
    def has_hole(node):
        """Whether a file that can be read has a hole."""
        try:
            fd = os.open(node.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except PermissionError:
            return False
        try:
            return bool(hole_ranges(fd, node.size))
        finally:
            os.close(fd)

    # names

    def rename(self):
        """Rename something that is no directory, also across directories."""
        node, path = self.pick(lambda node: node.free and not node.is_dir), self.place()
        if node and path:
            os.rename(node.path, path)
            return path

    def rename_dir(self):
        """Move a directory with all that is in it."""
        node = self.pick_tree(50)
        path = node and self.place(inside=node.path)
        if path:
            os.rename(node.path, path)
            return path

    def swap(self):
        """Two files get each other's names."""
        a = self.pick_free_file()
        b = a and self.pick(lambda node: node.is_file and node.free and node.inode != a.inode)
        if b:
            aside = os.path.join(os.path.dirname(a.path), b".swap")
            os.rename(a.path, aside)
            os.rename(b.path, a.path)
            os.rename(aside, b.path)
            return a.path

    def replace(self):
        """A new file is renamed over an old one, as editors do; now and then with the same size and mtime."""
        node, path = self.pick_free_file(), self.place()
        if node and path:
            data = self.rng.randbytes(node.size) if self.rng.random() < 0.5 else self.some()
            self.new_file(path, data, node.mode)
            os.rename(path, node.path)
            return self.stamp(node.path, node)

    def add_file(self):
        """A new file."""
        path = self.place()
        return path and self.new_file(path, self.some(), self.rng.choice((0o644, 0o600, 0o755, 0o4711)))

    def add_copy(self):
        """A new file with the content of an old one, and a few bytes in front."""
        node, path = self.pick_file(1000), self.place()
        if node and path:
            with writing(node) as fd:
                data = os.pread(fd, node.size, 0)
            return self.new_file(path, b"copy"[:self.rng.randint(0, 4)] + data)

    def add_dir(self):
        """A new directory with a few files, now and then empty."""
        path = self.place()
        if path:
            os.mkdir(path)
            for number in range(self.rng.randint(0, 3)):
                self.new_file(os.path.join(path, b"%d" % number), self.some())
            return path

    def add_special(self):
        """A new symbolic link, fifo or socket."""
        path = self.place()
        if path:
            kind = self.rng.randrange(3)
            if kind == 0:
                os.symlink(random_name(self.rng), path)
            else:
                os.mknod(path, (stat.S_IFIFO if kind == 1 else stat.S_IFSOCK) | 0o600)
            return self.stamp(path)

    def remove(self):
        """Remove a name that is no directory."""
        node = self.pick(lambda node: node.free and not node.is_dir)
        if node:
            os.unlink(node.path)
            return node.path

    def remove_dir(self):
        """Remove a small directory."""
        node = self.pick_tree(5)
        if node:
            shutil.rmtree(node.path)
            return node.path

    # types

    def file_to_dir(self):
        """A file becomes a directory with a file in it."""
        node = self.pick_free_file()
        if node:
            os.unlink(node.path)
            os.mkdir(node.path)
            self.new_file(os.path.join(node.path, b"inside"), self.some())
            return node.path

    def dir_to_file(self):
        """A small directory becomes a file."""
        node = self.pick_tree(3)
        if node:
            shutil.rmtree(node.path)
            return self.new_file(node.path, self.some())

    def link_to_file(self):
        """A symbolic link becomes a file."""
        node = self.pick(lambda node: node.is_link and node.free)
        if node:
            os.unlink(node.path)
            return self.new_file(node.path, self.some())

    def file_to_link(self):
        """A file becomes a symbolic link."""
        node = self.pick_free_file()
        if node:
            os.unlink(node.path)
            os.symlink(b"../x", node.path)
            return self.stamp(node.path, node)

    def retarget(self):
        """A symbolic link gets another target of the same length, and keeps its mtime half of the time."""
        node = self.pick(lambda node: node.is_link and node.free)
        if node:
            os.unlink(node.path)
            os.symlink(bytes(self.rng.choices(NAME_BYTES, k=node.size)), node.path)
            return self.stamp(node.path, node, 0.5)

    # hard links

    def join(self):
        """One more name for a file, a symbolic link or a fifo."""
        node = self.pick(lambda node: node.kind in (stat.S_IFREG, stat.S_IFLNK, stat.S_IFIFO))
        path = node and self.place()
        if path:
            os.link(node.path, path, follow_symlinks=False)
            return path

    def join_over(self):
        """A file's name becomes one more name of another file."""
        node = self.pick_free_file()
        other = node and self.pick(lambda other: other.is_file and other.inode != node.inode)
        if other:
            os.unlink(node.path)
            os.link(other.path, node.path, follow_symlinks=False)
            return node.path

    def part(self):
        """A name of a hard-link group becomes a file of its own with equal content, mode and mtime."""
        node = self.pick(lambda node: node.is_file and node.free and node.stat.st_nlink > 1
                         and node.size <= self.EDITABLE)
        if node:
            with writing(node) as fd:
                data = os.pread(fd, node.size, 0)
            os.unlink(node.path)
            return self.stamp(self.new_file(node.path, data, node.mode), node, 1)

    # metadata alone

    def chmod(self):
        """Another mode. Directories stay open, lest rounds without root run out of tree."""
        node = self.pick(lambda node: not node.is_link)
        if node:
            modes = (0o755, 0o700, 0o1777, 0o2750) if node.is_dir else (0o644, 0o600, 0, 0o444, 0o6755, 0o1666)
            os.chmod(node.path, self.rng.choice([mode for mode in modes if mode != node.mode]))
            return node.path

    def chown(self):
        """Another owner, as root only."""
        node = os.geteuid() == 0 and self.pick(lambda node: True)
        if node:
            owners = [(uid, gid) for uid in (0, *UIDS) for gid in (0, *GIDS)]
            owners = [owner for owner in owners if owner != (node.stat.st_uid, node.stat.st_gid)]
            os.lchown(node.path, *self.rng.choice(owners))
            return node.path

    def touch(self):
        """Another mtime, by as little as 1 ns."""
        node = self.pick(lambda node: True)
        if node:
            now, times = node.stat.st_mtime_ns, list(ODD_TIMES.values())
            if not node.is_dir or self.dir_times.get(node.inode) == now:  # else it may be from the clock
                times += [now + 1, now - 1, now + SECOND, now // SECOND * SECOND]
            ns = self.rng.choice([ns for ns in times if ns != now])
            set_time(node.path, ns)
            if node.is_dir:
                self.dir_times[node.inode] = ns
            return node.path

    def chmod_root(self):
        """Now and then another mode for the root directory, and nothing else of it."""
        root = self.nodes[0]
        if self.rng.random() < 0.3:
            os.chmod(root.path, self.rng.choice([mode for mode in (0o755, 0o1751, 0o2700) if mode != root.mode]))
            return root.path

    def xattr(self):
        """Set, alter or remove an extended attribute of a file, a directory or, as root, anything."""
        root = os.geteuid() == 0
        node = self.pick(lambda node: node.open or node.is_file and os.access(node.path, os.W_OK) or root)
        if not node:
            return None
        space = b"user." if node.is_file or node.is_dir else b"trusted."
        old = [name for name in map(os.fsencode, os.listxattr(node.path, follow_symlinks=False))
               if name.startswith(space)]
        try:
            if old and self.rng.random() < 0.5:
                os.removexattr(node.path, self.rng.choice(sorted(old)), follow_symlinks=False)
            else:
                os.setxattr(node.path, space + b"changed", self.rng.randbytes(self.rng.randint(0, 300)),
                            follow_symlinks=False)
        except OSError as error:
            if error.errno not in NOT_ALLOWED + NO_ROOM:
                raise
            return None
        return node.path

    def acl(self):
        """Add an entry to the ACL of a file or a directory, or remove its ACLs."""
        node = self.pick(lambda node: node.is_file or node.is_dir)
        if node:
            command = [b"-m", b"u:%d:%s" % (self.rng.randrange(10000, 99999), self.rng.choice((b"r", b"rwx", b"-")))]
            try:
                names = os.listxattr(node.path)
                if any(name.startswith("system.posix_acl_") for name in names) and self.rng.random() < 0.7:
                    command = [b"-b"]
                set_acl(node.path, *command)
            except OSError as error:
                if error.errno != errno.EOPNOTSUPP:
                    raise
                return None
            return node.path

    # the round

    TWICE = (insert, delete, overwrite, append, touch, xattr)
    SAME_NAMES = (*TWICE, truncate, extend, grow, punch, fill)  # no other node changes than of that inode
    ONCE = (truncate, extend, grow, punch, fill, rename, rename_dir, swap, replace, add_file, add_copy, add_dir,
            add_special, remove, remove_dir, file_to_dir, dir_to_file, link_to_file, file_to_link, retarget, join,
            join_over, part, chmod, chmod_root, chown, acl)

    def refreshed(self, path):
        """The nodes, those of the inode that the path names to be examined again."""
        inode = next(node.inode for node in self.nodes if node.path == path)
        return [Node(node.path, node.free, node.is_dir, inode) if node.inode == inode else node
                for node in self.nodes]

    def restore_dir_times(self, before):
        """Give each directory whose mtime is from the clock one that is not: half of the time the one that
        its path had before the round, so that nothing but its entries tells of the change."""
        old = {node.path: node for node in before}
        for node in reversed(scan(self.root)):
            if node.is_dir and self.dir_times.get(node.inode) != node.stat.st_mtime_ns:
                keep = old.get(node.path)
                self.stamp(node.path, keep if keep and keep.is_dir else None, 0.5)

    def run(self):
        """Do the round; returns a list of (operation, path)."""
        before = scan(self.root)
        operations = list(self.TWICE) * 2 + list(self.ONCE)
        self.rng.shuffle(operations)
        done = []
        self.nodes = before
        self.dir_times = {node.inode: node.stat.st_mtime_ns for node in before if node.is_dir}
        for operation in [type(self).shrink, *operations]:
            path = operation(self)
            if path:
                self.nodes = self.refreshed(path) if operation in self.SAME_NAMES else scan(self.root)
                done.append((operation.__name__, path[len(self.root) + 1:]))
        self.restore_dir_times(before)
        return done


def change(root, seed, number):
    """Make a round of changes; returns a list of (operation, path below root)."""
    with umask(0o022):
        return Changer(plain(root), seed, number).run()


# command line


def arguments(argv):
    """The parsed command line."""
    parser = argparse.ArgumentParser(description="make and change trees that are hard to back up")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("make", help="fill DIR, which must be empty or not exist")
    command.add_argument("dir")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--small", action="store_true", help="under 4 MB instead of under 40 MB")
    command = commands.add_parser("change", help="make one round of changes in DIR")
    command.add_argument("dir")
    command.add_argument("--seed", type=int, required=True)
    command.add_argument("--round", type=int, required=True)
    return parser.parse_args(argv)


def main(argv):
    """Command line; returns the exit status."""
    args = arguments(argv)
    try:
        if args.command == "make":
            lines = [f"skipped {what}: {why}" for what, why in make(args.dir, args.seed, args.small).items()]
        else:
            lines = [f"{name} {escape(path)}" for name, path in change(args.dir, args.seed, args.round)]
    except OSError as error:
        print(f"torture.py: {error}", file=sys.stderr)
        return 2
    print("".join(line + "\n" for line in lines), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
