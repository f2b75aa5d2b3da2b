// SPDX-License-Identifier: Apache-2.0
// The second fence: which epochs a store still takes. It holds also when no coordinator can be reached.
#pragma once

#include "store/store.hpp"

namespace rs::store {

// Epochs below the number in this file of a name are refused, also when no generation of it is there.
inline constexpr const char* epoch_name = "epoch";

// The highest epoch that the main line has seen or was told of; 0 for none.
[[nodiscard]] std::uint64_t highest_epoch(const io::Dir& name_dir);

// From here on lower epochs are refused. Makes the name if the store does not know it. Epochs never go down: one
// below the highest is Error(Exit::fenced). The highest once more changes nothing.
void raise_epoch(const Store& store, const std::string& name, std::uint64_t epoch);

} // namespace rs::store
