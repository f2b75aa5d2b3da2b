// SPDX-License-Identifier: Apache-2.0
// What one instance does next: from what it knows, the time, and one thing that has happened, to what it knows then and
// what is to be done. No clock, no file and no line of its own, so that rs-elect and the model checker (tests/model) run
// the same rules.
//
// - Nobody is the leader by having been it: an instance acts as one only while the coordinator's last yes to its epoch (prove) was
//   asked for less than half a lease ago. The coordinator gives a lease away only a whole lease after its last yes,
//   so that two act at once only if their clocks' rates differ by a factor of two or more.
// - Each publish has a yes of its own, asked for when there was something to publish. What then still is late on the
//   line is refused by the stores, which the next leader tells its epoch before it does anything else.
// - A coordinator that does not answer costs no service: whoever serves goes on, but publishes nothing and is not replaced.
// - One whose epoch is below what this instance remembers has lost its data: none of its answers is believed.
//   Whoever restores it writes an epoch that is above all that it can have given (no epoch may be given twice), and a whole lease
//   that is held by nobody and of a takeover that is not finished: the last leader may still act on a yes from before.
// - An order of a person overrides the suspicion, the block time and maintenance, and the lease of another one; not the
//   epoch, nor that what is taken over with is proven. Where it takes a lease that was held, the takeover waits until its
//   holder says that it is frozen, or has stopped by itself.
#pragma once

#include <array>
#include <cstdint>
#include <variant>
#include <vector>

#include "failover/death.hpp"
#include "failover/election.hpp"
#include "failover/winners.hpp"

