// SPDX-License-Identifier: Apache-2.0
#include "elect/watch.hpp"

#include <unistd.h>

#include <algorithm>
#include <deque>
#include <memory>

#include "base/error.hpp"
#include "base/text.hpp"
#include "elect/coordinator.hpp"
#include "elect/file_stamp.hpp"
#include "elect/founding.hpp"
#include "elect/held.hpp"
#include "elect/journal.hpp"
#include "elect/memory.hpp"
#include "elect/order.hpp"
#include "elect/poll.hpp"
#include "elect/probe.hpp"
#include "elect/proof_wait.hpp"
#include "elect/round.hpp"
#include "elect/sighting.hpp"
#include "elect/work.hpp"
#include "failover/words.hpp"
#include "io/lock.hpp"

namespace rs::elect {

using namespace failover;
using namespace std::chrono_literals;

namespace {

constexpr const char* lock_name = "watch.lock";
// Between rounds of questions while the leader is suspected: short at first, longer when that goes on.
constexpr Time longest_pause = 5s, idle_pause = 15s;
// A follower asks for proofs that often, so that it knows whether it could lead when the servers cannot be asked.
constexpr Time proofs_period = 5min;
// So long an order is tried again while the coordinator does not answer.
constexpr Time order_lasts = 60s;

class Watch {
public:
    Watch(const Config& config, const io::Dir& state,
          const std::function<void(const std::string&)>& print)
        : config_(config), dir_(state), settings_(settings_of(config)),
          tick_(std::clamp(settings_.renew / 4, Time(50), Time(200))), journal_(config.log, print),
          coordinator_(config), asks_(config), round_(config),
          lane_(config, [this] { return state_.durable.epoch; }), held_file_(state, "held"),
          epoch_file_(state, "epoch"), probe_(config.probe) {}

    void run() {
        begin();
        for (;;) {
            const Time now = boot_time();
            hear(now);
            look_at_files();
            if (founding_)
                founding_->go_on(coordinator_, now);
            else
                give(Tick{});
            ask(now);
            probe(now);
            wait(now);
        }
    }

