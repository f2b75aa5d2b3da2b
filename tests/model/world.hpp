// SPDX-License-Identifier: Apache-2.0
// The small world of the model: three instances that run lib/failover/machine, a coordinator, two stores, and lines between
// them that lose, double and shuffle. A World is one state of all of it; successors() are all that can come next.
//
// What is left out, because it adds no behaviour: a message that is lost is one that is never delivered; a coordinator that cannot be
// reached is one to which nothing is delivered; steps of a takeover that touch nothing shared (lock, retype, hooks, start)
// are done in one go with the step before. What is left out and could matter: more than six messages on the way (the seventh
// is lost), more than a few faults on one path (the budget), epochs above 6, more than two dumps of one epoch.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "failover/machine.hpp"

namespace rs::model {

using failover::Time;

inline constexpr std::size_t instances = 3, stores = 2, most_messages = 6;
inline constexpr std::uint64_t most_epoch = 6, most_dumps = 2;

struct Node {
    failover::State machine;
    bool up = true, paused = false;
    bool behind = false;  // the slow clock stood still at the last tick
    std::uint32_t old = instances; // from whom its epoch was taken over; `instances`: nobody is known
    bool granted = false; // for the invariant: the coordinator has said yes since there was something to publish
};

struct Coordinator {
    std::uint64_t epoch = 1;
    std::uint32_t holder = 0; // `instances`: nobody
    std::uint32_t lease = 0;  // ticks that are left
    bool finished = true;
    std::uint32_t since = 7; // ticks since the epoch began, 7 for more
    std::uint64_t given = 1; // the highest epoch that it ever gave, for the invariant
};

struct Store {
    std::uint64_t epoch = 1;
    std::array<std::uint8_t, most_epoch + 1> top{};       // highest counter of each epoch
    std::array<std::uint8_t, most_epoch + 1> proven{};    // highest proven counter of each epoch
    std::array<std::uint8_t, most_epoch + 1> publisher{}; // 1 + who published in each epoch; 0: nobody
};

enum class Kind : std::uint8_t { acquire, prove, release, acquired, yes, lost, raise, publish };

struct Message {
    Kind kind = Kind::acquire;
    std::uint8_t who = 0, store = 0;
    bool current = false;         // its ticket is the one that is waited for
    bool flag = false, blind = false; // steal or finished; an acquire that compares nothing
    std::uint8_t epoch = 0, counter = 0; // counter of an acquired: the Predecessor

    auto operator<=>(const Message&) const = default;
};

struct World {
    std::array<Node, instances> nodes;
    Coordinator coordinator;
    std::array<Store, stores> store;
    std::vector<Message> messages; // sorted
    std::uint32_t faults = 0;      // that are left
    std::uint32_t slow = instances; // whose clock goes half as fast; `instances`: nobody's
};

struct Options {
    std::uint32_t faults = 2;
    bool stores_fence = true; // false: a mutation
};

struct Violation {
    std::string what; // empty: none
};

// What one transition is called: text only when it is asked for.
using Label = std::string;
// Gets each state that can come next, with what is violated in it. `label` is empty unless `named`.
using Visitor = std::function<void(const World&, const Label& label, const Violation&)>;

[[nodiscard]] std::string describe(const World& world);
[[nodiscard]] std::vector<World> initial(const Options& options);
void successors(const World& world, const Options& options, bool named, const Visitor& visit);

// Canonical: two worlds that differ in nothing that can matter have the same bytes.
using Code = std::array<std::uint64_t, 9>;
[[nodiscard]] Code encode(const World& world);
[[nodiscard]] World decode(const Code& code);

// From here on nothing fails any more, but that `idle` (`instances`: nobody) does nothing and still bids. The steps until
// another one leads and the takeover is done; 0: not within `most`.
[[nodiscard]] unsigned steps_to_a_leader(World world, unsigned most, std::uint32_t idle, std::string* trace = nullptr);

} // namespace rs::model
