// SPDX-License-Identifier: Apache-2.0
// How things are, asked once of everybody: for people, who want to know what an election would be like now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "elect/answers.hpp"
#include "elect/held.hpp"
#include "elect/round.hpp"

namespace rs::elect {

struct Observer {
    std::string name;            // our own, or a server
    std::optional<bool> reaches; // nothing: it does not say
};

struct Survey {
    std::optional<Sight> sight; // nothing: the coordinator does not answer, or there is none
    std::optional<std::uint64_t> lease_seconds; // that are left
    std::vector<Observer> observers;            // by number
    std::vector<failover::Bid> bids; // the own one first, also if it is not told to others
    std::string no_bid;              // why it is not; empty: it is
    std::vector<failover::Proof> proofs;
    std::vector<std::string> complaints; // why something is not known
    std::string obstacle; // why nobody may be elected by this instance now; empty: that may be
};

// bids: false: bids and proofs are not asked for. Takes as long as the slowest limit.
[[nodiscard]] Survey survey(const Config& config, bool bids);

// What the instance has seen and holds, without asking anybody.
[[nodiscard]] failover::Bid own_bid(const Config& config);
// Why others are not to count on it, whatever it holds: it would not take over if it won. Empty if nothing speaks against that.
[[nodiscard]] std::string reason_not_to_bid(const Config& config);

} // namespace rs::elect