    // What runs is asked to end, and is killed when it does not: it will be run again.
    void stop() {
        const Time until = boot_time() + 800ms;
        bool ended = false;
        while (!ended && boot_time() < until) {
            ended = lane_.stop(boot_time());
            ended = coordinator_.stop(boot_time()) && ended;
            ::usleep(10'000);
        }
        say("ends: asked to");
    }

private:
    // ---- the log ----

    void say(const std::string& text) { journal_.add(state_.durable.epoch, state_.role, text); }
    // What may go on for long.
    void say_once(const std::string& text) {
        journal_.add_once(state_.durable.epoch, state_.role, text);
    }

    // ---- the machine ----

    void begin() {
        const Memory memory = read_memory(dir_);
        const Durable& durable = memory.durable;
        saved_ = memory;
        state_ = restart(durable, boot_time());
        say(cat("begins: ", config_.instance, ", number ", config_.number, ", epoch ",
                durable.epoch, ", claim ", durable.claim, ", ",
                count_of(settings_.observers, "observer"),
                config_.coordinator.empty() ? ", no coordinator: nothing is automatic" : ""));
        if (memory.returned) {
            state_.role = Role::returned;
            come_back();
        } else if (durable.claim == 0 && durable.step != Step::done) {
            lane_.add({Deed::unlock}); // it was killed before anything was its own
        }
        if (config_.first && !config_.coordinator.empty() && durable.epoch == 0 && !memory.returned)
            founding_.emplace(config_, dir_, settings_.renew);
    }

    void give(const Input& input) {
        inputs_.push_back(input);
        if (giving_) return; // what an action is answered with at once comes after all actions
        giving_ = true;
        while (!inputs_.empty()) {
            const Input next = inputs_.front();
            inputs_.pop_front();
            apply(step(settings_now(), state_, boot_time(), next));
        }
        giving_ = false;
    }

    // Bids are collected for a time, or until there is nobody left who could bid.
    [[nodiscard]] Settings settings_now() const {
        Settings s = settings_;
        if (state_.role == Role::bidding && round_.complete())
            s.bid_wait = std::clamp(boot_time() - state_.since, Time(1), settings_.bid_wait);
        // Before an epoch is ours no yes has to be had in between: an acquisition that is given up too early is an epoch that
        // nobody has, and a lease to wait for.
        if (state_.asked == Asked::acquire) {
            s.renew = Time(0);
            s.retry = s.lease / 2;
        }
        return s;
    }

    void apply(Outcome outcome) {
        const Role role = state_.role;
        const Step at = state_.durable.step;
        state_ = outcome.state;
        // Before any action is begun.
        if (const Memory memory{state_.durable, state_.role == Role::returned}; memory != saved_) {
            write_memory(dir_, memory);
            saved_ = memory;
        }
        for (const Action& action : outcome.actions)
            if (action.act == Act::say) tell(action.why);
        if (role != state_.role) changed_role(role);
        if (at != state_.durable.step && state_.durable.step != Step::done)
            say(cat("step ", word(state_.durable.step)));
        for (const Action& action : outcome.actions) act(action);
    }

    void tell(Why why) {
        const bool may_repeat = why == Why::coordinator_went_back || why == Why::step_failed ||
                                why == Why::other_better;
        may_repeat ? say_once(std::string(sentence(why))) : say(std::string(sentence(why)));
        if (why == Why::elected) order_until_ = Time(0); // that one is no order
        if (why == Why::coordinator_silent && boot_time() < order_until_) {
            say("the order is tried again");
            wait_with_order();
        }
        if (why == Why::elected || why == Why::other_better) tell_verdict(may_repeat);
    }

    void tell_verdict(bool may_repeat) {
        std::vector<Bid> bids{own_bid()};
        for (const auto& [peer, bid] : round_.bids()) {
            // It has won still in the round after which it is passed over.
            if (may_repeat || !state_.winners.passed_over(bid.number))
                bids.push_back(bid);
            else
                say(cat(bid.instance, ": is passed over: has won ",
                        count_of(most_rounds_won, "round"), " and done nothing"));
        }
        const std::vector<Proof> proofs = round_.proofs();
        std::string text = explain(failover::elect(bids, proofs), bids);
        for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos;
             text.erase(0, end + 1))
            may_repeat ? say_once(text.substr(0, end)) : say(text.substr(0, end));
    }

    void changed_role(Role before) {
        say(cat("is ", word(state_.role), ", was ", word(before)));
        if (state_.role == Role::suspecting && before != Role::bidding) {
            round_.begin();
            next_round_ = Time(0);
            pause_ = std::max(settings_.lease / 10, Time(300));
        }
        // Whoever has no proof takes no steps that others see; it goes on with the same one.
        if (before == Role::taking && state_.role == Role::fenced) lane_.drop_steps();
    }

    void act(const Action& a) {
        // The machine has given up the ask before.
        if ((a.act == Act::look || a.act == Act::acquire || a.act == Act::prove) &&
            coordinator_.waits())
            note_silence({.complaint = cat(
                              "no answer in ",
                              human_seconds(static_cast<double>(settings_.retry.count()) / 1000))});
        switch (a.act) {
        case Act::look:
            if (config_.coordinator.empty()) return give(Silent{a.ticket});
            return coordinator_.view(a.ticket);
        case Act::acquire:
            if (config_.coordinator.empty()) return give(Silent{a.ticket});
            stolen_ = a.steal ? sighting_.predecessor(a.epoch, settings_.lease, boot_time())
                              : Predecessor::gone;
            return coordinator_.acquire(a.ticket, a.epoch, a.steal);
        case Act::prove:
            if (config_.coordinator.empty()) return give(Silent{a.ticket});
            return coordinator_.renew(a.ticket, a.epoch, a.finished);
        case Act::release: return coordinator_.release(a.epoch);
        case Act::ask_bids: return hear_bids();
        case Act::run:
            // The dump and its publication are one program: it is run when there is a yes for it.
            if (a.step == Step::publish) return give(Ready{{a.epoch, 1}});
            return lane_.add({Deed::step, a.step, a.epoch});
        case Act::publish: return lane_.add({Deed::step, Step::publish, a.epoch});
        case Act::unlock: return lane_.add({Deed::unlock});
        case Act::freeze: return come_back();
        case Act::start_service: return lane_.add({Deed::start, Step::done, a.epoch});
        // With freeze, which is the first of them.
        case Act::stop_service:
        case Act::keep_branch:
        case Act::rejoin:
        case Act::say: return;
        }
    }

