// SPDX-License-Identifier: Apache-2.0
// What the tests of content.hpp share: files, a side that holds an earlier version of them, and what goes between.
#pragma once

#include <map>

#include "chunk/cut.hpp"
#include "stream/content.hpp"
#include "unit/io/support.hpp"
#include "unit/stream/support.hpp"

namespace rs::test {

using namespace rs::stream;

inline constexpr chunk::Params small_chunks{chunk::Method::content, 12};
inline constexpr chunk::Params blocks{chunk::Method::fixed, 12};

// A stretch of a file: bytes, or a hole.
struct Part {
    Buffer bytes;
    std::uint64_t hole = 0;
};

struct File {
    std::string path;
    std::vector<Part> parts;
    chunk::Params params = small_chunks;
};

inline File file_of(std::string path, Buffer bytes, chunk::Params params = small_chunks) {
    return {std::move(path), {{std::move(bytes), 0}}, params};
}

inline Buffer content_of(const File& file) {
    Buffer out;
    for (const Part& part : file.parts) {
        append(out, part.bytes);
        append(out, Buffer(part.hole, std::byte{0}));
    }
    return out;
}

// What the receiving side holds: the chunks of one generation, in manifest order, and loose ones.
struct Side {
    HaveTable table;
    std::vector<Buffer> chunks; // of the table
    std::vector<HaveEntry> entries;
    std::map<chunk::ChunkId, Buffer> loose;

