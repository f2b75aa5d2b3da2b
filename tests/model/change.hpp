// SPDX-License-Identifier: Apache-2.0
// What can happen to a world: one transition that is being made, with what is violated by it.
#pragma once

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "model/world.hpp"

namespace rs::model {

using namespace failover;

// One tick is the smallest time. Half a lease is two of them; a yes is asked for at each.
inline Settings settings_of(std::uint32_t number) {
    Settings s;
    s.number = number;
    s.lease = Time(4);
    s.renew = s.retry = s.bid_wait = Time(1);
    s.report_age = Time(2);
    s.block = Time(3);
    return s;
}

inline constexpr std::uint32_t lease_ticks = 4, long_ago = 7, nobody = instances;
inline const std::array<Settings, instances> settings{settings_of(0), settings_of(1), settings_of(2)};

inline Generation newest(const std::array<std::uint8_t, most_epoch + 1>& counters) {
    for (std::uint64_t e = most_epoch; e > 0; --e)
        if (counters[e] != 0) return {e, counters[e]};
    return {};
}

inline bool runs(const Node& n) { return n.up && !n.paused; }

inline bool is_request(Kind kind) { return kind <= Kind::release; }
inline bool is_answer(Kind kind) { return kind == Kind::acquired || kind == Kind::yes || kind == Kind::lost; }

// All that it has sent has been lost, or the answers have.
inline bool raise_unanswered(const World& w, std::uint32_t i) {
    const State& m = w.nodes[i].machine;
    return m.role == Role::taking && m.step_running && m.durable.step == Step::raise &&
           std::ranges::none_of(w.messages, [&](const Message& message) { return message.kind == Kind::raise && message.who == i; });
}

inline bool claims(const Node& n) { return n.machine.durable.claim != 0; }

// What j would bid is in its files: it is told to i also where nothing of it runs, or where it has an epoch of its own.
inline bool bids(const World& w, std::uint32_t i, std::uint32_t j) { return j != i && w.nodes[j].machine.own.generation; }

// One transition that is being made.
class Change {
public:
    Change(const World& from, const Options& options) : w(from), options_(options) {}

    World w;
    std::string violated;

    void violate(std::string_view what) {
        if (violated.empty()) violated = what;
    }

    // A message arrives. heard: what a store says to it arrives as well.
    void deliver(const Message& m, bool heard) {
        if (is_request(m.kind)) execute(m);
        else if (is_answer(m.kind)) answer(m);
        else store(m, heard);
    }

    void send(const Message& m) {
        if (w.messages.size() < most_messages) w.messages.push_back(m);
    }

    // One thing happens to an instance, and all of its own that follows at once.
    void input(std::uint32_t i, const Input& what) {
        Node& n = w.nodes[i];
        if (!runs(n)) return;
        const State before = n.machine;
        Outcome outcome = step(settings[i], before, before.now, what);
        n.machine = std::move(outcome.state);
        if (n.machine.durable.epoch < before.durable.epoch) violate("the epoch that an instance remembers went down");
        if (before.role != Role::taking && n.machine.role == Role::taking && n.machine.durable.claim == 0) elected(before, n.machine, what);
        // Answers to an ask that is waited for no more are too late.
        if (n.machine.ticket != before.ticket || n.machine.asked == Asked::nothing) late(i);
        for (const Action& action : outcome.actions) act(i, action);
    }

    void check(const World& before) {
        std::uint32_t acting = 0;
        for (std::uint32_t i = 0; i < instances; ++i) {
            const Node& n = w.nodes[i];
            if (runs(n) && acts(settings[i], n.machine, n.machine.now)) ++acting;
            if (n.machine.durable.epoch < before.nodes[i].machine.durable.epoch)
                violate("the epoch that an instance remembers went down");
        }
        if (acting > 1) violate("two instances act as the leader at once");
        for (std::size_t s = 0; s < stores; ++s) {
            if (w.store[s].epoch < before.store[s].epoch) violate("the epoch of a store went down");
            for (std::size_t e = 1; e <= most_epoch; ++e) {
                if (w.store[s].proven[e] < before.store[s].proven[e] || w.store[s].top[e] < w.store[s].proven[e])
                    violate("a proven generation was lost");
                for (std::size_t t = 0; t < s; ++t)
                    if (w.store[s].publisher[e] != 0 && w.store[t].publisher[e] != 0 &&
                        w.store[s].publisher[e] != w.store[t].publisher[e])
                        violate("two publishers under one epoch were accepted");
            }
        }
        std::ranges::sort(w.messages);
    }

    // ---- the coordinator ----