    void come_back() {
        for (const Deed deed : {Deed::freeze, Deed::stop, Deed::branch, Deed::rejoin})
            lane_.add({deed});
    }

    // ---- answers ----

    void hear(Time now) {
        if (const auto reply = coordinator_.hear(now))
            founding_ ? heard_founding(*reply) : heard(*reply);
        for (const Answer& answer : asks_.hear(now)) heard(answer);
        for (const Done& done : lane_.hear(now)) heard(done);
    }

    // Whether rs-takeover has taken the epoch over that the coordinator is at, for us and without us. The coordinator has given it
    // to nobody else, and says so once more before anything is done with it.
    bool leads_by_hand() {
        const std::uint64_t epoch = sighting_.last()->view.epoch;
        if (epoch < state_.durable.epoch || sighting_.holder() != config_.instance ||
            (state_.role != Role::follower && state_.role != Role::suspecting &&
             state_.role != Role::bidding))
            return false;
        try {
            return read_leads(dir_) == epoch && epoch != 0;
        } catch (const Error& e) {
            say_once(e.what());
            return false;
        }
    }

    // As one that was killed when its takeover was done.
    void lead_in(std::uint64_t epoch, const std::string& why) {
        const Durable durable{.epoch = epoch, .claim = epoch, .maintenance = maintenance_};
        saved_ = {durable, false};
        write_memory(dir_, saved_);
        begin_anew();
        say(cat(why, ": we lead in epoch ", epoch));
    }

    void begin_anew() {
        const Candidate own = state_.own;
        state_ = restart(saved_.durable, boot_time());
        state_.own = own;
    }

    void note_silence(const Reply& reply) {
        if (reply.kind == Reply::Kind::silent)
            say_once(
                cat("the coordinator: ", reply.complaint.empty() ? "no answer" : reply.complaint));
        else if (silent_)
            say("the coordinator answers again");
        silent_ = reply.kind == Reply::Kind::silent;
    }

    void heard(const Reply& r) {
        note_silence(r);
        switch (r.kind) {
        case Reply::Kind::seen: {
            const View view = sighting_.take(r.sight, state_.asked_at, boot_time());
            if (leads_by_hand())
                return lead_in(view.epoch, "a takeover was ordered here while nobody watched");
            return give(Seen{r.ticket, view});
        }
        case Reply::Kind::acquired: return give(Acquired{r.ticket, r.epoch, stolen_});
        case Reply::Kind::proven: return give(Proven{r.ticket});
        case Reply::Kind::lost: return give(Lost{r.ticket, r.epoch});
        case Reply::Kind::silent: return give(Silent{r.ticket});
        }
    }

    void heard(const Answer& a) {
        if (const std::string wrong = round_.take(a); !wrong.empty()) say_once(wrong);
        switch (a.question) {
        case Question::bid:
            if (state_.role == Role::bidding) hear_bids();
            break;
        case Question::proofs:
            own_changed();
            if (state_.role == Role::bidding) hear_bids();
            break;
        case Question::alive:
        case Question::observe:
            // Of one who was the last leader when it was asked, and of no higher epoch was heard since.
            if (const auto report = report_of(a); report && sighting_.last() && sighting_.holder() == a.about &&
                                                  sighting_.last()->view.epoch == state_.durable.epoch)
                give(Reported{report->first, report->second});
            break;
        }
        if (!asks_.busy()) round_ended();
    }

