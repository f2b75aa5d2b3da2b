// SPDX-License-Identifier: Apache-2.0
#include "stream/content.hpp"

#include <doctest/doctest.h>

#include <malloc.h>

#include <map>

#include "chunk/cut.hpp"
#include "unit/io/support.hpp"
#include "unit/stream/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::stream;

namespace {

constexpr chunk::Params small_chunks{chunk::Method::content, 12};
constexpr chunk::Params blocks{chunk::Method::fixed, 12};

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

File file_of(std::string path, Buffer bytes, chunk::Params params = small_chunks) {
    return {std::move(path), {{std::move(bytes), 0}}, params};
}

Buffer content_of(const File& file) {
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

void send_file(ContentWriter& content, const File& file, std::size_t piece) {
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

Sent send(const std::vector<File>& files, const Side* side = nullptr, const Sending& how = {}) {
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
Received receive(ByteSpan stream, const Side* side) {
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
Received transfer(const std::vector<File>& files, const Side* side = nullptr, const Sending& how = {},
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
std::vector<chunk::ChunkId> ids_from_scratch(const File& file) {
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

void overwrite(Buffer& bytes, std::size_t at, ByteSpan with) {
    std::copy(with.begin(), with.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

void insert(Buffer& bytes, std::size_t at, ByteSpan what) {
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), what.begin(), what.end());
}

void erase(Buffer& bytes, std::size_t at, std::size_t size) {
    const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    bytes.erase(from, from + static_cast<std::ptrdiff_t>(std::min(size, bytes.size() - at)));
}

// One of the ways in which files change.
void edit(Buffer& bytes, Random& random) {
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

std::uint64_t bytes_of_kind(const std::vector<Extent>& extents, Extent::Kind kind) {
    std::uint64_t out = 0;
    for (const Extent& e : extents)
        if (e.kind == kind) out += e.bytes;
    return out;
}

} // namespace

TEST_CASE("files of every size come back byte for byte, whatever fill gives at once") {
    std::vector<File> files;
    for (const std::size_t size : {0U, 1U, 2U, 3U, 7U, 15U, 100U, 4095U, 4096U, 4097U, 16'384U, 16'385U, 300'000U})
        files.push_back(file_of(cat("f", 1'000'000 + size), Random(size).bytes(size)));
    const Buffer expected = send(files).bytes;
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 15U, 100U, 10'000U})
        for (const unsigned threads : {1U, 2U}) {
            CAPTURE(piece);
            (void)transfer(files, nullptr, {piece, true, threads});
            const bool same = send(files, nullptr, {piece, true, threads}).bytes == expected;
            CHECK(same);
        }
}

TEST_CASE("a file larger than the buffers comes back, cut as from scratch") {
    const Buffer bytes = Random(1000).bytes(9'000'000);
    for (const chunk::Params params : {small_chunks, blocks, chunk::Params{chunk::Method::content, 16},
                                       chunk::Params{chunk::Method::content, 20}, chunk::Params{chunk::Method::fixed, 20}}) {
        CAPTURE(static_cast<int>(params.bits));
        const File file = file_of("f", bytes, params);
        const std::size_t piece = params.bits == 12 ? 65'537 : SIZE_MAX;
        auto got = transfer({file}, nullptr, {piece, true, 2});
        const bool same = got.ids["f"] == ids_from_scratch(file);
        CHECK(same);
    }
}

TEST_CASE("an unchanged file sends nothing and costs a few bytes") {
    for (const chunk::Params params : {small_chunks, blocks}) {
        const std::vector<File> files{file_of("a", Random(1001).bytes(3'000'000), params),
                                      file_of("b", {}, params), file_of("c", Random(1002).bytes(10), params),
                                      file_of("d", Random(1003).bytes(100'000), params)};
        const Side side = transfer(files).side;
        for (const std::size_t piece : {std::size_t{10'000}, SIZE_MAX}) {
            const Sent sent = send(files, &side, {piece, true, 1});
            CHECK(sent.totals.new_chunks == 0);
            CHECK(sent.totals.new_bytes == 0);
            CHECK(sent.totals.read_bytes == 3'100'010);
            CHECK(sent.bytes.size() < 600);
            const Received got = receive(sent.bytes, &side);
            CHECK(got.side.table.ids == side.table.ids);
        }
    }
}

TEST_CASE("every edit of a file can be put together from old chunks and new ones, over many generations") {
    for (std::uint64_t seed = 1010; seed < 1022; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const chunk::Params params = seed % 3 == 0 ? blocks : small_chunks;
        Buffer bytes = random.bytes(random.between(0, 400'000));
        Received last = transfer({file_of("f", bytes, params)});
        for (int generation = 0; generation < 15; ++generation) {
            CAPTURE(generation);
            for (std::uint64_t edits = random.between(1, 3); edits > 0; --edits) edit(bytes, random);
            const std::size_t piece = random.one_in(2) ? random.between(500, 5000) : SIZE_MAX;
            last = transfer({file_of("f", bytes, params)}, &last.side, {piece, random.one_in(2), 1});
        }
    }
}

TEST_CASE("files that change, are renamed, copied, cut otherwise and lose chunks come back, generation after generation") {
    for (std::uint64_t seed = 1200; seed < 1210; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        std::map<std::string, File> files;
        const auto any = [&]() -> File& {
            auto at = files.begin();
            std::advance(at, static_cast<std::ptrdiff_t>(random.below(files.size())));
            return at->second;
        };
        const auto put = [&](File file) { files[file.path] = std::move(file); };
        Received last;
        for (int generation = 0; generation < 12; ++generation) {
            CAPTURE(generation);
            for (std::uint64_t changes = random.between(1, 4); changes > 0; --changes) {
                const std::string name = cat("f", 10 + random.below(20));
                if (files.empty() || random.one_in(6)) {
                    put(file_of(name, random.bytes(random.between(0, 100'000)), random.one_in(3) ? blocks : small_chunks));
                    continue;
                }
                File file = any();
                switch (random.below(6)) {
                case 0: { // renamed
                    files.erase(file.path);
                    file.path = name;
                    break;
                }
                case 1: file.path = name; break; // copied over another one
                case 2: // one behind another, so that what was a file's end is in the middle
                    append(file.parts[0].bytes, any().parts[0].bytes);
                    break;
                case 3: // cut in another way from now on
                    file.params = {random.one_in(2) ? chunk::Method::fixed : chunk::Method::content,
                                   static_cast<std::uint8_t>(random.between(12, 14))};
                    break;
                default: edit(file.parts[0].bytes, random);
                }
                if (file.parts[0].bytes.size() > 500'000) file.parts[0].bytes.resize(1000);
                put(std::move(file));
            }
            // What happens to a receiver: chunks are lost, or are there beside a generation.
            Side& side = last.side;
            for (std::uint64_t n = random.below(4); n > 0 && !side.chunks.empty(); --n) {
                const std::size_t at = random.below(side.chunks.size());
                if (side.table.lengths[at] == 0) continue;
                if (random.one_in(2)) side.loose[side.table.ids[at]] = side.chunks[at];
                side.lose(at);
            }
            for (const auto& [id, bytes] : side.loose) side.table.loose.push_back(id); // a map is sorted
            std::vector<File> list;
            for (const auto& [path, file] : files) list.push_back(file);
            last = transfer(list, generation == 0 ? nullptr : &last.side,
                            {random.one_in(2) ? 3000 : SIZE_MAX, random.one_in(2), 1 + static_cast<unsigned>(random.below(2))});
        }
    }
}

TEST_CASE("an earlier version changes what is sent, not where it is cut") {
    for (std::uint64_t seed = 1030; seed < 1050; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const chunk::Params params = seed % 4 == 0 ? blocks : small_chunks;
        Buffer bytes = random.bytes(random.between(1000, 300'000));
        Received last = transfer({file_of("f", bytes, params)});
        for (int generation = 0; generation < 8; ++generation) {
            CAPTURE(generation);
            edit(bytes, random);
            const File file = file_of("f", bytes, params);
            last = transfer({file}, &last.side);
            const bool same = last.ids["f"] == ids_from_scratch(file);
            REQUIRE(same);
        }
    }
}

TEST_CASE("a small edit sends a few chunks") {
    const std::uint64_t seed = 1060;
    CAPTURE(seed);
    Random random(seed);
    const Buffer bytes = random.bytes(1 << 20);
    const Side side = transfer({file_of("f", bytes)}).side;
    std::uint64_t worst = 0, total = 0;
    constexpr int tries = 60;
    for (int i = 0; i < tries; ++i) {
        Buffer edited = bytes;
        const std::size_t at = random.below(bytes.size());
        if (i % 3 == 0) insert(edited, at, random.bytes(1));
        if (i % 3 == 1) erase(edited, at, 1);
        if (i % 3 == 2) overwrite(edited, at, random.bytes(1));
        const Sent sent = send({file_of("f", edited)}, &side);
        worst = std::max(worst, sent.totals.new_chunks);
        total += sent.totals.new_chunks;
    }
    CHECK(worst <= 6);
    CHECK(total <= tries * 3 / 2);
}

TEST_CASE("a chunk that comes again in the same stream is sent once") {
    const Buffer bytes = Random(1061).bytes(200'000);
    ContentTotals once, twice;
    (void)transfer({file_of("a", bytes)}, nullptr, {}, &once);
    (void)transfer({file_of("a", bytes), file_of("b", bytes)}, nullptr, {}, &twice);
    CHECK(twice.new_chunks == once.new_chunks);
    CHECK(twice.new_bytes == once.new_bytes);
    CHECK(twice.read_bytes == 2 * once.read_bytes);
}

TEST_CASE("a renamed file sends nothing, and a copy with changes only these") {
    const Buffer bytes = Random(1062).bytes(500'000);
    const Side side = transfer({file_of("a", Random(1063).bytes(100'000)), file_of("b", bytes)}).side;
    ContentTotals totals;
    (void)transfer({file_of("renamed", bytes)}, &side, {}, &totals);
    CHECK(totals.new_bytes == 0);
    Buffer changed = bytes;
    overwrite(changed, 250'000, Random(1064).bytes(10));
    (void)transfer({file_of("copy", changed)}, &side, {}, &totals);
    CHECK(totals.new_chunks <= 3);
    append(changed, Random(1065).bytes(50'000));
    (void)transfer({file_of("b", changed)}, &side, {}, &totals);
    CHECK(totals.new_bytes < 50'000 + 40'000);
}

TEST_CASE("chunks that the other side has lost are sent again, and no other") {
    const Buffer bytes = Random(1066).bytes(300'000);
    Side side = transfer({file_of("f", bytes)}).side;
    const std::size_t count = side.chunks.size();
    REQUIRE(count > 20);
    const std::size_t size = side.chunks[3].size() + side.chunks[4].size() + side.chunks[10].size() + side.chunks[count - 1].size();
    for (const std::size_t chunk : {std::size_t{3}, std::size_t{4}, std::size_t{10}, count - 1}) side.lose(chunk);
    ContentTotals totals;
    (void)transfer({file_of("f", bytes)}, &side, {}, &totals);
    CHECK(totals.new_chunks == 4);
    CHECK(totals.new_bytes == size);
    for (std::size_t i = 0; i < count; ++i)
        if (side.table.lengths[i] != 0) side.lose(i);
    (void)transfer({file_of("f", bytes)}, &side, {}, &totals);
    CHECK(totals.new_bytes == bytes.size());
}

TEST_CASE("loose chunks are named, not sent") {
    const Buffer bytes = Random(1067).bytes(300'000);
    const Received first = transfer({file_of("f", bytes)});
    Side side;
    for (std::size_t i = 0; i < first.side.chunks.size(); i += 2) {
        side.loose[first.side.table.ids[i]] = first.side.chunks[i];
        side.table.loose.push_back(first.side.table.ids[i]);
    }
    std::sort(side.table.loose.begin(), side.table.loose.end());
    ContentTotals totals;
    Received got = transfer({file_of("f", bytes)}, &side, {}, &totals);
    CHECK(totals.new_chunks == first.side.chunks.size() / 2);
    CHECK(got.ids["f"] == first.side.table.ids);
}

TEST_CASE("long runs of zeros are told, not sent, and short ones are data") {
    const auto zeros = [](std::size_t n) { return Buffer(n, std::byte{0}); };
    const Buffer noise = Random(1068).bytes(50'000);
    struct Row {
        std::size_t before, zeros, after;
        std::uint64_t told; // at least so many bytes of zeros are an extent
    };
    static constexpr Row rows[] = {
        {0, 4095, 0, 0},          {0, 4096, 0, 4096},           {0, 5'000'000, 0, 5'000'000},
        {0, 4096, 100, 4096},     {0, 4095, 1000, 0},           {0, 100'000, 50'000, 100'000},
        {1000, 4000, 1000, 0},    {50'000, 5'000'000, 50'000, 4'983'000},
        {50'000, 2'000'000, 0, 1'983'000}, {10, 1'048'576, 10, 1'031'000},
    };
    for (const Row& row : rows)
        for (const std::size_t piece : {std::size_t{1000}, SIZE_MAX}) {
            CAPTURE(row.before);
            CAPTURE(row.zeros);
            CAPTURE(row.after);
            Buffer bytes(noise.begin(), noise.begin() + static_cast<std::ptrdiff_t>(row.before));
            append(bytes, zeros(row.zeros));
            append(bytes, ByteSpan(noise).first(row.after));
            Received got = transfer({file_of("f", bytes)}, nullptr, {piece, true, 1});
            const std::uint64_t told = bytes_of_kind(got.extents["f"], Extent::Kind::zero);
            CHECK(told >= row.told);
            CHECK(told <= row.zeros);
            if (row.told == 0) CHECK(told == 0);
            // And again, against itself.
            ContentTotals totals;
            (void)transfer({file_of("f", bytes)}, &got.side, {piece, true, 1}, &totals);
            CHECK(totals.new_chunks == 0);
        }
}

TEST_CASE("holes are told with their exact size and keep the SHA-256 right") {
    Random random(1069);
    const File file{"f",
                    {{random.bytes(10'000), 0}, {{}, 1}, {random.bytes(1), 0}, {{}, 5'000'000}, {random.bytes(20'000), 0}, {{}, 131'072}},
                    small_chunks};
    for (const chunk::Params params : {small_chunks, blocks}) {
        File f = file;
        f.params = params;
        Received got = transfer({f});
        const auto& extents = got.extents["f"];
        REQUIRE(extents.size() == 6);
        CHECK(extents[0].bytes == 10'000);
        CHECK(extents[1] == Extent{Extent::Kind::hole, 1, 0});
        CHECK(extents[2].bytes == 1);
        CHECK(extents[3] == Extent{Extent::Kind::hole, 5'000'000, 0});
        CHECK(extents[4].bytes == 20'000);
        CHECK(extents[5] == Extent{Extent::Kind::hole, 131'072, 0});
        ContentTotals totals;
        (void)transfer({f}, &got.side, {}, &totals);
        CHECK(totals.new_chunks == 0);
        CHECK(totals.read_bytes == 30'001);
    }
    Received only = transfer({{"f", {{{}, std::uint64_t{1} << 20}}, small_chunks}});
    CHECK(only.extents["f"] == std::vector<Extent>{{Extent::Kind::hole, 1 << 20, 0}});
}

TEST_CASE("a hole of no bytes is nothing") {
    const Buffer bytes = Random(1070).bytes(1000);
    SilentMonitor monitor;
    io::BufferSink sink;
    const chunk::Hasher hasher(sample_key());
    StreamWriter stream(sink, sample_header(), {});
    ContentWriter content(stream, hasher, nullptr, true, monitor);
    write_op(stream, entry_op(Type::directory, ""));
    write_op(stream, entry_op(Type::file, "f"));
    content.begin(small_chunks, nullptr);
    content.hole(0);
    send_file(content, file_of("f", bytes), SIZE_MAX);
    content.hole(0);
    stream.end(content.end().sha256);
    (void)stream.finish(false, std::nullopt);
    Received got = receive(sink.bytes(), nullptr);
    CHECK(got.extents["f"] == std::vector<Extent>{{Extent::Kind::data, 1000, 1}});
}

TEST_CASE("zeros on both sides of the border of two regions are one extent") {
    // A file of which a hole was filled while it was read: region follows region.
    const Buffer zeros(8192, std::byte{0});
    for (const chunk::Params params : {small_chunks, blocks}) {
        const File file{"f", {{zeros, 0}, {zeros, 0}, {Random(1).bytes(5000), 0}, {zeros, 0}, {zeros, 0}, {{}, 10}, {zeros, 0}}, params};
        Received got = transfer({file});
        const auto& extents = got.extents["f"];
        REQUIRE_FALSE(extents.empty());
        CHECK(extents.front() == Extent{Extent::Kind::zero, 16'384, 0});
        CHECK(extents.back() == Extent{Extent::Kind::zero, 8192, 0});
    }
}

TEST_CASE("random sparse files come back and are cut as from scratch, also against an earlier version") {
    for (std::uint64_t seed = 1080; seed < 1100; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        File file{"f", {}, seed % 2 == 0 ? blocks : small_chunks};
        const auto grow = [&] {
            for (std::uint64_t n = random.between(1, 5); n > 0; --n) {
                const bool hole = !file.parts.empty() && file.parts.back().hole == 0;
                if (hole) {
                    file.parts.push_back({{}, random.between(1, 50'000)});
                } else {
                    Buffer bytes = random.bytes(random.between(1, 60'000));
                    if (random.one_in(2)) append(bytes, Buffer(random.below(20'000), std::byte{0}));
                    if (random.one_in(2)) insert(bytes, 0, Buffer(random.below(20'000), std::byte{0}));
                    file.parts.push_back({std::move(bytes), 0});
                }
            }
        };
        grow();
        Received last = transfer({file});
        CHECK(last.ids["f"] == ids_from_scratch(file));
        for (int generation = 0; generation < 6; ++generation) {
            CAPTURE(generation);
            if (random.one_in(2)) grow();
            Part& part = file.parts[random.below(file.parts.size())];
            if (part.hole > 0) part.hole = random.between(1, 50'000);
            else edit(part.bytes, random);
            if (part.hole == 0 && part.bytes.empty()) part.bytes = random.bytes(1);
            last = transfer({file}, &last.side);
            const bool same = last.ids["f"] == ids_from_scratch(file);
            CHECK(same);
        }
    }
}

TEST_CASE("blocks count from the start of the file, and blocks of zeros are not sent") {
    Random random(1101);
    Buffer bytes = random.bytes(100 * 4096 + 17);
    for (const std::size_t block : {0U, 5U, 6U, 50U}) overwrite(bytes, block * 4096, Buffer(4096, std::byte{0}));
    Received got = transfer({file_of("f", bytes, blocks)});
    CHECK(bytes_of_kind(got.extents["f"], Extent::Kind::zero) == 4 * 4096);
    CHECK(got.side.chunks.size() == 97);
    CHECK(got.side.table.lengths.back() == 17);
    for (std::size_t i = 0; i + 1 < 97; ++i) REQUIRE(got.side.table.lengths[i] == 4096);
    // Behind a hole of an odd size the first block is short, so that the next ones are in place.
    const File sparse{"f", {{{}, 5000}, {random.bytes(20'000), 0}}, blocks};
    got = transfer({sparse});
    CHECK(got.side.table.lengths == std::vector<std::uint32_t>{3192, 4096, 4096, 4096, 4096, 424});
}

TEST_CASE("in a file of blocks a change in place sends the blocks that changed") {
    Random random(1102);
    Buffer bytes = random.bytes(1 << 20);
    const Side side = transfer({file_of("f", bytes, blocks)}).side;
    overwrite(bytes, 10 * 4096 + 5, random.bytes(1));
    overwrite(bytes, 20 * 4096 - 1, random.bytes(2)); // over a border
    overwrite(bytes, 255 * 4096, random.bytes(4096));
    ContentTotals totals;
    (void)transfer({file_of("f", bytes, blocks)}, &side, {}, &totals);
    CHECK(totals.new_chunks == 4);
    CHECK(totals.new_bytes == 4 * 4096);
}

TEST_CASE("without SHA-256 a file has none") {
    (void)transfer({file_of("f", Random(1103).bytes(200'000)), file_of("g", {})}, nullptr, {SIZE_MAX, false, 1});
}

TEST_CASE("a region takes no more than its length and tells how much there was") {
    SilentMonitor monitor;
    io::BufferSink sink;
    const chunk::Hasher hasher(sample_key());
    StreamWriter stream(sink, sample_header(), {});
    ContentWriter content(stream, hasher, nullptr, true, monitor);
    write_op(stream, entry_op(Type::directory, ""));
    write_op(stream, entry_op(Type::file, "f"));
    content.begin(small_chunks, nullptr);
    const Buffer bytes = Random(1104).bytes(3'000'000);
    io::BufferSource source(bytes);
    std::uint64_t most = 0;
    const auto fill = [&](MutableSpan into) {
        const std::size_t n = source.read(into);
        most += n;
        return n;
    };
    CHECK(content.region(0, fill) == 0);
    CHECK(most == 0);
    CHECK(content.region(10, fill) == 10);
    CHECK(most == 10);
    CHECK(content.region(2'000'000, fill) == 2'000'000);
    CHECK(most == 2'000'010);
    CHECK(content.region(2'000'000, fill) == 999'990); // ended early
    const auto result = content.end();
    CHECK(result.bytes == bytes.size());
    CHECK((*result.sha256 == chunk::sha256(bytes)));
    stream.end(result.sha256);
    (void)stream.finish(false, std::nullopt);
    Received got = receive(sink.bytes(), nullptr);
    const bool same = got.files["f"] == bytes;
    CHECK(same);
}

TEST_CASE("with a sink of its own a file leaves its chunks in the stream and its references in the sink") {
    class Kept final : public ContentSink {
    public:
        void data(const Run& run, std::uint64_t bytes, std::span<const chunk::ChunkId> ids) override {
            ops.push_back(data_op(bytes, {run}, {ids.begin(), ids.end()}));
        }
        void hole(std::uint64_t bytes) override { ops.push_back(plain_op(Op::Kind::hole, bytes)); }
        void zero(std::uint64_t bytes) override { ops.push_back(plain_op(Op::Kind::zero, bytes)); }
        std::vector<Op> ops;
    };
    Random random(1105);
    Buffer zeros_first(10'000, std::byte{0});
    append(zeros_first, random.bytes(20'000));
    const File file{"f", {{random.bytes(100'000), 0}, {{}, 77}, {zeros_first, 0}}, small_chunks};
    const Received straight = transfer({file});
    SilentMonitor monitor;
    io::BufferSink sink;
    const chunk::Hasher hasher(sample_key());
    StreamWriter stream(sink, sample_header(), {});
    ContentWriter content(stream, hasher, nullptr, true, monitor);
    Kept kept;
    content.begin(file.params, nullptr, &kept);
    send_file(content, file, SIZE_MAX);
    const auto result = content.end();
    CHECK(stream.totals().chunks == straight.side.chunks.size());
    // Its place is known only now.
    write_op(stream, entry_op(Type::directory, ""));
    write_op(stream, entry_op(Type::file, "f"));
    for (const Op& op : kept.ops) write_op(stream, op);
    stream.end(result.sha256);
    (void)stream.finish(false, std::nullopt);
    Received got = receive(sink.bytes(), nullptr);
    const bool same = got.files["f"] == content_of(file);
    CHECK(same);
    CHECK(got.extents["f"] == straight.extents.at("f"));
}

TEST_CASE("progress counts what was read and what was passed, of what is expected") {
    class Seen final : public Monitor {
    public:
        void warn(const std::string&) override {}
        void note(const std::string&) override {}
        void progress(std::uint64_t done_bytes, std::uint64_t total_bytes) override {
            CHECK(done_bytes >= done);
            done = done_bytes;
            total = total_bytes;
        }
        std::uint64_t done = 0, total = 0;
    };
    Seen monitor;
    io::BufferSink sink;
    const chunk::Hasher hasher(sample_key());
    StreamWriter stream(sink, sample_header(), {});
    ContentWriter content(stream, hasher, nullptr, true, monitor);
    content.expect(5'000'000);
    content.pass(1'000'000);
    content.begin(small_chunks, nullptr);
    send_file(content, file_of("f", Random(1106).bytes(3'000'000)), SIZE_MAX);
    CHECK(monitor.done == 4'000'000);
    CHECK(monitor.total == 5'000'000);
}

TEST_CASE("an interruption in the middle of a file ends the work in good order") {
    class Stop final : public Monitor {
    public:
        explicit Stop(int after) : left_(after) {}
        void warn(const std::string&) override {}
        void note(const std::string&) override {}
        void progress(std::uint64_t, std::uint64_t) override {
            if (left_-- == 0) throw Interrupted(15);
        }

    private:
        int left_;
    };
    const Buffer bytes = Random(1107).bytes(6'000'000);
    const chunk::Hasher hasher(sample_key());
    for (int after = 0; after < 5; ++after) {
        CAPTURE(after);
        // The thread beside is still hashing what was read last. Memory that it must not use any more
        // is gone in this child, so that using it shows.
        const int status = run_child([&] {
            ::mallopt(M_MMAP_THRESHOLD, 64 << 10);
            Stop monitor(after);
            io::BufferSink sink;
            try {
                StreamWriter stream(sink, sample_header(), {1, 2});
                ContentWriter content(stream, hasher, nullptr, true, monitor);
                content.begin(blocks, nullptr);
                io::BufferSource source(bytes);
                (void)content.region(UINT64_MAX, [&](MutableSpan into) { return source.read(into); });
            } catch (const Interrupted&) {
                return 0;
            }
            return 1;
        });
        CHECK(status == 0);
    }
}
