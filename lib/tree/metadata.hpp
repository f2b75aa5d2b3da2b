// SPDX-License-Identifier: Apache-2.0
// Gives a name its owner, attributes, mode and time.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stream/entry.hpp"

namespace rs::tree {

using Owner = std::pair<uid_t, gid_t>;

// dir/name is there and is what the entry says; fd is open on it, or -1. owner: none is set without one.
// Gives what could not be set here, in words that follow "PATH: "; path stands for the name in errors. May run on any
// thread.
[[nodiscard]] std::vector<std::string> write_metadata(int dir, const std::string& name, const stream::Entry& entry, int fd,
                                                      const std::optional<Owner>& owner, const std::string& path);

} // namespace rs::tree
