// SPDX-License-Identifier: Apache-2.0
#include "stream/have.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "unit/stream/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::stream;

namespace {

struct Row {
    chunk::ChunkId id;
    std::uint32_t length = 0;
};

Buffer have_stream(const std::vector<Row>& table, const std::vector<chunk::ChunkId>& loose,
                   const std::vector<Op>& ops, bool digests = false) {
    io::BufferSink sink;
    HaveWriter out(sink, sample_header(Purpose::have), digests);
    for (const Row& row : table) out.chunk(row.id, row.length);
    for (const chunk::ChunkId& id : loose) out.loose(id);
    for (const Op& op : ops) out.op(op);
    out.finish();
    return sink.take();
}

std::vector<Row> table_of(std::uint64_t chunks, std::uint64_t seed, unsigned lost_one_in = 0) {
    Random random(seed);
    std::vector<Row> out;
    for (std::uint64_t i = 0; i < chunks; ++i) {
        const bool lost = lost_one_in > 0 && random.one_in(lost_one_in);
        out.push_back({made_up_id(random()), lost ? 0 : static_cast<std::uint32_t>(random.between(1, chunk::max_chunk_bytes))});
    }
    return out;
}

std::vector<HaveEntry> read_entries(HaveReader& reader) {
    std::vector<HaveEntry> out;
    HaveEntry entry;
    while (reader.next(entry)) out.push_back(entry);
    return out;
}

Exit code(ByteSpan bytes) {
    return code_of([&] {
        io::BufferSource source(bytes);
        HaveReader reader(source);
        (void)read_entries(reader);
    });
}

std::uint64_t chunks_in(const std::vector<Op>& ops) {
    std::uint64_t out = 0;
    for (const Op& op : ops)
        if (op.kind == Op::Kind::data) out += op.chunks;
    return out;
}

// What a HaveReader must give for these operations.
std::vector<HaveEntry> expected_entries(const std::vector<Op>& ops, bool digests) {
    std::vector<HaveEntry> out;
    std::uint64_t next = 0;
    for (const Op& op : ops) {
        if (op.kind == Op::Kind::entry) {
            out.emplace_back();
            out.back().entry = op.entry;
            out.back().first_chunk = next;
            continue;
        }
        HaveEntry& e = out.back();
        if (op.kind == Op::Kind::end) {
            e.sha256_known = op.sha256.has_value();
            if (digests) e.sha256 = op.sha256;
            continue;
        }
        const auto kind = op.kind == Op::Kind::data   ? Extent::Kind::data
                          : op.kind == Op::Kind::hole ? Extent::Kind::hole
                                                      : Extent::Kind::zero;
        e.bytes += op.bytes;
        e.chunks += op.chunks;
        next += op.chunks;
        if (!e.extents.empty() && e.extents.back().kind == kind) {
            e.extents.back().bytes += op.bytes;
            e.extents.back().chunks += op.chunks;
        } else {
            e.extents.push_back({kind, op.bytes, op.chunks});
        }
    }
    return out;
}

void check_entries(const std::vector<HaveEntry>& got, const std::vector<HaveEntry>& expected) {
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        CAPTURE(i);
        REQUIRE(got[i].entry == expected[i].entry);
        REQUIRE(got[i].extents == expected[i].extents);
        REQUIRE(got[i].first_chunk == expected[i].first_chunk);
        REQUIRE(got[i].chunks == expected[i].chunks);
        REQUIRE(got[i].bytes == expected[i].bytes);
        REQUIRE(got[i].sha256_known == expected[i].sha256_known);
        REQUIRE((got[i].sha256 == expected[i].sha256));
    }
}

std::vector<Op> one_file(std::uint64_t chunks) {
    std::vector<Op> ops{entry_op(Type::directory, ""), entry_op(Type::file, "f")};
    if (chunks > 0) ops.push_back(data_op(chunks * 100, {{Run::Kind::stored, 5, chunks}}));
    ops.push_back(end_op());
    return ops;
}

} // namespace

