// SPDX-License-Identifier: Apache-2.0
// What others print when they are asked. Nothing of it is trusted: what is not word by word as it has to be is
// Error(Exit::data).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "elect/config.hpp"
#include "failover/election.hpp"

namespace rs::elect {

// `coordinator CONF view LINE`.
struct Sight {
    failover::View view;
    std::string leader; // empty: nobody has the lease
    std::string holder; // who led last in this epoch; empty: not known
};

inline constexpr std::size_t max_answer_bytes = 16 << 10; // of any of them
inline constexpr std::size_t max_proofs = 64;             // of one server that are looked at

[[nodiscard]] Sight parse_sight(std::string_view text);
// `epoch E` and nothing else: what acquire and order print.
[[nodiscard]] std::uint64_t parse_acquired(std::string_view text);
// Lines `E.C DIGEST NAME`. store: who has said so.
[[nodiscard]] std::vector<failover::Proof> parse_proofs(std::string_view text,
                                                        const std::string& store);
// The bid of that peer, and of no other.
[[nodiscard]] failover::Bid parse_bid_of(const Peer& peer, std::string_view text);

} // namespace rs::elect
