// SPDX-License-Identifier: Apache-2.0
// What is mounted below a directory.
#pragma once

#include <optional>
#include <string>

#include "io/file.hpp"

namespace rs::io {

// Path of a mount point below `dir`, not of one on it; nothing if there is none, or without /proc.
[[nodiscard]] std::optional<std::string> mount_below(const Dir& dir);

} // namespace rs::io
