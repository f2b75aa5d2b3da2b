// SPDX-License-Identifier: Apache-2.0
// How an instance comes to lead: lib/failover/machine.
#include "unit/failover/machine_support.hpp"

using namespace rs;
using namespace rs::failover;

TEST_CASE("the same state, time and input give the same outcome") {
    const Instance i;
    const Outcome a = step(i.settings, i.state, Time(7), Tick{}), b = step(i.settings, i.state, Time(7), Tick{});
    CHECK(a.state == b.state);
    CHECK(a.actions == b.actions);
}

TEST_CASE("a leader with a lease is left alone, whatever the observers say") {
    Instance i;
    i.see(Instance::alive);
    i.observers_say(false);
    for (int n = 0; n < 100; ++n) i.pass(1);
    CHECK(i.state.role == Role::follower);
    CHECK(obstacle(i.settings, i.state) != Why::nothing);
}

TEST_CASE("without a lease it is suspected, and nothing more while observers reach it or say nothing") {
    Instance i;
    i.see(Instance::dead);
    CHECK(i.state.role == Role::suspecting);
    CHECK(obstacle(i.settings, i.state) == Why::too_few_reports);
    i.observers_say(true);
    CHECK(i.state.role == Role::suspecting);
    CHECK(obstacle(i.settings, i.state) == Why::leader_reachable);
    i.see(Instance::alive);
    CHECK(i.state.role == Role::follower);
}

TEST_CASE("a whole takeover, step by step") {
    Instance i;
    i.bid();
    CHECK(i.state.role == Role::bidding);
    CHECK(i.did(Act::ask_bids) == nullptr); // with the second report it was, and once
    i.pass(4);
    CHECK(i.state.role == Role::bidding);
    i.pass(1);
    CHECK(i.state.role == Role::taking);
    CHECK(i.said(Why::elected));
    REQUIRE(i.did(Act::run));
    CHECK(i.did(Act::run)->step == Step::lock);
    CHECK_FALSE(i.acting());
    i.end_step();
    REQUIRE(i.did(Act::acquire));
    CHECK(i.did(Act::acquire)->epoch == 1);
    CHECK(i.did(Act::acquire)->compare);
    CHECK_FALSE(i.did(Act::acquire)->steal);
    i.acquired();
    CHECK(i.state.durable == Durable{.epoch = 2, .claim = 2, .step = Step::raise});
    CHECK_FALSE(i.acting());
    for (const Step at : {Step::raise, Step::freeze, Step::import, Step::retype, Step::hooks, Step::start}) {
        CHECK(i.state.durable.step == at);
        REQUIRE(i.did(Act::run));
        CHECK(i.did(Act::run)->step == at);
        CHECK(i.did(Act::run)->epoch == 2);
        i.end_step();
    }
    CHECK(i.acting());
    CHECK(i.state.serving);
    i.give(Ready{{2, 1}});
    CHECK_FALSE(i.did(Act::publish));
    REQUIRE(i.did(Act::prove));
    i.give(Proven{i.state.ticket});
    REQUIRE(i.did(Act::publish));
    CHECK(i.did(Act::publish)->generation == Generation{2, 1});
    CHECK(i.did(Act::publish)->epoch == 2);
    i.give(Accepted{{2, 1}});
    i.end_step();
    CHECK(i.state.role == Role::leading);
    CHECK(i.said(Why::takeover_done));
}

TEST_CASE("a better bid wins; one that is not proven does not") {
    for (const bool proven : {true, false}) {
        Instance i;
        i.bid();
        Candidate other = Instance::proven({1, 6});
        other.number = 2;
        other.checked = proven;
        i.give(Heard{other});
        i.pass(5);
        CHECK(i.state.role == (proven ? Role::bidding : Role::taking));
        if (!proven) continue;
        // It has been given its time, and is asked once more.
        for (int n = 0; n < 10 && i.state.role == Role::bidding; ++n) {
            i.observers_say(false);
            i.see(Instance::dead);
            i.pass(1);
        }
        CHECK(i.state.bid_count == 0);
    }
}

namespace {

// A second of an election in which the leader is dead.
void pass_dead(Instance& i) {
    i.pass(1);
    if (i.state.asked == Asked::look) i.give(Seen{i.state.ticket, {i.state.durable.epoch, false, true, std::chrono::hours(9)}});
    if (!i.said(Why::other_better)) i.observers_say(false);
}

// A round in which `number` bids something better, until it is over; then the next one begins at once.
void round_of(Instance& i, std::uint32_t number) {
    for (int n = 0; n < 60 && i.state.role != Role::bidding; ++n) pass_dead(i);
    REQUIRE(i.state.role == Role::bidding);
    Candidate other = Instance::proven({i.state.durable.epoch, 6});
    other.number = number;
    i.give(Heard{other});
    for (int n = 0; n < 60 && i.state.role == Role::bidding; ++n) {
        pass_dead(i);
        if (i.said(Why::other_better)) return;
    }
    CHECK(i.state.role == Role::taking);
}

} // namespace