    void hear_bids() {
        const std::vector<Proof> proofs = round_.proofs();
        for (const auto& [peer, bid] : round_.bids()) give(Heard{judge(bid, proofs)});
    }

    void round_ended() {
        if (state_.role != Role::suspecting) return;
        if (const Why why = obstacle(settings_, state_); why != Why::nothing)
            say_once(cat("nobody is elected: ", sentence(why)));
    }

    void heard(const Done& d) {
        if (!d.how.empty()) say_once(cat(describe(d.work), ": ", d.how));
        switch (d.work.deed) {
        case Deed::step:
            if (d.work.step == Step::publish) {
                if (d.ok) give(Accepted{{d.work.epoch, 1}});
            } else if (d.work.step == Step::lock && d.ok) {
                look_at_held();
                wait_.begin_lock_ended(boot_time(), 2 * ask_limit(config_), nothing_to_prove());
            } else {
                give(Ended{d.work.step, d.ok});
            }
            return;
        case Deed::rejoin:
            if (d.ok) {
                say("has re-joined as an import instance");
                give(Rejoined{});
                lane_.add({Deed::unlock}); // a takeover that was overtaken had locked it
            }
            return;
        default:
            if (d.ok) say(cat(describe(d.work), ": done"));
            return;
        }
    }

    // ---- what is here ----

    [[nodiscard]] Bid own_bid() const {
        return bid_of(config_, held_, state_.durable.epoch, maintenance_);
    }

    void own_changed() {
        Candidate own = judge(own_bid(), round_.proofs());
        own.number = config_.number;
        if (own != state_.own) give(Ours{own});
    }

    void look_at_held() {
        if (held_file_.changed()) {
            try {
                held_ = read_held(dir_);
            } catch (const Error& e) {
                held_ = {};
                say_once(cat("nothing is held: ", e.what()));
            }
            proofs_due_ = Time(0);
        }
        maintenance_ = in_maintenance(config_);
        own_changed();
    }

    void look_at_files() {
        look_at_held();
        if (founding_) return;
        if (maintenance_ != state_.durable.maintenance) {
            say(maintenance_ ? "maintenance begins" : "maintenance ends");
            give(maintenance_ ? Order::begin_maintenance : Order::end_maintenance);
        }
        if (epoch_file_.changed()) {
            try {
                if (const std::uint64_t epoch = read_epoch(dir_); epoch > state_.durable.epoch)
                    give(Higher{epoch});
            } catch (const Error& e) {
                say(e.what());
            }
        }
        if (!wait_.ordered()) take_order();
    }

    void take_order() {
        const auto what = read_order(dir_);
        if (!what) return;
        say(cat("order: ", *what));
        if (*what == "take-over") return wait_with_order();
        consume_order(dir_); // what it does is durable with the first step of it
        if (*what == "stand-down") give(Order::stand_down);
    }

    void wait_with_order() {
        look_at_held();
        wait_.begin_order(boot_time(), 2 * ask_limit(config_), nothing_to_prove(),
                          sighting_.last().has_value());
    }

    [[nodiscard]] bool nothing_to_prove() const {
        return state_.own.confirmed || !state_.own.generation;
    }

    void go_on_with_proofs() {
        const ProofWait::Due due = wait_.take();
        if (due.lock_ended) give(Ended{Step::lock, true});
        if (!due.ordered) return;
        if (read_order(dir_)) { // unless it is tried again
            consume_order(dir_);
            order_until_ = boot_time() + order_lasts;
        }
        give(Order::take_over);
    }

    // ---- questions ----

    void ask(Time now) {
        if (wait_.waits()) {
            const auto next = wait_.next(now, asks_.busy(), sighting_.last().has_value());
            if (next == ProofWait::Next::ask) {
                asks_.proofs();
                proofs_due_ = now + proofs_period;
            } else if (next == ProofWait::Next::go_on) {
                go_on_with_proofs();
            }
            return;
        }
        if (asks_.busy()) return;
        if (state_.role == Role::suspecting || state_.role == Role::bidding) return ask_round(now);
        if (state_.role == Role::follower && now >= proofs_due_ && held_.generation) {
            proofs_due_ = now + proofs_period;
            asks_.proofs();
        }
    }

