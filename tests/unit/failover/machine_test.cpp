// SPDX-License-Identifier: Apache-2.0
#include "failover/machine.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "failover/words.hpp"

using namespace rs;
using namespace rs::failover;

namespace {

// One instance, and its clock in seconds. What it does on its own lines is done at once where a test asks for it.
class Instance {
public:
    explicit Instance(std::uint32_t number = 1, Durable durable = {.epoch = 1}) {
        settings.number = number;
        state = restart(durable, Time(0));
        give(Ours{proven({1, 5})});
    }

    static Candidate proven(Generation generation) {
        return {.generation = generation, .imported = true, .checked = true, .confirmed = true};
    }

    void give(const Input& input) {
        Outcome outcome = step(settings, state, now, input);
        state = outcome.state;
        last = outcome.actions;
    }
    void pass(std::int64_t seconds) {
        now += std::chrono::seconds(seconds);
        give(Tick{});
    }
    void see(View view) {
        while (state.asked != Asked::look) pass(1);
        give(Seen{state.ticket, view});
    }
    void observers_say(bool reachable) {
        for (std::uint32_t i = 0; i < 3; ++i) give(Reported{i, reachable});
    }
    // From follower to bidding.
    void bid() {
        see(dead);
        observers_say(false);
    }
    // Takes the step that it is at.
    void end_step(bool ok = true) { give(Ended{state.durable.step, ok}); }
    void acquired(Predecessor old = Predecessor::gone) {
        REQUIRE(state.asked == Asked::acquire);
        give(Acquired{state.ticket, state.durable.epoch + 1, old});
    }
    // Proofs as they come, until the takeover is done.
    void finish() {
        while (state.role == Role::taking) {
            if (state.durable.step == Step::publish) {
                give(Ready{{state.durable.claim, 1}});
                if (state.asked == Asked::prove) give(Proven{state.ticket});
                if (!did(Act::publish)) continue;
                give(Accepted{{state.durable.claim, 1}});
            } else {
                end_step();
            }
        }
    }

    [[nodiscard]] const Action* did(Act act) const {
        const auto found = std::ranges::find(last, act, &Action::act);
        return found == last.end() ? nullptr : &*found;
    }
    [[nodiscard]] bool said(Why why) const {
        return std::ranges::any_of(last, [&](const Action& a) { return a.act == Act::say && a.why == why; });
    }
    [[nodiscard]] bool acting() const { return acts(settings, state, now); }

    static constexpr View dead{1, false, true, std::chrono::hours(9)};
    static constexpr View alive{1, true, true, std::chrono::hours(9)};

    Settings settings;
    State state;
    Time now{0};
    std::vector<Action> last;
};

// One that has taken over epoch 2 and leads.
Instance leader() {
    Instance i;
    i.bid();
    i.pass(5);
    i.end_step();
    i.acquired();
    i.finish();
    REQUIRE(i.state.role == Role::leading);
    return i;
}

} // namespace

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
