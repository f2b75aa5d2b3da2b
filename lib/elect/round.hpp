// SPDX-License-Identifier: Apache-2.0
// What was answered to a round of questions before an election: bids, proofs, and who reaches the leader.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "elect/asks.hpp"
#include "failover/election.hpp"

namespace rs::elect {

class Round {
public:
    explicit Round(const Config& config) : config_(config) {}

    // Nobody has answered. Proofs stay: what was proven once is so.
    void begin();
    // Takes an answer in. What is wrong with it, for the log; empty if nothing.
    [[nodiscard]] std::string take(const Answer& answer);

    // Every peer and every server was asked since begin(), and has answered or could not be reached.
    [[nodiscard]] bool complete() const {
        return peers_done_.size() == config_.peers.size() && proven();
    }
    // Every server has said which proofs it has, or could not be reached.
    [[nodiscard]] bool proven() const { return servers_done_.size() == config_.servers.size(); }

    [[nodiscard]] std::vector<failover::Proof> proofs() const;
    // By number of the peer's place in the configuration.
    [[nodiscard]] const std::map<std::size_t, failover::Bid>& bids() const { return bids_; }
    // Who of the observers reaches the leader, by their number; one that has not said is not there.
    [[nodiscard]] const std::map<std::uint32_t, bool>& reports() const { return reports_; }

private:
    const Config& config_;
    std::map<std::size_t, failover::Bid> bids_;
    std::map<std::size_t, std::vector<failover::Proof>> proofs_; // by server
    std::map<std::size_t, bool> peers_done_, servers_done_;
    std::map<std::uint32_t, bool> reports_;
};

// The number of the observer whose answer it is, to alive or observe, and what it says of the leader; nothing if it says nothing.
[[nodiscard]] std::optional<std::pair<std::uint32_t, bool>> report_of(const Answer& answer);

} // namespace rs::elect
