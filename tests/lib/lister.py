#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print everything of a directory tree that a faithful copy must keep, or compare two trees by it.

    lister.py [options] DIR           one line per name, sorted by the bytes of the path
    lister.py [options] --diff A B    the lines that differ, as a unified diff without context

A line is the path, then KEY=VALUE fields, separated by one space; always ASCII:

    type     f d l p s c b
    mode     four octal digits, with setuid, setgid and sticky
    uid gid  numbers; left out with --no-owner
    mtime    nanoseconds since 1970, may be negative
    size     bytes, of regular files only (what a directory's size is belongs to the file system)
    target   of a symbolic link
    dev      MAJOR:MINOR of a device
    link     the smallest path of the hard-link group, if DIR has two or more names of this inode;
             names outside of DIR do not count
    sha256   of the content; left out with --no-hash
    holes    ranges FIRST-LAST of 4096-byte blocks that lie in holes as a whole (the last block of a
             file may be short); left out if there are none, and with --no-holes
    x:NAME   an extended attribute, also system.posix_acl_access and _default: the value in hex, or
             LENGTH:sha256 from 65 bytes on. trusted.* is only seen by root.
    entries  "unreadable", for a directory whose names cannot be read

The root is listed as ".". In paths, targets and attribute names each byte that is not a printable
ASCII character, and space and backslash, is \\xHH; "=" too in attribute names. A value that the
caller has no permission for is "unreadable"; a name that cannot even be examined is
"type=unreadable". Not looked at: atime, ctime, inode numbers, link counts, file flags.

--diff treats a block that is a hole on one side and data on the other as a difference. With
--holes-superset B may have holes where A has data (which is harmless where the content is equal:
A has zero bytes there), but a hole of A must be a hole in B.

Exit status: 0 done, or equal; 1 --diff found a difference; 2 wrong usage, or trouble such as a
name that vanished meanwhile. The tree must not change while it is listed. A path longer than
PATH_MAX (4096 bytes) is trouble. Needs Linux, Python 3.11 and nothing else.

As a module: listing(root, options) gives the entries, escape() the notation, hole_blocks() the map.
"""

import argparse
import dataclasses
import errno
import hashlib
import os
import stat
import sys

BLOCK = 4096  # bytes; the grain at which hole maps are compared
LONGEST_HEX = 64  # bytes of an attribute's value that are printed as they are
UNREADABLE = "unreadable"
DENIED = (errno.EACCES, errno.EPERM)
TYPES = {stat.S_IFREG: "f", stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFIFO: "p",
         stat.S_IFSOCK: "s", stat.S_IFCHR: "c", stat.S_IFBLK: "b"}


@dataclasses.dataclass(frozen=True)
class Options:
    """What to leave out."""
    owner: bool = True
    holes: bool = True
    hash: bool = True


@dataclasses.dataclass
class Entry:
    """One name: its path relative to the root, the fields before the hole map, the hole map (a list
    of (first, last) block numbers, or UNREADABLE) and the fields after it."""
    path: bytes
    stat: os.stat_result | None
    before: list[str]
    holes: list[tuple[int, int]] | str
    after: list[str]

    def line(self):
        """The line of this entry, without newline."""
        holes = self.holes
        if not isinstance(holes, str):
            holes = ",".join(f"{first}-{last}" for first, last in holes)
        middle = [f"holes={holes}"] if holes else []
        return " ".join([escape(self.path), *self.before, *middle, *self.after])


def escape(data, also=b""):
    """Bytes to printable ASCII without spaces; the bytes of `also` are escaped too."""
    keep = set(range(0x21, 0x7f)) - set(b"\\") - set(also)
    return "".join(chr(byte) if byte in keep else f"\\x{byte:02x}" for byte in data)


def hole_ranges(fd, size):
    """The holes of an open file up to `size` as a list of (begin, end) byte offsets."""
    holes = []
    position = 0
    while position < size:
        try:
            data = min(os.lseek(fd, position, os.SEEK_DATA), size)
        except OSError as error:
            if error.errno == errno.EINVAL:  # the file system does not know holes
                return []
            if error.errno != errno.ENXIO:  # ENXIO: no data up to the end
                raise
            data = size
        if data > position:
            holes.append((position, data))
        if data == size:
            break
        position = os.lseek(fd, data, os.SEEK_HOLE)
    return holes


def hole_blocks(fd, size):
    """The holes of an open file as a list of (first, last) numbers of blocks wholly in a hole."""
    blocks = []
    for begin, end in hole_ranges(fd, size):
        first = -(-begin // BLOCK)
        last = (end // BLOCK if end < size else -(-end // BLOCK)) - 1
        if first <= last:
            blocks.append((first, last))
    return blocks


def covers(outer, inner):
    """Whether each block of the map `inner` is in the map `outer` too."""
    if isinstance(outer, str) or isinstance(inner, str):
        return outer == inner
    at = 0
    for first, last in inner:
        while at < len(outer) and outer[at][1] < last:
            at += 1
        if at == len(outer) or outer[at][0] > first:
            return False
    return True


def examine_content(path, size, options):
    """(hole map, fields with the hash) of a regular file. The map is read first: on some file systems
    reading makes pages of preallocated space look like data."""
    if not options.hash and not options.holes:
        return [], []
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno not in DENIED:
            raise
        return (UNREADABLE if options.holes else []), ([f"sha256={UNREADABLE}"] if options.hash else [])
    with open(fd, "rb", buffering=0) as file:
        holes = hole_blocks(fd, size) if options.holes else []
        os.lseek(fd, 0, os.SEEK_SET)
        digest = [f"sha256={hashlib.file_digest(file, 'sha256').hexdigest()}"] if options.hash else []
    return holes, digest


def xattr_value(path, name):
    """The printed form of the value of one extended attribute."""
    try:
        value = os.getxattr(path, name, follow_symlinks=False)
    except OSError as error:
        if error.errno not in DENIED:
            raise
        return UNREADABLE
    if len(value) <= LONGEST_HEX:
        return value.hex()
    return f"{len(value)}:{hashlib.sha256(value).hexdigest()}"


def xattr_fields(path):
    """The fields of all extended attributes, sorted by name."""
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return []
        if error.errno not in DENIED:
            raise
        return [f"x:={UNREADABLE}"]
    names = sorted(os.fsencode(name) for name in names)
    return [f"x:{escape(name, also=b'=')}={xattr_value(path, name)}" for name in names]


def stat_fields(path, status, options):
    """The fields that lstat and readlink give."""
    kind = stat.S_IFMT(status.st_mode)
    fields = [f"type={TYPES[kind]}", f"mode={stat.S_IMODE(status.st_mode):04o}"]
    if options.owner:
        fields += [f"uid={status.st_uid}", f"gid={status.st_gid}"]
    fields.append(f"mtime={status.st_mtime_ns}")
    if kind == stat.S_IFREG:
        fields.append(f"size={status.st_size}")
    elif kind == stat.S_IFLNK:
        fields.append(f"target={escape(os.readlink(path))}")
    elif kind in (stat.S_IFCHR, stat.S_IFBLK):
        fields.append(f"dev={os.major(status.st_rdev)}:{os.minor(status.st_rdev)}")
    return fields


def names_in(path):
    """The names in a directory, or None without the permission to read it."""
    try:
        return os.listdir(path)
    except OSError as error:
        if error.errno not in DENIED:
            raise
        return None


def examine(root, path, options, seen):
    """(entry, names in it if it is a directory) of a path relative to root. `seen` keeps what the content
    of an inode with several names was, so that it is read once."""
    full = os.path.join(root, path) if path != b"." else root
    try:
        status = os.lstat(full)
    except OSError as error:
        if error.errno not in DENIED:
            raise
        return Entry(path, None, [f"type={UNREADABLE}"], [], []), []
    before, holes, names = stat_fields(full, status, options), [], []
    if stat.S_ISREG(status.st_mode):
        inode = (status.st_dev, status.st_ino)
        if status.st_nlink == 1 or inode not in seen:
            seen[inode] = examine_content(full, status.st_size, options)
        holes, digest = seen[inode]
        before += digest
    after = xattr_fields(full)
    if stat.S_ISDIR(status.st_mode):
        names = names_in(full)
        if names is None:
            names = []
            after.append(f"entries={UNREADABLE}")
    return Entry(path, status, before, holes, after), names


def mark_links(entries):
    """Add the link field to each of the (sorted) entries that has another name among them."""
    groups = {}
    for entry in entries:
        if entry.stat and entry.stat.st_nlink > 1 and not stat.S_ISDIR(entry.stat.st_mode):
            groups.setdefault((entry.stat.st_dev, entry.stat.st_ino), []).append(entry)
    for group in groups.values():
        if len(group) > 1:
            for entry in group:
                entry.before.append(f"link={escape(group[0].path)}")


def listing(root, options=Options()):
    """All entries of the tree below the directory `root`, sorted by the bytes of their paths."""
    root = os.fsencode(root)
    if not stat.S_ISDIR(os.stat(root).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), root)
    root = os.path.join(root, b"")  # a link given as DIR stands for its directory
    entries, todo, seen = [], [b"."], {}
    while todo:
        path = todo.pop()
        entry, names = examine(root, path, options, seen)
        entries.append(entry)
        todo += [name if path == b"." else os.path.join(path, name) for name in names]
    entries.sort(key=lambda entry: entry.path)
    mark_links(entries)
    return entries


def allow_more_holes(a, b):
    """Give each entry of `b` the hole map of its namesake in `a` if its own one has all of those holes."""
    maps = {entry.path: entry.holes for entry in a}
    for entry in b:
        if entry.path in maps and covers(entry.holes, maps[entry.path]):
            entry.holes = maps[entry.path]


def paired(a, b):
    """Merge two sorted listings: yields (entry or None, entry or None) for each path."""
    left = {entry.path: entry for entry in a}
    right = {entry.path: entry for entry in b}
    for path in sorted(left.keys() | right.keys()):
        yield left.get(path), right.get(path)


def hunk(at, minus, plus):
    """A hunk of a unified diff without context that ends before the lines `at` (numbers from 1) of both."""
    starts = [number - len(lines) - (not lines) for number, lines in zip(at, (minus, plus))]
    return [f"@@ -{starts[0]},{len(minus)} +{starts[1]},{len(plus)} @@",
            *("-" + line for line in minus), *("+" + line for line in plus)]


def compare(a, b):
    """The lines of a unified diff of two listings, without the two lines of its head; none if equal."""
    lines, minus, plus, at = [], [], [], [1, 1]
    for left, right in paired(a, b):
        old, new = left and left.line(), right and right.line()
        if old == new:
            if minus or plus:
                lines += hunk(at, minus, plus)
            minus, plus = [], []
        else:
            minus += [old] if old else []
            plus += [new] if new else []
        at = [at[0] + bool(old), at[1] + bool(new)]
    return lines + (hunk(at, minus, plus) if minus or plus else [])


def arguments(argv):
    """The parsed command line."""
    parser = argparse.ArgumentParser(description="list or compare all that a faithful copy must keep")
    parser.add_argument("dirs", metavar="DIR", nargs="+")
    parser.add_argument("--diff", action="store_true", help="compare two directories")
    parser.add_argument("--no-owner", dest="owner", action="store_false", help="no uid and gid")
    parser.add_argument("--no-holes", dest="holes", action="store_false", help="no hole maps")
    parser.add_argument("--hash", action=argparse.BooleanOptionalAction, default=True,
                        help="SHA-256 of contents (default: yes)")
    parser.add_argument("--holes-superset", action="store_true",
                        help="with --diff: B may have more holes than A")
    args = parser.parse_args(argv)
    if len(args.dirs) != (2 if args.diff else 1):
        parser.error("one directory, or two with --diff")
    if args.holes_superset and not args.diff:
        parser.error("--holes-superset needs --diff")
    return args


def run(args):
    """Do what the command line asks; returns the exit status."""
    trees = [listing(path, Options(args.owner, args.holes, args.hash)) for path in args.dirs]
    if not args.diff:
        lines = [entry.line() for entry in trees[0]]
    else:
        if args.holes_superset:
            allow_more_holes(*trees)
        lines = compare(*trees)
        if lines:
            lines = [f"{sign} {escape(os.fsencode(path))}"
                     for sign, path in zip(("---", "+++"), args.dirs)] + lines
    sys.stdout.write("".join(line + "\n" for line in lines))
    sys.stdout.flush()
    return 1 if args.diff and lines else 0


def main(argv):
    """Command line; returns the exit status."""
    args = arguments(argv)
    try:
        return run(args)
    except OSError as error:
        print(f"lister.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
