# SPDX-License-Identifier: Apache-2.0
"""What a disk may hold after a loss of power: a model of files and directories, fed by strace.

A Recording begins with the tree that is there, runs a command under strace and has then a list of operations in the
order of their ends. An operation is durable once a sync that began after it has ended: fsync and fdatasync of the file
for its content and attributes, fsync of a directory for its names, syncfs for everything. Until then the disk may have
it, not have it, or have part of it, whatever came before or after it. A name that moves from one directory to another
moves in one piece, as on every file system with a journal. A new file's name is not durable with the file.
"""

import os
import re
import stat
import subprocess

CALLS = ("openat,openat2,close,dup,dup2,dup3,fcntl,write,pwrite64,writev,pwritev,renameat2,renameat,rename,link,linkat,unlink,"
         "unlinkat,mkdir,mkdirat,symlinkat,mknodat,ftruncate,fallocate,copy_file_range,sendfile,fsync,fdatasync,syncfs,"
         "fchmod,fchmodat,chmod,fchown,fchownat,utimensat,setxattr,lsetxattr,fsetxattr,fremovexattr,exit_group")
AT_FDCWD = "AT_FDCWD"


class Node:
    """A file or a directory. Content and names are those before the recording; operations change a copy."""

    def __init__(self, kind, inode=None):
        self.kind, self.inode = kind, inode  # kind: S_IFMT of its mode
        self.attributes = {}  # mode, owner, mtime, xattrs by name
        self.data = b""  # of a file; the target of a symlink
        self.names = {}  # of a directory: name to Node


class Operation:
    """kind names: changes [(directory, name, Node or None)]; data: node, offset, bytes; size: node, size; attribute: node,
    key, value."""

    def __init__(self, kind, *what):
        self.kind, self.what = kind, what
        self.at, self.durable_at = 0, None  # by the clock of the recording

    def nodes(self):
        return {change[0] for change in self.what[0]} if self.kind == "names" else {self.what[0]}


def scan(path, seen):
    """The tree at `path`; hard links are one Node."""
    info = os.lstat(path)
    if info.st_ino in seen:
        return seen[info.st_ino]
    node = seen[info.st_ino] = Node(stat.S_IFMT(info.st_mode), info.st_ino)
    node.attributes = {"mode": stat.S_IMODE(info.st_mode), "owner": (info.st_uid, info.st_gid), "mtime": info.st_mtime_ns}
    if not stat.S_ISLNK(info.st_mode):
        for name in os.listxattr(path, follow_symlinks=False):
            node.attributes[name] = os.getxattr(path, name, follow_symlinks=False)
    if stat.S_ISDIR(info.st_mode):
        node.names = {name: scan(os.path.join(path, name), seen) for name in os.listdir(path)}
    elif stat.S_ISLNK(info.st_mode):
        node.data = os.readlink(path)
    elif stat.S_ISREG(info.st_mode):
        with open(path, "rb") as file:
            node.data = file.read()
    return node


