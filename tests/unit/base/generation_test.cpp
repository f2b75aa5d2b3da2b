// SPDX-License-Identifier: Apache-2.0
#include "base/generation.hpp"

#include <doctest/doctest.h>

#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;

TEST_CASE("generations are ordered by epoch, then by counter") {
    CHECK(Generation{3, 118} < Generation{3, 119});
    CHECK(Generation{3, 118} < Generation{4, 1});
    CHECK(Generation{10, 1} > Generation{9, 999});
    CHECK(Generation{2, 2} == Generation{2, 2});
    CHECK(Generation{} < Generation{1, 1});
}

TEST_CASE("0.0 stands for no generation") {
    CHECK_FALSE(Generation{});
    CHECK(Generation{1, 1});
    CHECK(Generation{}.str() == "0.0");
}

TEST_CASE("a generation is written as EPOCH.COUNTER and read back") {
    static constexpr std::uint64_t parts[] = {
        1, 9, 10, 118, 4294967296, 999'999'999'999'999'999, max_generation_part};
    CHECK(Generation{3, 118}.str() == "3.118");
    for (const std::uint64_t epoch : parts)
        for (const std::uint64_t counter : parts) {
            CAPTURE(epoch);
            CAPTURE(counter);
            const Generation g{epoch, counter};
            const auto parsed = Generation::parse(g.str());
            REQUIRE(parsed);
            CHECK(*parsed == g);
        }
}

TEST_CASE("what is not exactly a generation is refused") {
    static constexpr std::string_view rows[] = {
        "", ".", "3", "3.", ".118", "3.118.", ".3.118", "3.118.1", "3..118", "0.0", "0.1", "1.0",
        "03.118", "3.0118", "00.1", "+3.118", "3.+118", "-3.118", "3.-118", " 3.118", "3.118 ",
        "3. 118", "3,118", "0x3.118", "3.118\n", "a.b", "3.1e2", "1000000000000000001.1",
        "1.1000000000000000001", "18446744073709551616.1", "1.18446744073709551617",
        "99999999999999999999999.1", "latest", {"3.1\0", 4}, {"\0.1", 3},
    };
    for (const std::string_view row : rows) {
        CAPTURE(row);
        CHECK_FALSE(Generation::parse(row));
    }
}
