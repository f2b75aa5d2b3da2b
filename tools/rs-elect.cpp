// SPDX-License-Identifier: Apache-2.0
// rs-elect(1): watch, bid, explain, observe.
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "base/time.hpp"
#include "elect/journal.hpp"
#include "elect/survey.hpp"
#include "elect/watch.hpp"
#include "tool/command.hpp"

using namespace rs;
using namespace rs::failover;

int elect_main(int argc, char** argv);

namespace {

struct Options {
    std::string dir, at;
};

// What explain --at shows of the log.
constexpr std::size_t shown_entries = 20;

elect::Config config_of(const Options& o) {
    const char* const stack = std::getenv("RS_STACK");
    return elect::load_config(o.dir, stack != nullptr && *stack != '\0' ? stack : RS_STACK_DIR);
}

Exit run_watch(tool::Command& command, const Options& o) {
    const elect::Config config = config_of(o);
    const bool shown = config.log.empty();
    const auto print = [&](const std::string& line) {
        command.console().clear();
        if (shown)
            std::fprintf(stderr, "%s\n", line.c_str());
        else
            command.console().note(line);
    };
    if (!elect::watch(config, print))
        fail(Exit::temp_fail, cat(printable(o.dir), ": another process watches it"));
    return Exit::ok;
}

Exit run_bid(tool::Command& command, const Options& o) {
    const elect::Config config = config_of(o);
    const Bid bid = elect::own_bid(config);
    if (const std::string why = elect::reason_not_to_bid(config); !why.empty())
        fail(Exit::unavailable, why, cat("what it would bid: rs-elect explain ", printable(o.dir)));
    nlohmann::json& j = command.result();
    j["instance"] = bid.instance;
    j["number"] = bid.number;
    j["epoch"] = bid.epoch;
    j["generation"] = bid.generation ? nlohmann::json(bid.generation.str()) : nlohmann::json();
    j["imported"] = bid.imported;
    j["checked"] = bid.checked;
    j["digest"] = bid.digest;
    j["priority"] = bid.priority;
    j["maintenance"] = bid.maintenance;
    std::string text = format_bid(bid);
    text.pop_back(); // the end of the last line is that of line()
    if (!command.json()) command.line(text, [] { return nlohmann::json(); });
    return Exit::ok;
}

Exit explain_then(tool::Command& command, const elect::Config& config, const std::string& at) {
    const auto time = parse_utc(at);
    if (!time)
        fail(Exit::usage, cat("--at ", printable(at), ": not a time"),
             "for example 2026-11-26T22:19");
    if (config.log.empty()) fail(Exit::no_input, "no log is set up", "log FILE, in etc/failover");
    const auto entries = elect::entries_until(config.log, *time, shown_entries);
    if (entries.empty())
        fail(Exit::no_input, cat(printable(config.log), ": nothing was said until then"));
    const elect::Entry& last = entries.back();
    command.result()["role"] = last.role;
    command.result()["epoch"] = last.epoch;
    if (!command.json())
        command.line(cat("at ", format_utc(*time), ": ", last.role, ", epoch ", last.epoch),
                     [] { return nlohmann::json(); });
    for (const elect::Entry& e : entries)
        command.line(elect::format_entry(e), [&] {
            return nlohmann::json{{"time", format_utc(e.time)},
                                  {"epoch", e.epoch},
                                  {"role", e.role},
                                  {"text", tool::json_text(e.text)}};
        });
    return Exit::ok;
}

Exit run_explain(tool::Command& command, const Options& o) {
    const elect::Config config = config_of(o);
    if (!o.at.empty()) return explain_then(command, config, o.at);
    const elect::Survey s = elect::survey(config, true);
    const Verdict verdict = failover::elect(s.bids, s.proofs);
    for (const Standing& standing : verdict.standings) {
        const Bid& bid = s.bids.at(standing.bid);
        const bool wins = standing.ruling == Ruling::wins;
        command.line(
            cat(bid.instance, ": ", wins ? "would win: " : "would not win: ", standing.why), [&] {
                return nlohmann::json{{"candidate", bid.instance},
                                      {"number", bid.number},
                                      {"wins", wins},
                                      {"why", standing.why}};
            });
    }
    if (!s.no_bid.empty())
        command.line(cat(config.instance, ": does not bid: ", s.no_bid), [&] {
            return nlohmann::json{{"no_bid", s.no_bid}};
        });
    for (const std::string& complaint : s.complaints)
        command.line(complaint, [&] {
            return nlohmann::json{{"unknown", tool::json_text(complaint)}};
        });
    nlohmann::json& j = command.result();
    const std::string winner = verdict.winner ? s.bids[*verdict.winner].instance : "";
    j["winner"] = verdict.winner ? nlohmann::json(winner) : nlohmann::json();
    j["possible"] = s.obstacle.empty();
    j["why"] = s.obstacle;
    if (command.json()) return Exit::ok;
    const auto none = [] { return nlohmann::json(); };
    command.line(cat("winner: ", winner.empty() ? "nobody" : winner), none);
    command.line(s.obstacle.empty() ? std::string("an election can be held now")
                                    : cat("no election now: ", s.obstacle),
                 none);
    return Exit::ok;
}

Exit run_observe(tool::Command& command, const Options& o) {
    const elect::Config config = config_of(o);
    const elect::Survey s = elect::survey(config, false);
    nlohmann::json& j = command.result();
    const auto fact = [&](const std::string& name, const std::string& value) {
        j[name] = value;
        if (!command.json()) command.line(cat(name, " ", value), [] { return nlohmann::json(); });
    };
    if (s.sight) {
        fact("epoch", cat(s.sight->view.epoch));
        j["epoch"] = s.sight->view.epoch;
        fact("leader", s.sight->leader.empty() ? "-" : s.sight->leader);
        if (s.sight->leader.empty() && !s.sight->holder.empty()) fact("last", s.sight->holder);
        if (s.lease_seconds) {
            fact("lease", cat(*s.lease_seconds));
            j["lease"] = *s.lease_seconds;
        }
        fact("takeover", s.sight->view.finished     ? "finished"
                         : s.sight->view.epoch == 0 ? "none"
                                                    : "not finished");
    }
    std::size_t number = 0;
    for (const elect::Observer& observer : s.observers) {
        const std::string_view says = !observer.reaches   ? "does not say"
                                      : *observer.reaches ? "reaches the leader"
                                                          : "does not reach the leader";
        command.line(cat("observer ", number, " ", observer.name, ": ", says), [&] {
            return nlohmann::json{{"observer", number},
                                  {"name", observer.name},
                                  {"reaches", observer.reaches ? nlohmann::json(*observer.reaches)
                                                               : nlohmann::json()}};
        });
        ++number;
    }
    for (const std::string& complaint : s.complaints)
        command.line(complaint, [&] {
            return nlohmann::json{{"unknown", tool::json_text(complaint)}};
        });
    // Without it nothing of this can be relied on.
    return s.sight ? Exit::ok : Exit::unavailable;
}

} // namespace

int elect_main(int argc, char** argv) {
    tool::Command command("rs-elect", "Watch the leader of a service, and choose who takes over.");
    CLI::App& app = command.app();
    app.require_subcommand(1);
    app.fallthrough(); // common options may stand behind the subcommand; set before those are made
    const auto options = std::make_shared<Options>();
    std::function<Exit()> chosen;
    const auto add = [&](const char* name, const char* description,
                         Exit (*body)(tool::Command&, const Options&)) {
        CLI::App* const sub = app.add_subcommand(name, description);
        sub->add_option("DIR", options->dir, "the instance")->required();
        sub->callback([&, body] { chosen = [&, body] { return body(command, *options); }; });
        return sub;
    };
    add("watch", "stay, and take part in elections", run_watch);
    add("bid", "what this instance bids, if it can lead", run_bid);
    add("explain", "who would win now, and why not the others", run_explain)
        ->add_option("--at", options->at, "what was said then, from the log")
        ->type_name("TIME");
    add("observe", "who leads, and who reaches the leader", run_observe);
    return command.run(argc, argv, [&] { return chosen(); });
}
