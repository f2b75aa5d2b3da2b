// SPDX-License-Identifier: Apache-2.0
// What the tests of retention share.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "store/retention.hpp"

namespace rs::test {

inline constexpr std::int64_t hour = 3600;
inline constexpr std::int64_t day = 86400;
inline constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

// One line per candidate: "1.3: newest, last", and a hyphen for those that go.
inline std::string plan_text(const std::vector<store::Decision>& plan) {
    std::string out;
    for (const store::Decision& decision : plan) {
        std::string why;
        for (const std::string& reason : decision.reasons)
            why += (why.empty() ? "" : ", ") + reason;
        out += cat(decision.id.str(), ": ", why.empty() ? "-" : why, "\n");
    }
    return out;
}

// Not rs::test::Random: an engine of its own for each of 100,000 histories must be cheap to seed.
class SplitMix {
public:
    explicit SplitMix(std::uint64_t seed) : state_(seed) {}

    // In [low, high], both included.
    std::int64_t in(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
    }
    bool chance(int percent) { return in(1, 100) <= percent; }
    template <std::size_t N>
    std::int64_t one_of(const std::int64_t (&values)[N]) {
        return values[static_cast<std::size_t>(in(0, N - 1))];
    }
    std::size_t index(std::size_t size) {
        return static_cast<std::size_t>(in(0, static_cast<std::int64_t>(size) - 1));
    }

private:
    // SplitMix64 (Steele, Lea, Flood 2014).
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    std::uint64_t state_;
};

} // namespace rs::test
