// SPDX-License-Identifier: Apache-2.0
// symlink: lines of TARGET = LINK.
#include <algorithm>

#include "base/text.hpp"
#include "instance/recipes.hpp"
#include "profile/blanks.hpp"

namespace rs::instance {

void recipe_link(Part& part) {
    const std::string lines = part.require("symlink");
    for (std::string_view rest = lines; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = profile::without_blanks(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.empty()) continue;
        const std::size_t equals = line.rfind('=');
        const std::string_view target = profile::without_blanks(line.substr(0, std::min(equals, line.size())));
        if (equals == std::string_view::npos || target.empty())
            part.fail("symlink", cat(printable(line), ": not TARGET = LINK"));
        part.builder.plan().link(part.name(), profile::without_blanks(line.substr(equals + 1)), std::string(target));
    }
}

} // namespace rs::instance
