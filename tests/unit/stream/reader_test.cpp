// SPDX-License-Identifier: Apache-2.0
#include "stream/reader.hpp"

#include <doctest/doctest.h>

#include "unit/stream/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::stream;

namespace {

// A small dump: a few entries, three chunks in two segments, two blocks.
Buffer small_dump() {
    Random random(501);
    io::BufferSink sink;
    StreamWriter out(sink, sample_header(), {});
    const chunk::Hasher hasher(sample_key());
    write_op(out, entry_op(Type::directory, ""));
    write_op(out, entry_op(Type::file, "a"));
    for (int i = 0; i < 2; ++i) {
        const Buffer bytes = buffer_of(random.letters(60));
        out.data({Run::Kind::fresh, out.add_chunk(bytes, hasher.id(bytes)), 1}, bytes.size());
    }
    out.hole(10);
    out.end(chunk::sha256(as_bytes("a")));
    chunk::Segment ready;
    const Buffer bytes = random.bytes(40);
    ready.head.lengths = {40};
    ready.head.raw_bytes = 40;
    ready.ids = {hasher.id(bytes)};
    ready.frame = chunk::Compressor(1).compress(bytes);
    write_op(out, entry_op(Type::file, "b"));
    out.data({Run::Kind::fresh, out.add_segment(std::move(ready)), 1}, 40);
    out.end(std::nullopt);
    (void)out.finish(false, std::nullopt);
    return sink.take();
}

Buffer forged(Purpose purpose, RecordType type, const Trailer& trailer) {
    io::BufferSink sink;
    RecordWriter out(sink, sample_header(purpose));
    if (type != RecordType::trailer) out.record(type, bytes_of({0, 0}));
    out.finish(trailer);
    return sink.take();
}

Exit code(ByteSpan bytes) {
    return code_of([&] { (void)read_dump(bytes); });
}

} // namespace

TEST_CASE("a dump is read in the order it was written, whatever the pieces") {
    const Buffer bytes = small_dump();
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 15U, 100U, 10'000U}) {
        const Dump dump = read_dump(bytes, piece, true);
        CHECK(dump.chunks.size() == 3);
        CHECK(dump.trailer.segments == 2);
        CHECK(dump.trailer.chunks == 3);
        CHECK(dump.trailer.chunk_bytes == 160);
        CHECK(dump.trailer.blocks == dump.blocks);
        CHECK(dump.manifest.size() == 8);
    }
}

TEST_CASE("a dump cut at any length is exit 65") {
    const Buffer bytes = small_dump();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CAPTURE(size);
        REQUIRE(code(ByteSpan(bytes).first(size)) == Exit::data);
    }
}

TEST_CASE("a dump with any byte changed is exit 65, or has the very same content") {
    const Buffer bytes = small_dump();
    const Dump good = read_dump(bytes);
    std::size_t harmless = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at)
        for (const unsigned mask : {0x01U, 0x08U, 0x20U, 0xffU}) {
            CAPTURE(at);
            CAPTURE(mask);
            Buffer damaged = bytes;
            damaged[at] ^= std::byte{static_cast<std::uint8_t>(mask)};
            Dump read;
            const Exit result = code_of([&] { read = read_dump(damaged); });
            REQUIRE((result == Exit::ok || result == Exit::data));
            if (result != Exit::ok) continue;
            ++harmless; // a bit in a frame that zstd does not use
            const bool same = read.chunks == good.chunks && read.ids == good.ids && read.manifest == good.manifest;
            REQUIRE(same);
        }
    CHECK(harmless < 20);
}

TEST_CASE("a have stream is no dump, and that is told") {
    const Failure failure =
        failure_of([&] { (void)read_dump(forged(Purpose::have, RecordType::trailer, {})); });
    CHECK(failure.code == Exit::data);
    CHECK(failure.names("a have stream, not a dump"));
    CHECK(failure.hint.find("--have") != std::string::npos);
}

TEST_CASE("tables and a second header do not belong in a dump") {
    CHECK(code(forged(Purpose::dump, RecordType::trailer, {})) == Exit::ok);
    for (const RecordType type : {RecordType::chunk_table, RecordType::loose_table, RecordType::header}) {
        CAPTURE(static_cast<char>(type));
        CHECK(code(forged(Purpose::dump, type, {})) == Exit::data);
    }
}

TEST_CASE("the counts of the trailer are those of the stream") {
    const auto with = [](std::uint64_t segments, std::uint64_t chunks, std::uint64_t bytes, std::uint64_t blocks) {
        Trailer t;
        t.segments = segments;
        t.chunks = chunks;
        t.chunk_bytes = bytes;
        t.blocks = blocks;
        return code(forged(Purpose::dump, RecordType::trailer, t));
    };
    CHECK(with(0, 0, 0, 0) == Exit::ok);
    CHECK(with(1, 0, 0, 0) == Exit::data);
    CHECK(with(0, 1, 0, 0) == Exit::data);
    CHECK(with(0, 0, 1, 0) == Exit::data);
    CHECK(with(0, 0, 0, 1) == Exit::data);
}

TEST_CASE("a manifest block is stored or compressed, within its limit, and of exactly its size") {
    const auto unpacked = [](unsigned codec, std::uint64_t size, ByteSpan bytes) {
        Buffer payload;
        Encoder out(payload);
        out.u8(static_cast<std::uint8_t>(codec));
        out.varint(size);
        out.raw(bytes);
        Buffer raw;
        return code_of([&] { (void)unpack_block(payload, raw, "block"); });
    };
    const Buffer block(500, std::byte{0}); // no references, then 499 bytes of operations
    const Buffer frame = chunk::Compressor(1).compress(block);
    CHECK(unpacked(0, 500, block) == Exit::ok);
    CHECK(unpacked(0, 499, block) == Exit::data);
    CHECK(unpacked(0, 501, block) == Exit::data);
    CHECK(unpacked(1, 500, frame) == Exit::ok);
    CHECK(unpacked(1, 499, frame) == Exit::data);
    CHECK(unpacked(1, 501, frame) == Exit::data);
    CHECK(unpacked(1, 500, block) == Exit::data);
    CHECK(unpacked(1, 500, {}) == Exit::data);
    CHECK(unpacked(2, 500, block) == Exit::data);
    CHECK(unpacked(255, 500, block) == Exit::data);
    CHECK(unpacked(0, max_manifest_bytes + 1, block) == Exit::data);
    CHECK(unpacked(1, UINT64_MAX, frame) == Exit::data);
    CHECK(unpacked(0, 0, {}) == Exit::data); // not even the size of the references
    // A block whose references would be longer than it is.
    CHECK(unpacked(0, 2, bytes_of({5, 0})) == Exit::data);
}

TEST_CASE("a block is packed as it can be unpacked, small ones as they are") {
    for (const std::size_t size : {0U, 1U, 100U, 254U, 255U, 256U, 300U, 70'000U, 1'000'000U})
        for (const bool noise : {false, true}) {
            CAPTURE(size);
            CAPTURE(noise);
            ManifestBlock block;
            block.ops = noise ? Random(size).bytes(size) : buffer_of(Random(size).letters(size));
            block.refs = Random(size + 1).bytes(size / 10);
            const Buffer packed = pack_block(block);
            Buffer raw;
            const BlockView view = unpack_block(packed, raw, "block");
            CHECK(equal(view.ops, block.ops));
            CHECK(equal(view.refs, block.refs));
            CHECK(packed.size() <= block.ops.size() + block.refs.size() + 12);
            if (!noise && size >= 300) CHECK(packed.size() < size * 3 / 4);
        }
}
