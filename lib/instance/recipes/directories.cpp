// SPDX-License-Identifier: Apache-2.0
// mkdirectory: every option but mode is the path of a directory.
#include "instance/recipes.hpp"

namespace rs::instance {

void recipe_directories(Part& part) {
    const std::optional<mode_t> mode = part.mode();
    for (const std::string& option : part.options())
        if (option != "mode") part.builder.plan().directory(part.name(), part.require(option), mode);
}

// A section that is only referred to, but stands among the parts.
void recipe_nothing(Part&) {}

} // namespace rs::instance
