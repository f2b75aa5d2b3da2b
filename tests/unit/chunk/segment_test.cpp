// SPDX-License-Identifier: Apache-2.0
#include "chunk/segment.hpp"

#include <doctest/doctest.h>

#include <numeric>

#include "base/text.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::chunk;

namespace {

Buffer head_of(const std::vector<std::uint32_t>& lengths) {
    SegmentHead head;
    head.lengths = lengths;
    Buffer out;
    Encoder encoder(out);
    encode_head(encoder, head);
    return out;
}

Exit code_of_head(ByteSpan bytes) {
    return code_of([&] {
        Decoder in(bytes, "head");
        (void)decode_head(in);
    });
}

// A head of any codec, count and lengths, as no writer makes it.
Buffer forged(unsigned codec, std::uint64_t count, const std::vector<std::uint64_t>& lengths) {
    Buffer out;
    Encoder encoder(out);
    encoder.u8(static_cast<std::uint8_t>(codec));
    encoder.varint(count);
    for (const std::uint64_t length : lengths) encoder.varint(length);
    return out;
}

} // namespace

TEST_CASE("a head is read back with its sum") {
    const std::uint64_t seed = 81;
    CAPTURE(seed);
    Random random(seed);
    for (const std::size_t count : {1U, 2U, 3U, 127U, 128U, 300U, 100'000U}) {
        CAPTURE(count);
        std::vector<std::uint32_t> lengths;
        for (std::size_t i = 0; i < count; ++i)
            lengths.push_back(static_cast<std::uint32_t>(random.between(1, max_segment_bytes / count)));
        if (count == 1) lengths[0] = max_chunk_bytes;
        Buffer bytes = head_of(lengths);
        append(bytes, as_bytes("rest"));
        Decoder in(bytes, "head");
        const SegmentHead head = decode_head(in);
        CHECK(head.codec == Codec::zstd);
        CHECK(head.lengths == lengths);
        CHECK(head.raw_bytes == std::accumulate(lengths.begin(), lengths.end(), std::uint64_t{0}));
        CHECK(as_text(in.rest()) == "rest");
    }
}

TEST_CASE("a head has a known codec") {
    CHECK(code_of_head(forged(1, 1, {5})) == Exit::ok);
    for (const unsigned codec : {0U, 2U, 3U, 128U, 255U}) {
        CAPTURE(codec);
        CHECK(code_of_head(forged(codec, 1, {5})) == Exit::data);
    }
}

TEST_CASE("a head has at least one chunk and no more than the limit") {
    CHECK(code_of_head(forged(1, 0, {})) == Exit::data);
    CHECK(code_of_head(forged(1, max_segment_chunks, std::vector<std::uint64_t>(max_segment_chunks, 1))) ==
          Exit::ok);
    CHECK(code_of_head(forged(1, max_segment_chunks + 1,
                              std::vector<std::uint64_t>(max_segment_chunks + 1, 1))) == Exit::data);
}

TEST_CASE("a head does not promise more chunks than it has lengths") {
    CHECK(code_of_head(forged(1, 3, {1, 1})) == Exit::data);
    CHECK(code_of_head(forged(1, max_segment_chunks, {1})) == Exit::data);
    CHECK(code_of_head(forged(1, UINT64_MAX, {1})) == Exit::data);
}

TEST_CASE("a chunk has at least one byte and no more than the limit") {
    CHECK(code_of_head(forged(1, 1, {0})) == Exit::data);
    CHECK(code_of_head(forged(1, 3, {1, 0, 1})) == Exit::data);
    CHECK(code_of_head(forged(1, 1, {max_chunk_bytes})) == Exit::ok);
    CHECK(code_of_head(forged(1, 1, {max_chunk_bytes + 1})) == Exit::data);
    CHECK(code_of_head(forged(1, 1, {UINT64_MAX})) == Exit::data);
}

TEST_CASE("the chunks of a segment are together no more than the limit") {
    constexpr std::uint64_t rest = max_segment_bytes - max_chunk_bytes;
    CHECK(code_of_head(forged(1, 2, {max_chunk_bytes, rest})) == Exit::ok);
    CHECK(code_of_head(forged(1, 2, {max_chunk_bytes, rest + 1})) == Exit::data);
    CHECK(code_of_head(forged(1, 3, {max_chunk_bytes, rest, 1})) == Exit::data);
}

TEST_CASE("a head cut at any length is refused") {
    const Buffer whole = head_of({1, 200, 70'000, 4'000'000, 1});
    CHECK(code_of_head(whole) == Exit::ok);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK(code_of_head(ByteSpan(whole).first(size)) == Exit::data);
    }
}

TEST_CASE("frames give back what was compressed, at every size and level") {
    const std::uint64_t seed = 82;
    CAPTURE(seed);
    Random random(seed);
    Decompressor decompressor;
    for (const int level : {min_level(), default_level, 19, max_level()}) {
        Compressor compressor(level);
        for (const std::size_t size : {0U, 1U, 2U, 3U, 7U, 15U, 100U, 10'000U, 1U << 20, 5U << 20}) {
            if (level > default_level && size > 10'000) continue;
            CAPTURE(level);
            CAPTURE(size);
            const Buffer noise = random.bytes(size);
            const std::string text = random.letters(size);
            for (const ByteSpan raw : {ByteSpan(noise), as_bytes(text)}) {
                const Buffer frame = compressor.compress(raw);
                Buffer back(size);
                decompressor.decompress(frame, back, "frame");
                CHECK(equal(back, raw));
            }
        }
    }
    CHECK(min_level() == 1);
    CHECK(max_level() >= 19);
}

TEST_CASE("many small chunks compress better together") {
    std::string text;
    Random random(83);
    for (int i = 0; i < 1000; ++i) text += cat("INSERT INTO t VALUES (", random.below(10'000), ", 'name');\n");
    Compressor compressor(default_level);
    std::size_t apart = 0;
    for (std::size_t at = 0; at < text.size(); at += 500)
        apart += compressor.compress(as_bytes(std::string_view(text).substr(at, 500))).size();
    CHECK(compressor.compress(as_bytes(text)).size() * 2 < apart);
}

TEST_CASE("a frame that is not of exactly the promised size is refused by name") {
    Compressor compressor(default_level);
    Decompressor decompressor;
    for (const std::size_t size : {1U, 100U, 100'000U}) {
        const Buffer frame = compressor.compress(as_bytes(Random(84).letters(size)));
        for (const std::size_t promised : {std::size_t{0}, size - 1, size + 1, size * 2}) {
            CAPTURE(size);
            CAPTURE(promised);
            Buffer raw(promised);
            const Failure failure =
                failure_of([&] { decompressor.decompress(frame, raw, "segment 7"); });
            CHECK(failure.code == Exit::data);
            CHECK(failure.names("segment 7: "));
        }
    }
}

TEST_CASE("a frame cut at any length is refused") {
    Compressor compressor(default_level);
    Decompressor decompressor;
    for (const Buffer& raw : {buffer_of(Random(85).letters(3000)), Random(86).bytes(500)}) {
        const Buffer frame = compressor.compress(raw);
        Buffer back(raw.size());
        for (std::size_t size = 0; size < frame.size(); ++size) {
            CAPTURE(size);
            REQUIRE(code_of([&] { decompressor.decompress(ByteSpan(frame).first(size), back, "frame"); }) ==
                    Exit::data);
        }
        decompressor.decompress(frame, back, "frame"); // a failure does no lasting harm
        CHECK(equal(back, raw));
    }
}

TEST_CASE("a frame with bytes behind it is refused") {
    Compressor compressor(default_level);
    Buffer frame = compressor.compress(as_bytes("abcabcabc"));
    frame.push_back(std::byte{0});
    Buffer back(9);
    CHECK(code_of([&] { Decompressor().decompress(frame, back, "frame"); }) == Exit::data);
}

TEST_CASE("a frame with any bit changed is refused or fills the span, and never more") {
    Compressor compressor(default_level);
    Decompressor decompressor;
    const std::uint64_t seed = 87;
    CAPTURE(seed);
    Random random(seed);
    for (const Buffer& raw : {buffer_of(random.letters(2000)), random.bytes(300)}) {
        const Buffer frame = compressor.compress(raw);
        Buffer memory(raw.size() + 64);
        for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
            CAPTURE(bit);
            Buffer damaged = frame;
            damaged[bit / 8] ^= std::byte{static_cast<std::uint8_t>(1 << (bit % 8))};
            std::fill(memory.begin(), memory.end(), std::byte{0xa5});
            const Exit code = code_of(
                [&] { decompressor.decompress(damaged, MutableSpan(memory).first(raw.size()), "frame"); });
            REQUIRE((code == Exit::ok || code == Exit::data));
            for (std::size_t i = raw.size(); i < memory.size(); ++i)
                if (memory[i] != std::byte{0xa5}) FAIL("wrote behind the span");
        }
    }
}

TEST_CASE("noise is no frame") {
    Decompressor decompressor;
    const std::uint64_t seed = 88;
    CAPTURE(seed);
    Random random(seed);
    Buffer back(1000);
    for (int i = 0; i < 500; ++i)
        REQUIRE(code_of([&] { decompressor.decompress(random.bytes(random.below(200)), back, "frame"); }) ==
                Exit::data);
}
