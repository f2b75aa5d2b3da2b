// SPDX-License-Identifier: Apache-2.0
#include "store/number_list.hpp"

#include "unit/stream/support.hpp"

using namespace rs;
using namespace rs::test;

TEST_CASE("a list of numbers gives back any stretch of what was added") {
    Random random(1);
    store::NumberList list;
    std::vector<std::uint64_t> plain;
    std::uint64_t next = 0;
    for (int i = 0; i < 300; ++i) {
        if (random.below(3) == 0) next = random.below(1'000'000);
        const std::uint64_t count = 1 + random.below(5);
        list.add(next, count);
        for (std::uint64_t k = 0; k < count; ++k) plain.push_back(next++);
    }
    REQUIRE(list.size() == plain.size());
    for (int i = 0; i < 2000; ++i) {
        const std::uint64_t start = random.below(plain.size() + 1);
        const std::uint64_t count = random.below(plain.size() - start + 1);
        std::vector<std::uint64_t> got;
        list.resolve(start, count, [&](const stream::Run& run) {
            CHECK(run.kind == stream::Run::Kind::stored);
            CHECK(run.count > 0);
            for (std::uint64_t k = 0; k < run.count; ++k) got.push_back(run.start + k);
        });
        CHECK(got == std::vector<std::uint64_t>(plain.begin() + static_cast<std::ptrdiff_t>(start),
                                                plain.begin() + static_cast<std::ptrdiff_t>(start + count)));
    }
}

TEST_CASE("numbers that follow one another are one run, however they were added") {
    store::NumberList list;
    for (std::uint64_t n = 100; n < 200; ++n) list.add(n);
    list.add(200, 50);
    int runs = 0;
    list.resolve(0, 150, [&](const stream::Run& run) {
        ++runs;
        CHECK(run == stream::Run{stream::Run::Kind::stored, 100, 150});
    });
    CHECK(runs == 1);
    store::NumberList().resolve(0, 0, [&](const stream::Run&) { CHECK(false); });
}
