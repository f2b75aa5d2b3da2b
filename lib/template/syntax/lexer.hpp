// SPDX-License-Identifier: Apache-2.0
// Templates as tokens, as Jinja2 cuts them (3.1, its delimiters, no trimming but where a - asks for it).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "template/syntax/source.hpp"

namespace rs::tmpl {

struct Token {
    enum class Type : std::uint8_t {
        data,
        variable_begin,
        variable_end,
        block_begin,
        block_end,
        name,
        text,
        integer,
        real,
        op,
        end
    } type = Type::end;
    std::string value; // data, names, operators as they stand; texts without quotes and escapes
    std::size_t at = 0;
    [[nodiscard]] bool is(Type t) const { return type == t; }
    [[nodiscard]] bool op(std::string_view o) const { return type == Type::op && value == o; }
    [[nodiscard]] bool name(std::string_view n) const { return type == Type::name && value == n; }
};

// Ends with a token of type end. Comments are left out, raw blocks are data.
[[nodiscard]] std::vector<Token> tokenize(const Source& source);

} // namespace rs::tmpl
