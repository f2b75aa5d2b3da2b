// SPDX-License-Identifier: Apache-2.0
// How an instance leads, and ceases to: lib/failover/machine.
#include "unit/failover/machine_support.hpp"

#include "failover/words.hpp"

using namespace rs;
using namespace rs::failover;

TEST_CASE("no publish without a yes that was asked for when there was something to publish") {
    Instance i = leader();
    i.pass(5);
    REQUIRE(i.state.asked == Asked::prove);
    const std::uint32_t before = i.state.ticket;
    i.give(Ready{{2, 2}});
    i.give(Proven{before});
    CHECK_FALSE(i.did(Act::publish));
    REQUIRE(i.did(Act::prove));
    CHECK(i.did(Act::prove)->finished);
    i.give(Proven{i.state.ticket});
    REQUIRE(i.did(Act::publish));
    // Nobody has accepted it: again, with another yes.
    i.give(Proven{i.state.ticket});
    CHECK_FALSE(i.did(Act::publish));
    i.pass(4);
    REQUIRE(i.did(Act::prove));
    i.give(Proven{i.state.ticket});
    CHECK(i.did(Act::publish));
    i.give(Accepted{{2, 2}});
    CHECK_FALSE(i.state.pending);
    // Nor is the yes for one dump a yes for the next.
    i.give(Ready{{2, 3}});
    REQUIRE(i.state.asked_to_publish);
    i.give(Accepted{{2, 3}});
    i.give(Ready{{2, 4}});
    i.give(Proven{i.state.ticket});
    CHECK_FALSE(i.did(Act::publish));
    i.give(Ready{{1, 9}});
    CHECK(i.said(Why::other_epoch));
}

TEST_CASE("half a lease without a yes: it publishes nothing, and its service goes on") {
    Instance i = leader();
    CHECK(i.acting());
    i.pass(14);
    CHECK(i.acting());
    i.pass(1);
    CHECK_FALSE(i.acting());
    CHECK(i.state.role == Role::fenced);
    CHECK(i.state.serving);
    CHECK_FALSE(i.did(Act::stop_service));
    i.give(Ready{{2, 2}});
    for (int n = 0; n < 10000; ++n) {
        i.pass(7);
        REQUIRE_FALSE(i.did(Act::publish));
        REQUIRE_FALSE(i.did(Act::stop_service));
    }
    // The coordinator is there again, and nobody has taken over.
    while (i.state.asked != Asked::prove) i.pass(1);
    i.give(Proven{i.state.ticket});
    CHECK(i.state.role == Role::leading);
    CHECK(i.acting());
    CHECK_FALSE(i.did(Act::start_service));
    // What was dumped in the meantime has a yes of its own.
    CHECK_FALSE(i.did(Act::publish));
    REQUIRE(i.did(Act::prove));
    i.give(Proven{i.state.ticket});
    REQUIRE(i.did(Act::publish));
    CHECK(i.did(Act::publish)->generation == Generation{2, 2});
}

TEST_CASE("after a pause that was longer than half a lease nothing is done on a yes from before it") {
    Instance i = leader();
    i.pass(5);
    i.give(Proven{i.state.ticket});
    i.give(Ready{{2, 2}});
    REQUIRE(i.state.asked_to_publish);
    i.now += std::chrono::seconds(35);
    CHECK_FALSE(i.acting());
    i.give(Proven{i.state.ticket});
    CHECK_FALSE(i.did(Act::publish));
    CHECK(i.state.role == Role::fenced);
}

TEST_CASE("a yes counts from when it was asked for") {
    Instance i = leader();
    i.pass(5);
    i.now += std::chrono::seconds(3);
    i.give(Proven{i.state.ticket});
    CHECK(i.state.proof_at == i.now - std::chrono::seconds(3));
}

