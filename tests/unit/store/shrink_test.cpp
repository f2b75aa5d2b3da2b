// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "retention_support.hpp"
#include "store/retention.hpp"

using namespace rs;
using namespace rs::store;
using namespace rs::test;

TEST_CASE("a dump is suspiciously small below half of the median of the last five") {
    struct Row {
        std::vector<std::uint64_t> previous;
        std::uint64_t bytes;
        unsigned percent;
        bool suspicious;
    };
    const std::vector<Row> rows{
        {{}, 0, 50, false},
        {{}, 100, 50, false},
        {{100}, 50, 50, false},
        {{100}, 49, 50, true},
        {{100}, 0, 50, true},
        {{0}, 0, 50, false},
        {{101}, 50, 50, true}, // 50 < 50.5
        {{101}, 51, 50, false},
        {{1}, 0, 50, true},
        {{100, 1000}, 50, 50, false}, // the lower of the middle two
        {{1000, 100}, 49, 50, true},
        {{10, 20, 30}, 10, 50, false},
        {{30, 10, 20}, 9, 50, true},
        {{10, 40, 20, 30}, 10, 50, false},
        {{10, 40, 20, 30}, 9, 50, true},
        {{1, 2, 1000, 1000, 1000}, 499, 50, true}, // small ones in the minority
        {{1, 1, 1, 1000, 1000}, 1, 50, false},
        {{1000, 1000, 1000, 1, 1, 1, 2, 2}, 1, 50, false}, // only the last five
        {{1, 1, 1, 1000, 1000, 1000, 1000, 1000}, 499, 50, true},
        {{10, 50, 50, 90, 90, 90}, 44, 50, true},
        {{10, 50, 50, 90, 90, 90}, 45, 50, false},
        {{1}, 0, 99, true},                                       // 0 < 0.01
        {{11'000'000, 11'000'000, 11'000'000}, 14'000, 50, true}, // gbrain 1361
        {{100}, 99, 0, true},
        {{100}, 100, 0, false},
        {{100}, 9, 90, true},
        {{100}, 10, 90, false},
        {{100}, 0, 99, true},
        {{100}, 1, 99, false},
        {{100}, 0, 100, false},
        {{100}, 0, 101, false},
        {{100}, 0, std::numeric_limits<unsigned>::max(), false},
        {{no_limit}, no_limit, 0, false},
        {{no_limit}, no_limit - 1, 0, true},
        {{no_limit}, no_limit / 2, 50, true}, // half of an odd number, rounded down
        {{no_limit}, no_limit / 2 + 1, 50, false},
        {{no_limit, no_limit, no_limit, no_limit}, 1, 50, true},
    };
    for (const Row& row : rows) {
        CAPTURE(&row - rows.data());
        CHECK(suspicious_shrink(row.previous, row.bytes, row.percent) == row.suspicious);
    }
    CHECK(suspicious_shrink(std::vector<std::uint64_t>{100}, 49));
    CHECK_FALSE(suspicious_shrink(std::vector<std::uint64_t>{100}, 50));
}

TEST_CASE("the shrink limit is exact for random sizes") {
    __extension__ using Wide = unsigned __int128;
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        CAPTURE(seed);
        SplitMix random(seed);
        const auto size = [&] {
            return static_cast<std::uint64_t>(
                       random.in(0, std::numeric_limits<std::int64_t>::max() - 1)) >>
                   random.in(0, 62);
        };
        std::vector<std::uint64_t> previous(static_cast<std::size_t>(random.in(1, 9)));
        for (std::uint64_t& bytes : previous) bytes = size() * 2 + (random.chance(50) ? 1 : 0);
        const auto percent = static_cast<unsigned>(random.in(0, 100));
        // The median is the value that has fewer than half below it, by counting.
        const std::size_t first = previous.size() > 5 ? previous.size() - 5 : 0;
        std::vector<std::uint64_t> last(previous.begin() + static_cast<std::ptrdiff_t>(first),
                                        previous.end());
        std::uint64_t median = 0;
        for (const std::uint64_t x : last) {
            const auto below =
                std::count_if(last.begin(), last.end(), [&](auto y) { return y < x; });
            const auto upto =
                std::count_if(last.begin(), last.end(), [&](auto y) { return y <= x; });
            const auto rank = static_cast<std::ptrdiff_t>(last.size() - 1) / 2; // from 0
            if (below <= rank && rank < upto) median = x;
        }
        const Wide limit = Wide{median} * (100 - percent); // in hundredths of a byte
        const auto edge = static_cast<std::uint64_t>(limit / 100);
        for (const std::uint64_t bytes : {edge == 0 ? 0 : edge - 1, edge, edge + 1, size()})
            REQUIRE(suspicious_shrink(previous, bytes, percent) == (Wide{bytes} * 100 < limit));
    }
}
