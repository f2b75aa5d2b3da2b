// SPDX-License-Identifier: Apache-2.0
// A key and a value as lines for others to read: the shell's eval, and a profile's section.
#pragma once

#include <string>
#include <string_view>

namespace rs::sla {

// The variable for a key: prefix + key, with _ for - and dots. The key must be lower-case letters, digits and "_ - .",
// and the whole must begin with a letter or _: a parameter comes from outside, and must not become PATH or IFS in the
// shell that evaluates the line. Everything else is Error(Exit::config).
[[nodiscard]] std::string shell_name(std::string_view key, std::string_view prefix);

// "KEY = VALUE" for a section of a profile. What the profile would substitute is escaped. A value with a line break, or
// with blanks at an end, cannot be told that way: Error(Exit::config).
[[nodiscard]] std::string cfg_line(std::string_view key, std::string_view value);

} // namespace rs::sla
