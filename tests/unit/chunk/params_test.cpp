// SPDX-License-Identifier: Apache-2.0
#include "chunk/params.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::chunk;

namespace {

constexpr std::uint64_t one_kib = 1024;
// The largest file that has chunks of 2^bits bytes.
constexpr std::uint64_t largest(unsigned bits) {
    return ((chunks_per_file + 1) << bits) - 1;
}

unsigned bits_for(std::uint64_t bytes, const Params* previous = nullptr) {
    return choose_params(Method::content, bytes, previous).bits;
}

} // namespace

TEST_CASE("chunks are 4 KiB on average and double with the file, up to 1 MiB") {
    CHECK(bits_for(0) == 12);
    CHECK(bits_for(1) == 12);
    CHECK(bits_for(700 * one_kib * one_kib) == 12);
    for (unsigned bits = 12; bits < 20; ++bits) {
        CAPTURE(bits);
        CHECK(bits_for(largest(bits)) == bits);
        CHECK(bits_for(largest(bits) + 1) == bits + 1);
    }
    CHECK(bits_for(largest(20) + 1) == 20);
    CHECK(bits_for(std::numeric_limits<std::uint64_t>::max()) == 20);
}

TEST_CASE("no file has more than about 400,000 chunks, unless that needs chunks above 1 MiB") {
    const std::uint64_t seed = 51;
    CAPTURE(seed);
    Random random(seed);
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t bytes = random.below(largest(20));
        CAPTURE(bytes);
        REQUIRE((bytes >> bits_for(bytes)) <= 400'000);
    }
}

TEST_CASE("a file keeps its size until the one that suits it is twice doubled or twice halved") {
    for (unsigned suits = 12; suits <= 20; ++suits)
        for (unsigned had = 12; had <= 20; ++had) {
            CAPTURE(suits);
            CAPTURE(had);
            const Params previous{Method::content, static_cast<std::uint8_t>(had)};
            const bool near = suits + 1 >= had && had + 1 >= suits;
            CHECK(bits_for(largest(suits), &previous) == (near ? had : suits));
        }
}

TEST_CASE("a file that grows or shrinks by less than half keeps its size for ever") {
    const std::uint64_t seed = 52;
    CAPTURE(seed);
    Random random(seed);
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t bytes = random.between(1, std::uint64_t{1} << 38);
        const Params first = choose_params(Method::content, bytes);
        for (const std::uint64_t later : {bytes, bytes + bytes / 2, bytes - bytes / 3}) {
            CAPTURE(bytes);
            CAPTURE(later);
            REQUIRE(choose_params(Method::content, later, &first) == first);
        }
    }
}

TEST_CASE("another method does not carry its size over") {
    const Params previous{Method::fixed, 13};
    CHECK(choose_params(Method::content, 0, &previous) == Params{Method::content, 12});
    CHECK(choose_params(Method::fixed, 0, &previous) == Params{Method::fixed, 13});
    CHECK(choose_params(Method::fixed, 0) == Params{Method::fixed, 12});
}

TEST_CASE("parameters are valid with a known method and 12 to 20 bits") {
    for (unsigned method = 0; method < 256; ++method)
        for (unsigned bits = 0; bits < 256; ++bits) {
            const Params params{static_cast<Method>(method), static_cast<std::uint8_t>(bits)};
            REQUIRE(params.valid() == ((method == 1 || method == 2) && bits >= 12 && bits <= 20));
        }
    static_assert(choose_params(Method::content, 0).bits == 12);
}
