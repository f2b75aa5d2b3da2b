// SPDX-License-Identifier: Apache-2.0
// cron.d: a line of the crontab. cron: where they all are.
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

} // namespace

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
    part.set("fields", schedule.fields());
    part.builder.plan().file(part.name(), cat(directory, "/", name), line);
    part.builder.cron_lines.push_back({part.name(), line});
}

} // namespace rs::instance
