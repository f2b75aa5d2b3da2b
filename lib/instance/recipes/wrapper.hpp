// SPDX-License-Identifier: Apache-2.0
// What recipes that make programs of the shell have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "instance/recipes.hpp"

namespace rs::instance {

// The words of an option, as a shell would cut them; what is none, such as a quote that is not closed, is an error of the option.
[[nodiscard]] std::vector<std::string> words_of(Part& part, std::string_view option);

// How such a program begins, up to `set -eu`.
[[nodiscard]] std::string program_head(const Part& part);

// The same of one that calls the tools of the stack.
[[nodiscard]] std::string tools_head(Part& part);

// Where it goes: `wrapper`, or `wrapper-path`.
[[nodiscard]] std::string wrapper_path(Part& part);

} // namespace rs::instance
