// SPDX-License-Identifier: Apache-2.0
// Two ways through the states of the model: all of them, the nearest first, or few of them, far away.
#pragma once

#include <cstdint>
#include <string>

#include "model/world.hpp"

namespace rs::model {

struct Limits {
    std::uint64_t states = 1'000'000;
    unsigned depth = 1000;
    unsigned most_steps = 60; // to a leader after all is well again
    unsigned sample = 100;    // one state in so many is tried for that; 0: none
    std::uint64_t walks = 4'000;
    unsigned walk_steps = 200;
    std::uint64_t seed = 1;
};

struct Found {
    std::uint64_t states = 0, transitions = 0, samples = 0;
    unsigned depth = 0;      // the last level that was looked at completely
    unsigned most_steps = 0; // that a sample took to a leader
    bool complete = false;   // there were no more
    std::uint64_t takeovers = 0; // that were finished; of walks only
    std::string violation, trace;
};

// Whether somebody leads soon when nothing fails any more: once with all of them, once with one that is idle. What happens
// instead, if not; then the violation is noted as well.
[[nodiscard]] std::string try_to_heal(const World& world, Found& found, const Limits& limits);

// Breadth first. A state is kept as 64 bits of a hash and its place; with 20 million states two share a hash with a probability of
// about 1e-5, and then one of them is not looked at. Whole states are kept for the border only. The trace is a shortest one.
[[nodiscard]] Found search(const Options& options, const Limits& limits);

// At random, with as many faults as come: deeper than all states can be looked at. Each ends when all is well again.
[[nodiscard]] Found walk(const Options& options, const Limits& limits);

} // namespace rs::model
