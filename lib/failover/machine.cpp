// SPDX-License-Identifier: Apache-2.0
#include "failover/machine.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "failover/rules.hpp"

namespace rs::failover {

namespace {

bool may_lead(const State& state, bool by_order) {
    Candidate own = state.own;
    if (by_order) own.maintenance = false;
    return eligible(own) == Ruling::wins;
}

class Run {
public:
    Run(const Settings& settings, State& state, std::vector<Action>& actions) : set_(settings), s_(state), out_(actions) {}

    // What time alone decides. It comes before whatever has happened: after a pause that was longer than a lease the first
    // thing to be handled may be a yes from before it.
    void keep_time() {
        if (s_.asked != Asked::nothing && s_.now - s_.asked_at >= set_.retry) unanswered();
        if ((s_.role == Role::leading || s_.role == Role::taking) && s_.durable.claim != 0 && !fresh() &&
            holds(Rule::stop_at_half_lease)) {
            become(Role::fenced);
            say(Why::no_recent_proof);
        }
    }

    // What follows from all that is known, at the end of each transition: until nothing more does.
    void go_on() {
        Role role;
        Step step;
        do {
            role = s_.role;
            step = s_.durable.step;
            go_on_once();
        } while (role != s_.role || step != s_.durable.step);
    }

    void go_on_once() {
        switch (s_.role) {
        case Role::follower: follow(); break;
        case Role::suspecting: suspect(); break;
        case Role::bidding: collect(); break;
        case Role::taking: take(); break;
        case Role::leading: lead(); break;
        case Role::fenced: ask_proof(false); break;
        case Role::returned: break;
        }
    }

    void on(const Tick&) {}

    void on(const Seen& seen) {
        if (!answers(seen.ticket, Asked::look)) return;
        s_.looked_at = s_.asked_at;
        if (went_back(seen.view.epoch)) return;
        s_.view = seen.view;
        s_.lease = seen.view.held ? Lease::held : Lease::gone;
        if (s_.lease == Lease::held) s_.winners.forget(); // somebody leads: what comes after that is another election
        if (seen.view.epoch == s_.durable.epoch) return;
        learn(seen.view.epoch);
        // Somebody has won what we were about to decide.
        if (s_.role == Role::suspecting || s_.role == Role::bidding) become(Role::follower);
    }

    void on(const Acquired& acquired) {
        if (!answers(acquired.ticket, Asked::acquire)) return;
        // A coordinator whose epoch we have not asked for is none that we know.
        if (acquired.epoch <= s_.durable.epoch) return abandon(Why::coordinator_went_back);
        learn(acquired.epoch);
        s_.durable.claim = acquired.epoch;
        s_.durable.old = acquired.old;
        believe();
        next(Step::raise);
    }

    void on(const Proven& proven) {
        const bool to_publish = s_.asked_to_publish;
        if (!answers(proven.ticket, Asked::prove) || s_.durable.claim == 0) return;
        believe();
        if (s_.role == Role::fenced) {
            become(s_.durable.step == Step::done ? Role::leading : Role::taking);
            s_.step_running = false;
            s_.step_begun = s_.now - set_.retry;
            // After a crash: nothing of ours runs that was started then.
            if (s_.role == Role::taking && s_.durable.step > Step::start && !s_.serving) s_.durable.step = Step::start;
            say(Why::proof_again);
        }
        if (to_publish) publish();
    }

    void on(const Lost& lost) {
        const bool acquiring = s_.asked == Asked::acquire;
        if (!answers(lost.ticket, s_.asked)) return;
        if (went_back(lost.epoch)) {
            if (acquiring) abandon(Why::coordinator_went_back);
            return;
        }
        learn(lost.epoch);
        if (acquiring) return abandon(Why::other_was_quicker);
        if (s_.durable.claim != 0) superseded();
    }

    void on(const Silent& silent) {
        if (silent.ticket == s_.ticket && s_.asked != Asked::nothing) unanswered();
    }

    void on(const Reported& report) {
        if (report.observer < std::min<std::size_t>(set_.observers, max_observers))
            s_.observed[report.observer] = {true, report.reachable, s_.now};
    }

    void on(const Heard& heard) {
        if (s_.role != Role::bidding || heard.candidate.number == set_.number) return;
        const auto begin = s_.bids.begin(), end = begin + s_.bid_count;
        const auto found = std::find_if(begin, end, [&](const Candidate& c) { return c.number == heard.candidate.number; });
        if (found == s_.bids.end()) return;
        *found = heard.candidate;
        if (found == end) ++s_.bid_count;
    }

