// SPDX-License-Identifier: Apache-2.0
// For the filters alone: how they read their arguments, and their tables.
#pragma once

#include <functional>

#include "template/interpreter.hpp"
#include "template/table.hpp"

namespace rs::tmpl {

[[nodiscard]] Table<Builtin> text_filters();
[[nodiscard]] Table<Builtin> sequence_filters();
[[nodiscard]] Table<Builtin> data_filters();

// An argument, or what stands for it if it was not given; TypeError if it is no integer.
[[nodiscard]] std::int64_t int_arg(const Value* v, std::int64_t otherwise);
[[nodiscard]] bool bool_arg(const Value* v, bool otherwise);
[[nodiscard]] std::string text_arg(const Value* v, std::string_view otherwise);
// What is no text becomes one; UndefinedError.
[[nodiscard]] std::string soft(const Value& v);
// "a.b.0" of an item, as map(attribute=...) and sort(attribute=...) read it; `otherwise` (may be nullptr) stands for what
// is not there.
[[nodiscard]] Value by_attribute(Interpreter& in, const Value& item, const Value& path,
                                 const Value* otherwise);

// Filters that have files of their own.
[[nodiscard]] Value wordwrap(Call& c);
[[nodiscard]] Value pprint(Call& c);

} // namespace rs::tmpl
