// SPDX-License-Identifier: Apache-2.0
// One file of a profile, in the dialect of zc.buildout 2.13:
//
//   # or ; in the first column: a comment, in the middle of a value, too
//   [section]  # a comment may follow
//   [section:expression]     the section is there if the expression holds
//   name = value             also += and -=, kept as options "name +" and "name -" (see lay_over)
//      a line that begins with a blank goes on with the value
//   => a b                   this part needs those parts: the option <part-dependencies>
//
// A value that begins on the line of its name has its lines stripped and its blank lines dropped. One that begins on
// the next line is a block: only what all its lines are indented by is cut, blank lines stay, but those at its beginning
// and its end. A section that comes twice is one; the later option wins.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "profile/option.hpp"

namespace rs::profile {

// What [section:expression] asks; throws Error if it cannot be answered.
using Condition = std::function<bool(const std::string& expression)>;

// `name` is the file's name for messages and origins. Error(Exit::config) with every line that is neither of these, or
// if it is not UTF-8.
[[nodiscard]] Sections parse(std::string_view text, const std::string& name,
                             const Condition& holds);

// textwrap.dedent of Python: the indent that all lines have in common goes; lines of blanks alone become empty.
[[nodiscard]] std::string dedent(std::string_view text);

} // namespace rs::profile
