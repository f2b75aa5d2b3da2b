// SPDX-License-Identifier: Apache-2.0
// What this instance holds, as whoever imports has written it into the state directory, and the bid that comes of it.
//
//   held     lines `generation E.C`, `imported yes|no`, `checked yes|no`, `digest HEX`; absent: nothing was loaded yet
//   epoch    the highest epoch that was seen; absent: 0
//
// And what rs-takeover(1) writes there of an instance that leads:
//
//   leads        the epoch in which it does; absent: it does not, or has from the beginning on
//   superseded   there: another one leads
//   takeover     a line `step done` when it is finished; absent: there was none
#pragma once

#include <string>
#include <string_view>

#include "elect/config.hpp"
#include "failover/bid.hpp"
#include "io/file.hpp"

namespace rs::elect {

struct Held {
    Generation generation; // 0.0: none
    bool imported = false, checked = false;
    std::string digest;

    bool operator==(const Held&) const = default;
};

// What is no such text, or contradicts itself: Error(Exit::data).
[[nodiscard]] Held parse_held(std::string_view text);
[[nodiscard]] std::uint64_t parse_epoch(std::string_view text);

[[nodiscard]] Held read_held(const io::Dir& state);
[[nodiscard]] std::uint64_t read_epoch(const io::Dir& state);

// The epoch in which rs-takeover has finished a takeover here that nobody has superseded; 0: none.
[[nodiscard]] std::uint64_t read_leads(const io::Dir& state);

[[nodiscard]] bool in_maintenance(const Config& config);

// epoch: the highest that this instance has seen; the one of what it holds counts as well.
[[nodiscard]] failover::Bid bid_of(const Config& config, const Held& held, std::uint64_t epoch,
                                   bool maintenance);

} // namespace rs::elect
