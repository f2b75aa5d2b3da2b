// SPDX-License-Identifier: Apache-2.0
// Paths as texts, as Python's posixpath treats them. Nothing here looks at a disk.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rs::tmpl::path {

void append(std::string& path, std::string_view part);                          // join()
[[nodiscard]] std::pair<std::string, std::string> split(std::string_view path); // directory, name
[[nodiscard]] std::pair<std::string, std::string> split_extension(std::string_view path);
[[nodiscard]] std::string normal(std::string_view path);
[[nodiscard]] std::string relative(std::string_view path, std::string_view start); // both absolute
[[nodiscard]] std::string common_prefix(std::vector<std::string> texts);
// ValueError if there is none, or if some are absolute and others are not.
[[nodiscard]] std::string common(const std::vector<std::string>& paths);

} // namespace rs::tmpl::path