    void on(const Ours& ours) {
        s_.own = ours.candidate;
        s_.own.number = set_.number;
    }

    void on(const Ended& ended) {
        // A step that we are not at any more has been done by then, or will be done again.
        if (s_.role != Role::taking || !s_.step_running || ended.step != s_.durable.step) return;
        s_.step_running = false;
        if (!ended.ok) {
            // The old leader may well be off. One whose lease we took has to have stopped; take() waits for that.
            if (ended.step == Step::freeze && s_.durable.old == Predecessor::gone) return next(Step::import);
            if (ended.step != Step::freeze) say(Why::step_failed);
            s_.step_begun = s_.now;
            return;
        }
        switch (ended.step) {
        case Step::lock:
            // What is held is known to be so now, that the leader is dead is not. Where it still is, the next round says so at once.
            if (!s_.ordered && s_.now - s_.since > set_.report_age) return abandon(Why::waited_too_long);
            // What was imported in the meantime is newer; what was not proven then still is not.
            if (!may_lead(s_, s_.ordered)) return abandon(Why::own_not_proven);
            return next(Step::acquire);
        case Step::freeze:
            if (s_.durable.old != Predecessor::uncertain) next(Step::import);
            return;
        case Step::publish: return; // ends when a store has it
        default: return next(static_cast<Step>(static_cast<int>(ended.step) + 1));
        }
    }

    void on(const Rejoined&) {
        if (s_.role == Role::returned) become(Role::follower);
    }

    void on(const Ready& ready) {
        if (s_.durable.claim == 0 || ready.generation.epoch != s_.durable.claim) return say(Why::other_epoch);
        // One that has no proof now may have it again: then it is published.
        s_.pending = ready.generation;
        s_.published = false;
        s_.asked_to_publish = false; // a yes that is on its way was asked for before
        if (!holds(Rule::prove_before_publish)) publish();
    }

    void on(const Accepted& accepted) {
        if (!s_.pending || accepted.generation != s_.pending) return;
        s_.pending = {};
        if (s_.role == Role::taking && s_.durable.step == Step::publish) next(Step::follow);
    }

    void on(const Higher& higher) {
        if (higher.epoch <= s_.durable.epoch || higher.epoch > max_generation_part) return;
        learn(higher.epoch);
        if (s_.durable.claim != 0) superseded();
        else if (s_.role == Role::taking) abandon(Why::other_was_quicker);
        else if (s_.role != Role::returned) become(Role::follower);
    }

    void on(const Order& order) {
        switch (order) {
        case Order::begin_maintenance: s_.durable.maintenance = true; return;
        case Order::end_maintenance: s_.durable.maintenance = false; return;
        case Order::stand_down:
            if (s_.durable.claim == 0) {
                if (s_.role == Role::taking) abandon(Why::stood_down);
                return;
            }
            out_.push_back({.act = Act::release, .epoch = s_.durable.claim});
            say(Why::stood_down);
            return give_up_claim();
        case Order::take_over: break;
        }
        if (s_.role == Role::leading) return say(Why::already_leading);
        if (s_.role == Role::taking) return say(Why::under_way);
        // What such a one holds is its own line, which nobody has proven.
        if (s_.role == Role::returned || s_.durable.claim != 0) return say(Why::must_rejoin);
        if (!may_lead(s_, true)) return say(Why::own_not_proven);
        begin_takeover(true);
    }

private:
    // ---- time and asks ----

    [[nodiscard]] bool fresh() const { return s_.has_proof && s_.now - s_.proof_at < set_.lease / 2; }

    void ask(Asked what, Action action) {
        s_.asked = what;
        s_.asked_to_publish = false;
        s_.asked_at = s_.now;
        action.ticket = ++s_.ticket;
        out_.push_back(action);
    }

    // True if this is the answer that is waited for; then it is no longer.
    bool answers(std::uint32_t ticket, Asked what) {
        if (s_.asked == Asked::nothing || s_.asked != what || ticket != s_.ticket) return false;
        s_.asked = Asked::nothing;
        s_.asked_to_publish = false;
        return true;
    }

    void unanswered() {
        const Asked what = s_.asked;
        s_.asked = Asked::nothing;
        s_.asked_to_publish = false;
        if (what == Asked::look) {
            s_.lease = Lease::unknown;
            s_.looked_at = s_.now;
        }
        // It may have been heard and granted all the same. Then nobody has the lease until it runs out, which is better
        // than two who believe that they have it.
        if (what == Asked::acquire) abandon(Why::coordinator_silent);
    }

