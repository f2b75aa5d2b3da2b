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

// How the last change (ctime) stands to the present. The kernel stamps changes with a clock that ticks every 1 to 10 ms;
// file systems without nanoseconds with whole seconds, FAT with two.
enum class ClockState {
    past,   // a change from now on has another time
    recent, // it may carry the same one: less than `margin_ns` ago, 2 s where times are whole seconds
    future, // the clock was set back: a change from now on has another time, one at that time may not
};
[[nodiscard]] ClockState clock_state(const struct stat& st, std::int64_t margin_ns);

// The witness, if the last change is 50 ms past: else the name is read again next time rather than taken for unchanged.
[[nodiscard]] std::optional<stream::Witness> witness_of(const struct stat& st);

// To trust the times while a file is read: a few ticks, and the time in which a write goes on that has stamped the file
// already and still copies.
inline constexpr std::int64_t read_margin_ns = 20'000'000;

// Everything but content: attributes, owner names, link text. `shown` is the path for messages. Throws Walk::Vanished
// if the name went away.
[[nodiscard]] stream::Entry read_entry(const Node& node, Owners& owners, const std::string& shown);

// True if inode, ctime, mtime, size, mode and owner are those of the earlier entry, so that nothing
// about the name has changed since. Attributes are covered by the ctime.
[[nodiscard]] bool unchanged(const struct stat& st, const stream::HaveEntry& earlier);

} // namespace rs::tree
