// SPDX-License-Identifier: Apache-2.0
#include "tree/chunk_spool.hpp"

#include "unit/io/support.hpp"
#include "unit/stream/support.hpp"

namespace {

using namespace rs;
using namespace rs::test;

struct Made {
    chunk::Segment segment;
    Buffer raw;
    [[nodiscard]] stream::SegmentView view() const {
        stream::SegmentView v;
        v.head = segment.head;
        v.ids = ByteSpan(reinterpret_cast<const std::byte*>(segment.ids.data()), segment.ids.size() * sizeof(chunk::ChunkId));
        v.frame = segment.frame;
        return v;
    }
};

// Chunks of 1 to 5,000 bytes that compress.
Made make(unsigned seed, std::size_t chunks, const chunk::Hasher& hasher) {
    Made m;
    Random random(seed);
    for (std::size_t i = 0; i < chunks; ++i) {
        Buffer bytes = random.bytes(1 + random.below(5000));
        std::fill(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2), std::byte{7});
        m.segment.head.lengths.push_back(static_cast<std::uint32_t>(bytes.size()));
        m.segment.head.raw_bytes += bytes.size();
        m.segment.ids.push_back(hasher.id(bytes));
        append(m.raw, bytes);
    }
    m.segment.frame = chunk::Compressor(1).compress(m.raw);
    return m;
}

} // namespace

TEST_CASE("chunks come back in any order, also those whose segments are no longer in memory") {
    const TempDir dir;
    const chunk::Hasher hasher(sample_key());
    tree::ChunkSpool spool(dir.dir(), hasher);
    std::vector<Made> made;
    std::vector<std::pair<std::size_t, std::size_t>> at; // segment and offset of each chunk
    for (unsigned s = 0; s < 40; ++s) {
        made.push_back(make(s, 1 + s % 7, hasher));
        std::size_t offset = 0;
        for (const std::uint32_t length : made.back().segment.head.lengths) {
            at.emplace_back(s, offset);
            offset += length;
        }
        spool.add(made.back().view(), "test");
        // The newest one at once, and one from anywhere.
        Random random(s);
        for (const std::uint64_t number : {spool.chunks() - 1, random.below(spool.chunks())}) {
            CAPTURE(number);
            std::uint64_t n = 0;
            const ByteSpan got = spool.read_run(number, 1, n);
            CHECK(n == 1);
            const auto& [segment, from] = at[number];
            CHECK(equal(got, ByteSpan(made[segment].raw).subspan(from, spool.length(number))));
        }
    }
    CHECK(spool.chunks() == at.size());
    std::uint64_t n = 0;
    // A run ends with its segment.
    const ByteSpan run = spool.read_run(1, 1000, n);
    CHECK(n == made[1].segment.ids.size());
    CHECK(equal(run, made[1].raw));
    spool.finish();
}

TEST_CASE("chunks of more segments than are kept in memory come back in turn, again and again") {
    const TempDir dir;
    const chunk::Hasher hasher(sample_key());
    tree::ChunkSpool spool(dir.dir(), hasher);
    std::vector<Made> made;
    constexpr std::size_t chunks = 20;
    for (unsigned s = 0; s < 50; ++s) {
        made.push_back(make(s, chunks, hasher));
        spool.add(made.back().view(), "test");
    }
    // One chunk of each segment in turn, as in a file of which each generation changed a little.
    std::vector<std::size_t> offsets(made.size());
    for (std::size_t i = 0; i < chunks; ++i)
        for (std::size_t s = 0; s < made.size(); ++s) {
            const std::uint64_t number = s * chunks + i;
            std::uint64_t n = 0;
            const ByteSpan got = spool.read_run(number, 1, n);
            CHECK(n == 1);
            CHECK(equal(got, ByteSpan(made[s].raw).subspan(offsets[s], spool.length(number))));
            offsets[s] += spool.length(number);
        }
    for (std::size_t s = 0; s < made.size(); ++s) {
        std::uint64_t n = 0;
        CHECK(equal(spool.read_run(s * chunks, 2 * chunks, n), made[s].raw));
        CHECK(n == chunks);
    }
    spool.finish();
}

TEST_CASE("a wrong chunk is found although nothing refers to it") {
    const TempDir dir;
    const chunk::Hasher hasher(sample_key());
    for (const std::size_t behind : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{30}}) {
        CAPTURE(behind);
        tree::ChunkSpool spool(dir.dir(), hasher);
        Made bad = make(1, 5, hasher);
        bad.segment.ids[3] = made_up_id(3);
        try {
            spool.add(bad.view(), "test");
            for (std::size_t i = 0; i < behind; ++i) spool.add(make(2, 3, hasher).view(), "test");
            spool.finish();
            FAIL("not found");
        } catch (const Error& e) {
            CHECK(e.code() == Exit::data);
            CHECK(std::string(e.what()) == "test: chunk 3 does not have its id: damaged on its way");
        }
    }
}

TEST_CASE("a spool may go while segments wait") {
    const TempDir dir;
    const chunk::Hasher hasher(sample_key());
    const Made one = make(3, 200, hasher);
    for (int i = 0; i < 20; ++i) {
        tree::ChunkSpool spool(dir.dir(), hasher);
        for (int k = 0; k < i; ++k) spool.add(one.view(), "test");
    }
}
