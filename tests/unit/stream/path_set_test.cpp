// SPDX-License-Identifier: Apache-2.0
#include "stream/path_set.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace rs;

TEST_CASE("a set of paths has what was put into it") {
    stream::PathSet set;
    CHECK_FALSE(set.contains(0));
    std::mt19937_64 random(3);
    std::vector<std::uint64_t> in, out;
    for (unsigned i = 0; i < 200'000; ++i) {
        in.push_back(random());
        out.push_back(random());
    }
    for (const std::uint64_t hash : in) set.insert(hash);
    for (const std::uint64_t hash : in) REQUIRE(set.contains(hash));
    for (const std::uint64_t hash : in) set.insert(hash);
    for (const std::uint64_t hash : out) REQUIRE_FALSE(set.contains(hash));
}

TEST_CASE("a set of paths tells hashes apart that are near each other, at the ends too") {
    stream::PathSet set;
    for (std::uint64_t i = 0; i < 500; ++i) {
        set.insert(2 * i);
        set.insert(UINT64_MAX - 4 * i);
    }
    for (std::uint64_t i = 0; i < 500; ++i) {
        CHECK(set.contains(2 * i));
        CHECK(set.contains(UINT64_MAX - 4 * i));
        CHECK_FALSE(set.contains(UINT64_MAX - 4 * i - 2));
        CHECK_FALSE(set.contains(1000 + 2 * i));
    }
}