    void execute(const Message& m) {
        Coordinator& c = w.coordinator;
        Message answer = m;
        answer.flag = false;
        switch (m.kind) {
        case Kind::acquire:
            if (m.blind || (c.epoch == m.epoch && (c.lease == 0 || m.flag))) {
                const std::uint64_t next = std::uint64_t{m.epoch} + 1;
                if (next <= c.given) violate("an epoch was given twice");
                const Predecessor old = c.lease == 0                        ? Predecessor::gone
                                        : c.finished && c.holder != nobody ? Predecessor::held
                                                                           : Predecessor::uncertain;
                answer.counter = static_cast<std::uint8_t>(old);
                w.nodes[m.who].old = c.holder;
                c = {next, m.who, lease_ticks, false, 0, std::max(c.given, next)};
                answer.kind = Kind::acquired;
                answer.epoch = static_cast<std::uint8_t>(next);
            } else {
                answer.kind = Kind::lost;
                answer.epoch = static_cast<std::uint8_t>(c.epoch);
            }
            break;
        case Kind::prove:
            if (c.epoch == m.epoch && c.holder == m.who) {
                c.lease = lease_ticks;
                c.finished = c.finished || m.flag;
                answer.kind = Kind::yes;
                if (m.current && w.nodes[m.who].machine.asked_to_publish) w.nodes[m.who].granted = true;
            } else {
                answer.kind = Kind::lost;
                answer.epoch = static_cast<std::uint8_t>(c.epoch);
            }
            break;
        default:
            if (c.epoch == m.epoch && c.holder == m.who) {
                c.lease = 0;
                c.holder = nobody;
                c.finished = true;
            }
            return;
        }
        if (m.current) send(answer);
    }

    void answer(const Message& m) {
        const std::uint32_t ticket = w.nodes[m.who].machine.ticket;
        if (m.kind == Kind::acquired) input(m.who, Acquired{ticket, m.epoch, static_cast<Predecessor>(m.counter)});
        if (m.kind == Kind::yes) input(m.who, Proven{ticket});
        if (m.kind == Kind::lost) input(m.who, Lost{ticket, m.epoch});
    }

    void look(std::uint32_t i) {
        const Coordinator& c = w.coordinator;
        input(i, Seen{w.nodes[i].machine.ticket, {c.epoch, c.lease > 0, c.finished, Time(c.since)}});
    }

    // ---- the stores ----

    // heard: whether its answer comes back.
    void store(const Message& m, bool heard) {
        Store& s = w.store[m.store];
        const bool refused = m.epoch < s.epoch;
        if (m.kind == Kind::publish && (!refused || !options_.stores_fence)) {
            if (refused) violate("a store accepted an older epoch after a newer one");
            if (s.publisher[m.epoch] != 0 && s.publisher[m.epoch] != m.who + 1)
                violate("two publishers under one epoch were accepted");
            s.publisher[m.epoch] = static_cast<std::uint8_t>(m.who + 1);
            s.top[m.epoch] = std::max(s.top[m.epoch], m.counter);
        }
        s.epoch = std::max<std::uint64_t>(s.epoch, m.epoch);
        if (!heard) return;
        if (refused) input(m.who, Higher{s.epoch});
        else if (m.kind == Kind::raise) input(m.who, Ended{Step::raise, true});
        else input(m.who, Accepted{{m.epoch, m.counter}});
    }

    void import(std::uint32_t i, std::size_t from) {
        const Generation g = newest(w.store[from].top);
        Candidate own;
        own.generation = g;
        own.imported = true;
        input(i, Ours{own});
    }

    void prove_import(std::uint32_t i) {
        Candidate own = w.nodes[i].machine.own;
        own.checked = own.confirmed = true;
        for (Store& s : w.store)
            if (s.top[own.generation.epoch] >= own.generation.counter)
                s.proven[own.generation.epoch] =
                    std::max(s.proven[own.generation.epoch], static_cast<std::uint8_t>(own.generation.counter));
        input(i, Ours{own});
    }

    // The old leader is told, and answers.
    void freeze(std::uint32_t i, std::uint32_t old) {
        const std::uint64_t claim = w.nodes[i].machine.durable.claim, seen = w.nodes[old].machine.durable.epoch;
        if (seen > claim) return input(i, Higher{seen});
        input(old, Higher{claim});
        input(i, Ended{Step::freeze, true});
    }

    // The step import of a takeover: what the store has, if that is newer, else nothing.
    void import_newest(std::uint32_t i, std::optional<std::size_t> from) {
        if (from && newest(w.store[*from].top) > w.nodes[i].machine.own.generation) {
            import(i, *from);
            prove_import(i);
        }
        input(i, Ended{Step::import, true});
    }

