// SPDX-License-Identifier: Apache-2.0
// Sections as the text of a profile.
#pragma once

#include <string>
#include <string_view>

namespace rs::profile {

// "NAME = VALUE" and a line end, so that parse() reads it back as it is: the lines of a value below each other, or as a
// block if they have blanks at their ends or are empty. Error(Exit::config) if there is no way to write it: a block all of
// whose lines are indented, or that begins or ends with an empty line.
[[nodiscard]] std::string assignment(std::string_view name, std::string_view value);

} // namespace rs::profile