TEST_CASE("who has lost the epoch stops, keeps its branch, and re-joins before it takes part again") {
    Instance i = leader();
    SUBCASE("told by the coordinator") {
        i.pass(5);
        i.give(Lost{i.state.ticket, 3});
    }
    SUBCASE("told by a store, or by who takes over") { i.give(Higher{3}); }
    SUBCASE("the same epoch, of another one") {
        i.pass(5);
        i.give(Lost{i.state.ticket, 2});
    }
    CHECK(i.state.role == Role::returned);
    CHECK(i.state.durable.claim == 0);
    CHECK_FALSE(i.acting());
    for (const Act act : {Act::freeze, Act::stop_service, Act::keep_branch, Act::rejoin}) CHECK(i.did(act));
    i.give(Order::take_over);
    CHECK(i.said(Why::must_rejoin));
    i.give(Ready{{2, 7}});
    CHECK_FALSE(i.did(Act::prove));
    i.give(Rejoined{});
    CHECK(i.state.role == Role::follower);
}

TEST_CASE("an epoch that is old, or none, changes nothing") {
    Instance i = leader();
    for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, max_generation_part + 1}) {
        i.give(Higher{epoch});
        CHECK(i.state.role == Role::leading);
    }
}

TEST_CASE("a coordinator that has forgotten is not believed: nobody is elected, the leader goes on serving") {
    Instance follower(1, {.epoch = 7});
    follower.see({0, false, true, std::chrono::hours(9)});
    CHECK(follower.said(Why::coordinator_went_back));
    follower.observers_say(false);
    CHECK(follower.state.role == Role::follower);
    CHECK(follower.state.durable.epoch == 7);
    follower.give(Order::take_over);
    follower.end_step();
    follower.give(Lost{follower.state.ticket, 0});
    CHECK(follower.state.role == Role::follower);
    CHECK(follower.said(Why::coordinator_went_back));
    Instance i = leader();
    i.pass(5);
    i.give(Lost{i.state.ticket, 0});
    CHECK(i.state.role == Role::leading);
    i.pass(15);
    CHECK(i.state.role == Role::fenced);
    CHECK(i.state.serving);
}

TEST_CASE("who starts again is not the leader until its epoch is proven") {
    Instance i = leader();
    i.state = restart(i.state.durable, i.now);
    CHECK(i.state.role == Role::fenced);
    CHECK_FALSE(i.acting());
    i.give(Tick{});
    REQUIRE(i.did(Act::prove));
    CHECK(i.did(Act::prove)->epoch == 2);
    SUBCASE("it is") {
        i.give(Proven{i.state.ticket});
        CHECK(i.state.role == Role::leading);
        CHECK(i.did(Act::start_service));
    }
    SUBCASE("it is not") {
        i.give(Lost{i.state.ticket, 3});
        CHECK(i.state.role == Role::returned);
    }
}

TEST_CASE("who is told to stand down gives its lease back; a takeover that has no epoch yet ends") {
    Instance i = leader();
    i.give(Order::stand_down);
    REQUIRE(i.did(Act::release));
    CHECK(i.did(Act::release)->epoch == 2);
    CHECK(i.state.role == Role::returned);
    Instance j;
    j.give(Order::take_over);
    j.give(Order::stand_down);
    CHECK(j.state.role == Role::follower);
    CHECK(j.did(Act::unlock));
}

TEST_CASE("a clock that goes back counts as one that stands still") {
    Instance i = leader();
    i.pass(10);
    i.now -= std::chrono::seconds(9);
    i.give(Tick{});
    i.now += std::chrono::seconds(14);
    i.give(Tick{});
    CHECK(i.state.role == Role::fenced);
}

TEST_CASE("everything that is said is said in words") {
    for (int n = 1; n <= static_cast<int>(Why::other_epoch); ++n) CHECK_FALSE(sentence(static_cast<Why>(n)).empty());
    CHECK(sentence(Why::nothing).empty());
    CHECK(sentence(Why::other_epoch) == "what is to be published is not of our epoch");
    CHECK(word(Role::returned) == "returned");
    CHECK(word(Step::done) == "done");
    CHECK(word(Act::say) == "say");
}
