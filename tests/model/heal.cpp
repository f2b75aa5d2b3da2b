// SPDX-License-Identifier: Apache-2.0
// A world in which nothing fails any more: somebody has to lead before long.
#include "model/change.hpp"

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

unsigned steps_to_a_leader(World world, unsigned most, std::string* trace) {
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
            node.paused = false;
            const State& m = node.machine;
            if (m.role == Role::leading && m.durable.claim == w.coordinator.epoch && acts(settings[i], m, m.now) && w.coordinator.finished)
                return n;
            reachable = reachable || m.role == Role::leading;
        }
        for (std::uint32_t i = 0; i < instances; ++i) {
            const State& m = w.nodes[i].machine;
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
                    if (j != i && !claims(w.nodes[j]) && w.nodes[j].machine.own.generation) c.input(i, Heard{w.nodes[j].machine.own});
            if (m.role == Role::taking && m.step_running && m.durable.step == Step::freeze) {
                if (w.nodes[i].old != nobody && w.nodes[i].old != i) c.freeze(i, w.nodes[i].old);
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

} // namespace rs::model