    // The yes counts from when it was asked for: how long the answer was on its way, nobody knows.
    void believe() {
        s_.has_proof = true;
        s_.proof_at = s_.asked_at;
    }

    bool went_back(std::uint64_t epoch) {
        if (epoch >= s_.durable.epoch) return false;
        s_.lease = Lease::unknown;
        say(Why::coordinator_went_back);
        return true;
    }

    void ask_proof(bool to_publish) {
        if (s_.asked != Asked::nothing) return;
        if (!to_publish && s_.has_proof && s_.now - s_.proof_at < set_.renew) return;
        if (!to_publish && s_.role == Role::fenced && s_.now - s_.asked_at < set_.renew) return;
        ask(Asked::prove, {.act = Act::prove, .epoch = s_.durable.claim, .finished = s_.durable.step == Step::done});
        s_.asked_to_publish = to_publish;
    }

    // Of another epoch is another leader: what was said of the last one, and who did not replace it, says nothing of this one.
    void learn(std::uint64_t epoch) {
        if (epoch == s_.durable.epoch) return;
        s_.durable.epoch = epoch;
        s_.observed = {};
        s_.winners.forget();
    }

    void look() {
        if (s_.asked == Asked::nothing && s_.now - s_.looked_at >= set_.renew) ask(Asked::look, {.act = Act::look});
    }

    // ---- roles ----

    void become(Role role) {
        s_.role = role;
        s_.since = s_.now;
        if (role == Role::follower) {
            s_.ordered = false;
            // What was seen led to here: it is not to lead to the same again.
            s_.lease = Lease::unknown;
            s_.looked_at = s_.now - set_.renew;
        }
        if (role != Role::bidding) s_.bid_count = 0;
    }

    void say(Why why) { out_.push_back({.act = Act::say, .why = why}); }

    void follow() {
        look();
        if (s_.lease != Lease::gone) return;
        become(Role::suspecting);
        say(Why::lease_ran_out);
    }

    void suspect() {
        look();
        if (s_.lease == Lease::held) return become(Role::follower);
        if (obstacle(set_, s_) != Why::nothing) return;
        become(Role::bidding);
        out_.push_back({.act = Act::ask_bids});
    }

    void collect() {
        look();
        if (s_.lease == Lease::held) return become(Role::follower);
        if (s_.now - s_.since < set_.bid_wait) return;
        if (obstacle(set_, s_) != Why::nothing) return become(Role::suspecting);
        std::array<Candidate, max_candidates + 1> all{};
        std::size_t n = 0;
        for (std::uint8_t i = 0; i < s_.bid_count; ++i)
            if (!holds(Rule::pass_over_the_idle) || !s_.winners.passed_over(s_.bids[i].number)) all[n++] = s_.bids[i];
        all[n] = s_.own;
        const auto winner = best({all.data(), n + 1});
        if (winner == n) return begin_takeover(false);
        // Time for the winner to acquire. If it does not, it is asked again, and if it does not answer it is not counted.
        if (s_.now - s_.since < 3 * set_.bid_wait) return;
        s_.winners.forget_all_but({s_.bids.data(), s_.bid_count});
        const bool idle = winner && s_.winners.has_won(all[*winner].number);
        become(Role::suspecting);
        say(Why::other_better);
        if (idle) say(Why::winner_idle);
    }

    // ---- the takeover ----

    void begin_takeover(bool by_order) {
        become(Role::taking);
        s_.ordered = by_order;
        s_.has_proof = false;
        say(by_order ? Why::ordered : Why::elected);
        next(Step::lock);
    }

    void next(Step to) {
        s_.durable.step = to;
        s_.since = s_.now;
        s_.step_running = false;
        s_.step_begun = s_.now - set_.retry;
        if (to == Step::publish) s_.serving = true;
        if (to != Step::done) return;
        s_.durable.old = Predecessor::gone;
        become(Role::leading);
        say(Why::takeover_done);
    }

    // Before anything is ours.
    void abandon(Why why) {
        say(why);
        s_.durable.step = Step::done;
        s_.step_running = false;
        out_.push_back({.act = Act::unlock});
        become(Role::follower);
    }

