// SPDX-License-Identifier: Apache-2.0
// Finds the generation that somebody means.
#pragma once

#include <string>

#include "base/time.hpp"
#include "store/generation.hpp"

namespace rs::store {

// "latest": the newest. "E.C": that one; also of a branch, as "branch/E.C". A time such as 2026-11-20T12:00 (UTC) or
// an age such as 3D: the newest that was begun not later than that. Unknown name or
// generation: Error(Exit::no_input) that says what there is; not such a text: Error(Exit::usage).
[[nodiscard]] GenerationFile select_generation(const Store& store, const std::string& name,
                                               const std::string& which, UtcTime now);

} // namespace rs::store