    void ask_round(Time now) {
        if (now < next_round_) return;
        const Why why = obstacle(settings_, state_);
        const bool reports_matter = why == Why::nothing || why == Why::too_few_reports ||
                                    why == Why::leader_reachable || why == Why::own_not_proven;
        pause_ = std::min(pause_ * 3 / 2, longest_pause);
        next_round_ = now + (reports_matter ? pause_ : idle_pause);
        asks_.bids();
        asks_.proofs();
        proofs_due_ = now + proofs_period;
        const std::string& leader = sighting_.holder();
        if (leader.empty())
            return say_once("who led last is not known: nobody can be asked whether it is reached");
        // A name from outside is an argument only if it is one of the set.
        if (leader == config_.instance)
            give(Reported{0, false}); // we know that we do not lead
        else if (config_.peer(leader) == nullptr)
            return say_once(cat(leader, " led last, which is none of the set"));
        asks_.observers(leader, leader == config_.instance);
    }

    void probe(Time now) {
        const auto said = probe_.look(state_.role == Role::leading, now);
        if (!said.text.empty()) said.well ? say(said.text) : say_once(said.text);
    }

    // ---- the first leader of a line ----

    void heard_founding(const Reply& r) {
        note_silence(r);
        if (r.kind == Reply::Kind::seen) static_cast<void>(sighting_.take(r.sight, state_.asked_at, boot_time()));
        const auto outcome = founding_->heard(r, boot_time());
        if (!outcome) return;
        if (outcome->epoch != 0)
            lead_in(outcome->epoch, "nobody has led the line by this coordinator");
        else
            begin_anew();
        founding_.reset();
    }

    // ---- waiting ----

    void wait(Time now) {
        std::vector<int> fds;
        coordinator_.add_fds(fds);
        asks_.add_fds(fds);
        lane_.add_fds(fds);
        Time until = now + tick_;
        for (const auto& at : {coordinator_.deadline(), asks_.deadline(), lane_.deadline()})
            if (at && *at < until) until = *at;
        wait_for(fds, until);
    }

    const Config& config_;
    const io::Dir& dir_;
    const Settings settings_;
    const Time tick_;
    Journal journal_;
    Coordinator coordinator_;
    Asks asks_;
    Round round_;
    Lane lane_;

    State state_;
    Memory saved_; // what is on the disk
    std::deque<Input> inputs_;
    bool giving_ = false;

    Sighting sighting_;
    Predecessor stolen_ = Predecessor::gone;
    bool silent_ = false;

    Held held_;
    bool maintenance_ = false;
    FileStamp held_file_, epoch_file_;

    ProofWait wait_;
    Time order_until_{0}; // so long it is tried again
    Time next_round_{0}, pause_{0}, proofs_due_{0};

    std::optional<Founding> founding_; // while there is no leader yet that we know of
    Probe probe_;
};

} // namespace

bool watched(const io::Dir& state) {
    io::Fd fd = io::try_open_at(state, lock_name);
    // Shared: two who look at once do not take each other for a watch.
    return fd && !io::Lock::try_fd(std::move(fd), io::LockMode::shared, state.name_of(lock_name));
}

bool watch(const Config& config, const std::function<void(const std::string&)>& print) {
    const io::Dir state = io::open_dir(config.state);
    auto lock = io::Lock::try_at(state, lock_name, io::LockMode::exclusive);
    // It may be who looks whether there is a watch.
    if (!lock)
        lock = io::Lock::try_fd(io::open_at(state, lock_name), io::LockMode::exclusive,
                                state.name_of(lock_name), 1);
    if (!lock) return false;
    Watch watch(config, state, print);
    try {
        watch.run();
    } catch (const Interrupted&) {
        watch.stop();
        throw;
    }
    return true;
}

} // namespace rs::elect