namespace rs::failover {

inline constexpr std::size_t max_observers = 7;

struct Settings {
    std::uint32_t number = 0; // of this instance
    std::uint32_t observers = fewest_observers; // set up: at most max_observers; fewer than three: nothing automatic
    bool automatic = true;                      // false: it only says what it would do
    Time lease{30'000};      // how long the coordinator keeps the leader's key after a yes
    Time renew{5'000};       // a yes is asked for that often
    Time retry{4'000};       // an ask is given up after that; renew + retry <= lease / 2
    Time report_age{15'000}; // an older report counts as none
    Time bid_wait{5'000};    // bids are collected for that long
    Time block{3'600'000};   // after a takeover nobody is elected for that long
};

enum class Role : std::uint8_t {
    follower,   // imports, and looks at the lease
    suspecting, // the lease is gone; is the leader dead?
    bidding,    // bids are collected
    taking,     // a takeover, at its Step
    leading,
    fenced,   // has an epoch, but no proof that it is the current one: serves if it did, publishes nothing
    returned, // was the leader; another one is, or will be: has to re-join as an import instance
};

// Of a takeover, in this order. Each can be killed and run again.
enum class Step : std::uint8_t {
    lock,      // the import lock: a running import ends, no other begins
    acquire,   // the next epoch, from the coordinator
    raise,     // that epoch in every store that answers, in one at least
    freeze,    // the old leader, if it answers
    import,    // a newer whole generation, if a store has one
    retype,    // from import to export
    hooks,     // address, DNS, proxy
    start,     // the service and its cron entries
    publish,   // a backup of the new line
    follow,    // the backup servers follow
    done,
};

// The one from whom an epoch was taken over.
enum class Predecessor : std::uint8_t {
    gone,      // its lease had run out: it has stopped acting
    held,      // it had its lease, by an order: it has stopped when it says so, or when its proof is too old
    uncertain, // likewise, and it had not finished its own takeover, or is not known: there may be one before it that still
               // acts, so that only time tells
};

// What has to be on the disk before any action of the same outcome is begun, and is given to restart() after a crash.
struct Durable {
    std::uint64_t epoch = 0; // the highest that was ever seen
    std::uint64_t claim = 0; // the one that was acquired; 0: none
    Step step = Step::done;  // of the takeover under that claim
    Predecessor old = Predecessor::gone;
    bool maintenance = false;

    bool operator==(const Durable&) const = default;
};

// What the coordinator holds.
struct View {
    std::uint64_t epoch = 0;
    bool held = false;         // the leader's lease has not run out
    bool finished = true;      // the takeover that began this epoch has been finished
    Time since_takeover{0};    // since this epoch began, by the coordinator's clock

    bool operator==(const View&) const = default;
};

enum class Asked : std::uint8_t { nothing, look, acquire, prove };

struct State {
    Durable durable;
    Role role = Role::follower;
    Time now{0};   // the highest time that was given
    Time since{0}; // since when it has this role, or in a takeover is at this step

    // The one ask whose answer is waited for.
    Asked asked = Asked::nothing;
    bool asked_to_publish = false; // it is the yes for `pending`
    std::uint32_t ticket = 0;      // of the last ask; an answer to another one is too late
    Time asked_at{0};

    bool has_proof = false;
    Time proof_at{0}; // when the last yes to the claim was asked for

    Lease lease = Lease::unknown;
    View view;       // what was seen last, unless the lease is unknown
    Time looked_at{0}; // when it was asked for, or nothing was heard

    struct Observed {
        bool heard = false, reachable = false;
        Time at{0};
        bool operator==(const Observed&) const = default;
    };
    std::array<Observed, max_observers> observed{};

    Candidate own;
    std::array<Candidate, max_candidates> bids{};
    std::uint8_t bid_count = 0;

    Winners winners; // in this epoch

    bool ordered = false;      // this takeover is the order of a person
    bool step_running = false; // the step was begun and has not ended
    Time step_begun{0};
    bool serving = false;
    Generation pending; // to be published; 0.0: nothing
    bool published = false;
    Time published_at{0};

    bool operator==(const State&) const = default;
};

// ---- what can happen ----

struct Tick {};
struct Seen { // answers to asks, with their ticket
    std::uint32_t ticket;
    View view;
};
struct Acquired {
    std::uint32_t ticket;
    std::uint64_t epoch;
    Predecessor old;
};
struct Proven {
    std::uint32_t ticket;
};
struct Lost { // the epoch or its holder is another one
    std::uint32_t ticket;
    std::uint64_t epoch; // the coordinator's
};
struct Silent { // could not be reached, or did not answer
    std::uint32_t ticket;
};
struct Reported { // one observer, of the leader
    std::uint32_t observer;
    bool reachable;
};
struct Heard { // a bid, judged (election.hpp)
    Candidate candidate;
};
struct Ours { // what this instance holds now
    Candidate candidate;
};
struct Ended { // a step
    Step step;
    bool ok;
};
struct Rejoined {}; // this instance is an import instance again
struct Ready {      // a dump of the epoch that is claimed is ready to be published
    Generation generation;
};
struct Accepted { // by a store
    Generation generation;
};
struct Higher { // a store has refused, or a peer that takes over has told us: this epoch exists
    std::uint64_t epoch;
};
enum class Order : std::uint8_t { take_over, stand_down, begin_maintenance, end_maintenance };

using Input = std::variant<Tick, Seen, Acquired, Proven, Lost, Silent, Reported, Heard, Ours, Ended, Rejoined, Ready, Accepted,
                           Higher, Order>;

// ---- what is to be done ----

enum class Act : std::uint8_t {
    look,     // ask the coordinator what it holds
    acquire,  // transaction: `epoch` is the current one and no lease is held (or `steal`); then the next one is ours
    prove,    // transaction: `epoch` is the current one and ours; then the lease is new, and `finished` is noted
    release,  // transaction: `epoch` is ours; then no lease is held
    ask_bids, // of all other candidates
    run,      // the step; at its end: Ended
    unlock,   // imports may run again
    publish,  // the generation, with its epoch, to the stores
    freeze,   // no export, no notification from here
    start_service,
    stop_service,
    keep_branch, // what was dumped and not published
    rejoin,      // as an import instance; at its end: Rejoined
    say,         // why
};

enum class Why : std::uint8_t {
    nothing,
    coordinator_went_back,   // its epoch is below what we have seen: wiped, or restored from an old copy
    lease_held,              // the leader's
    lease_ran_out,
    leader_reachable,        // by most observers
    too_few_observers,
    too_few_reports,
    blocked,                 // the last takeover is too recent
    not_automatic,
    in_maintenance,
    own_not_proven,          // we hold nothing to lead with
    other_better,            // another candidate wins
    winner_idle,             // it has won before and done nothing: the next best one counts
    elected,
    ordered,
    waited_too_long,         // for an import to end: who is dead has to be looked at again
    other_was_quicker,       // the epoch was acquired by another one
    coordinator_silent,
    no_recent_proof,         // half a lease without a yes
    proof_again,
    superseded,              // a newer epoch exists
    takeover_done,
    step_failed,
    already_leading,
    under_way,
    must_rejoin,
    stood_down,
    other_epoch,             // of what is to be published
};

struct Action {
    Act act = Act::say;
    std::uint32_t ticket = 0;
    std::uint64_t epoch = 0;
    bool compare = true; // acquire: always
    bool steal = false;
    bool finished = false;
    Step step = Step::done;
    Generation generation;
    Why why = Why::nothing;

    bool operator==(const Action&) const = default;
};

struct Outcome {
    State state;
    std::vector<Action> actions; // in this order
};

// `now` is of the boot clock of this machine since its last restart(); one that went back counts as the last one.
[[nodiscard]] Outcome step(const Settings& settings, State state, Time now, const Input& input);

// Why nobody may be elected now, as far as this instance knows: Why::nothing if that may be.
[[nodiscard]] Why obstacle(const Settings& settings, const State& state);

// After a start or a crash: with what was durable and nothing else.
[[nodiscard]] State restart(const Durable& durable, Time now);

// True while it may act as the leader: publish, and take steps of a takeover that others see.
[[nodiscard]] bool acts(const Settings& settings, const State& state, Time now);

} // namespace rs::failover
