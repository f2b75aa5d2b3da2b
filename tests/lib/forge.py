#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write streams that a reader must refuse, each for one reason, with everything else about them right.

    forge.py whole DONOR CANARY OUT    DONOR: a whole dump of a tree with one file of 100 bytes that do not compress
    forge.py delta DONOR CANARY OUT    DONOR: a delta over a tree ".", "a", "a/x" (100 bytes), "b"
    forge.py have DONOR OUT            DONOR: the have stream of such a tree

Chunks, their ids and the header come from the donor; manifests, records and digests are written here. CANARY is the
absolute path of a directory that no stream may reach. OUT gets NAME.rss and NAME.want for each case: an extended regular
expression that the message must match, or, on the first line, "ok": the stream must be taken. A second line names the
only tool that can know ("import" or "pull"), if it is one.
"""

import hashlib
import os
import subprocess
import sys

MAGIC = b"\x89RSS\r\n\x1a\x01"
DIRECTORY, FILE, SYMLINK, HARDLINK, FIFO, CHAR, BLOCK, SOCKET = range(1, 9)
DATA, HOLE, ZERO, END, WITHDRAW, COPY, SKIP = 0x10, 0x11, 0x12, 0x13, 0x14, 0x20, 0x21
STORED, FRESH, PARENT, NAMED = range(4)
MIB = 1 << 20


# ---- notation ----


def varint(value):
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + varint(value >> 7)


def svarint(value):
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def u32(value):
    return value.to_bytes(4, "little")


def text(data):
    data = os.fsencode(data) if isinstance(data, str) else data
    return varint(len(data)) + data


class Reader:
    """Takes varints off bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def raw(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.raw(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value


# ---- records ----


def record(kind, payload, size=None):
    """A record; with `size` it lies about its length."""
    return kind + u32(len(payload) if size is None else size) + payload


def fields(payload):
    """The fields of a header, in order."""
    reader, out = Reader(payload), []
    while reader.at < len(payload):
        number = reader.varint()
        out.append((number, reader.raw(reader.varint())))
    return out


def header(pairs):
    return b"".join(varint(number) + text(value) for number, value in pairs)


def block(ops, refs=b""):
    """A manifest block as it is packed without compression."""
    raw = text(refs) + ops
    return b"\0" + varint(len(raw)) + raw


def squeeze(raw):
    return subprocess.run(["zstd", "-cq"], input=raw, stdout=subprocess.PIPE, check=True).stdout


def covered(kind, payload):
    """What of a payload the digest covers: of a segment not the frame."""
    return payload[:4 + int.from_bytes(payload[:4], "little")] if kind == b"S" else payload


def join(records, counts=None, flags=0, tree=b"", digest=None, after=b""):
    """A stream of (kind, payload) records, or of bytes that stand as they are, with a trailer that is right."""
    out, covers, seen = MAGIC, MAGIC, [0, 0, 0, 0]
    for item in records:
        if isinstance(item, bytes):
            out, covers = out + item, covers + item
            continue
        kind, payload = item
        out += record(kind, payload)
        covers += kind + u32(len(payload)) + covered(kind, payload)
        if kind == b"S":
            meta = Reader(payload)
            meta.raw(5)
            count = meta.varint()
            seen = [seen[0] + 1, seen[1] + count, seen[2] + sum(meta.varint() for _ in range(count)), seen[3]]
        seen[3] += kind == b"M"
    trailer = b"".join(map(varint, counts or seen)) + bytes([flags]) + tree
    covers += b"Z" + u32(len(trailer) + 32) + trailer
    return out + b"Z" + u32(len(trailer) + 32) + trailer + (digest or hashlib.sha256(covers).digest()) + after


class Donor:
    """The records of a stream of our tools."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        assert data[:8] == MAGIC, "the donor is not a stream"
        self.records, at = [], 8
        while at < len(data):
            size = int.from_bytes(data[at + 1:at + 5], "little")
            self.records.append((data[at:at + 1], data[at + 5:at + 5 + size]))
            at += 5 + size
        self.header = self.records[0][1]
        self.segments = [payload for kind, payload in self.records if kind == b"S"]

    def lengths(self):
        """The lengths of the chunks of the first segment."""
        reader = Reader(self.segments[0])
        reader.raw(5)
        return [reader.varint() for _ in range(reader.varint())]


# ---- operations ----

OWNER = b"".join(map(varint, (0, 0))) + text(b"root") + text(b"root")
STAMP = svarint(1_700_000_000) + varint(7)


def entry(kind, path, rest=b"", mode=0o755, flags=0, shared=0, owner=OWNER, stamp=STAMP, xattrs=b""):
    return (bytes([kind]) + varint(shared) + text(path) + varint(flags) + varint(mode) + owner + stamp + xattrs + rest)


def directory(path, **more):
    return entry(DIRECTORY, path, **more)


ROOT = directory("")


def file(path, content=b"", end=b"\x13\0", params=b"\x01\x0c", **more):
    """An (empty) file."""
    return entry(FILE, path, params + content + end, **{"mode": 0o644, **more})


def symlink(path, target):
    return entry(SYMLINK, path, text(target), mode=0o777)


def hardlink(path, target):
    return bytes([HARDLINK]) + varint(0) + text(path) + text(target)


def device(path):
    return entry(BLOCK, path, varint(7) + varint(0), mode=0o666)


def data(chunks, size):
    return bytes([DATA]) + varint(chunks) + varint(size)


def gap(kind, size):
    return bytes([kind]) + varint(size)


def merge(kind, count):
    return bytes([kind]) + varint(count)


def run(kind, start, count):
    """A run whose start is told from 0: the first of its kind in a block."""
    return varint(count << 2 | kind) + (b"" if kind == NAMED else svarint(start))


# ---- cases ----


def path_cases(canary):
    """Manifests that differ from a good one in a path. No data in them."""
    deep = ["/".join(["d"] * (i + 1)) for i in range(513)]
    yield "dotdot", "holds \\. or \\.\\.", ROOT + file("../evil")
    yield "dotdot-within", "holds \\. or \\.\\.", ROOT + directory("a") + file("a/../../evil")
    yield "dotdot-alone", "holds \\. or \\.\\.", ROOT + directory("..")
    yield "dotdot-link", "holds \\. or \\.\\.", ROOT + symlink("..", canary)
    yield "dot", "holds \\. or \\.\\.", ROOT + file("./evil")
    yield "absolute", "is absolute", ROOT + file(f"{canary}/evil")
    yield "nul", "holds a NUL", ROOT + file(b"a\0b")
    yield "empty-name", "holds an empty name", ROOT + directory("a") + file("a//b")
    yield "slash-behind", "holds an empty name", ROOT + directory("a/")
    yield "long-name", "longer than the limit", ROOT + file("n" * 256)
    yield "long-path", "more than the limit", ROOT + file("n" * 65_536)
    yield "deep", "deeper than the limit", ROOT + b"".join(map(directory, deep))
    yield "shared-too-much", "more than the limit", ROOT + file("ab") + file("c", shared=9)
    yield "duplicate", "appears twice", ROOT + file("a") + file("a")
    yield "duplicate-directory", "appears twice", ROOT + directory("a") + symlink("a", canary)
    yield "duplicate-link", "appears twice", ROOT + symlink("a", canary) + file("a")
    yield "order", "out of order", ROOT + file("b") + file("a")
    yield "order-within", "out of order", ROOT + directory("a") + file("a/x") + file("b") + file("a/y")
    yield "root-twice", "out of order|appears twice", ROOT + file("a") + ROOT
    yield "child-of-file", "not in a directory", ROOT + file("a") + file("a/b")
    yield "child-of-link", "not in a directory", ROOT + symlink("a", canary) + file("a/evil")
    yield "child-of-fifo", "not in a directory", ROOT + entry(FIFO, "a") + file("a/evil")
    yield "child-of-hardlink", "not in a directory", ROOT + file("a") + hardlink("b", "a") + file("b/evil")
    yield "child-of-nothing", "not in a directory", ROOT + file("a/b")
    yield "child-of-left", "not in a directory", ROOT + directory("a") + directory("a/b") + file("a/c/d")
    yield "no-root", "not the root", directory("a") + file("a/b")
    yield "file-root", "not the root", file("")
    yield "link-root", "not the root", symlink("", canary)
    yield "nothing", "holds no entry", b""
    yield "link-to-nothing", "illegal text|length of a link", ROOT + symlink("a", "")
    yield "link-with-nul", "illegal text", ROOT + symlink("a", b"x\0y")
    yield "link-too-long", "more than the limit", ROOT + symlink("a", "l" * 4096)
    yield "hardlink-outside", "illegal path", ROOT + hardlink("h", "../canary/secret")
    yield "hardlink-absolute", "illegal path", ROOT + hardlink("h", f"{canary}/secret")
    yield "hardlink-empty", "illegal path", ROOT + hardlink("h", "")
    yield "hardlink-later", "later path", ROOT + hardlink("a", "b") + file("b")
    yield "hardlink-itself", "later path", ROOT + hardlink("a", "a")
    yield "hardlink-missing", "hard link", ROOT + file("a") + hardlink("h", "b")
    yield "hardlink-directory", "hard link", ROOT + directory("a") + hardlink("h", "a")
    yield "hardlink-root", "hard link|illegal path", ROOT + hardlink("h", b"")
    yield "hardlink-through-link", "hard link", ROOT + symlink("a", canary) + hardlink("h", "a/secret")
    yield "hardlink-to-hardlink", "hard link", ROOT + file("a") + hardlink("b", "a") + hardlink("c", "b")
    yield "hardlink-withdrawn", "hard link", ROOT + file("a", end=b"\x14") + hardlink("h", "a")


def entry_cases():
    """Entries with a field out of its range."""
    one = varint(1) + text("user.a") + text("v")
    two = lambda first, second: varint(2) + text(first) + text("v") + text(second) + text("w")  # noqa: E731
    yield "type-9", "unknown operation", ROOT + entry(9, "a")
    yield "type-0", "unknown operation", ROOT + entry(0, "a")
    yield "unknown-flags", "unknown flags", ROOT + file("a", flags=8)
    yield "mode", "mode is", ROOT + file("a", mode=0o10000)
    yield "user-number", "user number is", ROOT + file("a", owner=varint(1 << 32) + varint(0) + text("") + text(""))
    yield "user-name", "user name is", ROOT + file("a", owner=varint(0) * 2 + text("u" * 256) + text(""))
    yield "owner-before", "owner before", directory("", flags=1, owner=b"")
    yield "nanoseconds", "nanoseconds is", ROOT + file("a", stamp=svarint(0) + varint(10**9))
    yield "device-number", "device number is", ROOT + entry(CHAR, "a", varint(1 << 32) + varint(0))
    yield "chunking-method", "unknown chunking", ROOT + file("a", params=b"\x03\x0c")
    yield "chunking-size", "unknown chunking", ROOT + file("a", params=b"\x01\x15")
    yield "no-attributes", "empty list", ROOT + file("a", flags=2, xattrs=varint(0))
    yield "many-attributes", "number of extended attributes", ROOT + file("a", flags=2, xattrs=varint(1025) + one[1:] * 1025)
    yield "attribute-order", "not sorted", ROOT + file("a", flags=2, xattrs=two("user.b", "user.a"))
    yield "attribute-twice", "not sorted", ROOT + file("a", flags=2, xattrs=two("user.a", "user.a"))
    yield "attribute-name", "illegal attribute name", ROOT + file("a", flags=2, xattrs=varint(1) + text("") + text("v"))
    yield "attribute-nul", "illegal attribute name", ROOT + file("a", flags=2, xattrs=varint(1) + text(b"a\0b") + text("v"))
    yield "attribute-size", "size of an attribute", ROOT + file("a", flags=2, xattrs=varint(1) + text("a") + varint(65_537))
    yield "long-number", "shortest form", ROOT + bytes([FILE, 0x80, 0])
    yield "huge-number", "exceeds 64 bits", ROOT + bytes([HOLE]) + b"\xff" * 10
    yield "ends-early", "ends too early", ROOT + bytes([FILE])


def content_cases(size):
    """Files whose extents do not match; `size` is that of the donor's only chunk."""
    whole = data(1, size)
    with_data = lambda content, refs, end=b"\x13\0": (ROOT + file("f", content, end), refs)  # noqa: E731
    first = run(FRESH, 0, 1)
    yield "extent-longer", "does not have the length", *with_data(data(1, size + 1), first)
    yield "extent-shorter", "does not have the length", *with_data(data(1, size - 1), first)
    yield "extent-empty", "of no bytes", *with_data(data(1, 0), first)
    yield "extent-no-chunks", "of no bytes", *with_data(data(0, size), b"")
    yield "extent-too-large", "too large for its chunks", *with_data(data(1, 5 * MIB), first)
    yield "extent-beyond", "limit", *with_data(data(1, (1 << 62) + 1), first)
    yield "gap-empty", "of no bytes", *with_data(gap(HOLE, 0), b"")
    yield "gap-beyond", "limit", *with_data(gap(HOLE, (1 << 62) + 1), b"")
    yield "file-beyond", "larger than the limit", *with_data(gap(ZERO, 1) + gap(HOLE, 1 << 62), b"")
    yield "chunk-beyond", "has not come", *with_data(data(2, size + 1), run(FRESH, 0, 2))
    yield "chunk-far", "has not come", *with_data(whole, run(FRESH, 1 << 40, 1))
    yield "chunk-negative", "out of range", *with_data(whole, run(FRESH, -1, 1))
    yield "run-empty", "no chunks", *with_data(whole, varint(FRESH) + svarint(0))
    yield "run-huge", "out of range|does not have|not come", *with_data(whole, run(FRESH, 1, (1 << 61) - 1))
    yield "refs-missing", "ends too early", *with_data(whole, b"")
    yield "refs-too-many", "more chunk references", *with_data(whole, first + first)
    yield "stored", "store", *with_data(whole, run(STORED, 0, 1))
    yield "parent-chunk", "there is none", *with_data(whole, run(PARENT, 0, 1))
    yield "named", "store understands|no longer here", *with_data(whole, run(NAMED, 0, 1) + b"\5" * 16)
    yield "copy", "there is none", ROOT + merge(COPY, 1), b""
    yield "skip", "there is none", ROOT + merge(SKIP, 1), b""
    yield "copy-nothing", "no entries", ROOT + merge(COPY, 0), b""
    yield "data-outside", "outside a file", ROOT + whole, first
    yield "gap-outside", "outside a file", ROOT + gap(HOLE, 1), b""
    yield "end-outside", "outside a file", ROOT + b"\x13\0", b""
    yield "withdraw-outside", "outside a file", ROOT + b"\x14", b""
    yield "entry-in-file", "does not end", ROOT + file("a", end=b"") + file("b"), b""
    yield "file-without-end", "ends inside a file", ROOT + file("a", end=b""), b""
    yield "end-flag", "unknown flag", *with_data(whole, first, b"\x13\3")
    yield "sha256-unsent", "without its SHA-256", *with_data(whole, first, b"\x13\2")
    yield "sha256-short", "ends too early", *with_data(whole, first, b"\x13\1abc")
    yield "operation", "unknown operation", ROOT + b"\x77", b""


def header_cases(pairs):
    """Headers with something wrong, before anything else is read."""
    but = lambda number: [pair for pair in pairs if pair[0] != number]  # noqa: E731
    put = lambda number, value: sorted([*but(number), (number, value)])  # noqa: E731
    yield "header-purpose", "unknown purpose", header(put(1, b"\3"))
    yield "header-no-purpose", "lacks its purpose", header(but(1))
    yield "header-no-key", "lacks its purpose or its key", header(but(8))
    yield "header-short-key", "ends too early", header(put(8, b"k" * 15))
    yield "header-long-key", "too many", header(put(8, b"k" * 17))
    yield "header-no-generation", "without a generation", header(but(2))
    yield "header-generation-0", "impossible generation", header(put(2, b"\0\1"))
    yield "header-generation-huge", "epoch is", header(put(2, varint((1 << 64) - 1) + b"\1"))
    yield "header-order", "ascending", header(reversed(pairs))
    yield "header-twice", "ascending", header([pairs[0], *pairs])
    yield "header-flags", "unknown flags", header(put(10, b"\2"))
    yield "header-field", "unknown header field 11", header(put(11, b"x"))
    yield "header-text", "too long", header(put(5, b"h" * 256))
    yield "header-time", "nanoseconds is", header(put(4, b"\0" + varint(10**9)))
    yield "header-cut", "ends too early", header(pairs)[:-3]


def record_cases(donor, good):
    """Streams whose framing is wrong; `good` are the records of one that is right."""
    head, segment, manifest = good
    meta_size = int.from_bytes(segment[1][:4], "little")
    meta, frame = segment[1][4:4 + meta_size], segment[1][4 + meta_size:]
    ids = meta[-16 * len(donor.lengths()):]
    remake = lambda codec, lengths, more=ids, body=frame: (b"S", (lambda m: u32(len(m)) + m + body)(  # noqa: E731
        bytes([codec]) + varint(len(lengths)) + b"".join(map(varint, lengths)) + more))
    lengths = donor.lengths()
    raw = manifest[1][2 + (len(manifest[1]) > 129):]
    yield "magic-text", "not a stream", b"\x89RSS\n\n\x1a\x01" + join(good)[8:]
    yield "version-7", "stream version 7", MAGIC[:7] + b"\7" + join(good)[8:]
    yield "no-header", "does not begin with a header", join([segment, manifest])
    yield "two-headers", "does not belong", join([head, *good])
    yield "have-table", "does not belong", join([head, (b"C", b"\0"), segment, manifest])
    yield "unknown-record", "unknown record type", join([head, (b"X", b"x"), segment, manifest])
    yield "record-0", "unknown record type", join([head, (b"\0", b""), segment, manifest])
    yield "record-too-large", "exceeds its limit", join([head, record(b"S", b"", 0xFFFFFFFF)])
    yield "header-too-large", "exceeds its limit", join([(b"H", b"\x40" + text(b"x" * 66_000)), segment, manifest])
    yield "skipped-too-large", "exceeds its limit", join([head, record(b"x", b"", 0xFFFFFFFF)])
    yield "segment-meta", "ends too early", join([head, record(b"S", u32(999) + b"x"), manifest])
    yield "segment-short", "ends too early", join([head, record(b"S", b"\0\0\0"), manifest])
    yield "segment-codec", "unknown codec", join([head, remake(9, lengths), manifest])
    yield "segment-no-chunks", "without chunks", join([head, remake(1, [], b""), manifest])
    yield "segment-chunk-0", "of no bytes", join([head, remake(1, [0]), manifest])
    yield "segment-chunk-large", "chunk length is", join([head, remake(1, [4 * MIB + 1]), manifest])
    yield "segment-too-large", "larger than its limit", join([head, remake(1, [4 * MIB] * 2, ids * 2), manifest])
    yield "segment-ids", "too many at the end", join([head, remake(1, lengths, ids + b"x"), manifest])
    yield "segment-few-ids", "ends too early", join([head, remake(1, lengths, ids[:-1]), manifest])
    yield "segment-frame", "segment 0", join([head, remake(1, lengths, body=b"no frame"), manifest])
    yield "segment-longer", "segment 0", join([head, remake(1, [lengths[0] + 1]), manifest])
    yield "segment-shorter", "segment 0", join([head, remake(1, [lengths[0] - 1]), manifest])
    yield "segment-bomb", "segment 0", join([head, remake(1, lengths, body=squeeze(bytes(64 * MIB))), manifest])
    yield "segment-other-id", "does not have its id", join([head, remake(1, lengths, b"\7" * 16), manifest])
    yield "block-first", "has not come", join([head, manifest, segment])
    yield "block-codec", "unknown codec", join([head, segment, (b"M", b"\2" + manifest[1][1:])])
    yield "block-size", "size of a manifest block", join([head, segment, (b"M", b"\1" + varint(5 * MIB) + squeeze(bytes(5 * MIB)))])
    yield "block-bomb", "manifest block", join([head, segment, (b"M", b"\1" + varint(len(raw)) + squeeze(bytes(64 * MIB)))])
    yield "block-longer", "too many|ends too early|manifest", join([head, segment, (b"M", manifest[1] + b"x")])
    yield "block-refs", "ends too early|size of the chunk", join([head, segment, (b"M", b"\0" + varint(2) + varint(200))])
    yield "block-missing", "holds no entry", join([head, segment])
    yield "trailer-segments", "counts in the trailer", join(good, counts=[2, 1, lengths[0], 1])
    yield "trailer-chunks", "counts in the trailer", join(good, counts=[1, 2, lengths[0], 1])
    yield "trailer-bytes", "counts in the trailer", join(good, counts=[1, 1, lengths[0] + 1, 1])
    yield "trailer-blocks", "counts in the trailer", join(good, counts=[1, 1, lengths[0], 0])
    yield "trailer-flags", "unknown flags", join(good, flags=4)
    yield "trailer-digest", "digest", join(good, digest=b"\1" * 32)
    yield "trailer-tree", "not the one that the sender has", join(good, flags=2, tree=b"\1" * 32)
    before_trailer = join(good)[:len(MAGIC) + sum(5 + len(payload) for _, payload in good)]
    yield "trailer-short", "trailer", before_trailer + record(b"Z", b"short")
    yield "trailer-missing", "truncated", before_trailer
    yield "bytes-behind", "after|behind|more", join(good, after=b"\0")
    yield "stream-behind", "after|behind|more", join(good, after=join(good))


def whole(path, canary):
    """(name, expression, stream, the only tool or "") of all cases around a whole dump."""
    donor = Donor(path)
    assert len(donor.segments) == 1 and len(donor.lengths()) == 1, "the donor has other chunks than are needed"
    size = donor.lengths()[0]
    head, segment = (b"H", donor.header), (b"S", donor.segments[0])
    manifest = (b"M", block(ROOT + file("f", data(1, size)), run(FRESH, 0, 1)))
    good = [head, segment, manifest]
    yield "good", "ok", join(good), ""
    yield "good-skipped-record", "ok", join([head, (b"x", b"later"), segment, manifest, (b"y", b"")]), ""
    yield "good-header-field", "ok", join([(b"H", donor.header + varint(99) + text("later")), segment, manifest]), ""
    yield "good-two-blocks", "ok", join([head, segment, (b"M", block(ROOT + file("f", b"", b""))),
                                         (b"M", block(data(1, size) + b"\x13\0", run(FRESH, 0, 1)))]), ""
    yield "good-withdrawn", "ok", join([head, segment, (b"M", block(
        ROOT + file("f", data(1, size), b"\x14") + file("f", data(1, size)), run(FRESH, 0, 1) + run(FRESH, -1, 1)))]), ""
    for name, want, ops in path_cases(canary):
        yield name, want, join([head, (b"M", block(ops))]), ""
    for name, want, ops in entry_cases():
        yield name, want, join([head, (b"M", block(ops))]), ""
    for name, want, ops, refs in content_cases(size):
        yield name, want, join([head, segment, (b"M", block(ops, refs))]), ""
    for name, want, payload in header_cases(fields(donor.header)):
        yield name, want, join([(b"H", payload), segment, manifest]), ""
    for name, want, stream in record_cases(donor, good):
        yield name, want, stream, ""
    wrong = file("f", data(1, size), b"\x13\1" + b"\1" * 32)
    yield "sha256-wrong", "SHA-256 mismatch", join([head, segment, (b"M", block(ROOT + wrong, run(FRESH, 0, 1)))]), "import"


def delta(path, canary):
    """The same around a delta. The parent: ".", "a", "a/x", "b"."""
    donor = Donor(path)
    head = (b"H", donor.header)
    manifest = lambda ops, refs=b"": join([head, (b"M", block(ops, refs))])  # noqa: E731
    pairs = fields(donor.header)
    other = [(n, value[:-1] + bytes([value[-1] ^ 1]) if n == 3 else value) for n, value in pairs]
    yield "good-copy", "ok", manifest(merge(COPY, 4)), ""
    yield "good-skip", "ok", manifest(merge(COPY, 1) + merge(SKIP, 3)), ""
    yield "good-chunk", "ok", manifest(merge(COPY, 1) + merge(SKIP, 3) + file("f", data(1, 100)), run(PARENT, 0, 1)), ""
    yield "good-copy-and-more", "ok", manifest(merge(COPY, 4) + file("c")), ""
    yield "good-copy-in-two", "ok", join([head, (b"M", block(merge(COPY, 1))), (b"M", block(merge(COPY, 3)))]), ""
    yield "copy-too-many", "more entries than", manifest(merge(COPY, 5)), ""
    yield "copy-and-one-more", "more entries than", join([head, (b"M", block(merge(COPY, 4))), (b"M", block(merge(COPY, 1)))]), ""
    yield "copy-then-no-end", "ends inside a file", manifest(merge(COPY, 4) + file("c", end=b"")), ""
    yield "copy-huge", "more entries than", manifest(merge(COPY, (1 << 64) - 1)), ""
    yield "skip-too-many", "more entries than", manifest(merge(COPY, 1) + merge(SKIP, 4)), ""
    yield "copy-too-few", "says nothing of", manifest(merge(COPY, 3)), ""
    yield "copy-nothing-at-all", "says nothing of", manifest(ROOT), ""
    yield "no-root-left", "not the root", manifest(merge(SKIP, 1) + merge(COPY, 3)), ""
    yield "copy-into-file", "not in a directory", manifest(merge(COPY, 1) + merge(SKIP, 1) + file("a") + merge(COPY, 2)), ""
    yield "copy-into-link", "not in a directory", manifest(
        merge(COPY, 1) + merge(SKIP, 1) + symlink("a", canary) + merge(COPY, 2)), ""
    yield "copy-twice", "appears twice", manifest(merge(COPY, 4) + file("b")), ""
    yield "copy-out-of-order", "out of order", manifest(merge(COPY, 1) + file("c") + merge(COPY, 3)), ""
    yield "copy-inside-file", "does not end", manifest(merge(COPY, 1) + file("0", end=b"") + merge(COPY, 3)), ""
    yield "chunk-beyond-parent", "does not have", manifest(
        merge(COPY, 4) + file("f", data(2, 200)), run(PARENT, 0, 2)), ""
    yield "chunk-of-parent-length", "does not have the length", manifest(
        merge(COPY, 4) + file("f", data(1, 99)), run(PARENT, 0, 1)), ""
    yield "other-parent", "which is not", join([(b"H", header(other)), (b"M", block(merge(COPY, 4)))]), ""


def have(path):
    """Have streams that an exporter must refuse. The donor's: ".", "a", "a/x", "b" and a table of one chunk."""
    donor = Donor(path)
    head = (b"H", donor.header)
    table = [(kind, payload) for kind, payload in donor.records if kind == b"C"]
    blocks = [(kind, payload) for kind, payload in donor.records if kind == b"M"]
    assert len(table) == 1 and len(blocks) == 1
    counted = lambda records, blocks=1: join(records, counts=[0, 0, 0, blocks])  # noqa: E731
    bad = lambda ops: counted([head, *table, (b"M", block(ops))])  # noqa: E731
    a_file = file("f", data(1, 100))
    yield "good", "ok", counted([head, *table, *blocks])
    yield "table-missing", "do not match", counted([head, *blocks])
    yield "table-longer", "do not match", counted([head, *table, *table, *blocks])
    yield "table-count", "ends too early|number of chunks", counted([head, (b"C", varint(9) + b"\1"), *blocks])
    yield "table-huge", "number of chunks", counted([head, (b"C", varint(1 << 40)), *blocks])
    yield "table-length", "chunk length", counted([head, (b"C", varint(1) + varint(5 * MIB) + b"i" * 16), *blocks])
    yield "table-behind", "too many", counted([head, (b"C", table[0][1] + b"x"), *blocks])
    yield "segment", "does not belong", join([head, *table, (b"S", u32(2) + b"\1\0" + b"f"), *blocks])
    yield "dotdot", "holds \\. or \\.\\.", bad(ROOT + file("../x", data(1, 100)))
    yield "order", "out of order", bad(ROOT + file("f", data(1, 100)) + file("a"))
    yield "no-root", "not the root", bad(a_file)
    yield "copy", "there is none", bad(ROOT + merge(COPY, 1))
    yield "withdraw", "does not belong|there is none", bad(ROOT + file("f", data(1, 100), b"\x14"))
    yield "no-end", "ends inside", bad(ROOT + file("f", data(1, 100), b""))
    yield "too-many-chunks", "do not match", bad(ROOT + file("f", data(3, 300)))
    yield "digest", "digest", join([head, *table, *blocks], counts=[0, 0, 0, 1], digest=b"\1" * 32)
    yield "version-7", "stream version 7", MAGIC[:7] + b"\7" + counted([head, *table, *blocks])[8:]
    yield "cut", "truncated", counted([head, *table, *blocks])[:-1]


def main(argv):
    if len(argv) != {"whole": 4, "delta": 4, "have": 3}.get(argv[0] if argv else None):
        print(__doc__, file=sys.stderr)
        return 64
    out = argv[-1]
    os.makedirs(out)
    for name, want, stream, *only in {"whole": whole, "delta": delta, "have": have}[argv[0]](*argv[1:-1]):
        assert not os.path.exists(f"{out}/{name}.rss"), f"two cases are called {name}"
        with open(f"{out}/{name}.rss", "xb") as target:
            target.write(stream)
        with open(f"{out}/{name}.want", "x", encoding="ascii") as target:
            target.write(f"{want}\n{only[0] if only else ''}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
