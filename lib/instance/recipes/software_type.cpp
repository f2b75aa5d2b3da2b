// SPDX-License-Identifier: Apache-2.0
// switch-softwaretype: the instance goes on with the profile of its software type.
#include "base/text.hpp"
#include "instance/recipes.hpp"

namespace rs::instance {

void recipe_software_type(Part& part) {
    std::string type = part.get("override", part.builder.description().current_type());
    if (type.empty() || type == "RootSoftwareInstance") type = part.find("default") ? "default" : type;
    const auto profile = part.find(type);
    if (!profile || profile->empty() || type == "recipe" || type == "override") {
        std::string known;
        for (const std::string& option : part.options())
            if (option != "override") known += cat(known.empty() ? "" : ", ", printable(option));
        part.fail("recipe", cat("there is no software type ", printable(type)), cat("there are: ", known));
    }
    part.builder.build(*profile);
}

} // namespace rs::instance
