// SPDX-License-Identifier: Apache-2.0
// Values as Python writes them: read from a text, and written as typed values of profiles.
#pragma once

#include <string>
#include <string_view>

#include "template/values/value.hpp"

namespace rs::tmpl {

// ast.literal_eval() of Python 3.11: str, bytes, int, float, True, False, None, list, tuple, dict, set, with a sign in
// front of numbers, in as many lines as brackets allow, comments too. All else is Failure: SyntaxError or ValueError with
// line and column, OverflowError for an integer beyond 64 bits, RecursionError deeper than 100, NotSupported for complex
// numbers and halves of surrogate pairs.
[[nodiscard]] Value parse_literal(Heap& heap, std::string_view text);

// What a value of a profile begins with that is a literal.
constexpr std::string_view literal_mark = "!py!";

// literal_mark and the value as parse_literal() reads it, without $ and ;, which profiles would take for their own: what
// dumps() in a template gives. What would not read back is NotSupported: functions, iterators, markup, nan...
[[nodiscard]] std::string typed_literal(Heap& heap, const Value& value);

} // namespace rs::tmpl