TEST_CASE("a candidate that wins and does nothing does not stop elections for ever") {
    Instance i;
    i.see(Instance::dead);
    for (unsigned n = 1; n <= most_rounds_won; ++n) {
        CHECK_FALSE(i.state.winners.passed_over(2));
        round_of(i, 2);
        CHECK(i.state.role != Role::taking);
    }
    CHECK(i.said(Why::winner_idle));
    CHECK(i.state.winners.passed_over(2));
    SUBCASE("the next best one takes over") {
        round_of(i, 2);
        CHECK(i.state.role == Role::taking);
    }
    SUBCASE("in another epoch it counts as before") {
        i.see({2, false, true, std::chrono::hours(9)});
        CHECK_FALSE(i.state.winners.passed_over(2));
        round_of(i, 2);
        CHECK(i.state.role != Role::taking);
    }
    SUBCASE("likewise when somebody has led meanwhile") {
        i.see(Instance::alive);
        CHECK_FALSE(i.state.winners.passed_over(2));
    }
    SUBCASE("or when it did not bid in a round that another one has won") {
        round_of(i, 3);
        CHECK_FALSE(i.state.winners.passed_over(2));
    }
}

TEST_CASE("who holds nothing proven does not bid, nor takes over by an order") {
    Instance i;
    Candidate own = Instance::proven({1, 5});
    own.checked = false;
    i.give(Ours{own});
    i.bid();
    CHECK(i.state.role == Role::suspecting);
    CHECK(obstacle(i.settings, i.state) == Why::own_not_proven);
    i.give(Order::take_over);
    CHECK(i.said(Why::own_not_proven));
    CHECK(i.state.role == Role::suspecting);
}

TEST_CASE("an import that ends badly while its lock is waited for ends the takeover before it has begun") {
    Instance i;
    i.bid();
    i.pass(5);
    Candidate own = Instance::proven({1, 6});
    own.checked = false;
    i.give(Ours{own});
    i.end_step();
    CHECK(i.state.role == Role::follower);
    CHECK(i.did(Act::unlock));
    CHECK_FALSE(i.did(Act::acquire));
}

TEST_CASE("after a long wait for the import lock all that led to the election is old: it is held again, and the lock given back") {
    Instance i;
    SUBCASE("without an order") {
        i.bid();
        i.pass(5);
        i.pass(16);
        i.end_step();
        CHECK(i.state.role == Role::follower);
        CHECK(i.said(Why::waited_too_long));
        CHECK(i.did(Act::unlock));
        // At once.
        CHECK(i.did(Act::look));
        CHECK_FALSE(i.did(Act::acquire));
    }
    SUBCASE("an order stands") {
        i.give(Order::take_over);
        i.pass(16);
        i.end_step();
        CHECK(i.did(Act::acquire));
    }
}

TEST_CASE("what was said of the leader of one epoch is not said of that of the next") {
    Instance i;
    SUBCASE("that the coordinator tells") {
        i.see(Instance::alive);
        i.observers_say(false);
        i.see({2, false, true, std::chrono::hours(9)});
    }
    SUBCASE("that somebody else tells") {
        i.see(Instance::alive);
        i.observers_say(false);
        i.give(Higher{2});
        i.see({2, false, true, std::chrono::hours(9)});
    }
    CHECK(i.state.role == Role::suspecting);
    CHECK(obstacle(i.settings, i.state) == Why::too_few_reports);
}

TEST_CASE("no flapping: within the block time of a finished takeover only an order takes over") {
    Instance i;
    View recent = Instance::dead;
    recent.since_takeover = std::chrono::seconds(3599);
    i.see(recent);
    i.observers_say(false);
    CHECK(i.state.role == Role::suspecting);
    CHECK(obstacle(i.settings, i.state) == Why::blocked);
    SUBCASE("one that nobody finishes does not block") {
        recent.finished = false;
        i.see(recent);
        i.observers_say(false);
        CHECK(i.state.role == Role::bidding);
    }
    SUBCASE("after it an election is free") {
        recent.since_takeover = std::chrono::seconds(3600);
        i.see(recent);
        i.observers_say(false);
        CHECK(i.state.role == Role::bidding);
    }
    SUBCASE("an order is not blocked") {
        i.give(Order::take_over);
        CHECK(i.state.role == Role::taking);
        CHECK(i.said(Why::ordered));
    }
}

