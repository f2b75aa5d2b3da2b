#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Read streams and stores with nothing of ours but two pages: rs-stream(5) and rs-store(5).

    rs_reader.py stream FILE OUTDIR             restore a dump stream that is whole, not a delta
    rs_reader.py store STORE NAME GEN OUTDIR    restore generation GEN: 3.118, or branch/3.118

OUTDIR is made, or empty. It stays so until the digest of the stream, or those of the generation file and of all
indexes, and the digest of the tree were found right; then the SHA-256 of each file is checked as it is
written. Not looked at are chunk ids and the checksums in packs: XXH3 is not in Python's library, and SHA-256
proves more. Without root, owners, devices and what else is refused are left out.

Exit status: 0 done; 64 wrong usage; 65 refused: damaged, foreign, or of another version.
Needs Linux, Python 3.11 and the zstd command. Memory: the manifest, and some 200 bytes a chunk.
"""

import bisect
import hashlib
import itertools
import os
import re
import stat
import subprocess
import sys
import tempfile
import types

KIB, MIB = 1 << 10, 1 << 20
LIMITS = {b"H": 64 * KIB, b"S": 48 * MIB, b"M": 4 * MIB + 64, b"Z": 4 * KIB}  # of records; of others 4 MiB
DIRECTORY, FILE, SYMLINK, HARDLINK, FIFO, CHAR, BLOCK, SOCKET = range(1, 9)
DATA, HOLE, ZERO, END, WITHDRAW, COPY, SKIP = 0x10, 0x11, 0x12, 0x13, 0x14, 0x20, 0x21
STORED, FRESH = 0, 1  # kinds of runs; the others need what answered a have stream
MODES = {FIFO: stat.S_IFIFO, CHAR: stat.S_IFCHR, BLOCK: stat.S_IFBLK, SOCKET: stat.S_IFSOCK}


class Refused(Exception):
    """What is read is something that a reader must refuse."""


def need(condition, why):
    if not condition:
        raise Refused(why)


class Reader:
    """The notation of rs-stream(5), over bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def more(self):
        return self.at < len(self.data)

    def raw(self, size):
        need(size <= len(self.data) - self.at, "ends too early")
        self.at += size
        return self.data[self.at - size:self.at]

    def rest(self):
        return self.raw(len(self.data) - self.at)

    def fixed(self, size):
        return int.from_bytes(self.raw(size), "little")

    def varint(self, limit=2**64 - 1):
        value = shift = 0
        while (byte := self.fixed(1)) >= 0x80:
            value, shift = value | (byte & 0x7F) << shift, shift + 7
        value |= byte << shift
        need((byte or not shift) and value <= limit, "a number out of range or not in its shortest form")
        return value

    def svarint(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def text(self, limit=255):
        return self.raw(self.varint(limit))

    def stamp(self):  # in nanoseconds
        return self.svarint() * 10**9 + self.varint(10**9 - 1)


def varint(value):
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + varint(value >> 7)


def text(data):
    return varint(len(data)) + data


class Spool:
    """Decompresses frames with one zstd process, one after another into a temporary file."""

    def __init__(self):
        self.file, self.zstd, self.size = tempfile.TemporaryFile(), None, 0

    def add(self, frame, size):  # gives the place where its `size` bytes will be
        self.zstd = self.zstd or subprocess.Popen(["zstd", "-dcq"], stdin=subprocess.PIPE, stdout=self.file)
        self.zstd.stdin.write(frame)
        self.size += size
        return self.size - size, size

    def finish(self):
        if self.zstd:
            self.zstd.communicate()
        need(not self.zstd or self.zstd.returncode == 0, "zstd cannot read a frame")
        need(os.fstat(self.file.fileno()).st_size == self.size, "frames of other sizes than their heads say")
        return self

    def read(self, place):
        return os.pread(self.file.fileno(), place[1], place[0])


def check_magic(data, letter, what):
    need(data[:7] == b"\x89RS" + letter + b"\r\n\x1a", f"not a {what}")
    need(data[7:8] == b"\x01", f"a {what} of another version")


def read_header(data):
    reader, fields, last = Reader(data), {}, 0
    while reader.more():
        field = reader.varint()
        need(field > last and (field <= 10 or field >= 64), f"header field {field}")
        fields[field], last = reader.text(LIMITS[b"H"]), field
    need(fields.get(1) == b"\x01" and len(fields.get(8, b"")) == 16 and 2 in fields, "not the header of a dump")
    return fields


def read_segment(head, frame, spool):
    """The places of the chunks of a segment."""
    need(head.fixed(1) == 1, "a segment of an unknown codec")
    lengths = [head.varint(4 * MIB) for _ in range(head.varint(MIB))]
    need(lengths and all(lengths) and sum(lengths) <= 5 * MIB, "a segment of a wrong size")
    at, _ = spool.add(frame, sum(lengths))
    return list(zip(itertools.accumulate(lengths, initial=at), lengths))


def read_packed(reader, spool):
    """A packed block: its bytes, or its place in the spool. Takes all that is left."""
    codec, size = reader.fixed(1), reader.varint(4 * MIB)
    need(codec == 1 or codec == 0 and size == len(reader.data) - reader.at, "a block that is wrongly packed")
    return spool.add(reader.rest(), size) if codec else reader.rest()


def read_runs(refs, kind):
    """The numbers of all chunks that a refs section names."""
    reader, expected = Reader(refs), 0
    while reader.more():
        count, of = divmod(reader.varint(), 4)
        start = expected + reader.svarint() if of == kind else -1
        expected = start + count
        need(count and start >= 0 and expected <= 2**62, "a run that leads out of here")
        yield from range(start, expected)


def read_entry(kind, reader, last, owner):
    e = types.SimpleNamespace(type=kind, target=b"", xattrs=[], device=(), extents=[], sha256=None)
    e.path = last[:reader.varint(len(last))] + reader.text(65535)
    if kind == HARDLINK:
        e.target, e.owner = reader.text(65535), owner
        return e
    flags, e.mode = reader.varint(7), reader.varint(0o7777)
    ids = () if flags & 1 else (reader.varint(2**32 - 1), reader.varint(2**32 - 1), reader.text(), reader.text())
    e.owner, e.mtime = ids or owner, reader.stamp()
    need(e.owner, "refers to an owner before it")
    if flags & 4:  # the witness is for whoever sends the next delta
        reader.stamp(), reader.varint()
    if flags & 2:
        e.xattrs = [(reader.text(), reader.text(64 * KIB)) for _ in range(reader.varint(1024))]
        names = [name for name, _ in e.xattrs]
        need(names and all(names) and names == sorted(set(names)), "attributes that are not in order")
    if kind == FILE:
        need(reader.fixed(1) in (1, 2) and 12 <= reader.fixed(1) <= 20, "unknown chunking")
    elif kind == SYMLINK:
        e.target = reader.text(4095)
        need(e.target and b"\0" not in e.target, "a symbolic link to nowhere")
    elif kind in (CHAR, BLOCK):
        e.device = (reader.varint(2**32 - 1), reader.varint(2**32 - 1))
    return e


def read_manifest(blocks, kind):
    """The entries, those left out that were withdrawn."""
    tree, file = [], None
    for block in map(Reader, blocks):
        refs = read_runs(block.text(4 * MIB), kind)
        last, owner = b"", ()
        while block.more():
            tag = block.fixed(1)
            need((DATA <= tag <= WITHDRAW) == bool(file), f"operation {tag:#x} is out of place")
            if DIRECTORY <= tag <= SOCKET:
                tree.append(read_entry(tag, block, last, owner))
                last, owner, file = tree[-1].path, tree[-1].owner, tree[-1] if tag == FILE else None
            elif DATA <= tag <= ZERO:
                count, size = block.varint() if tag == DATA else 0, block.varint(2**62)
                numbers = [number for _, number in zip(range(count), refs)]
                need(size and len(numbers) == count and bool(count) == (tag == DATA), "an illegal extent")
                file.extents.append((tag, size, numbers))
            elif tag == END:
                flag = block.fixed(1)
                need(flag < 2, "a file without its digest")
                file.sha256, file = block.raw(32) if flag else None, None
            elif tag == WITHDRAW:
                tree.pop()
                file = None
            else:
                raise Refused("a delta" if tag in (COPY, SKIP) else f"unknown operation {tag:#x}")
        need(next(refs, None) is None, "more references than chunks")
    need(not file and tree and tree[0].path == b"" and tree[0].type == DIRECTORY, "not a whole tree")
    check_order(tree[1:])
    return tree


def check_order(tree):
    """Paths are legal and ascend, each in a directory of this tree; hard links lead to earlier names."""
    before, inside, linkable = [], [b""], set()
    for e in tree:
        names = e.path.split(b"/")
        need(len(e.path) < 65536 and len(names) <= 512 and b"\0" not in e.path and names > before and
             all(0 < len(name) < 256 and name not in (b".", b"..") for name in names), f"path {e.path!r}")
        while inside and inside[-1] != b"/".join(names[:-1]):
            inside.pop()
        need(inside, f"{e.path!r} is in no directory")
        need(e.type != HARDLINK or e.target in linkable, f"{e.path!r} is a link to nothing")
        inside += [e.path] if e.type == DIRECTORY else []
        linkable |= {e.path} if e.type not in (DIRECTORY, HARDLINK) else set()
        before = names


def tree_digest(tree, chunk):
    """chunk(number) gives the id of a chunk and its place in the spool."""
    digest = hashlib.sha256()
    for e in tree:
        digest.update(bytes([e.type]) + text(e.path))
        if e.type == HARDLINK:
            digest.update(text(e.target))
            continue
        seconds, nanoseconds = divmod(e.mtime, 10**9)
        zigzag = seconds * 2 if seconds >= 0 else -seconds * 2 - 1
        digest.update(b"".join(map(varint, (e.mode, *e.owner[:2]))) + text(e.owner[2]) + text(e.owner[3]))
        digest.update(b"".join(map(varint, (zigzag, nanoseconds, len(e.xattrs)))))
        digest.update(b"".join(text(name) + text(value) for name, value in e.xattrs))
        digest.update((text(e.target) if e.type == SYMLINK else b"") + b"".join(map(varint, e.device)))
        for tag, neighbours in itertools.groupby(e.extents, key=lambda extent: extent[0]):
            digest.update(bytes([tag]) + varint(sum(size for _, size, _ in neighbours)))
        if e.sha256:
            digest.update(b"\x21" + e.sha256)
        elif e.type == FILE:
            chunks = [chunk(number) for _, _, numbers in e.extents for number in numbers]
            listed = b"".join(varint(place[1]) + chunk_id for chunk_id, place in chunks)
            digest.update(b"\x20" + hashlib.sha256(listed).digest())
    return digest.digest()


def restore(tree, out, chunk, spool):
    """Makes the tree; what is said of directories comes last, because their times and modes suffer before."""
    os.makedirs(out, exist_ok=True)
    for e in tree:
        path = os.path.join(out, e.path).rstrip(b"/")
        if e.type == DIRECTORY and e.path:
            os.mkdir(path, 0o700)
        elif e.type == FILE:
            write_file(e, path, chunk, spool)
        elif e.type == SYMLINK:
            os.symlink(e.target, path)
        elif e.type == HARDLINK and os.path.lexists(os.path.join(out, e.target)):
            os.link(os.path.join(out, e.target), path, follow_symlinks=False)
        elif e.type in MODES and (not e.device or os.geteuid() == 0):
            os.mknod(path, MODES[e.type] | 0o600, os.makedev(*e.device) if e.device else 0)
        if e.type not in (DIRECTORY, HARDLINK) and os.path.lexists(path):
            set_metadata(e, path)
    for e in reversed(tree):
        if e.type == DIRECTORY:
            set_metadata(e, os.path.join(out, e.path))


def write_file(e, path, chunk, spool):
    digest, end = hashlib.sha256(), 0
    with open(path, "xb") as file:
        for tag, size, numbers in e.extents:
            places = [chunk(number)[1] for number in numbers]
            need(tag != DATA or sum(length for _, length in places) == size, f"{e.path!r}: an extent of another size")
            zeros = (bytes(min(MIB, size - at)) for at in range(0, size, MIB))
            for piece in map(spool.read, places) if tag == DATA else zeros:
                digest.update(piece)
                file.seek(len(piece), os.SEEK_CUR) if tag == HOLE else file.write(piece)
            end += size
        file.truncate(end)
    need(e.sha256 in (None, digest.digest()), f"{e.path!r}: SHA-256 mismatch")
    if e.sha256 is None:
        print(f"{e.path!r}: has no SHA-256; its bytes are not proven", file=sys.stderr)


def set_metadata(e, path):
    """Owner before attributes before mode, because a change of owner clears both; times last."""
    if os.geteuid() == 0:
        os.chown(path, e.owner[0], e.owner[1], follow_symlinks=False)
    for name, value in e.xattrs:
        try:
            os.setxattr(path, name, value, follow_symlinks=False)
        except OSError as error:
            print(f"{path!r}: attribute {name!r}: {error.strerror}", file=sys.stderr)
    if e.type != SYMLINK:
        os.chmod(path, e.mode)
    os.utime(path, ns=(e.mtime, e.mtime), follow_symlinks=False)


def read_stream(file_name, out):
    """Magic, records, and the trailer with a digest of everything before it but the frames of segments."""
    chunks, blocks, seen, spool = [], [], [0, 0, 0, 0], Spool()
    with open(file_name, "rb") as file:
        start = file.read(8)
        check_magic(start, b"S", "stream")
        digest, fields, kind = hashlib.sha256(start), None, b""
        while kind != b"Z":
            head = file.read(5)
            kind, size = head[:1], int.from_bytes(head[1:], "little")
            need(size <= LIMITS.get(kind, 4 * MIB), "a record larger than its limit")
            record = Reader(file.read(size))
            need(len(head) == 5 and len(record.data) == size, "truncated")
            covered = 4 + record.fixed(4) if kind == b"S" else size - 32 if kind == b"Z" else size
            need(0 <= covered <= size, "a record that ends too early")
            digest.update(head + record.data[:covered])
            need((kind == b"H") == (fields is None) or kind.islower(), "a header that is missing or out of place")
            if kind == b"H":
                fields = read_header(record.data)
                need(3 not in fields, "a delta, which builds on another generation")
            elif kind == b"S":
                meta = Reader(record.raw(covered - 4))
                places = read_segment(meta, record.rest(), spool)
                chunks += [(meta.raw(16), place) for place in places]
                need(not meta.more(), "a segment with more ids than chunks")
                seen = [seen[0] + 1, len(chunks), seen[2] + sum(n for _, n in places), seen[3]]
            elif kind == b"M":
                blocks.append(read_packed(record, spool))
                seen[3] += 1
            else:
                need(kind == b"Z" or kind.islower(), f"a record {kind!r} in a dump")
        need(record.data[covered:] == digest.digest(), "digest mismatch")
        need(not file.read(1), "bytes after the end")
    trailer = Reader(record.data[:covered])
    need([trailer.varint() for _ in seen] == seen, "counts that are not those of the stream")
    flags = trailer.fixed(1)
    want = trailer.raw(32) if flags & 2 else None
    need(flags < 4 and not trailer.more(), "an unknown trailer")
    spool.finish()
    tree = read_manifest([b if isinstance(b, bytes) else spool.read(b) for b in blocks], FRESH)
    need(max((n for e in tree for x in e.extents for n in x[2]), default=-1) < len(chunks), "a chunk that has not come")
    need(want in (None, tree_digest(tree, chunks.__getitem__)), "digest mismatch of the tree")
    restore(tree, out, chunks.__getitem__, spool)


class Pack:
    """An index, and through it the pack."""

    def __init__(self, store, name):
        with open(f"{store}/index/{name}", "rb") as file:
            data = file.read()
        check_magic(data, b"I", "index")
        need(hashlib.sha256(data[:-32]).digest() == data[-32:], f"index/{name}: digest mismatch")
        self.path, r = f"{store}/packs/{name[:10]}.pack", Reader(data[8:-32])
        need(f"{r.fixed(8):010x}.idx" == name, f"index/{name}: of another pack")
        _, runs, segments, chunks = r.fixed(8), r.fixed(4), r.fixed(4), r.fixed(4)
        self.runs = [(r.fixed(8), r.fixed(4), r.fixed(4)) for _ in range(runs)] or [(0, 0, 0)]
        self.segments = [tuple(r.fixed(n) for n in (8, 4, 4, 4, 4)) for _ in range(segments)]
        self.starts = [first for _, _, _, first, _ in self.segments]
        self.lengths = [r.fixed(4) for _ in range(chunks)]
        self.ids = [r.raw(16) for _ in range(chunks)]

    def find(self, number):
        """The position of a chunk, or None."""
        start, position, count = self.runs[max(bisect.bisect_right(self.runs, (number, MIB)) - 1, 0)]
        position += number - start
        return position if start <= number < start + count and not self.lengths[position] >> 31 else None

    def read_segment(self, segment, spool):
        offset, head_size, frame_size, first, kind = self.segments[segment]
        with open(self.path, "rb") as file:
            check_magic(file.read(8), b"P", "pack")
            file.seek(offset)
            r = Reader(file.read(17 + head_size + frame_size))
        there = [r.fixed(4), r.fixed(4), r.fixed(8), r.fixed(1)]  # the third is XXH3-64 of what follows it
        places = read_segment(Reader(r.raw(head_size)), r.rest(), spool)
        lengths = [length & 0x7FFFFFFF for length in self.lengths[first:first + len(places)]]
        need([head_size, frame_size, kind & 0xFF] == there[:2] + there[3:] and lengths == [n for _, n in places],
             f"{self.path}: byte {offset}: not the segment that the index knows")
        return places


class Chunks:
    """Chunks of a store by their numbers; load() first says which are wanted."""

    def __init__(self, store):
        names = [name for name in sorted(os.listdir(f"{store}/index")) if re.fullmatch(r"[0-9a-f]{10}\.idx", name)]
        self.packs = [Pack(store, name) for name in names]

    def load(self, numbers):
        self.spool, self.chunks, segments = Spool(), {}, {}
        for number in sorted(set(numbers)):
            found = [(pack, at) for pack in self.packs if (at := pack.find(number)) is not None]
            need(found, f"chunk {number} is lost")
            pack, position = found[0]
            segment = bisect.bisect_right(pack.starts, position) - 1
            if (pack, segment) not in segments:
                segments[pack, segment] = pack.read_segment(segment, self.spool)
            self.chunks[number] = pack.ids[position], segments[pack, segment][position - pack.starts[segment]]
        self.spool.finish()


def read_store(store, name, generation, out):
    """The generation file names the blocks of its manifest, blocks refer to chunks, all by number."""
    with open(f"{store}/rs-store", "rb") as file:
        need(file.readline() == b"rs-store 1\n", "not a store of version 1")
    with open(f"{store}/names/{name}/{generation}.gen", "rb") as file:
        data = file.read()
    check_magic(data, b"G", "generation")
    need(hashlib.sha256(data[:-32]).digest() == data[-32:], "generation file: digest mismatch")
    reader, spool = Reader(data[8:-32]), Spool()
    number = Reader(read_header(reader.text(LIMITS[b"H"]))[2])
    need(f"{number.varint()}.{number.varint()}" == generation.removeprefix("branch/"), "another generation")
    totals = [reader.varint() for _ in range(11)]
    want, packed = reader.raw(32), read_packed(reader, spool)
    spool.finish()
    listed = Reader(packed if isinstance(packed, bytes) else spool.read(packed))
    numbers = list(read_runs(listed.text(4 * MIB), STORED))
    need(totals[10] < 2 and not listed.more(), "a generation file that says more than is known")
    chunks = Chunks(store)
    chunks.load(numbers)
    tree = read_manifest([chunks.spool.read(chunks.chunks[n][1]) for n in numbers], STORED)
    need(len(tree) == totals[0], "another number of entries")
    chunks.load(n for e in tree for x in e.extents for n in x[2])
    need(want == tree_digest(tree, chunks.chunks.__getitem__), "digest mismatch of the tree")
    restore(tree, out, chunks.chunks.__getitem__, chunks.spool)


def main(form, *arguments):
    try:
        need(not os.path.lexists(arguments[-1]) or not os.listdir(arguments[-1]), "the directory is not empty")
        {"stream": read_stream, "store": read_store}[form](*arguments[:-1], os.fsencode(arguments[-1]))
    except Refused as why:
        print(f"rs_reader.py: error: {arguments[0]}: {why}", file=sys.stderr)
        return 65
    return 0


if __name__ == "__main__":
    if (len(sys.argv), *sys.argv[1:2]) not in ((4, "stream"), (6, "store")):
        print(__doc__, file=sys.stderr)
        sys.exit(64)
    sys.exit(main(*sys.argv[1:]))
