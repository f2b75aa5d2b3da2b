// SPDX-License-Identifier: Apache-2.0
// For the methods alone: their tables, by kind of value, and how they read their arguments.
#pragma once

#include "template/interpreter.hpp"
#include "template/table.hpp"

namespace rs::tmpl {

using Method = Value (*)(Call&, const Value& self);

[[nodiscard]] Table<Method> text_methods();
[[nodiscard]] Table<Method> character_methods(); // of str, too
[[nodiscard]] Table<Method> bytes_methods();
[[nodiscard]] Table<Method> list_methods();
[[nodiscard]] Table<Method> tuple_methods();
[[nodiscard]] Table<Method> dict_methods();
[[nodiscard]] Table<Method> set_methods();
[[nodiscard]] Table<Method> range_methods();
[[nodiscard]] Table<Method> integer_methods();
[[nodiscard]] Table<Method> real_methods();
// What is no method but a plain attribute: (2.5).real, range(3).stop. Nothing if there is none.
[[nodiscard]] std::optional<Value> plain_attribute(const Value& of, std::string_view name);
// Names that values of this kind have in Python and not here.
[[nodiscard]] bool missing_here(const Value& of, std::string_view name);

// A method of a Markup: what comes in is escaped, what comes out is Markup again.
[[nodiscard]] Value markup_method(Call& c, std::string_view name, Method f, const Value& self);

// TypeError, UndefinedError if it is something else.
[[nodiscard]] std::string_view text_of(const Value& v, std::string_view what);
[[nodiscard]] std::int64_t int_of(const Value& v);
// Given, and not None.
[[nodiscard]] inline bool given(const Value* v) { return v != nullptr && !v->is(Kind::none); }

} // namespace rs::tmpl
