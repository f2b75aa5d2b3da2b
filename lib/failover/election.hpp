// SPDX-License-Identifier: Apache-2.0
// Who of the candidates is to lead, and why not the others.
//
// The highest generation wins that is imported, checked and confirmed: epoch first, then counter. Among equal ones the higher
// priority, then the lower number, then the instance whose name sorts first: everyone who heard the same bids names the
// same winner. What keeps two winners apart is not this, but the epoch (machine.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "failover/bid.hpp"

namespace rs::failover {

inline constexpr std::size_t max_candidates = 16; // bids of one election beside the own one; more are not heard

// What a proof says that some backup server holds: this generation, consisting of this, was imported and checked.
struct Proof {
    std::string store; // which server, for people
    Generation generation;
    std::string digest; // 64 lower-case hexadecimal digits
};

// What of a bid decides.
struct Candidate {
    std::uint32_t number = 0;
    Generation generation;
    bool imported = false, checked = false;
    bool confirmed = false; // a backup server's proof says the same of this generation
    bool maintenance = false;
    std::uint32_t priority = 0;

    bool operator==(const Candidate&) const = default;
};

enum class Ruling : std::uint8_t {
    wins,
    no_generation,
    not_imported,
    not_checked,
    unconfirmed, // no proof of a backup server has this generation with this digest: mistaken, or a lie
    maintenance,
    older_generation, // than the winner's; likewise below
    lower_priority,
    higher_number,
    later_name, // or the same bid twice
};

struct Standing {
    std::size_t bid = 0; // its place in the list that was given
    Ruling ruling = Ruling::no_generation;
    std::string why; // a sentence for people, without its full stop
};

struct Verdict {
    std::optional<std::size_t> winner; // its place in the list that was given
    std::vector<Standing> standings;   // one for each bid, in the same order
};

[[nodiscard]] Verdict elect(std::span<const Bid> bids, std::span<const Proof> proofs);

// One line for each bid and one for the result.
[[nodiscard]] std::string explain(const Verdict& verdict, std::span<const Bid> bids);

// ---- the parts of it, for whoever has judged the bids already ----

[[nodiscard]] Candidate judge(const Bid& bid, std::span<const Proof> proofs);
// What keeps it from winning whoever else bids: Ruling::wins if nothing does.
[[nodiscard]] Ruling eligible(const Candidate& candidate);
// The place of the best eligible one; the first of two that differ in nothing that is compared.
[[nodiscard]] std::optional<std::size_t> best(std::span<const Candidate> candidates);

} // namespace rs::failover