    // ---- time and harm ----

    void tick() {
        Coordinator& c = w.coordinator;
        c.lease -= c.lease > 0;
        c.since += c.since < long_ago;
        for (std::uint32_t i = 0; i < instances; ++i) {
            Node& n = w.nodes[i];
            if (!n.up) continue;
            const bool still = w.slow == i && !n.behind;
            n.behind = still;
            // Also that of a paused one: it is the boot clock.
            if (!still) n.machine.now += Time(1);
        }
        for (std::uint32_t i = 0; i < instances; ++i) input(i, Tick{});
    }

    void crash(std::uint32_t i) {
        Node& n = w.nodes[i];
        const Candidate own = n.machine.own;
        const std::uint32_t ticket = n.machine.ticket + 1;
        n.machine = restart(n.machine.durable, n.machine.now);
        n.machine.own = own;
        n.machine.ticket = ticket;
        n.up = n.paused = n.behind = n.granted = false;
        late(i);
    }

    void wipe() {
        const std::uint64_t given = w.coordinator.given;
        w.coordinator = {0, nobody, 0, true, long_ago, given};
    }

    // By a person, as machine.hpp says.
    void restore() {
        Coordinator& c = w.coordinator;
        c.epoch = c.given = c.given + 1;
        c.lease = lease_ticks;
        c.finished = false;
    }

private:
    void elected(const State& before, const State& after, const Input& what) {
        const auto proven = [](const Candidate& c) { return c.generation && c.imported && c.checked && c.confirmed; };
        if (!proven(after.own)) violate("elected with a generation that is not proven");
        if (after.ordered) return;
        // Also the one that has just been heard, which takes the place of an earlier one of the same candidate.
        const Heard* const heard = std::get_if<Heard>(&what);
        const auto better = [&](const Candidate& c) {
            return proven(c) && !before.winners.passed_over(c.number) && c.generation > after.own.generation;
        };
        bool beaten = heard != nullptr && better(heard->candidate);
        for (unsigned b = 0; b < before.bid_count; ++b)
            if (heard == nullptr || heard->candidate.number != before.bids[b].number) beaten = beaten || better(before.bids[b]);
        if (beaten) violate("elected although a better proven bid was heard");
    }

    void late(std::uint32_t i) {
        std::erase_if(w.messages, [&](const Message& m) {
            return m.who == i && (m.kind == Kind::acquired || m.kind == Kind::yes || m.kind == Kind::lost);
        });
        // A yes that comes too late can only make the holder's own lease longer.
        std::erase_if(w.messages, [&](const Message& m) { return m.who == i && m.kind == Kind::prove; });
        for (Message& m : w.messages)
            if (m.who == i) m.current = false;
    }

    void act(std::uint32_t i, const Action& a) {
        Node& n = w.nodes[i];
        const auto who = static_cast<std::uint8_t>(i);
        const auto epoch = static_cast<std::uint8_t>(a.epoch);
        switch (a.act) {
        case Act::acquire:
            if (a.epoch < most_epoch) send({Kind::acquire, who, 0, true, a.steal, !a.compare, epoch, 0});
            break;
        case Act::prove: send({Kind::prove, who, 0, true, a.finished, false, epoch, 0}); break;
        case Act::release: send({Kind::release, who, 0, false, false, false, epoch, 0}); break;
        case Act::publish:
            if (!n.granted) violate("published without a yes of the coordinator that was asked for then");
            n.granted = false;
            for (std::uint8_t s = 0; s < stores; ++s)
                send({Kind::publish, who, s, false, false, false, epoch, static_cast<std::uint8_t>(a.generation.counter)});
            break;
        case Act::run:
            if (a.step == Step::raise)
                for (std::uint8_t s = 0; s < stores; ++s) send({Kind::raise, who, s, false, false, false, epoch, 0});
            else if (a.step == Step::publish) ready(i);
            else if (a.step != Step::freeze && a.step != Step::import) input(i, Ended{a.step, true});
            break;
        case Act::rejoin: n.machine.own = {.number = i}; break;
        default: break;
        }
    }

public:
    // The next dump of the leader.
    void ready(std::uint32_t i) {
        Node& n = w.nodes[i];
        const std::uint64_t epoch = n.machine.durable.claim;
        std::uint64_t counter = 1;
        if (n.machine.own.generation.epoch == epoch) counter = n.machine.own.generation.counter + 1;
        if (counter > most_dumps) counter = most_dumps;
        n.machine.own = {.number = i, .generation = {epoch, counter}}; // nobody has loaded that
        n.granted = false;
        input(i, Ready{{epoch, counter}});
    }

private:
    const Options& options_;
};

} // namespace rs::model
