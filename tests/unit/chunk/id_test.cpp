// SPDX-License-Identifier: Apache-2.0
#include "chunk/id.hpp"

#include <doctest/doctest.h>

#include <set>
#include <unordered_set>

#include "base/text.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::chunk;

namespace {

Key counting_key() {
    Key key;
    for (unsigned i = 0; i < key.size(); ++i) key[i] = std::byte{static_cast<std::uint8_t>(i)};
    return key;
}

struct Golden {
    std::size_t size;
    std::string_view hex;
};

// Of the first bytes of Random(20261120), with the key 00 01 .. 0f. Computed with the portable code of
// xxHash 0.8.1 and a secret made in Python; the sizes are where XXH3 takes another path.
constexpr Golden goldens[] = {
    {0, "fc9290cadadcdebfaa854a184d78728e"},     {1, "79b1b8c3e96dc613191a0738832f0fb2"},
    {3, "c17c5ba330c5fde86775ee3ec364d170"},     {4, "1881554e22abb5b6e96a395cc2d1492c"},
    {8, "dd362a79056e95105b0b63bbcdf4d8bd"},     {9, "2dd8340664d4b33634cfa3503a4b8219"},
    {16, "5dff7b7fd72d3616afbc20b52fcf7e36"},    {17, "c53a22257ed0d44f960cb49be218185e"},
    {128, "61cf1647bd6e58ed8d41f9cc5343a7f8"},   {129, "4f14efa924a64ba8e13a938c86808d8e"},
    {240, "7fa67a018ac9a60ac280d60329aadbe1"},   {241, "bb3fed8bbb4f405ce03e6633c27fef84"},
    {512, "8d46f9030a578d4bdeba66c5e483ce34"},   {1024, "fd20968620b60daa7b812691abc54c31"},
    {4096, "484f7f8b4f0a66cec20f0b4bb3fc49ee"},  {65536, "d75b42101273b6586485d050c6cb48af"},
    {1048576, "015be57d03e7ef1ccff26eee0cef155c"}, {1048577, "c96cb852ff0f94bd9684e2151abe64b8"},
};

} // namespace

TEST_CASE("ids of known bytes with a known key never change") {
    const Hasher hasher(counting_key());
    const Buffer bytes = Random(20261120).bytes((1 << 20) + 1);
    for (const Golden& golden : goldens) {
        CAPTURE(golden.size);
        CHECK(hasher.id(ByteSpan(bytes).first(golden.size)).hex() == golden.hex);
    }
}

TEST_CASE("an id does not depend on where in memory the bytes are") {
    const Hasher hasher(counting_key());
    const Buffer bytes = Random(20261120).bytes(65536);
    for (std::size_t offset = 0; offset < 65; ++offset) {
        CAPTURE(offset);
        Buffer moved(offset);
        append(moved, bytes);
        bool good = true;
        for (const Golden& golden : goldens)
            if (golden.size <= bytes.size())
                good = good && hasher.id(ByteSpan(moved).subspan(offset, golden.size)).hex() == golden.hex;
        CHECK(good);
    }
}

TEST_CASE("every bit of the key changes every id") {
    const Buffer bytes = Random(41).bytes(5000);
    const Hasher hasher(counting_key());
    CHECK(hasher.key() == counting_key());
    std::set<ChunkId> seen;
    for (const std::size_t size : {0U, 1U, 9U, 100U, 200U, 5000U}) {
        const ByteSpan some = ByteSpan(bytes).first(size);
        seen.insert(hasher.id(some));
        for (std::size_t bit = 0; bit < 128; ++bit) {
            Key key = counting_key();
            key[bit / 8] ^= std::byte{static_cast<std::uint8_t>(1 << (bit % 8))};
            seen.insert(Hasher(key).id(some));
        }
    }
    CHECK(seen.size() == 6 * 129);
}

TEST_CASE("every bit of the bytes changes the id, and so does one byte more") {
    const Hasher hasher(counting_key());
    for (const std::size_t size : {1U, 8U, 16U, 100U, 200U, 600U}) {
        CAPTURE(size);
        Buffer bytes = Random(size).bytes(size);
        std::set<ChunkId> seen{hasher.id(bytes)};
        for (std::size_t bit = 0; bit < size * 8; ++bit) {
            const std::byte mask{static_cast<std::uint8_t>(1 << (bit % 8))};
            bytes[bit / 8] ^= mask;
            seen.insert(hasher.id(bytes));
            bytes[bit / 8] ^= mask;
        }
        bytes.push_back(std::byte{0});
        seen.insert(hasher.id(bytes));
        CHECK(seen.size() == size * 8 + 2);
    }
}

TEST_CASE("an id shows as 32 digits and is ordered and hashed by its bytes") {
    ChunkId a, b;
    a.bytes.fill(std::byte{0x0a});
    b = a;
    b.bytes[15] = std::byte{0x0b};
    CHECK(a.hex() == "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a");
    CHECK(a < b);
    CHECK(a.prefix() == 0x0a0a0a0a0a0a0a0a);
    CHECK(a.prefix() == b.prefix());
    CHECK(std::unordered_set<ChunkId>{a, b, a}.size() == 2);
    CHECK(ChunkId{}.hex() == std::string(32, '0'));
}

TEST_CASE("the checksum is XXH3-64 without a key") {
    CHECK(checksum({}) == 0x2d06800538d394c2); // XXH3_64bits of nothing: xxHash, README and sanity tests
    const Buffer bytes = Random(42).bytes(1000);
    const std::uint64_t before = checksum(bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        Buffer other = bytes;
        other[i] ^= std::byte{1};
        REQUIRE(checksum(other) != before);
    }
}
