// SPDX-License-Identifier: Apache-2.0
// The list of files that a check found wrong, kept so that the next --have does not claim them: one path a
// line, with \n, \r and \\ for newline, carriage return and backslash.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace rs::tree {

// The form that sha256sum uses for such names.
[[nodiscard]] std::string escape_line(std::string_view path);
[[nodiscard]] std::set<std::string> parse_damaged(std::string_view lines);

} // namespace rs::tree
