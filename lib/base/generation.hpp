// SPDX-License-Identifier: Apache-2.0
// The number of a generation: EPOCH.COUNTER, such as 3.118. Order is by these two, never by a clock.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rs {

struct Generation {
    std::uint64_t epoch = 0;   // >= 1 in a real generation
    std::uint64_t counter = 0; // >= 1 in a real generation

    auto operator<=>(const Generation&) const = default;

    // 0.0 stands for "none".
    [[nodiscard]] explicit operator bool() const { return epoch != 0; }
    [[nodiscard]] std::string str() const;
    // "E.C" with both in 1 to 10^18, no sign, no leading zero; else nothing.
    [[nodiscard]] static std::optional<Generation> parse(std::string_view text);
};

// Largest epoch and counter: below 2^63 with room to add, and as text it fits every file name.
inline constexpr std::uint64_t max_generation_part = 1'000'000'000'000'000'000;

} // namespace rs
