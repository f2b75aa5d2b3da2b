// SPDX-License-Identifier: Apache-2.0
#include "elect/survey.hpp"

#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "base/text.hpp"
#include "elect/memory.hpp"
#include "elect/poll.hpp"
#include "elect/watch.hpp"
#include "failover/words.hpp"

namespace rs::elect {

using namespace failover;
using namespace std::chrono_literals;

namespace {

constexpr Time patience = 10s; // with the coordinator, which has a limit of its own

// A program whose output is wanted; waits for it.
std::unique_ptr<Task> run(const Config& c, const char* word, Survey& out) {
    auto task =
        std::make_unique<Task>(std::vector<std::string>{c.coordinate, c.coordinator, word, c.line},
                               TaskOptions{.limit = patience});
    while (!task->hear(boot_time())) wait_for(task->fds(), boot_time() + 200ms);
    if (task->status() == 0 && !task->broken()) return task;
    out.complaints.push_back(
        cat("the coordinator: ", task->complaint().empty() ? "no answer" : task->complaint()));
    return nullptr;
}

void ask_coordinator(const Config& c, Survey& out) {
    if (c.coordinator.empty()) return out.complaints.push_back("no coordinator is set up");
    try {
        const auto seen = run(c, "view", out);
        if (!seen) return;
        out.sight = parse_sight(seen->text());
        if (out.sight->leader.empty()) return;
        // `read` is for people: what is left of the lease is in no other answer.
        const auto told = run(c, "read", out);
        if (!told) return;
        const std::string text = cat("\n", told->text());
        if (const std::size_t at = text.find("\nlease "); at != std::string::npos)
            out.lease_seconds =
                parse_u64(std::string_view(text).substr(at + 7, text.find('\n', at + 1) - at - 7));
    } catch (const Interrupted&) {
        throw;
    } catch (const Error& e) {
        out.complaints.push_back(cat("the coordinator: ", e.what()));
    }
}

Why rule_against(const Config& config, const Memory& memory, const Survey& s, bool maintenance) {
    State state = restart(memory.durable, boot_time());
    state.durable.maintenance = maintenance;
    if (s.sight) {
        if (s.sight->view.epoch < state.durable.epoch) return Why::coordinator_went_back;
        state.lease = s.sight->view.held ? Lease::held : Lease::gone;
        state.view = s.sight->view;
    }
    for (std::size_t i = 0; i < s.observers.size() && i < max_observers; ++i)
        if (s.observers[i].reaches)
            state.observed.at(i) = {true, *s.observers[i].reaches, state.now};
    state.own = judge(s.bids.front(), s.proofs);
    if (memory.durable.claim != 0) return Why::already_leading;
    if (memory.returned) return Why::must_rejoin;
    return obstacle(settings_of(config), state);
}

std::string obstacle_of(const Config& config, const Memory& memory, const Survey& s) {
    if (config.coordinator.empty())
        return "no coordinator is set up: a takeover is an order of a person";
    const Why why = rule_against(config, memory, s, in_maintenance(config));
    // That is what no round of questions will change.
    if (why == Why::too_few_reports && s.sight && s.sight->holder.empty())
        return "who led last is not known: a takeover is an order of a person";
    return why == Why::nothing ? s.no_bid : std::string(sentence(why));
}

} // namespace

Bid own_bid(const Config& config) {
    const io::Dir state = io::open_dir(config.state);
    const std::uint64_t epoch = std::max(read_epoch(state), read_memory(state).durable.epoch);
    return bid_of(config, read_held(state), epoch, in_maintenance(config));
}

std::string reason_not_to_bid(const Config& config) {
    const io::Dir state = io::open_dir(config.state);
    const Memory memory = read_memory(state);
    const Durable& durable = memory.durable;
    if (durable.claim != 0)
        return cat("this instance ", durable.step == Step::done ? "leads" : "takes over",
                   ", in epoch ", durable.claim);
    if (memory.returned) return "this instance led, and has not re-joined yet";
    if (!watched(state)) return "no rs-elect watches this instance";
    return {};
}

Survey survey(const Config& config, bool bids) {
    Survey out;
    out.bids.push_back(own_bid(config));
    out.no_bid = reason_not_to_bid(config);
    const Memory memory = read_memory(io::open_dir(config.state));
    ask_coordinator(config, out);
    Asks asks(config);
    Round round(config);
    round.begin();
    if (bids) {
        asks.bids();
        asks.proofs();
    }
    const std::string leader = out.sight ? out.sight->holder : std::string();
    const bool own = leader == config.instance;
    if (own || config.peer(leader) != nullptr)
        asks.observers(leader, own);
    else if (!leader.empty())
        out.complaints.push_back(cat(leader, " led last, which is none of the set"));
    while (asks.busy()) {
        std::vector<int> fds;
        asks.add_fds(fds);
        wait_for(fds, std::min(asks.deadline().value_or(Time::max()), boot_time() + 200ms));
        for (const Answer& answer : asks.hear(boot_time()))
            if (const std::string wrong = round.take(answer); !wrong.empty())
                out.complaints.push_back(wrong);
    }
    out.observers.push_back(
        {config.instance, own ? std::optional(memory.durable.claim != 0) : std::nullopt});
    for (const std::string& server : config.servers)
        out.observers.push_back({server, std::nullopt});
    for (const auto& [number, reaches] : round.reports())
        out.observers.at(number).reaches = reaches;
    for (const auto& [peer, bid] : round.bids()) out.bids.push_back(bid);
    out.proofs = round.proofs();
    out.obstacle = obstacle_of(config, memory, out);
    return out;
}

} // namespace rs::elect