class Recording:
    """Of one command in the directory `place`. Only what happens below it is recorded."""

    def __init__(self, place):
        self.place = os.path.realpath(place)
        self.root = scan(self.place, {})
        self.operations = []
        self.clock = 0  # counts operations, syncs and the acknowledgement
        self.syncs = []  # when one ended that something was durable by
        self.acknowledged = None  # when the command said that it was done
        self.now = {}  # directory to its names as the command sees them
        self.files = {}  # descriptor to [Node, offset]

    # ---- running ----

    def run(self, argv, stdin):
        trace = f"{self.place}.strace"
        result = subprocess.run(["strace", "-f", "-xx", "-s", "100000000", "-o", trace, "-e", f"trace={CALLS}", *argv],
                                input=stdin, capture_output=True, check=False)
        begun = {}
        with open(trace, encoding="latin-1") as lines:
            for line in lines:
                thread, text = line.rstrip("\n").split(None, 1)
                if text.endswith("<unfinished ...>"):
                    begun[thread] = (text[:-len("<unfinished ...>")], self.clock)
                    continue
                before = self.clock
                if match := re.match(r"<\.\.\. \w+ resumed>", text):
                    start, before = begun.pop(thread)
                    text = start + text[match.end():]
                if match := re.match(r"(\w+)\((.*)\)\s+= (-?\w+|\?)", text):
                    self.call(match[1], arguments(match[2]), match[3], before)
        os.unlink(trace)
        for node, path in self.directories():
            if node.inode is None:
                node.inode = os.lstat(path).st_ino
        return result

    def directories(self):
        todo = [(self.root, self.place)]
        while todo:
            node, path = todo.pop()
            yield node, path
            todo += [(inner, os.path.join(path, name)) for name, inner in self.names(node).items() if inner.kind == stat.S_IFDIR]

    # ---- the calls ----

    def call(self, name, args, result, before):
        if name == "exit_group":
            if args[0] == "0":
                self.acknowledge()
            return
        if result.startswith("-") or result == "?":
            return
        handler = getattr(self, "do_" + name, None)
        if handler is None:
            raise NotImplementedError(f"{name} is not in the model")
        handler(args, int(result, 0), before)

    def tick(self):
        self.clock += 1
        return self.clock

    def acknowledge(self):
        if self.acknowledged is None:
            self.acknowledged = self.tick()

    def add(self, operation):
        operation.at = self.tick()
        self.operations.append(operation)

    def names(self, node):
        return self.now.setdefault(node, dict(node.names))

    def node(self, fd):
        return self.files[int(fd)][0] if fd.isdigit() and int(fd) in self.files else None

    def resolve(self, directory, path):
        """(parent, name) below the place, or None."""
        path = os.fsdecode(path.encode("latin-1", "surrogateescape"))
        match = re.match(r"/proc/self/fd/(\d+)(?:/|$)(.*)", path)
        if match:
            directory, path = match[1], match[2] or "."
        if path.startswith("/"):
            if not (path + "/").startswith(self.place + "/"):
                return None
            at, path = self.root, path[len(self.place):].strip("/") or "."
        elif directory == AT_FDCWD:
            return self.resolve(AT_FDCWD, os.fsencode(os.path.normpath(os.path.join(os.getcwd(), path))).decode("latin-1"))
        else:
            at = self.node(directory)
        if at is None:
            return None
        parts = [part for part in path.split("/") if part]
        for part in parts[:-1]:
            at = self.names(at)[part] if part != "." else at
        return at, parts[-1]

    def lookup(self, directory, path):
        if path == "":
            return self.node(directory)
        found = self.resolve(directory, path)
        if found is None:
            return None
        return found[0] if found[1] == "." else self.names(found[0]).get(found[1])

    def change(self, *changes):
        for directory, name, node in changes:
            if node is None:
                self.names(directory).pop(name, None)
            else:
                self.names(directory)[name] = node
        self.add(Operation("names", changes))

    def make(self, directory, path, kind, mode, data=b""):
        found = self.resolve(directory, path)
        if found is None:
            return None
        node = Node(kind)
        node.data = data
        node.attributes = {"mode": mode & ~0o022, "owner": (os.geteuid(), os.getegid()), "mtime": 0}
        self.change((*found, node))
        return node

    def do_openat(self, args, fd, _):
        node = self.lookup(args[0], args[1])
        if node is None and "O_CREAT" in args[2]:
            node = self.make(args[0], args[1], stat.S_IFREG, int(args[3], 8))
        if node is None:
            self.files.pop(fd, None)
            return
        if "O_TRUNC" in args[2]:
            self.add(Operation("size", node, 0))
        self.files[fd] = [node, 0]

    def do_openat2(self, args, fd, _):
        self.do_openat([args[0], args[1], args[2]], fd, _)

    def do_close(self, args, *_):
        self.files.pop(int(args[0]), None)

    def do_dup(self, args, fd, _):
        if int(args[0]) in self.files:
            self.files[fd] = self.files[int(args[0])]

    do_dup2 = do_dup3 = do_dup

    def do_fcntl(self, args, result, _):
        if args[1].startswith("F_DUPFD"):
            self.do_dup(args, result, _)

    def data(self, fd, offset, data):
        entry = self.files.get(int(fd))
        if entry is None:
            return
        if offset is None:
            offset, entry[1] = entry[1], entry[1] + len(data)
        self.add(Operation("data", entry[0], offset, data))

    def do_write(self, args, count, _):
        if args[0] == "1" and count > 0:
            self.acknowledge()
        self.data(args[0], None, args[1].encode("latin-1")[:count])

    def do_pwrite64(self, args, count, _):
        self.data(args[0], int(args[3]), args[1].encode("latin-1")[:count])

    def do_ftruncate(self, args, *_):
        if self.node(args[0]):
            self.add(Operation("size", self.node(args[0]), int(args[1])))

    def do_renameat2(self, args, *_):
        source, target = self.resolve(args[0], args[1]), self.resolve(args[2], args[3])
        moved = self.names(source[0])[source[1]]
        other = self.names(target[0]).get(target[1]) if "RENAME_EXCHANGE" in args[4] else None
        self.change((*source, other), (*target, moved))

    def do_linkat(self, args, *_):
        self.change((*self.resolve(args[2], args[3]), self.lookup(args[0], args[1])))

    def do_unlinkat(self, args, *_):
        if self.resolve(args[0], args[1]):
            self.change((*self.resolve(args[0], args[1]), None))

    def do_mkdirat(self, args, *_):
        self.make(args[0], args[1], stat.S_IFDIR, int(args[2], 8))

    def do_mkdir(self, args, *_):
        self.make(AT_FDCWD, args[0], stat.S_IFDIR, int(args[1], 8))

    def do_symlinkat(self, args, *_):
        self.make(args[1], args[2], stat.S_IFLNK, 0o777, os.fsdecode(args[0].encode("latin-1")))

    def do_mknodat(self, args, *_):
        kind, _, mode = args[2].partition("|")
        self.make(args[0], args[1], getattr(stat, kind), int(mode or "0", 8))

    def attribute(self, node, key, value):
        if node is not None:
            self.add(Operation("attribute", node, key, value))

    def do_fchmod(self, args, *_):
        self.attribute(self.node(args[0]), "mode", int(args[1], 8))

    def do_fchmodat(self, args, *_):
        self.attribute(self.lookup(args[0], args[1]), "mode", int(args[2], 8))

    def do_chmod(self, args, *_):
        self.attribute(self.lookup(AT_FDCWD, args[0]), "mode", int(args[1], 8))

    def do_fchown(self, args, *_):
        self.attribute(self.node(args[0]), "owner", (int(args[1]), int(args[2])))

    def do_fchownat(self, args, *_):
        self.attribute(self.lookup(args[0], args[1]), "owner", (int(args[2]), int(args[3])))

    def do_utimensat(self, args, *_):
        node = self.node(args[0]) if args[1] == "NULL" else self.lookup(args[0], args[1])
        # [{tv_sec=A, tv_nsec=B}, {tv_sec=C, tv_nsec=D}]: the second is the mtime
        seconds, nanoseconds = re.findall(r"tv_sec=(-?\d+), tv_nsec=(\d+)", args[2])[-1]
        self.attribute(node, "mtime", int(seconds) * 10 ** 9 + int(nanoseconds))

    def do_fsetxattr(self, args, *_):
        self.attribute(self.node(args[0]), args[1], args[2].encode("latin-1"))

    def do_lsetxattr(self, args, *_):
        self.attribute(self.lookup(AT_FDCWD, args[0]), args[1], args[2].encode("latin-1"))

    do_setxattr = do_lsetxattr

    def do_fremovexattr(self, args, *_):
        self.attribute(self.node(args[0]), args[1], None)

    def synced(self, before, covers):
        """What was done before the sync began is durable from here on."""
        hit = [op for op in self.operations if op.at <= before and op.durable_at is None and covers(op)]
        if hit:
            self.syncs.append(self.tick())
        for operation in hit:
            operation.durable_at = self.clock

    def do_fsync(self, args, _, before):
        node = self.node(args[0])
        if node is not None:
            self.synced(before, lambda op: node in op.nodes())

    do_fdatasync = do_fsync

    def do_syncfs(self, _, __, before):
        self.synced(before, lambda op: True)