TEST_CASE("in maintenance, with two observers, or where nothing is automatic, only an order takes over") {
    Instance i;
    Why expected = Why::in_maintenance;
    SUBCASE("maintenance") { i.give(Order::begin_maintenance); }
    SUBCASE("two observers") {
        i.settings.observers = 2;
        expected = Why::too_few_observers;
    }
    SUBCASE("by hand") {
        i.settings.automatic = false;
        expected = Why::not_automatic;
    }
    i.bid();
    CHECK(i.state.role == Role::suspecting);
    CHECK(obstacle(i.settings, i.state) == expected);
    i.give(Order::take_over);
    CHECK(i.state.role == Role::taking);
}

TEST_CASE("maintenance outlives a crash, and ends by an order") {
    Instance i;
    i.give(Order::begin_maintenance);
    i.state = restart(i.state.durable, i.now);
    CHECK(i.state.durable.maintenance);
    i.give(Order::end_maintenance);
    CHECK_FALSE(i.state.durable.maintenance);
}

TEST_CASE("an order takes a lease that is held, and then waits for its holder") {
    Instance i;
    i.give(Order::take_over);
    i.end_step();
    REQUIRE(i.did(Act::acquire));
    CHECK(i.did(Act::acquire)->steal);
    CHECK(i.did(Act::acquire)->compare);
    Predecessor old = Predecessor::held;
    SUBCASE("that answers") {
        i.acquired(old);
        i.end_step();
        i.end_step();
        CHECK(i.state.durable.step == Step::import);
        return;
    }
    SUBCASE("that does not") {}
    SUBCASE("or of which one cannot be sure") { old = Predecessor::uncertain; }
    i.acquired(old);
    i.end_step();
    CHECK(i.state.durable.step == Step::freeze);
    const Time begin = i.now;
    while (i.state.durable.step == Step::freeze) {
        if (i.did(Act::run)) i.end_step(old == Predecessor::uncertain);
        i.pass(1);
        if (i.state.asked == Asked::prove) i.give(Proven{i.state.ticket});
        CHECK_FALSE((i.state.durable.step == Step::freeze && i.acting()));
        REQUIRE(i.now - begin <= std::chrono::seconds(30));
    }
    CHECK(i.state.durable.step == Step::import);
    CHECK(i.now - begin == std::chrono::seconds(30));
}

TEST_CASE("who was not quick enough follows, and gives the import lock back") {
    Instance i;
    i.bid();
    i.pass(5);
    i.end_step();
    SUBCASE("told by the coordinator") {
        i.give(Lost{i.state.ticket, 2});
        CHECK(i.said(Why::other_was_quicker));
        CHECK(i.state.durable.epoch == 2);
    }
    SUBCASE("not told at all") {
        i.pass(4);
        CHECK(i.said(Why::coordinator_silent));
        // The answer to a question that was given up comes too late.
        i.give(Acquired{i.state.ticket - 1, 2, Predecessor::gone});
    }
    CHECK(i.state.role == Role::follower);
    CHECK(i.state.durable.claim == 0);
}

TEST_CASE("a takeover that was killed at any step goes on when its epoch is proven, and is done") {
    for (int at = static_cast<int>(Step::raise); at < static_cast<int>(Step::done); ++at) {
        CAPTURE(at);
        Durable durable{.epoch = 2, .claim = 2, .step = static_cast<Step>(at)};
        Instance i(1, durable);
        while (i.state.asked != Asked::prove) i.pass(1);
        i.give(Proven{i.state.ticket});
        CHECK(i.state.role == Role::taking);
        REQUIRE(i.did(Act::run));
        // What ran was killed with us: the service is started once more.
        CHECK(i.did(Act::run)->step == std::min(static_cast<Step>(at), Step::start));
        i.finish();
        CHECK(i.state.role == Role::leading);
    }
    // Before the epoch was ours there was nothing that others could have seen.
    for (const Step at : {Step::lock, Step::acquire})
        CHECK(restart({.epoch = 1, .step = at}, Time(0)).role == Role::follower);
}

TEST_CASE("a step that fails is tried again, later") {
    Instance i;
    i.bid();
    i.pass(5);
    i.end_step();
    i.acquired();
    i.end_step(false);
    CHECK(i.said(Why::step_failed));
    CHECK_FALSE(i.did(Act::run));
    i.pass(4);
    REQUIRE(i.did(Act::run));
    CHECK(i.did(Act::run)->step == Step::raise);
    // The end of another step is none of this one.
    i.give(Ended{Step::hooks, true});
    CHECK(i.state.durable.step == Step::raise);
}
