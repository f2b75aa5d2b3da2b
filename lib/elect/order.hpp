// SPDX-License-Identifier: Apache-2.0
// The order of a person: the file `order` in the state directory, one word in it. It is consumed before it is acted on, so that it
// is done once at most.
#pragma once

#include <optional>
#include <string>

#include "io/file.hpp"

namespace rs::elect {

inline constexpr const char* order_file = "order";
// One that waited longer was meant for another situation.
inline constexpr std::int64_t oldest_order = 120; // seconds

// The word, or why it is none: for the log either way. Nothing: there is no order, or a shell has made the file and writes it next.
[[nodiscard]] std::optional<std::string> read_order(const io::Dir& state);
// Returns when it would not come back after a loss of power.
void consume_order(const io::Dir& state);

} // namespace rs::elect
