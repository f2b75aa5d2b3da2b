// SPDX-License-Identifier: Apache-2.0
// One instance as the tests of its rules have it.
#pragma once

#include <algorithm>

#include <doctest/doctest.h>

#include "failover/machine.hpp"

namespace rs::failover {

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
inline Instance leader() {
    Instance i;
    i.bid();
    i.pass(5);
    i.end_step();
    i.acquired();
    i.finish();
    REQUIRE(i.state.role == Role::leading);
    return i;
}

} // namespace rs::failover
