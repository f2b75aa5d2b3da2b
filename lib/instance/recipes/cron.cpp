// SPDX-License-Identifier: Apache-2.0
// cron.d: a line of the crontab. cron: where they all are. schedule: what a schedule comes to, for one that runs elsewhere.
#include "base/error.hpp"
#include "base/text.hpp"
#include "instance/recipes.hpp"
#include "profile/schedule.hpp"

namespace rs::instance {

namespace {

profile::Schedule schedule_of(Part& part) {
    // `time` and `frequency` of the original, and `schedule`, which is either.
    for (const char* const option : {"schedule", "frequency", "time", "periodicity"}) {
        const std::string text = part.get(option);
        if (text.empty()) continue;
        try {
            return profile::Schedule::parse(text);
        } catch (const Error& e) {
            part.fail(option, e.what(), e.hint());
        }
    }
    const std::string& instance = part.builder.description().name;
    return profile::Schedule::hourly(instance.empty() ? part.builder.plan().root() : instance);
}

void set_options(Part& part, const profile::Schedule& schedule) {
    part.set("fields", schedule.fields());
    // How old what it does may become: two periods, and half an hour for doing it. 0, any age, if it never runs twice.
    const auto [known, is_new] = part.builder.periods.try_emplace(schedule.fields());
    if (is_new) known->second = schedule.period();
    const auto period = known->second;
    part.set("period", std::to_string(period.value_or(0)));
    if (part.get("max-age").empty()) part.set("max-age", std::to_string(period ? 2 * *period + 1800 : 0));
}

} // namespace

void recipe_schedule(Part& part) { set_options(part, schedule_of(part)); }

void recipe_cron(Part& part) {
    const std::string directory = part.get("cron-entries", "etc/cron.d");
    part.builder.plan().directory(part.name(), directory);
}

void recipe_cron_entry(Part& part) {
    const std::string name = part.get("name", part.name()), directory = part.get("cron-entries", "etc/cron.d");
    if (name.empty() || name.find('/') != std::string::npos) part.fail("name", "is the name of a file in etc/cron.d");
    const std::string command = part.require("command");
    if (command.find('\n') != std::string::npos)
        part.fail("command", "has several lines, and cron has one for each command");
    const profile::Schedule schedule = schedule_of(part);
    const std::string line = cat(schedule.fields(), " ", command, "\n");
    set_options(part, schedule);
    part.builder.plan().file(part.name(), cat(directory, "/", name), line);
    part.builder.cron_lines.push_back({part.name(), line});
}

} // namespace rs::instance
