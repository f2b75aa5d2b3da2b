// SPDX-License-Identifier: Apache-2.0
// A world in which nothing fails any more, but that one instance may be idle: it does nothing, and answers who asks for its
// bid. Somebody has to lead before long.
#include "model/change.hpp"
#include "model/search.hpp"

namespace rs::model {

namespace {

// Also what is sent because of it.
void deliver_all(Change& c) {
    for (unsigned rounds = 0; rounds < 30 && !c.w.messages.empty(); ++rounds) {
        const Message m = c.w.messages.front();
        c.w.messages.erase(c.w.messages.begin());
        c.deliver(m, true);
    }
}

} // namespace

unsigned steps_to_a_leader(World world, unsigned most, std::uint32_t idle, std::string* trace) {
    const Options options;
    // Here the model ends, not the failover.
    if (world.coordinator.given + 2 > most_epoch) return 1;
    if (world.coordinator.epoch == 0) {
        Change c(world, options);
        c.restore();
        world = c.w;
    }
    for (unsigned n = 1; n <= most; ++n) {
        Change c(world, options);
        World& w = c.w;
        if (trace != nullptr && n <= 15) *trace += cat(describe(w), "\n");
        // All that was on the way arrives, then all that can be done is done, then time goes on.
        deliver_all(c);
        bool reachable = false;
        for (std::uint32_t i = 0; i < instances; ++i) {
            Node& node = w.nodes[i];
            node.up = true;
            node.paused = i == idle;
            if (i == idle) continue;
            const State& m = node.machine;
            if (m.role == Role::leading && m.durable.claim == w.coordinator.epoch && acts(settings[i], m, m.now) && w.coordinator.finished)
                return n;
            reachable = reachable || m.role == Role::leading;
        }
        for (std::uint32_t i = 0; i < instances; ++i) {
            const State& m = w.nodes[i].machine;
            if (i == idle) continue;
            c.input(i, Tick{});
            if (m.asked == Asked::look) c.look(i);
            if (raise_unanswered(w, i)) c.input(i, Ended{Step::raise, false});
            for (std::uint32_t o = 0; o < fewest_observers; ++o) c.input(i, Reported{o, reachable});
            if (m.role == Role::returned) c.input(i, Rejoined{});
            const bool imports = m.role == Role::follower || m.role == Role::suspecting || m.role == Role::bidding;
            for (std::size_t s = 0; imports && s < stores; ++s)
                if (newest(w.store[s].top) > m.own.generation) c.import(i, s);
            if (imports && m.own.imported && !m.own.checked) c.prove_import(i);
            if (m.role == Role::bidding)
                for (std::uint32_t j = 0; j < instances; ++j)
                    if (bids(w, i, j)) c.input(i, Heard{w.nodes[j].machine.own});
            if (m.role == Role::taking && m.step_running && m.durable.step == Step::freeze) {
                const std::uint32_t old = w.nodes[i].old;
                if (old != nobody && old != i && old != idle) c.freeze(i, old);
                else c.input(i, Ended{Step::freeze, false});
            }
            if (m.role == Role::taking && m.step_running && m.durable.step == Step::import) c.import_newest(i, n % stores);
        }
        deliver_all(c);
        c.tick();
        world = w;
    }
    return 0;
}

std::string try_to_heal(const World& world, Found& found, const Limits& limits) {
    // Each of them in turn.
    const auto one = static_cast<std::uint32_t>(found.samples++ % instances);
    for (const std::uint32_t idle : {nobody, one}) {
        const unsigned steps = steps_to_a_leader(world, limits.most_steps, idle);
        found.most_steps = std::max(found.most_steps, steps);
        if (steps != 0) continue;
        found.violation = "all is well again, and nobody leads";
        std::string trace = idle == nobody ? "  then, with nothing failing:\n" : cat("  then, with ", idle, " idle:\n");
        static_cast<void>(steps_to_a_leader(world, limits.most_steps, idle, &trace));
        return trace;
    }
    return {};
}

} // namespace rs::model
