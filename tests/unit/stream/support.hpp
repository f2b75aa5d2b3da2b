// SPDX-License-Identifier: Apache-2.0
// What tests of streams share: entries and operations from a seed, and a reader that checks all it can.
#pragma once

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "stream/checker.hpp"
#include "stream/format.hpp"
#include "stream/manifest.hpp"
#include "stream/reader.hpp"
#include "stream/writer.hpp"
#include "unit/base/support.hpp"

namespace rs::test {

using stream::Entry;
using stream::Op;
using stream::Run;
using stream::Type;

[[nodiscard]] inline chunk::Key sample_key() {
    chunk::Key key;
    for (unsigned i = 0; i < key.size(); ++i) key[i] = std::byte{static_cast<std::uint8_t>(i)};
    return key;
}

[[nodiscard]] inline stream::Header sample_header(stream::Purpose purpose = stream::Purpose::dump) {
    stream::Header h;
    h.purpose = purpose;
    h.generation = {3, 118};
    if (purpose == stream::Purpose::have) h.parent = stream::Parent{{3, 118}, chunk::sha256(as_bytes("tree"))};
    h.time = {1'795'176'000, 500};
    h.host = "host.example";
    h.name = "wiki";
    h.key = sample_key();
    return h;
}

// An id that is not of any bytes; another one for each number (SplitMix64).
[[nodiscard]] inline chunk::ChunkId made_up_id(std::uint64_t number) {
    chunk::ChunkId id;
    for (std::size_t i = 0; i < 16; i += 8) {
        number += 0x9e3779b97f4a7c15;
        std::uint64_t z = number;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        z ^= z >> 31;
        for (std::size_t k = 0; k < 8; ++k) id.bytes[i + k] = std::byte{static_cast<std::uint8_t>(z >> (8 * k))};
    }
    return id;
}

[[nodiscard]] inline Op entry_op(Entry entry) {
    Op op;
    op.kind = Op::Kind::entry;
    op.entry = std::move(entry);
    return op;
}

[[nodiscard]] inline Op entry_op(Type type, std::string path, std::string target = {}) {
    Entry e;
    e.type = type;
    e.path = std::move(path);
    e.target = std::move(target);
    return entry_op(std::move(e));
}

// hole, zero: bytes. copy, skip: entries. end: none.
[[nodiscard]] inline Op plain_op(Op::Kind kind, std::uint64_t number = 0) {
    Op op;
    op.kind = kind;
    if (kind == Op::Kind::copy || kind == Op::Kind::skip)
        op.count = number;
    else
        op.bytes = number;
    return op;
}

[[nodiscard]] inline Op data_op(std::uint64_t bytes, std::vector<Run> runs,
                                std::vector<chunk::ChunkId> ids = {}) {
    Op op;
    op.kind = Op::Kind::data;
    op.bytes = bytes;
    op.runs = std::move(runs);
    op.ids = std::move(ids);
    for (const Run& run : op.runs) op.chunks += run.count;
    return op;
}

[[nodiscard]] inline Op end_op(const std::optional<chunk::Digest>& sha256 = std::nullopt) {
    Op op;
    op.kind = Op::Kind::end;
    op.sha256 = sha256;
    op.sha256_known = sha256.has_value();
    return op;
}

// Gives an operation to a ManifestWriter or a StreamWriter. Data is given run by run.
template <class Writer>
void write_op(Writer& out, const Op& op) {
    switch (op.kind) {
    case Op::Kind::entry: out.entry(op.entry); break;
    case Op::Kind::data: {
        std::uint64_t bytes = op.bytes - op.chunks;
        for (const Run& run : op.runs) {
            std::span<const chunk::ChunkId> ids;
            if (run.kind == Run::Kind::named) ids = std::span(op.ids).subspan(run.start, run.count);
            out.data(run, run.count + bytes, ids); // the first gets all that is above one byte a chunk
            bytes = 0;
        }
        break;
    }
    case Op::Kind::hole: out.hole(op.bytes); break;
    case Op::Kind::zero: out.zero(op.bytes); break;
    case Op::Kind::end: out.end(op.sha256); break;
    case Op::Kind::withdraw: out.withdraw(); break;
    case Op::Kind::copy: out.copy(op.count); break;
    case Op::Kind::skip: out.skip(op.count); break;
    }
}

// What an operation says, however it was cut into runs.
struct Said {
    struct Ref {
        Run::Kind kind = Run::Kind::stored;
        std::uint64_t number = 0; // named: 0
        chunk::ChunkId id;        // named
        bool operator==(const Ref&) const = default;
    };
    Op::Kind kind = Op::Kind::entry;
    Entry entry;
    std::vector<Ref> refs;
    std::uint64_t number = 0; // bytes, or count
    std::uint64_t chunks = 0;
    std::optional<chunk::Digest> sha256;
    bool sha256_known = false;
    bool operator==(const Said&) const = default;
};

// Neighbouring data melted into one, copies and skips too: a list that does not depend on blocks.
inline void say(std::vector<Said>& out, const Op& op) {
    const bool melts = op.kind == Op::Kind::data || op.kind == Op::Kind::copy || op.kind == Op::Kind::skip;
    if (!melts || out.empty() || out.back().kind != op.kind) {
        out.emplace_back();
        out.back().kind = op.kind;
    }
    Said& said = out.back();
    if (op.kind == Op::Kind::entry) said.entry = op.entry;
    if (op.kind == Op::Kind::copy || op.kind == Op::Kind::skip) said.number += op.count;
    if (op.kind == Op::Kind::hole || op.kind == Op::Kind::zero || op.kind == Op::Kind::data)
        said.number += op.bytes;
    if (op.kind == Op::Kind::end) {
        said.sha256 = op.sha256;
        said.sha256_known = op.sha256_known;
    }
    if (op.kind != Op::Kind::data) return;
    said.chunks += op.chunks;
    for (const Run& run : op.runs)
        for (std::uint64_t i = 0; i < run.count; ++i) {
            if (run.kind == Run::Kind::named)
                said.refs.push_back({run.kind, 0, op.ids.at(run.start + i)});
            else
                said.refs.push_back({run.kind, run.start + i, {}});
        }
}

[[nodiscard]] inline std::vector<Said> say_all(const std::vector<Op>& ops) {
    std::vector<Said> out;
    for (const Op& op : ops) say(out, op);
    return out;
}

// A tree from a seed: entries of all types in legal order, extents of all kinds.
class RandomTree {
public:
    // kinds: of the runs that data refers to.
    RandomTree(std::uint64_t seed, std::vector<Run::Kind> kinds)
        : random_(seed), kinds_(std::move(kinds)) {}

    [[nodiscard]] std::vector<Op> ops(unsigned names_per_directory = 6, unsigned depth = 3) {
        ops_.clear();
        links_.clear();
        directory("", names_per_directory, depth);
        return std::move(ops_);
    }

    [[nodiscard]] Entry entry(Type type, std::string path) {
        Entry e;
        e.type = type;
        e.path = std::move(path);
        if (type == Type::hardlink) {
            e.target = links_.empty() ? "a" : links_[random_.below(links_.size())];
            return e;
        }
        e.mode = static_cast<std::uint32_t>(random_.below(010000));
        e.uid = random_.one_in(2) ? 1000 : random_() & UINT32_MAX;
        e.gid = random_.one_in(2) ? 1000 : random_() & UINT32_MAX;
        if (random_.one_in(2)) e.user = text(stream::max_user_bytes);
        if (random_.one_in(2)) e.group = text(10);
        e.mtime = stamp();
        if (random_.one_in(2)) e.witness = stream::Witness{stamp(), random_()};
        std::set<std::string> names;
        while (random_.one_in(3)) names.insert("user." + random_.letters(1 + random_.below(20)));
        for (const std::string& name : names) e.xattrs.push_back({name, bytes(random_.below(300))});
        if (type == Type::symlink) e.target = random_.letters(1 + random_.below(200), "abc/. \xff\n");
        if (type == Type::file)
            e.params = {random_.one_in(3) ? chunk::Method::fixed : chunk::Method::content,
                        static_cast<std::uint8_t>(random_.between(12, 20))};
        if (type == Type::char_device || type == Type::block_device) {
            e.major = static_cast<std::uint32_t>(random_());
            e.minor = static_cast<std::uint32_t>(random_() >> random_.between(32, 63));
        }
        return e;
    }

private:
    std::string text(std::size_t limit) { return random_.letters(random_.below(limit + 1), "abc-\xc3\xa9\n"); }
    std::string bytes(std::size_t size) { return std::string(as_text(random_.bytes(size))); }
    stream::Stamp stamp() {
        return {static_cast<std::int64_t>(random_()) >> random_.below(64),
                static_cast<std::uint32_t>(random_.below(1'000'000'000))};
    }

    void directory(const std::string& path, unsigned names, unsigned depth) {
        ops_.push_back(entry_op(entry(Type::directory, path)));
        std::set<std::string> chosen; // std::string is ordered by unsigned bytes
        const std::uint64_t count = random_.below(names + 1) + (path.empty() ? names : 0);
        for (std::uint64_t i = 0; i < count; ++i) {
            std::string name = random_.letters(1 + random_.below(5), "ab0-. \xff\x01");
            if (name != "." && name != "..") chosen.insert(std::move(name));
        }
        for (const std::string& name : chosen) {
            const std::string inner = path.empty() ? name : path + "/" + name;
            if (depth > 0 && random_.one_in(3)) {
                directory(inner, names, depth - 1);
                continue;
            }
            auto type = static_cast<Type>(random_.between(2, 8));
            if (random_.one_in(2)) type = Type::file;
            if (type == Type::hardlink && links_.empty()) type = Type::fifo;
            ops_.push_back(entry_op(entry(type, inner)));
            if (type == Type::file) content();
            if (type != Type::hardlink) links_.push_back(inner);
        }
    }

    void content() {
        int before = -1;
        for (std::uint64_t i = random_.below(6); i > 0; --i) {
            const auto kind = static_cast<int>(random_.below(3));
            if (kind == before) continue;
            before = kind;
            const std::uint64_t size = 1 + (random_() >> random_.between(24, 60));
            if (kind == 0) ops_.push_back(data());
            if (kind == 1) ops_.push_back(plain_op(Op::Kind::hole, size));
            if (kind == 2) ops_.push_back(plain_op(Op::Kind::zero, size));
        }
        std::optional<chunk::Digest> sha256;
        if (!random_.one_in(4)) sha256 = chunk::sha256(random_.bytes(8));
        ops_.push_back(end_op(sha256));
    }

    Op data() {
        std::vector<Run> runs;
        std::vector<chunk::ChunkId> ids;
        std::uint64_t chunks = 0;
        for (std::uint64_t i = 1 + random_.below(4); i > 0; --i) {
            Run run;
            run.kind = kinds_[random_.below(kinds_.size())];
            run.count = random_.one_in(3) ? 1 : random_.between(1, 200);
            run.start = random_.one_in(3) ? next_ : random_() >> random_.between(2, 60);
            if (run.start > stream::max_file_bytes / 2) run.start /= 2;
            next_ = run.start + run.count;
            if (run.kind == Run::Kind::named) {
                run.start = ids.size();
                for (std::uint64_t k = 0; k < run.count; ++k) ids.push_back(made_up_id(random_()));
            }
            runs.push_back(run);
            chunks += run.count;
        }
        return data_op(chunks + random_.below(chunks * 5000), runs, ids);
    }

    Random random_;
    std::vector<Run::Kind> kinds_;
    std::vector<Op> ops_;
    std::vector<std::string> links_;
    std::uint64_t next_ = 0;
};

[[nodiscard]] inline std::vector<Op> read_ops(stream::BlockView block, bool implicit_refs = false) {
    std::vector<Op> out;
    stream::ManifestReader reader(block, "block", implicit_refs);
    Op op;
    while (reader.next(op)) out.push_back(op);
    return out;
}

// Everything that a dump stream says.
struct Dump {
    stream::Header header;
    stream::Trailer trailer;
    std::vector<Buffer> chunks; // fresh ones, in order
    std::vector<chunk::ChunkId> ids;
    std::vector<Said> manifest;
    std::size_t blocks = 0;
};

// Reads a dump to its end and checks on the way what a receiver checks: each chunk has its id, and a block
// refers only to chunks that came before it. `tree`: and the manifest is that of a whole tree.
[[nodiscard]] inline Dump read_dump(ByteSpan bytes, std::size_t piece = SIZE_MAX, bool tree = false) {
    io::BufferSource source(bytes, piece);
    stream::StreamReader reader(source);
    Dump out;
    out.header = reader.header();
    const chunk::Hasher hasher(out.header.key);
    chunk::Decompressor decompressor;
    stream::Checker checker("dump");
    while (const auto event = reader.next()) {
        if (const auto* const segment = std::get_if<stream::SegmentView>(&*event)) {
            Buffer raw(segment->head.raw_bytes);
            decompressor.decompress(segment->frame, raw, "segment");
            ByteSpan rest = raw;
            for (std::size_t i = 0; i < segment->head.lengths.size(); ++i) {
                const ByteSpan chunk = rest.first(segment->head.lengths[i]);
                rest = rest.subspan(chunk.size());
                if (hasher.id(chunk) != segment->id(i)) fail(Exit::data, "a chunk without its id");
                out.chunks.emplace_back(chunk.begin(), chunk.end());
                out.ids.push_back(segment->id(i));
            }
            continue;
        }
        ++out.blocks;
        const auto block = std::get<stream::BlockView>(*event);
        stream::read_runs(block.refs, "refs", [&](const Run& run, std::span<const chunk::ChunkId>) {
            if (run.kind == Run::Kind::fresh && run.start + run.count > out.chunks.size())
                fail(Exit::data, "a block refers to a chunk that has not come yet");
        });
        for (const Op& op : read_ops(block)) {
            if (tree) checker.feed(op);
            say(out.manifest, op);
        }
    }
    if (tree) checker.finish();
    out.trailer = reader.trailer();
    return out;
}

} // namespace rs::test
