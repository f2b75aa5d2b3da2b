// SPDX-License-Identifier: Apache-2.0
// Ports that are an instance's own.
#pragma once

#include <string>
#include <string_view>

#include "instance/recipes.hpp"

namespace rs::instance {

struct Ports {
    unsigned first = 22200, last = 32700; // below those that the kernel gives to clients (32768)
};

// What the option `fixed` says; else what the file holds, relative to the tree; else one at which nobody listens now, and that no other part has. The caller
// has it kept in that file: others write it down. It begins at one that follows from the tree, and the file, so that instances
// that are made at the same time rarely try the same one. Errors name the part.
[[nodiscard]] unsigned own_port(Part& part, std::string_view fixed, const std::string& file, Ports range = {});

} // namespace rs::instance
