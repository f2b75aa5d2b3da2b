// SPDX-License-Identifier: Apache-2.0
// What rs-elect has to know of its instance: DIR/etc/failover, lines `WORD VALUE...`, comments with #. It is data: a word that
// is not known, is there twice, or has a value that it cannot have is Error(Exit::config) with file and line.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "failover/machine.hpp"

namespace rs::elect {

inline constexpr std::size_t max_config_bytes = 64 << 10;

struct Peer {
    std::uint32_t number = 0;
    std::string name;
};

struct Config {
    std::string dir;      // the instance
    std::string line;     // the service's, for the coordinator
    std::string instance; // own name
    std::uint32_t number = 0;
    std::string state;       // directory of what is durable
    std::string coordinator; // its CONF; empty: none
    std::string coordinate;  // the program that asks it
    std::chrono::seconds lease{15}, block{3600};
    bool automatic = true;
    bool first = false; // leads a line that nobody has led
    std::uint32_t priority = 0;
    std::string maintenance;          // while this file exists it is in maintenance; empty: never
    std::string log;                  // empty: standard error
    std::string probe;                // empty: none
    std::vector<Peer> peers;          // the other candidates
    std::vector<std::string> servers; // the backup servers

    // Observers, by number: 0 is this instance itself, then the servers in the order of the file, as far as the machine counts.
    [[nodiscard]] std::uint32_t observers() const {
        return static_cast<std::uint32_t>(std::min(1 + servers.size(), failover::max_observers));
    }
    [[nodiscard]] const Peer* peer(std::string_view name) const; // nullptr: none of the set
};

// `path` for messages.
[[nodiscard]] Config parse_config(std::string_view text, const std::string& dir,
                                  const std::string& path);
// DIR/etc/failover. stack: where the coordinator's program is, if no other one is named. Missing: Error(Exit::no_input).
[[nodiscard]] Config load_config(const std::string& dir, const std::string& stack);

// How long each of them may take to answer: a fifth of the lease, but at least 0.7 s and at most 3 s.
[[nodiscard]] failover::Time ask_limit(const Config& config);

// What the machine is given. A yes is asked for five times in a lease, and given up so that half a lease is not over yet. That often
// the coordinator's program is run: with etcd 25 ms of a CPU, so that a lease of 15 s costs 1% (2026-11).
[[nodiscard]] failover::Settings settings_of(const Config& config);

} // namespace rs::elect
