// SPDX-License-Identifier: Apache-2.0
// What the file system says of a name, as an entry; and whether a name is what an earlier entry says.
#pragma once

#include <sys/stat.h>

#include "stream/have.hpp"
#include "tree/owners.hpp"
#include "tree/walk.hpp"

namespace rs::tree {

[[nodiscard]] stream::Type type_of(const struct stat& st);
[[nodiscard]] stream::Stamp mtime_of(const struct stat& st);

// The witness, unless the last change is so recent that another one could carry the same time: then the
// name is read again next time rather than taken for unchanged. (The kernel stamps changes with a clock that ticks every 1
// to 10 ms; file systems without nanoseconds with whole seconds, FAT with two.)
[[nodiscard]] std::optional<stream::Witness> witness_of(const struct stat& st);

// Everything but content: attributes, owner names, link text. `shown` is the path for messages. Throws Walk::Vanished
// if the name went away.
[[nodiscard]] stream::Entry read_entry(const Node& node, Owners& owners, const std::string& shown);

// True if inode, ctime, mtime, size, mode and owner are those of the earlier entry, so that nothing
// about the name has changed since. Attributes are covered by the ctime.
[[nodiscard]] bool unchanged(const struct stat& st, const stream::HaveEntry& earlier);

} // namespace rs::tree
