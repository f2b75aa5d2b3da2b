// SPDX-License-Identifier: Apache-2.0
// time: a minute of the day, H:MM, that is the instance's own and always the same.
#include "base/text.hpp"
#include "instance/recipes.hpp"
#include "profile/schedule.hpp"

namespace rs::instance {

void recipe_time(Part& part) {
    const std::string& name = part.builder.description().name;
    const unsigned minute = profile::own_number(name.empty() ? part.builder.plan().root() : name, 1440);
    part.set("time", cat(minute / 60, minute % 60 < 10 ? ":0" : ":", minute % 60));
}

} // namespace rs::instance
