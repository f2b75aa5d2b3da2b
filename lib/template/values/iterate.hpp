// SPDX-License-Identifier: Apache-2.0
// Iterators that compute the next item when it is asked for: what is endless, or changes meanwhile, is as in Python.
#pragma once

#include "template/interpreter.hpp"

namespace rs::tmpl {

// What iter() gives.
[[nodiscard]] Value iterator_of(Interpreter& in, const Value& v);

// enumerate filter iter map next reversed zip of Python.
[[nodiscard]] Value py_enumerate(Call& c);
[[nodiscard]] Value py_filter(Call& c);
[[nodiscard]] Value py_iter(Call& c);
[[nodiscard]] Value py_map(Call& c);
[[nodiscard]] Value py_next(Call& c);
[[nodiscard]] Value py_reversed(Call& c);
[[nodiscard]] Value py_zip(Call& c);

} // namespace rs::tmpl
