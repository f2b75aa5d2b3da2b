// SPDX-License-Identifier: Apache-2.0
// publish: what who asked for the instance gets to know: each option but those that begin with -. -extends names
// sections of which the same is taken, the part itself lying above them.

#include "base/text.hpp"
#include "instance/recipes.hpp"
#include "profile/blanks.hpp"

namespace rs::instance {

namespace {

void publish(Part& part, const std::string& section) {
    profile::Resolver& resolver = part.resolver();
    for (const auto& [option, o] : resolver.section(section))
        if (option != "recipe" && !option.starts_with('-') && !option.starts_with('<'))
            part.builder.published()[option] = resolver.require(section, option);
}

} // namespace

void recipe_publish(Part& part) {
    const std::string bases = part.get("-extends");
    for (const std::string_view word : profile::words(bases)) {
        const std::string section(word);
        if (part.resolver().raw().find(section) == nullptr)
            part.fail("-extends", cat("there is no section [", printable(section), "]"));
        publish(part, section);
    }
    publish(part, part.name());
}

} // namespace rs::instance
