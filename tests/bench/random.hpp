// SPDX-License-Identifier: Apache-2.0
// Repeatable numbers: everything a workload holds is a function of hashes of (seed, what, which,
// version).
#pragma once

#include <cstdint>

namespace bench {

// The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
constexpr std::uint64_t mix(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
}

// One hash of several numbers; the order matters.
template <typename... Numbers>
constexpr std::uint64_t hash_of(std::uint64_t first, Numbers... rest) {
    std::uint64_t hash = mix(first);
    ((hash = mix(hash ^ static_cast<std::uint64_t>(rest))), ...);
    return hash;
}

class Random {
public:
    explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

    constexpr std::uint64_t next() {
        const std::uint64_t value = mix(state_);
        state_ += 0x9E3779B97F4A7C15U;
        return value;
    }

    // 0 <= result < limit; limit below 2^32, and not 0.
    constexpr std::uint32_t below(std::uint64_t limit) {
        return static_cast<std::uint32_t>(((next() >> 32) * limit) >> 32);
    }

    constexpr std::uint32_t between(std::uint32_t least, std::uint32_t most) {
        return least + below(std::uint64_t{most} - least + 1);
    }

    constexpr bool percent(std::uint32_t chance) { return below(100) < chance; }

    // Small numbers are likelier: the product of two uniform draws, roughly.
    constexpr std::uint32_t skewed(std::uint32_t limit) {
        return below(std::uint64_t{below(limit)} + 1);
    }

    // About normal, mean 0, deviation 1: a sum of uniform draws, so that no libm decides what a
    // seed gives.
    constexpr double normal() {
        double sum = -6;
        for (int i = 0; i < 12; ++i) sum += static_cast<double>(next() >> 11) * 0x1p-53;
        return sum;
    }

private:
    std::uint64_t state_;
};

} // namespace bench
