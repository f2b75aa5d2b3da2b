// SPDX-License-Identifier: Apache-2.0
// JSON as values of templates, read as Python's json.loads() does.
#pragma once

#include <string_view>

#include "template/values/value.hpp"

namespace rs::tmpl {

// Members stay in their order; of those that come twice the last value counts, at the first place. NaN, Infinity and
// -Infinity are numbers. Not JSON: Failure JSONDecodeError with line and column as Python counts them; an integer beyond
// 64 bits: OverflowError; deeper than 200: RecursionError.
[[nodiscard]] Value parse_json(Heap& heap, std::string_view text);

} // namespace rs::tmpl
