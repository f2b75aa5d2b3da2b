// SPDX-License-Identifier: Apache-2.0
#include "stream/pipeline.hpp"

#include <doctest/doctest.h>

#include "base/codec.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::stream;

namespace {

// A segment that carries its number, and its bytes.
chunk::Segment numbered(std::uint64_t number) {
    chunk::Segment out;
    out.head.raw_bytes = number;
    return out;
}

Buffer number_as_bytes(std::uint64_t number) {
    Buffer out;
    Encoder(out).u64(number);
    return out;
}

} // namespace

TEST_CASE("segments and blocks come back in the order they went in, with any number of threads") {
    for (const unsigned threads : {0U, 1U, 2U, 3U, 8U}) {
        CAPTURE(threads);
        const std::uint64_t seed = 601 + threads;
        CAPTURE(seed);
        Random random(seed);
        std::uint64_t next = 0, compressed = 0;
        chunk::Decompressor decompressor;
        Pipeline pipeline(1, threads, [&](Pipeline::Ready&& item) {
            if (auto* const segment = std::get_if<chunk::Segment>(&item)) {
                REQUIRE(segment->head.raw_bytes == next);
                if (!segment->frame.empty()) {
                    Buffer raw(8 + next * 100);
                    decompressor.decompress(segment->frame, raw, "segment");
                    REQUIRE(raw[0] == number_as_bytes(next)[0]);
                    ++compressed;
                }
            } else {
                REQUIRE(equal(std::get<Buffer>(item), number_as_bytes(next)));
            }
            ++next;
        });
        std::uint64_t expected = 0;
        for (std::uint64_t i = 0; i < 200; ++i) {
            if (random.one_in(2)) {
                Buffer raw = pipeline.spare();
                REQUIRE(raw.empty());
                append(raw, number_as_bytes(i));
                append(raw, random.bytes(i * 100));
                pipeline.compress(numbered(i), std::move(raw));
                ++expected;
            } else if (random.one_in(2)) {
                pipeline.pass(numbered(i));
            } else {
                pipeline.pass(number_as_bytes(i));
            }
            if (random.one_in(50)) {
                pipeline.drain();
                CHECK(next == i + 1);
            }
        }
        pipeline.drain();
        CHECK(next == 200);
        CHECK(compressed == expected);
        pipeline.drain();
    }
}

TEST_CASE("what needs no compression and waits for nothing goes at once") {
    int got = 0;
    Pipeline pipeline(1, 1, [&](Pipeline::Ready&&) { ++got; });
    pipeline.pass(Buffer(5));
    CHECK(got == 1);
    pipeline.drain();
    CHECK(got == 1);
}

TEST_CASE("no more raw segments wait than two a thread and one") {
    for (const unsigned threads : {1U, 2U}) {
        std::uint64_t in = 0, out = 0, most = 0;
        Pipeline pipeline(9, threads, [&](Pipeline::Ready&&) { ++out; });
        for (; in < 12; ++in) {
            Buffer raw = buffer_of(Random(in).letters(100'000));
            pipeline.compress(numbered(in), std::move(raw));
            most = std::max(most, in + 1 - out);
        }
        pipeline.drain();
        CHECK(out == 12);
        CHECK(most <= 2 * threads + 1);
    }
}

TEST_CASE("what the receiver throws comes out of the call, and the threads end") {
    for (int after = 0; after < 5; ++after) {
        int got = 0;
        Pipeline pipeline(1, 2, [&](Pipeline::Ready&&) {
            if (got++ == after) fail(Exit::io, "no space");
        });
        CHECK(code_of([&] {
                  for (std::uint64_t i = 0; i < 10; ++i) pipeline.compress(numbered(i), Buffer(1000));
                  pipeline.drain();
              }) == Exit::io);
    }
}

TEST_CASE("a pipeline may go with work under way, or without any") {
    for (std::uint64_t count = 0; count < 5; ++count) {
        int got = 0;
        Pipeline pipeline(1, 2, [&](Pipeline::Ready&&) { ++got; });
        for (std::uint64_t i = 0; i < count; ++i) pipeline.compress(numbered(i), Buffer(1 << 20));
    }
}
