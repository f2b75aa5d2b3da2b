// SPDX-License-Identifier: Apache-2.0
#include "model/world.hpp"

#include "failover/words.hpp"
#include "model/change.hpp"

namespace rs::model {

namespace {

std::string describe(const Message& m) {
    static constexpr std::array<std::string_view, 8> words{"acquire", "prove", "release", "acquired",
                                                           "yes",     "lost",  "raise",   "publish"};
    std::string text = cat(words[static_cast<std::size_t>(m.kind)], " of ", m.who);
    if (m.kind >= Kind::raise) text += cat(" at store ", m.store);
    text += cat(", epoch ", m.epoch);
    if (m.kind == Kind::publish) text += cat(", dump ", m.counter);
    return text;
}

} // namespace

std::string describe(const World& w) {
    std::string text = cat("coordinator ", w.coordinator.epoch, " of ", w.coordinator.holder, " lease ", w.coordinator.lease);
    for (std::uint32_t i = 0; i < instances; ++i) {
        const State& m = w.nodes[i].machine;
        text += cat(" | ", i, w.nodes[i].up ? w.nodes[i].paused ? " paused " : " " : " down ", word(m.role));
        if (m.role == Role::taking) text += cat(":", word(m.durable.step));
        text += cat(" epoch ", m.durable.epoch);
        if (m.durable.claim != 0) text += " its own";
        text += cat(" has ", m.own.generation.str(), m.own.checked ? "" : " unproven");
    }
    for (const Store& s : w.store) text += cat(" | store ", s.epoch, " ", newest(s.top).str(), " proven ", newest(s.proven).str());
    return text;
}

std::vector<World> initial(const Options& options) {
    std::vector<World> all;
    for (std::uint32_t slow = 0; slow <= instances; ++slow) {
        World w;
        w.faults = options.faults;
        w.slow = slow;
        w.coordinator.lease = lease_ticks;
        for (Store& s : w.store) {
            s.top[1] = s.proven[1] = 1;
            s.publisher[1] = 1;
        }
        for (std::uint32_t i = 0; i < instances; ++i) {
            State& m = w.nodes[i].machine;
            m = restart({.epoch = 1, .claim = i == 0 ? 1u : 0u}, Time(1000));
            m.ticket = 100;
            m.own = {.number = i, .generation = {1, 1}, .imported = true, .checked = true, .confirmed = true};
        }
        // The first one leads; the last one is in the middle of a check, so that there is somebody unproven to be elected.
        State& leader = w.nodes[0].machine;
        leader.role = Role::leading;
        leader.has_proof = leader.serving = true;
        leader.proof_at = leader.now;
        w.nodes[2].machine.own.checked = w.nodes[2].machine.own.confirmed = false;
        all.push_back(decode(encode(w)));
    }
    return all;
}

void successors(const World& world, const Options& options, bool named, const Visitor& visit) {
    const auto make = [&](auto&& name, std::uint32_t cost, auto&& change) {
        if (cost > world.faults) return;
        Change c(world, options);
        c.w.faults -= cost;
        change(c);
        c.check(world);
        visit(c.w, named ? cat(name(), "\n        ", describe(c.w)) : Label(), {c.violated});
    };
    const auto called = [](std::string_view what, std::uint64_t i) { return [=] { return cat(what, " ", i); }; };

    make([] { return std::string("tick"); }, 0, [](Change& c) { c.tick(); });

    for (std::size_t k = 0; k < world.messages.size(); ++k) {
        const Message m = world.messages[k];
        if (k > 0 && m == world.messages[k - 1]) continue;
        // keep: the line will deliver it once more.
        const auto deliver = [&](std::string_view how, std::uint32_t cost, bool keep, bool heard) {
            make([&] { return cat(how, " ", describe(m)); }, cost, [&](Change& c) {
                if (!keep) c.w.messages.erase(c.w.messages.begin() + static_cast<std::ptrdiff_t>(k));
                c.deliver(m, heard);
            });
        };
        if (is_answer(m.kind) && !runs(world.nodes[m.who])) continue;
        deliver("deliver", 0, false, true);
        if (is_answer(m.kind)) continue;
        if (world.messages.size() < most_messages && m.kind != Kind::release) deliver("double", 1, true, true);
        if (!is_request(m.kind)) deliver("lose the answer to", 1, false, false);
    }

    for (std::uint32_t i = 0; i < instances; ++i) {
        const Node& n = world.nodes[i];
        const State& m = n.machine;
        if (!n.up) {
            make(called("restart", i), 0, [&](Change& c) {
                c.w.nodes[i].up = true;
                c.input(i, Tick{});
            });
            continue;
        }
        make(called("crash", i), 1, [&](Change& c) { c.crash(i); });
        if (n.paused) {
            make(called("continue", i), 0, [&](Change& c) {
                c.w.nodes[i].paused = false;
                c.input(i, Tick{});
            });
            continue;
        }
        make(called("pause", i), 1, [&](Change& c) { c.w.nodes[i].paused = true; });
        if (m.asked == Asked::look) make(called("look", i), 0, [&](Change& c) { c.look(i); });
        if (m.role == Role::suspecting || m.role == Role::bidding)
            make(called("the leader is not reached, says", i), 0, [&](Change& c) {
                for (std::uint32_t o = 0; o < fewest_observers; ++o) c.input(i, Reported{o, o == 2});
            });
        if (m.role == Role::bidding)
            for (std::uint32_t j = 0; j < instances; ++j)
                if (bids(world, i, j))
                    make([&] { return cat(i, " hears the bid of ", j); }, 0,
                         [&](Change& c) { c.input(i, Heard{world.nodes[j].machine.own}); });
        if (raise_unanswered(world, i))
            make(called("no store has answered", i), 0, [&](Change& c) { c.input(i, Ended{Step::raise, false}); });
        const bool imports = m.role == Role::follower || m.role == Role::suspecting || m.role == Role::bidding;
        if (imports)
            for (std::size_t s = 0; s < stores; ++s)
                if (newest(world.store[s].top) > m.own.generation)
                    make([&] { return cat(i, " imports from store ", s); }, 0, [&](Change& c) { c.import(i, s); });
        if (imports && m.own.imported && !m.own.checked)
            make(called("import proven at", i), 0, [&](Change& c) { c.prove_import(i); });
        if (m.role == Role::taking && m.step_running && m.durable.step == Step::freeze) {
            make(called("nobody to freeze answers", i), 0, [&](Change& c) { c.input(i, Ended{Step::freeze, false}); });
            if (n.old != nobody && n.old != i && runs(world.nodes[n.old]))
                make([&] { return cat(i, " freezes ", n.old); }, 0, [&](Change& c) { c.freeze(i, n.old); });
        }
        if (m.role == Role::taking && m.step_running && m.durable.step == Step::import) {
            make(called("no store answers", i), 0, [&](Change& c) { c.import_newest(i, std::nullopt); });
            for (std::size_t s = 0; s < stores; ++s)
                if (newest(world.store[s].top) > m.own.generation)
                    make([&] { return cat(i, " catches up from store ", s); }, 0, [&](Change& c) { c.import_newest(i, s); });
        }
        if ((m.role == Role::leading || (m.role == Role::fenced && m.durable.step == Step::done)) && !m.pending &&
            (m.own.generation.epoch != m.durable.claim || m.own.generation.counter < most_dumps))
            make(called("a dump is ready at", i), 0, [&](Change& c) { c.ready(i); });
        if (m.role == Role::returned) make(called("re-joined:", i), 0, [&](Change& c) { c.input(i, Rejoined{}); });
        if (imports) make(called("a person orders a takeover by", i), 1, [&](Change& c) { c.input(i, Order::take_over); });
        if (claims(n)) make(called("a person has stand down", i), 1, [&](Change& c) { c.input(i, Order::stand_down); });
    }
    if (world.coordinator.epoch != 0) make([] { return std::string("the coordinator is wiped"); }, 1, [](Change& c) { c.wipe(); });
    else if (world.coordinator.given < most_epoch)
        make([] { return std::string("a person restores the coordinator"); }, 0, [](Change& c) { c.restore(); });
}

} // namespace rs::model
