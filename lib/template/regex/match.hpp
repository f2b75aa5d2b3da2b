// SPDX-License-Identifier: Apache-2.0
// Patterns and matches of Python's re as values. Their places count characters, those of Regex bytes.
#pragma once

#include <memory>
#include <string_view>

#include "template/interpreter.hpp"
#include "template/regex/regex.hpp"

namespace rs::tmpl {

struct Pattern : Names {
    std::shared_ptr<const Regex> regex;
};
[[nodiscard]] Pattern* pattern_in(const Value& v); // nullptr: none

// A text, and which part of it is looked through.
struct Subject {
    Value whole;
    std::string_view text; // up to endpos
    std::size_t from = 0;
    std::int64_t first = 0, last = 0; // pos and endpos
};
// TypeError if it is no str; first, last: pos and endpos if they are given.
[[nodiscard]] Subject subject_of(const Value& v, const Value* first = nullptr,
                                 const Value* last = nullptr);

// What a group has matched, `otherwise` if it has not.
[[nodiscard]] Value group_text(Heap& heap, const Subject& s, const Regex::Spans& spans,
                               std::size_t group, const Value& otherwise);
// The match object.
[[nodiscard]] Value match_of(Heap& heap, const Value& pattern, const Subject& s,
                             Regex::Spans found);

} // namespace rs::tmpl
