// SPDX-License-Identifier: Apache-2.0
// What a candidate says of itself when a leader is to be chosen. A claim, not a fact: election.hpp says what is believed.
//
// As text it is eleven lines, each KEY BLANK VALUE, in this order and nothing behind them:
//   rs-bid 1
//   instance COMP-2-wiki1      a word of letters, digits, dots, dashes and underscores
//   number 1                   N of NameN: 0 to 999
//   epoch 3                    the highest epoch that it has seen: 0 to 10^18
//   generation 3.118           the one that it holds, or - for none
//   imported yes               the importer has taken it: yes or no
//   checked yes                and the check that follows was passed
//   digest HEX                 64 digits of what the generation consists of, or - for none
//   priority 0                 0 to 1000: a higher one wins among equal generations
//   maintenance no             yes: it is not to be chosen
//   end
// No time in it, since nothing is ordered by clocks. The last line tells a whole bid from one that was cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/generation.hpp"

namespace rs::failover {

// More than any bid has: what is longer is refused before it is looked at.
inline constexpr std::size_t max_bid_bytes = 1024;
inline constexpr std::uint32_t max_instance_number = 999;
inline constexpr std::uint32_t max_priority = 1000;

struct Bid {
    std::string instance;
    std::uint32_t number = 0;
    std::uint64_t epoch = 0;
    Generation generation; // of an epoch that is not above `epoch`; 0.0 for none
    bool imported = false, checked = false;
    std::string digest; // 64 lower-case hexadecimal digits, or empty
    std::uint32_t priority = 0;
    bool maintenance = false;

    [[nodiscard]] bool proven() const { return imported && checked; }
    bool operator==(const Bid&) const = default;
};

// The parts must be in the ranges above.
[[nodiscard]] std::string format_bid(const Bid& bid);

// What is no bid, or one that contradicts itself: Error(Exit::data).
[[nodiscard]] Bid parse_bid(std::string_view text);

} // namespace rs::failover
