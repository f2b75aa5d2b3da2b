// SPDX-License-Identifier: Apache-2.0
// Who wins rounds of an election and does nothing: it answers, but its watch does not run or cannot go on, and with it no election
// would ever end. A candidate that has won most_rounds_won rounds of ours in one epoch and has not acquired the next one is passed
// over; one round may have been a matter of time.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "failover/election.hpp"

namespace rs::failover {

inline constexpr std::uint8_t most_rounds_won = 2;

struct Winners {
    struct Winner {
        std::uint32_t number = 0;
        std::uint8_t rounds = 0;
        bool operator==(const Winner&) const = default;
    };
    std::array<Winner, max_candidates> list{};
    std::uint8_t count = 0; // of the list; what is behind them means nothing

    // The epoch is another one, or somebody leads: what comes after that is another election.
    void forget() { count = 0; }
    // Those who do not bid any more: whoever bids again after that may have been started anew.
    void forget_all_but(std::span<const Candidate> bids);
    // Counts a round, and tells whether that was one too many.
    bool has_won(std::uint32_t number);
    [[nodiscard]] bool passed_over(std::uint32_t number) const;

    bool operator==(const Winners&) const = default;
};

} // namespace rs::failover