TEST_CASE("a have stream gives back table, loose ids and entries, whatever the pieces") {
    for (std::uint64_t seed = 800; seed < 820; ++seed) {
        CAPTURE(seed);
        const bool digests = seed % 2 == 0;
        const auto ops = RandomTree(seed, {Run::Kind::stored}).ops(10);
        const auto table = table_of(chunks_in(ops), seed, 5);
        std::vector<chunk::ChunkId> loose;
        for (std::uint64_t i = 0; i < seed % 7 * 3; ++i) loose.push_back(made_up_id(seed * 100 + i / 2));
        const Buffer bytes = have_stream(table, loose, ops, digests);
        std::sort(loose.begin(), loose.end());
        loose.erase(std::unique(loose.begin(), loose.end()), loose.end());
        for (const std::size_t piece : {std::size_t{7}, std::size_t{10'000}, SIZE_MAX}) {
            io::BufferSource source(bytes, piece);
            HaveReader reader(source);
            CHECK(reader.header().purpose == Purpose::have);
            REQUIRE(reader.table().ids.size() == table.size());
            REQUIRE(reader.table().lengths.size() == table.size());
            for (std::size_t i = 0; i < table.size(); ++i) {
                REQUIRE(reader.table().lengths[i] == table[i].length);
                REQUIRE((table[i].length == 0 || reader.table().ids[i] == table[i].id));
            }
            CHECK(reader.table().loose == loose);
            for (const chunk::ChunkId& id : loose) CHECK(reader.table().has_loose(id));
            CHECK_FALSE(reader.table().has_loose(made_up_id(1)));
            check_entries(read_entries(reader), expected_entries(ops, digests));
        }
    }
}

TEST_CASE("tables larger than one record come back whole") {
    constexpr std::uint64_t chunks = 200'000, loose_chunks = 70'000;
    std::vector<Row> table;
    std::vector<chunk::ChunkId> loose;
    for (std::uint64_t i = 0; i < chunks; ++i) {
        Row row;
        std::memcpy(row.id.bytes.data(), &i, sizeof i);
        row.length = i % 1000 == 0 ? 0 : static_cast<std::uint32_t>(i + 1);
        table.push_back(row);
    }
    for (std::uint64_t i = loose_chunks; i > 0; --i) {
        chunk::ChunkId id;
        std::memcpy(id.bytes.data() + 8, &i, sizeof i);
        loose.push_back(id);
    }
    const Buffer bytes = have_stream(table, loose, one_file(chunks));
    io::BufferSource source(bytes, 100'000);
    HaveReader reader(source);
    REQUIRE(reader.table().ids.size() == chunks);
    bool same = true;
    for (std::uint64_t i = 0; i < chunks; ++i) {
        same = same && reader.table().lengths[i] == table[i].length;
        same = same && (table[i].length == 0 || reader.table().ids[i] == table[i].id);
    }
    CHECK(same);
    CHECK(reader.table().loose.size() == loose_chunks);
    CHECK(std::is_sorted(reader.table().loose.begin(), reader.table().loose.end()));
    const auto entries = read_entries(reader);
    REQUIRE(entries.size() == 2);
    CHECK(entries[1].chunks == chunks);
}

TEST_CASE("a store that knows no generation has neither table nor entries, or loose chunks only") {
    for (const std::size_t count : {0U, 3U}) {
        std::vector<chunk::ChunkId> loose;
        for (std::size_t i = 0; i < count; ++i) loose.push_back(made_up_id(i));
        Header header = sample_header(Purpose::have);
        header.generation = {};
        header.parent.reset();
        io::BufferSink sink;
        HaveWriter out(sink, header);
        for (const chunk::ChunkId& id : loose) out.loose(id);
        out.finish();
        const Buffer& bytes = sink.bytes();
        io::BufferSource source(bytes);
        HaveReader reader(source);
        CHECK(reader.table().ids.empty());
        CHECK(reader.table().loose.size() == count);
        CHECK(read_entries(reader).empty());
    }
}

TEST_CASE("entries go over many blocks") {
    std::vector<Op> ops{entry_op(Type::directory, "")};
    for (std::uint64_t i = 0; i < 5000; ++i) {
        ops.push_back(entry_op(Type::file, cat("file with a rather long name ", 10'000 + i)));
        ops.push_back(data_op(100, {{Run::Kind::stored, i, 1}}));
        ops.push_back(end_op());
    }
    const Buffer bytes = have_stream(table_of(5000, 1), {}, ops);
    io::BufferSource source(bytes);
    HaveReader reader(source);
    check_entries(read_entries(reader), expected_entries(ops, false));
    io::BufferSource again(bytes);
    RecordReader records(again);
    while (records.next()) {
    }
    CHECK(records.trailer().blocks > 1);
}

TEST_CASE("a block that was packed before may stand for its operations") {
    const auto ops = one_file(3);
    const auto table = table_of(3, 2);
    io::BufferSink sink;
    HaveWriter out(sink, sample_header(Purpose::have));
    for (const Row& row : table) out.chunk(row.id, row.length);
    ManifestWriter manifest;
    for (const Op& op : ops) write_op(manifest, op);
    ManifestBlock block = manifest.take();
    block.refs.clear();
    out.block(pack_block(block));
    out.finish();
    io::BufferSource source(sink.bytes());
    HaveReader reader(source);
    check_entries(read_entries(reader), expected_entries(ops, false));
}

TEST_CASE("a have stream cut at any length is exit 65") {
    const auto ops = RandomTree(830, {Run::Kind::stored}).ops(4, 1);
    const Buffer bytes = have_stream(table_of(chunks_in(ops), 3, 4), {made_up_id(1), made_up_id(2)}, ops);
    CHECK(code(bytes) == Exit::ok);
    for (std::size_t size = 0; size < bytes.size(); size += bytes.size() > 3000 && size > 500 && size + 500 < bytes.size() ? 37 : 1) {
        CAPTURE(size);
        REQUIRE(code(ByteSpan(bytes).first(size)) == Exit::data);
    }
}

TEST_CASE("a have stream with any byte changed is exit 65") {
    const Buffer bytes = have_stream(table_of(5, 3, 4), {made_up_id(1), made_up_id(2)}, one_file(5));
    for (std::size_t at = 0; at < bytes.size(); ++at)
        for (const unsigned mask : {0x01U, 0x20U, 0x80U, 0xffU}) {
            CAPTURE(at);
            CAPTURE(mask);
            Buffer damaged = bytes;
            damaged[at] ^= std::byte{static_cast<std::uint8_t>(mask)};
            REQUIRE(code(damaged) == Exit::data);
        }
}

TEST_CASE("a dump is no have stream, and that is told") {
    io::BufferSink sink;
    RecordWriter(sink, sample_header(Purpose::dump)).finish({});
    const Failure failure = failure_of([&] {
        io::BufferSource source(sink.bytes());
        HaveReader reader(source);
    });
    CHECK(failure.code == Exit::data);
    CHECK(failure.names("a dump, not a have stream"));
    CHECK_FALSE(failure.hint.empty());
}

TEST_CASE("table and entries tell of the same number of chunks") {
    for (const std::uint64_t chunks : {0U, 1U, 4U, 5U, 6U, 100U}) {
        CAPTURE(chunks);
        CHECK(code(have_stream(table_of(chunks, 4), {}, one_file(5))) == (chunks == 5 ? Exit::ok : Exit::data));
    }
    CHECK(code(have_stream(table_of(5, 4), {}, {})) == Exit::data);
}

TEST_CASE("the entries of a have stream are a whole tree") {
    const auto with = [](const std::vector<Op>& ops) { return code(have_stream({}, {}, ops)); };
    CHECK(with({entry_op(Type::fifo, "a")}) == Exit::data);
    CHECK(with({entry_op(Type::directory, ""), entry_op(Type::fifo, "b"), entry_op(Type::fifo, "a")}) == Exit::data);
    CHECK(with({entry_op(Type::directory, ""), entry_op(Type::file, "a")}) == Exit::data);
}

TEST_CASE("extents that come in parts are given as one") {
    const std::vector<Op> ops{entry_op(Type::directory, ""),
                              entry_op(Type::file, "f"),
                              plain_op(Op::Kind::hole, 1),
                              plain_op(Op::Kind::hole, 2),
                              data_op(10, {{Run::Kind::stored, 0, 1}}),
                              plain_op(Op::Kind::zero, 3),
                              plain_op(Op::Kind::zero, 4),
                              end_op()};
    const Buffer bytes = have_stream(table_of(1, 5), {}, ops);
    io::BufferSource source(bytes);
    HaveReader reader(source);
    const auto entries = read_entries(reader);
    REQUIRE(entries.size() == 2);
    const std::vector<Extent> expected{
        {Extent::Kind::hole, 3, 0}, {Extent::Kind::data, 10, 1}, {Extent::Kind::zero, 7, 0}};
    CHECK(entries[1].extents == expected);
}

TEST_CASE("entries are those of a generation that the header names") {
    Header header = sample_header(Purpose::have);
    for (const bool named : {true, false}) {
        CAPTURE(named);
        if (!named) header.parent.reset();
        io::BufferSink sink;
        HaveWriter out(sink, header);
        out.op(entry_op(Type::directory, ""));
        out.finish();
        CHECK(code(sink.bytes()) == (named ? Exit::ok : Exit::data));
    }
}

TEST_CASE("the count of blocks in the trailer is that of the have stream") {
    for (const std::uint64_t blocks : {0U, 1U, 2U}) {
        CAPTURE(blocks);
        ManifestWriter manifest;
        write_op(manifest, entry_op(Type::directory, ""));
        io::BufferSink sink;
        RecordWriter out(sink, sample_header(Purpose::have));
        out.record(RecordType::manifest, pack_block(manifest.take()));
        Trailer trailer;
        trailer.blocks = blocks;
        out.finish(trailer);
        CHECK(code(sink.bytes()) == (blocks == 1 ? Exit::ok : Exit::data));
    }
}

TEST_CASE("the chunk table comes before the loose one") {
    const auto with = [](std::initializer_list<RecordType> order) {
        io::BufferSink sink;
        RecordWriter out(sink, sample_header(Purpose::have));
        for (const RecordType type : order) {
            Buffer payload;
            Encoder encoder(payload);
            encoder.varint(type == RecordType::loose_table ? 1 : 0);
            if (type == RecordType::loose_table) encoder.raw(made_up_id(1).bytes);
            out.record(type, payload);
        }
        out.finish({});
        return code(sink.bytes());
    };
    CHECK(with({RecordType::chunk_table, RecordType::chunk_table}) == Exit::ok);
    CHECK(with({RecordType::chunk_table, RecordType::loose_table, RecordType::loose_table}) == Exit::ok);
    CHECK(with({RecordType::loose_table, RecordType::chunk_table}) == Exit::data);
}

TEST_CASE("operations of a dump do not belong in a have stream") {
    for (const Op::Kind kind : {Op::Kind::copy, Op::Kind::skip, Op::Kind::withdraw}) {
        CAPTURE(static_cast<int>(kind));
        io::BufferSink sink;
        HaveWriter out(sink, sample_header(Purpose::have));
        ManifestWriter manifest;
        write_op(manifest, entry_op(Type::directory, ""));
        write_op(manifest, entry_op(Type::file, "a"));
        if (kind != Op::Kind::withdraw) write_op(manifest, end_op());
        write_op(manifest, plain_op(kind, 1));
        out.block(pack_block(manifest.take()));
        out.finish();
        CHECK(code(sink.bytes()) == Exit::data);
    }
}

TEST_CASE("segments do not belong in a have stream, and tables do not come behind entries") {
    for (const RecordType type : {RecordType::segment, RecordType::chunk_table, RecordType::loose_table, RecordType::header}) {
        CAPTURE(static_cast<char>(type));
        io::BufferSink sink;
        RecordWriter out(sink, sample_header(Purpose::have));
        ManifestWriter manifest;
        write_op(manifest, entry_op(Type::directory, ""));
        out.record(RecordType::manifest, pack_block(manifest.take()));
        out.record(type, bytes_of({0, 0, 0, 0}));
        out.finish({});
        CHECK(code(sink.bytes()) == Exit::data);
    }
}

TEST_CASE("a table record holds what it promises") {
    const auto with = [](RecordType type, const std::function<void(Encoder&)>& put) {
        Buffer payload;
        Encoder encoder(payload);
        put(encoder);
        io::BufferSink sink;
        RecordWriter out(sink, sample_header(Purpose::have));
        out.record(type, payload);
        out.finish({});
        return code_of([&] {
            io::BufferSource source(sink.bytes());
            HaveReader reader(source);
        });
    };
    const auto table = [&](std::uint64_t count, std::uint64_t length, std::size_t id_bytes) {
        return with(RecordType::chunk_table, [&](Encoder& out) {
            out.varint(count);
            out.varint(length);
            out.raw(Buffer(id_bytes));
        });
    };
    CHECK(table(1, 5, 16) == Exit::ok);
    CHECK(table(1, chunk::max_chunk_bytes, 16) == Exit::ok);
    CHECK(table(1, chunk::max_chunk_bytes + 1, 16) == Exit::data);
    CHECK(table(1, 5, 15) == Exit::data);
    CHECK(table(1, 5, 17) == Exit::data);
    CHECK(table(1, 0, 0) == Exit::ok);
    CHECK(table(1, 0, 16) == Exit::data); // a lost chunk has no id
    CHECK(table(2, 5, 16) == Exit::data);
    CHECK(table(UINT64_MAX, 5, 16) == Exit::data);
    const auto loose = [&](std::uint64_t count, std::size_t id_bytes) {
        return with(RecordType::loose_table, [&](Encoder& out) {
            out.varint(count);
            out.raw(Buffer(id_bytes));
        });
    };
    CHECK(loose(2, 32) == Exit::ok);
    CHECK(loose(2, 31) == Exit::data);
    CHECK(loose(2, 33) == Exit::data);
    CHECK(loose(UINT64_MAX, 32) == Exit::data);
}

TEST_CASE("an index finds a place of every chunk that is not lost, and of no other") {
    for (const std::size_t count : {0U, 1U, 10U, 11U, 1000U, 50'000U}) {
        CAPTURE(count);
        Random random(count);
        HaveTable table;
        for (std::size_t i = 0; i < count; ++i) {
            // Some ids come twice, and some agree in what the index hashes.
            chunk::ChunkId id;
            const std::uint64_t low = random.below(count), high = random.below(3);
            std::memcpy(id.bytes.data(), &low, 8);
            std::memcpy(id.bytes.data() + 8, &high, 8);
            table.ids.push_back(id);
            table.lengths.push_back(random.one_in(4) ? 0 : 5);
        }
        const HaveIndex index(table);
        bool good = true;
        for (std::size_t i = 0; i < count; ++i) {
            const auto at = index.find(table.ids[i]);
            if (table.lengths[i] != 0) good = good && at.has_value();
            if (at) good = good && table.ids[*at] == table.ids[i] && table.lengths[*at] != 0;
        }
        CHECK(good);
        for (std::uint64_t i = 0; i < 1000; ++i) REQUIRE_FALSE(index.find(made_up_id(i)));
    }
}