def arguments(text):
    """The arguments of a call as strace writes them; strings as latin-1 text without quotes."""
    out, depth, at, start = [], 0, 0, 0

    def add(end):
        word = text[start:end].strip()
        if word.startswith('"'):
            word = bytes.fromhex(word[1:word.rindex('"')].replace("\\x", "")).decode("latin-1")
        out.append(word)

    while at < len(text):
        char = text[at]
        if char == '"':
            at = text.index('"', at + 1)  # -xx: no quote inside
        elif char in "[{(":
            depth += 1
        elif char in "]})":
            depth -= 1
        elif char == "," and depth == 0:
            add(at)
            start = at + 1
        at += 1
    add(len(text))
    return out


# ---- states ----

PAGE = 4096  # bytes; what a file system writes apart


def pages(offset, size):
    """How many pages of the file a write touches."""
    return (offset + size - 1) // PAGE - offset // PAGE + 1 if size else 0


def torn(old, offset, data, arrived):
    """What a write of `data` over `old` has left of which only some pages arrived."""
    out, at = b"", 0
    for page, there in enumerate(arrived):
        end = (offset // PAGE + page + 1) * PAGE - offset
        out += (data if there else old)[at:end]
        at = end
    return out


class State:
    """The disk with some of the operations on it."""

    def __init__(self, root):
        self.root = root
        self.names, self.contents, self.attributes = {}, {}, {}

    def apply(self, operation, how="whole"):
        """how: whole; or of data: a number of bytes that arrived, or zeros in its place, or a tuple with a truth for each
        page of PAGE bytes of the file that it touches: those that are true arrived, in whatever order."""
        if operation.kind == "names":
            for directory, name, node in operation.what[0]:
                if directory not in self.names:
                    self.names[directory] = dict(directory.names)
                if node is None:
                    self.names[directory].pop(name, None)
                else:
                    self.names[directory][name] = node
        elif operation.kind == "attribute":
            node, key, value = operation.what
            self.attributes.setdefault(node, dict(node.attributes))[key] = value
        elif operation.kind == "size":
            node, size = operation.what
            self.contents[node] = self.contents.get(node, node.data)[:size].ljust(size, b"\0")
        else:
            node, offset, data = operation.what
            old = self.contents.get(node, node.data)
            if how == "zeros":
                data = bytes(len(data))
            elif isinstance(how, tuple):
                data = torn(old[offset:offset + len(data)].ljust(len(data), b"\0"), offset, data, how)
            elif how != "whole":
                data = data[:how]
            self.contents[node] = old[:offset].ljust(offset, b"\0") + data + old[offset + len(data):]

    def key(self):
        """Equal for states that look the same from outside."""
        seen, out = {}, []

        def walk(node):
            if node in seen:
                out.append(seen[node])
                return
            seen[node] = len(seen)
            out.append((node.kind, tuple(sorted(self.attributes.get(node, node.attributes).items(), key=str))))
            if node.kind == stat.S_IFDIR:
                for name, inner in sorted(self.names.get(node, node.names).items()):
                    out.append(name)
                    walk(inner)
            else:
                out.append(hash(self.contents.get(node, node.data)))

        walk(self.root)
        return hash(tuple(out))

    def write(self, place):
        """Puts it into the new directory `place`. Returns {inode recorded: inode now} of its directories."""
        made, inodes, last = {}, {}, []

        def put(node, path):
            if node in made:
                os.link(made[node], path, follow_symlinks=False)
                return
            made[node] = path
            if node.kind == stat.S_IFDIR:
                os.mkdir(path)
                inodes[node.inode] = os.lstat(path).st_ino
                for name, inner in self.names.get(node, node.names).items():
                    put(inner, os.path.join(path, name))
            elif node.kind == stat.S_IFLNK:
                os.symlink(node.data, path)
            elif node.kind == stat.S_IFREG:
                content = self.contents.get(node, node.data)
                with open(path, "wb") as file:
                    # Holes stay holes.
                    for at in range(0, len(content), 4096):
                        if content[at:at + 4096].strip(b"\0"):
                            os.pwrite(file.fileno(), content[at:at + 4096], at)
                    file.truncate(len(content))
            else:
                os.mknod(path, node.kind | 0o600)
            last.append((node, path))

        put(self.root, place)
        for node, path in last:
            attributes = self.attributes.get(node, node.attributes)
            os.chown(path, *attributes["owner"], follow_symlinks=False)
            if node.kind != stat.S_IFLNK:
                os.chmod(path, attributes["mode"])
                for name, value in attributes.items():
                    if name not in ("mode", "owner", "mtime") and value is not None:
                        os.setxattr(path, name, value)
            os.utime(path, ns=(attributes["mtime"],) * 2, follow_symlinks=False)
        return inodes
