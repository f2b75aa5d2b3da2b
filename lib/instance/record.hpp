// SPDX-License-Identifier: Apache-2.0
// What an installation has put into a tree, kept in the tree: what is there and not asked for any more can be removed.
#pragma once

#include <map>
#include <string>

#include "instance/plan.hpp"
#include "io/file.hpp"

namespace rs::instance {

constexpr const char* record_name = ".rs-installed.json";

// Kinds by path, relative to the root.
using Record = std::map<std::string, Kind>;

// Empty if there is none yet. One that is damaged or of a later version: Error(Exit::data).
[[nodiscard]] Record read_record(const io::Dir& root);
// Durable when it returns.
void write_record(const io::Dir& root, const Record& record);

} // namespace rs::instance
