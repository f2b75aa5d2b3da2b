// SPDX-License-Identifier: Apache-2.0
// rs-render schedule: when something runs, as the fields of a crontab.
#include <memory>

#include "base/text.hpp"
#include "base/time.hpp"
#include "profile/schedule.hpp"
#include "rs-render.hpp"

using namespace rs;

namespace {

struct ScheduleOptions {
    std::string text, hourly, after;
    unsigned next = 0;
};

Exit run_schedule(tool::Command& command, const ScheduleOptions& o) {
    if (o.text.empty() == o.hourly.empty())
        fail(Exit::usage, "either a schedule or --hourly is needed",
             "see 'rs-render schedule --help'");
    const profile::Schedule schedule =
        o.hourly.empty() ? profile::Schedule::parse(o.text) : profile::Schedule::hourly(o.hourly);
    std::int64_t at = now_utc().seconds;
    if (!o.after.empty()) {
        const auto given = parse_utc(o.after);
        if (!given)
            fail(Exit::usage, cat("--after ", printable(o.after), ": not a time"),
                 "for example 2026-11-20T12:00, UTC");
        at = given->seconds;
    }
    nlohmann::json& j = command.result();
    j["fields"] = tool::json_text(schedule.fields());
    j["disabled"] = schedule.disabled();
    if (const auto period = schedule.period()) j["period"] = *period;
    std::string lines = schedule.fields();
    for (unsigned i = 0; i < o.next; ++i) {
        const auto then = schedule.next(at);
        if (!then) break;
        at = *then;
        j["next"].push_back(format_utc({at, 0}));
        lines += cat("\n", format_utc({at, 0}));
    }
    if (!command.json()) command.line(lines, [] { return nlohmann::json(); });
    return Exit::ok;
}

} // namespace

void render_tool::add_schedule(tool::Command& command, std::function<Exit()>& chosen) {
    const auto options = std::make_shared<ScheduleOptions>();
    CLI::App* const schedule =
        command.app().add_subcommand("schedule", "a schedule as the fields of a crontab");
    schedule->add_option("SCHEDULE", options->text, "as in a profile");
    schedule->add_option("--hourly", options->hourly, "every hour, at the minute of this name")
        ->type_name("NAME");
    schedule->add_option("--next", options->next, "also the next COUNT times, UTC")
        ->check(CLI::Range(1, 1000))
        ->type_name("COUNT");
    schedule->add_option("--after", options->after, "with --next: counted from then, UTC")
        ->type_name("TIME");
    schedule->callback([&command, &chosen, options] {
        chosen = [&command, options] { return run_schedule(command, *options); };
    });
}
