// SPDX-License-Identifier: Apache-2.0
// Is the leader dead? One who cannot reach it may be the one who is cut off, so nobody decides that alone: the lease has to be
// gone, and most of at least three observers have to say that they cannot reach it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

namespace rs::failover {

// Of the boot clock, which goes on while the machine sleeps. Only differences count; no two machines are compared.
using Time = std::chrono::milliseconds;

// With two, each may be the one that is cut off, and one is no witness.
inline constexpr std::uint32_t fewest_observers = 3;

struct Report {
    std::uint32_t observer = 0; // which one: 0, 1, ... below the number that is set up; others do not count
    bool reachable = false;     // whether it reaches the leader
    Time age{0};                // since it was made
};

enum class Lease : std::uint8_t {
    unknown, // the coordinator does not answer
    held,
    gone,
};

enum class Vital : std::uint8_t {
    dead,
    lease_held,
    coordinator_silent,
    too_few_observers, // set up: nothing is automatic, a person has to decide
    too_few_reports,   // fresh ones that cannot reach it, with others missing that might change that
    reachable,         // so many can reach it that the missing ones would change nothing
};

// observers: how many are set up. A report that is older than `oldest` counts as none: neither for the leader nor
// against it. Of several by one observer the freshest counts.
[[nodiscard]] Vital leader_vital(Lease lease, std::span<const Report> reports, std::uint32_t observers, Time oldest);

} // namespace rs::failover