    [[nodiscard]] const HaveEntry* find(const std::string& path) const {
        for (const HaveEntry& e : entries)
            if (e.entry.path == path) return &e;
        return nullptr;
    }
    void lose(std::size_t chunk) {
        table.lengths[chunk] = 0;
        table.ids[chunk] = {};
        chunks[chunk].clear();
    }
};

struct Sending {
    std::size_t piece = SIZE_MAX; // what fill gives at once
    bool sha256 = true;
    unsigned threads = 1;
};

struct Sent {
    Buffer bytes;
    std::vector<ContentWriter::Result> results;
    ContentTotals totals;
};

inline void send_file(ContentWriter& content, const File& file, std::size_t piece) {
    for (const Part& part : file.parts) {
        if (part.hole > 0) {
            content.hole(part.hole);
            continue;
        }
        io::BufferSource source(part.bytes, piece);
        const std::uint64_t taken =
            content.region(UINT64_MAX, [&](MutableSpan into) { return source.read(into); });
        REQUIRE(taken == part.bytes.size());
    }
}

inline Sent send(const std::vector<File>& files, const Side* side = nullptr, const Sending& how = {}) {
    Sent out;
    SilentMonitor monitor;
    io::BufferSink sink;
    const chunk::Hasher hasher(sample_key());
    {
        StreamWriter stream(sink, sample_header(), {1, how.threads});
        ContentWriter content(stream, hasher, side != nullptr ? &side->table : nullptr, how.sha256, monitor);
        write_op(stream, entry_op(Type::directory, ""));
        for (const File& file : files) {
            Entry e = entry_op(Type::file, file.path).entry;
            e.params = file.params;
            stream.entry(e);
            content.begin(file.params, side != nullptr ? side->find(file.path) : nullptr);
            send_file(content, file, how.piece);
            out.results.push_back(content.end());
            stream.end(out.results.back().sha256);
        }
        out.totals = content.totals();
        (void)stream.finish(false, std::nullopt);
    }
    out.bytes = sink.take();
    return out;
}

struct Received {
    std::map<std::string, Buffer> files;
    std::map<std::string, std::vector<Extent>> extents;
    std::map<std::string, std::vector<chunk::ChunkId>> ids;
    Side side; // what the receiver holds afterwards
    std::size_t blocks = 0;
};

// Does what an import does: each file from old chunks, loose ones and new ones.
inline Received receive(ByteSpan stream, const Side* side) {
    const Dump dump = read_dump(stream, SIZE_MAX, true);
    Received out;
    out.blocks = dump.blocks;
    HaveEntry entry;
    for (const Said& said : dump.manifest) {
        switch (said.kind) {
        case Op::Kind::entry:
            entry = {};
            entry.entry = said.entry;
            entry.first_chunk = out.side.chunks.size();
            if (said.entry.type == Type::file) out.files[said.entry.path]; // also an empty one
            else out.side.entries.push_back(entry);
            break;
        case Op::Kind::data: {
            Buffer& bytes = out.files[entry.entry.path];
            const std::size_t before = bytes.size();
            for (const Said::Ref& ref : said.refs) {
                Buffer chunk;
                chunk::ChunkId id;
                if (ref.kind == Run::Kind::fresh) {
                    chunk = dump.chunks.at(ref.number);
                    id = dump.ids.at(ref.number);
                } else if (ref.kind == Run::Kind::parent) {
                    REQUIRE(side != nullptr);
                    chunk = side->chunks.at(ref.number);
                    id = side->table.ids.at(ref.number);
                    REQUIRE_FALSE(chunk.empty()); // else a lost one
                } else {
                    REQUIRE(ref.kind == Run::Kind::named);
                    REQUIRE(side != nullptr);
                    chunk = side->loose.at(ref.id);
                    id = ref.id;
                }
                append(bytes, chunk);
                out.ids[entry.entry.path].push_back(id);
                out.side.table.ids.push_back(id);
                out.side.table.lengths.push_back(static_cast<std::uint32_t>(chunk.size()));
                out.side.chunks.push_back(std::move(chunk));
            }
            if (bytes.size() - before != said.number) FAIL("an extent is not as long as its chunks");
            entry.extents.push_back({Extent::Kind::data, said.number, said.chunks});
            entry.chunks += said.chunks;
            break;
        }
        case Op::Kind::hole:
        case Op::Kind::zero: {
            append(out.files[entry.entry.path], Buffer(said.number, std::byte{0}));
            const bool hole = said.kind == Op::Kind::hole;
            entry.extents.push_back({hole ? Extent::Kind::hole : Extent::Kind::zero, said.number, 0});
            break;
        }
        case Op::Kind::end: {
            const Buffer& bytes = out.files[entry.entry.path];
            entry.bytes = bytes.size();
            entry.sha256_known = said.sha256.has_value();
            if (said.sha256 && *said.sha256 != chunk::sha256(bytes)) FAIL("a file without its SHA-256");
            out.extents[entry.entry.path] = entry.extents;
            out.side.entries.push_back(entry);
            break;
        }
        default: FAIL("an operation that nobody wrote");
        }
    }
    return out;
}

// Sends the files, checks that they come back, and gives what came.
inline Received transfer(const std::vector<File>& files, const Side* side = nullptr, const Sending& how = {},
                  ContentTotals* totals = nullptr) {
    const Sent sent = send(files, side, how);
    Received got = receive(sent.bytes, side);
    REQUIRE(got.files.size() == files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        const Buffer expected = content_of(files[i]);
        const bool same = got.files[files[i].path] == expected;
        REQUIRE(same);
        REQUIRE(sent.results[i].bytes == expected.size());
        REQUIRE(sent.results[i].sha256.has_value() == how.sha256);
        if (how.sha256) REQUIRE((*sent.results[i].sha256 == chunk::sha256(expected)));
    }
    if (totals != nullptr) *totals = sent.totals;
    return got;
}

// The ids that a file has when nobody knows an earlier version: cut() again and again, and at a cut a run of
// at least 4096 zeros, or of any length in blocks of zeros, is left out.
inline std::vector<chunk::ChunkId> ids_from_scratch(const File& file) {
    const chunk::Hasher hasher(sample_key());
    std::vector<chunk::ChunkId> out;
    std::uint64_t offset = 0;
    for (const Part& part : file.parts) {
        ByteSpan rest = part.bytes;
        while (!rest.empty()) {
            std::size_t n = 0;
            if (file.params.method == chunk::Method::fixed) {
                const std::size_t block = file.params.average_bytes();
                n = std::min<std::size_t>(rest.size(), block - offset % block);
                if (!all_zero(rest.first(n))) out.push_back(hasher.id(rest.first(n)));
            } else if (rest.size() >= 4096 && all_zero(rest.first(4096))) {
                while (n < rest.size() && rest[n] == std::byte{0}) ++n;
            } else {
                n = chunk::cut(rest.first(std::min(rest.size(), file.params.max_bytes())), file.params);
                out.push_back(hasher.id(rest.first(n)));
            }
            rest = rest.subspan(n);
            offset += n;
        }
        offset += part.hole;
    }
    return out;
}

inline void overwrite(Buffer& bytes, std::size_t at, ByteSpan with) {
    std::copy(with.begin(), with.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

inline void insert(Buffer& bytes, std::size_t at, ByteSpan what) {
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), what.begin(), what.end());
}

inline void erase(Buffer& bytes, std::size_t at, std::size_t size) {
    const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    bytes.erase(from, from + static_cast<std::ptrdiff_t>(std::min(size, bytes.size() - at)));
}

// One of the ways in which files change.
inline void edit(Buffer& bytes, Random& random) {
    const std::size_t size = bytes.size();
    const std::size_t at = size == 0 ? 0 : random.below(size);
    const std::size_t some = random.one_in(3) ? 1 : random.between(1, 30'000);
    switch (random.below(9)) {
    case 0: insert(bytes, at, random.bytes(some)); break;
    case 1: erase(bytes, at, some); break;
    case 2:
        if (size > 0) overwrite(bytes, at, random.bytes(std::min(some, size - at)));
        break;
    case 3: append(bytes, random.bytes(some)); break;
    case 4: bytes.resize(at); break;
    case 5: insert(bytes, 0, random.bytes(some)); break;
    case 6: insert(bytes, at, Buffer(some, std::byte{0})); break;
    case 7: { // a stretch comes again elsewhere
        const Buffer part(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end());
        insert(bytes, random.below(size + 1), ByteSpan(part).first(std::min<std::size_t>(part.size(), 50'000)));
        break;
    }
    case 8: // a stretch of zeros in place
        if (size > 0) overwrite(bytes, at, Buffer(std::min(some, size - at), std::byte{0}));
        break;
    }
}

inline std::uint64_t bytes_of_kind(const std::vector<Extent>& extents, Extent::Kind kind) {
    std::uint64_t out = 0;
    for (const Extent& e : extents)
        if (e.kind == kind) out += e.bytes;
    return out;
}

} // namespace rs::test
