// SPDX-License-Identifier: Apache-2.0
// Numbers and texts as Python formats them.
#pragma once

#include <string>
#include <string_view>

#include "template/values/value.hpp"

namespace rs::tmpl {

class Interpreter;
struct Call;

// ascii(): what repr() gave, other than ASCII escaped.
[[nodiscard]] std::string ascii(std::string_view shown);
// "%s and %d" % value. In Markup what goes in is escaped.
[[nodiscard]] std::string format_percent(Interpreter& in, std::string_view pattern,
                                         const Value& value, bool markup = false);
// "{} {name!r:>10}".format(...).
[[nodiscard]] std::string format_braces(Call& call, std::string_view pattern, bool markup = false);
// format(value, spec), what stands behind the colon.
[[nodiscard]] std::string format_value(const Value& value, std::string_view spec);
// int(text, base); base 0: as in a program. ValueError if it is none, OverflowError beyond 64 bits.
[[nodiscard]] Value parse_integer(std::string_view text, int base);
[[nodiscard]] double parse_real(std::string_view text);
[[nodiscard]] std::string in_base(std::int64_t value, int base,
                                  bool upper = false); // digits only, with a - if negative
// json.dumps(value), separators and escapes as there; sorted by key if asked for. indent below 0: on one line.
[[nodiscard]] std::string to_json(const Value& value, bool sort_keys, std::int64_t indent,
                                  bool ascii, std::string_view item_separator = {},
                                  std::string_view key_separator = ": ");

} // namespace rs::tmpl