    void take() {
        if (s_.durable.step == Step::acquire) {
            if (s_.asked == Asked::look) s_.asked = Asked::nothing;
            if (s_.asked == Asked::nothing)
                ask(Asked::acquire, {.act = Act::acquire,
                                     .epoch = s_.durable.epoch,
                                     .compare = holds(Rule::compare_epoch_when_acquiring),
                                     .steal = s_.ordered});
            return;
        }
        if (s_.durable.claim != 0) {
            // By then its holder has gone half a lease without a yes, were its clock only half as fast as ours.
            if (s_.durable.step == Step::freeze && s_.now - s_.since >= set_.lease) next(Step::import);
            if (s_.durable.step == Step::publish) publish_pending();
            ask_proof(false);
        }
        if (s_.durable.step == Step::publish && s_.pending) return;
        if (s_.step_running || s_.now - s_.step_begun < set_.retry) return;
        s_.step_running = true;
        s_.step_begun = s_.now;
        out_.push_back({.act = Act::run, .epoch = s_.durable.claim, .step = s_.durable.step});
    }

    // ---- the leader ----

    [[nodiscard]] bool may_publish() const {
        return s_.role == Role::leading || (s_.role == Role::taking && s_.durable.step == Step::publish);
    }

    void publish() {
        if (!s_.pending || !may_publish()) return;
        if (holds(Rule::prove_before_publish) && holds(Rule::stop_at_half_lease) && !fresh()) return;
        s_.published = true;
        s_.published_at = s_.now;
        out_.push_back({.act = Act::publish, .epoch = s_.durable.claim, .generation = s_.pending});
    }

    // A new yes for each try.
    void publish_pending() {
        if (s_.pending && (!s_.published || s_.now - s_.published_at >= set_.retry)) ask_proof(true);
    }

    void lead() {
        if (!s_.serving) {
            s_.serving = true;
            out_.push_back({.act = Act::start_service, .epoch = s_.durable.claim});
        }
        publish_pending();
        ask_proof(false);
    }

    void superseded() {
        say(Why::superseded);
        give_up_claim();
    }

    void give_up_claim() {
        s_.durable.claim = 0;
        s_.durable.step = Step::done;
        s_.durable.old = Predecessor::gone;
        s_.has_proof = false;
        s_.asked = Asked::nothing;
        s_.step_running = s_.serving = s_.published = false;
        s_.pending = {};
        become(Role::returned);
        for (const Act act : {Act::freeze, Act::stop_service, Act::keep_branch, Act::rejoin}) out_.push_back({.act = act});
    }

    const Settings& set_;
    State& s_;
    std::vector<Action>& out_;
};

} // namespace

Outcome step(const Settings& settings, State state, Time now, const Input& input) {
    RS_ASSERT(settings.observers <= max_observers && settings.renew + settings.retry <= settings.lease / 2);
    Outcome outcome{std::move(state), {}};
    outcome.state.now = std::max(outcome.state.now, now);
    Run run(settings, outcome.state, outcome.actions);
    run.keep_time();
    std::visit([&](const auto& what) { run.on(what); }, input);
    run.go_on();
    return outcome;
}

Why obstacle(const Settings& settings, const State& state) {
    std::array<Report, max_observers> reports{};
    std::size_t n = 0;
    for (std::uint32_t i = 0; i < max_observers; ++i)
        if (state.observed[i].heard) reports[n++] = {i, state.observed[i].reachable, state.now - state.observed[i].at};
    switch (leader_vital(state.lease, {reports.data(), n}, settings.observers, settings.report_age)) {
    case Vital::dead: break;
    case Vital::lease_held: return Why::lease_held;
    case Vital::too_few_observers: return Why::too_few_observers;
    case Vital::too_few_reports: return Why::too_few_reports;
    case Vital::reachable: return Why::leader_reachable;
    case Vital::coordinator_silent: return Why::coordinator_silent;
    }
    // The next one need not wait for the time after a takeover that nobody is going to finish.
    if (state.view.finished && state.view.since_takeover < settings.block) return Why::blocked;
    if (!settings.automatic) return Why::not_automatic;
    if (state.durable.maintenance) return Why::in_maintenance;
    if (!may_lead(state, false)) return Why::own_not_proven;
    return Why::nothing;
}

State restart(const Durable& durable, Time now) {
    State state;
    state.durable = durable;
    state.now = state.since = now;
    state.asked_at = state.looked_at = now - std::chrono::hours(24); // long ago: both are due
    // Without a claim there was nothing of a takeover that others could have seen.
    if (durable.claim == 0) state.durable.step = Step::done;
    else state.role = Role::fenced;
    return state;
}

bool acts(const Settings& settings, const State& state, Time now) {
    if (state.durable.claim == 0 || !state.has_proof) return false;
    if (holds(Rule::stop_at_half_lease) && std::max(now, state.now) - state.proof_at >= settings.lease / 2) return false;
    return state.role == Role::leading || (state.role == Role::taking && state.durable.step > Step::freeze);
}

} // namespace rs::failover
