// SPDX-License-Identifier: Apache-2.0
// The functions of itertools that put items together, in the order that Python has.
#pragma once

#include "template/interpreter.hpp"

namespace rs::tmpl {

[[nodiscard]] Value combinations(Call& c);
[[nodiscard]] Value combinations_with_replacement(Call& c);
[[nodiscard]] Value permutations(Call& c);
[[nodiscard]] Value product(Call& c);

} // namespace rs::tmpl
