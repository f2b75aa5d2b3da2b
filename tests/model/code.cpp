// SPDX-License-Identifier: Apache-2.0
// A World as bits, and back. Times become ages, cut off where no rule tells them apart any more.
#include "model/world.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"

namespace rs::model {

using namespace failover;

namespace {

constexpr Time base{1000}; // what time it is in every decoded world
constexpr std::uint32_t base_ticket = 100;

class Writer {
public:
    explicit Writer(Code& code) : code_(code) {}
    template <class T>
    void bits(const T& value, unsigned width) {
        const auto v = static_cast<std::uint64_t>(value);
        RS_ASSERT(v < (std::uint64_t{1} << width) && at_ + width <= code_.size() * 64);
        code_[at_ / 64] |= v << (at_ % 64);
        if (at_ % 64 + width > 64) code_[at_ / 64 + 1] |= v >> (64 - at_ % 64);
        at_ += width;
    }
    // matters: whether anything still depends on it.
    void age(const Time& time, Time now, unsigned most, bool matters) {
        bits(matters ? std::min<std::int64_t>((now - time).count(), most) : 0, 3);
    }

private:
    Code& code_;
    unsigned at_ = 0;
};

class Reader {
public:
    explicit Reader(const Code& code) : code_(code) {}
    template <class T>
    void bits(T& value, unsigned width) {
        std::uint64_t v = code_[at_ / 64] >> (at_ % 64);
        if (at_ % 64 + width > 64) v |= code_[at_ / 64 + 1] << (64 - at_ % 64);
        value = static_cast<T>(v & ((std::uint64_t{1} << width) - 1));
        at_ += width;
    }
    void age(Time& time, Time now, unsigned, bool) {
        std::int64_t v = 0;
        bits(v, 3);
        time = now - Time(v);
    }

private:
    const Code& code_;
    unsigned at_ = 0;
};

// One function for both ways, so that no field is written and not read.
template <class IO, class G>
void generation(IO& io, G& g) {
    io.bits(g.epoch, 3);
    io.bits(g.counter, 2);
}

template <class IO, class C>
void candidate(IO& io, C& c) {
    generation(io, c.generation);
    io.bits(c.imported, 1);
    io.bits(c.checked, 1);
    io.bits(c.confirmed, 1);
}

template <class IO, class N>
void node(IO& io, N& n, std::uint32_t number) {
    auto& m = n.machine;
    io.bits(n.up, 1);
    io.bits(n.paused, 1);
    io.bits(n.behind, 1);
    io.bits(n.granted, 1);
    io.bits(n.old, 2);
    io.bits(m.durable.epoch, 3);
    io.bits(m.durable.claim, 3);
    io.bits(m.durable.step, 4);
    io.bits(m.durable.old, 2);
    candidate(io, m.own);
    if constexpr (!std::is_const_v<N>) m.own.number = number;
    if (!n.up) return;
    io.bits(m.role, 3);
    io.age(m.since, m.now, 5, m.role == Role::bidding || m.role == Role::taking);
    io.bits(m.asked, 2);
    io.bits(m.asked_to_publish, 1);
    io.age(m.asked_at, m.now, 2, m.asked != Asked::nothing || m.role == Role::fenced);
    io.bits(m.has_proof, 1);
    io.age(m.proof_at, m.now, 5, m.has_proof);
    io.bits(m.lease, 2);
    if (m.lease != Lease::unknown) {
        io.bits(m.view.epoch, 3);
        io.bits(m.view.held, 1);
        io.bits(m.view.finished, 1);
        std::int64_t since = m.view.since_takeover.count();
        io.bits(since, 3);
        if constexpr (!std::is_const_v<N>) m.view.since_takeover = Time(since);
    }
    const bool looks = m.role == Role::follower || m.role == Role::suspecting || m.role == Role::bidding || m.asked == Asked::look;
    io.age(m.looked_at, m.now, 1, looks);
    // They come together here, so that one of them tells of all.
    io.bits(m.observed[0].heard, 1);
    if (m.observed[0].heard) {
        io.bits(m.observed[0].reachable, 1);
        io.age(m.observed[0].at, m.now, 3, true);
        if constexpr (!std::is_const_v<N>) {
            m.observed[1] = m.observed[0];
            m.observed[2] = {true, true, m.observed[0].at};
        }
    }
    io.bits(m.bid_count, 2);
    if constexpr (!std::is_const_v<N>)
        if (m.bid_count > instances) std::abort();
    for (unsigned i = 0; i < m.bid_count; ++i) {
        io.bits(m.bids[i].number, 2);
        candidate(io, m.bids[i]);
    }
    io.bits(m.winners.count, 2);
    if constexpr (!std::is_const_v<N>)
        if (m.winners.count > instances) std::abort();
    for (unsigned i = 0; i < m.winners.count; ++i) {
        io.bits(m.winners.list[i].number, 2);
        io.bits(m.winners.list[i].rounds, 2);
    }
    io.bits(m.ordered, 1);
    io.bits(m.step_running, 1);
    io.age(m.step_begun, m.now, 1, m.role == Role::taking);
    io.bits(m.serving, 1);
    generation(io, m.pending);
    io.bits(m.published, 1);
    io.age(m.published_at, m.now, 1, m.published);
}

template <class IO, class W>
void transfer(IO& io, W& w) {
    io.bits(w.faults, 4);
    io.bits(w.slow, 2);
    for (std::uint32_t i = 0; i < instances; ++i) node(io, w.nodes[i], i);
    auto& c = w.coordinator;
    io.bits(c.epoch, 3);
    io.bits(c.holder, 2);
    io.bits(c.lease, 3);
    io.bits(c.finished, 1);
    io.bits(c.since, 3);
    io.bits(c.given, 3);
    for (auto& s : w.store) {
        io.bits(s.epoch, 3);
        for (std::uint64_t e = 1; e <= most_epoch; ++e) {
            io.bits(s.top[e], 2);
            io.bits(s.proven[e], 2);
            io.bits(s.publisher[e], 2);
        }
    }
    std::uint64_t n = w.messages.size();
    io.bits(n, 3);
    if constexpr (!std::is_const_v<W>) w.messages.resize(n);
    for (auto& message : w.messages) {
        io.bits(message.kind, 3);
        io.bits(message.who, 2);
        io.bits(message.store, 1);
        io.bits(message.current, 1);
        io.bits(message.flag, 1);
        io.bits(message.blind, 1);
        io.bits(message.epoch, 3);
        io.bits(message.counter, 2);
    }
}

} // namespace

Code encode(const World& world) {
    Code code{};
    Writer io(code);
    transfer(io, world);
    return code;
}

World decode(const Code& code) {
    World world;
    for (Node& n : world.nodes) {
        n.machine = restart({}, base);
        n.machine.ticket = base_ticket;
    }
    Reader io(code);
    transfer(io, world);
    for (Node& n : world.nodes) {
        if (n.up) continue;
        const Candidate own = n.machine.own;
        n.machine = restart(n.machine.durable, base);
        n.machine.ticket = base_ticket;
        n.machine.own = own; // it is on the disk, and told again at the start
    }
    return world;
}

} // namespace rs::model
