// SPDX-License-Identifier: Apache-2.0
#include "chunk/hash_thread.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::chunk;

namespace {

// Sizes about the one from which a piece goes to the other thread.
constexpr std::size_t sizes[] = {0,       1,       2,       3,         7,         15,
                                 100,     10'000,  131'071, 131'072,   131'073,   300'000,
                                 1 << 20, 65'536,  65'537,  1'500'000};

} // namespace

TEST_CASE("the digest beside is that of plain SHA-256, for pieces of every size") {
    const Buffer bytes = Random(71).bytes(2 << 20);
    HashThread beside;
    for (const std::size_t piece : sizes) {
        if (piece == 0) continue;
        CAPTURE(piece);
        const std::size_t size = piece < 100 ? 100'000 : bytes.size();
        for (std::size_t at = 0; at < size; at += piece)
            beside.feed(ByteSpan(bytes).subspan(at, std::min(piece, size - at)));
        CHECK(beside.finish() == sha256(ByteSpan(bytes).first(size)));
    }
}

TEST_CASE("zeros count like as many zero bytes") {
    HashThread beside;
    const Buffer zeros(1'500'000, std::byte{0});
    for (const std::size_t size : sizes) {
        CAPTURE(size);
        beside.feed_zeros(size);
        CHECK(beside.finish() == sha256(ByteSpan(zeros).first(size)));
    }
}

TEST_CASE("small and large pieces and zeros in any order are hashed in that order") {
    const std::uint64_t seed = 72;
    CAPTURE(seed);
    Random random(seed);
    HashThread beside;
    for (int file = 0; file < 20; ++file) {
        CAPTURE(file);
        Sha256 plain;
        std::vector<Buffer> kept; // the bytes must stay
        for (std::uint64_t pieces = random.below(8); pieces > 0; --pieces) {
            const std::size_t size = sizes[random.below(std::size(sizes))] / (random.one_in(2) ? 1 : 3);
            if (random.one_in(3)) {
                beside.feed_zeros(size);
                plain.update(Buffer(size, std::byte{0}));
            } else {
                kept.push_back(random.bytes(size));
                beside.feed(kept.back());
                plain.update(kept.back());
            }
            if (random.one_in(4)) beside.wait_below(1 + random.below(3));
        }
        CHECK(beside.finish() == plain.finish());
    }
}

TEST_CASE("what was used may be overwritten") {
    const std::uint64_t seed = 73;
    CAPTURE(seed);
    Random random(seed);
    HashThread beside;
    Sha256 plain;
    Buffer buffers[2];
    for (int i = 0; i < 30; ++i) {
        beside.wait_below(2); // so that only the other buffer may be in use
        buffers[i % 2] = random.bytes(200'000);
        beside.feed(buffers[i % 2]);
        plain.update(buffers[i % 2]);
    }
    beside.wait_below(1);
    buffers[0].clear();
    buffers[1].clear();
    CHECK(beside.finish() == plain.finish());
}

TEST_CASE("without bytes the digest is that of nothing, and waiting ends at once") {
    HashThread beside;
    beside.wait_below(1);
    CHECK(beside.finish() == sha256({}));
    CHECK(beside.finish() == sha256({}));
}

TEST_CASE("an object may go while pieces are still unused") {
    const Buffer bytes = Random(74).bytes(1 << 20);
    for (int i = 0; i < 20; ++i) {
        HashThread beside;
        for (int k = 0; k < i; ++k) beside.feed(bytes);
    }
}
