// SPDX-License-Identifier: Apache-2.0
// symlink: lines of TARGET = LINK.
#include <algorithm>

#include "base/text.hpp"
#include "instance/recipes.hpp"
#include "profile/blanks.hpp"

namespace rs::instance {

void recipe_link(Part& part) {
    const std::string links = part.require("symlink");
    for (const std::string_view line : profile::filled_lines(links)) {
        const std::size_t equals = line.rfind('=');
        const std::string_view target = profile::without_blanks(line.substr(0, std::min(equals, line.size())));
        if (equals == std::string_view::npos || target.empty())
            part.fail("symlink", cat(printable(line), ": not TARGET = LINK"));
        part.builder.plan().link(part.name(), profile::without_blanks(line.substr(equals + 1)), std::string(target));
    }
}

} // namespace rs::instance
