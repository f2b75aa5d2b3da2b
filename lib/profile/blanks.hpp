// SPDX-License-Identifier: Apache-2.0
// Blanks as Python's str.strip() knows them: those of Unicode, too.
#pragma once

#include <string>
#include <string_view>

#include "template/unicode.hpp"

namespace rs::profile {

[[nodiscard]] inline std::string_view without_leading_blanks(std::string_view text) {
    return text.substr(tmpl::leading_blanks(text));
}
[[nodiscard]] inline std::string_view without_trailing_blanks(std::string_view text) {
    return text.substr(0, text.size() - tmpl::trailing_blanks(text));
}
[[nodiscard]] inline std::string_view without_blanks(std::string_view text) {
    return without_trailing_blanks(without_leading_blanks(text));
}
// Bytes of the characters at the beginning that are no blanks and none of `stops` (ASCII).
[[nodiscard]] inline std::size_t word_length(std::string_view text, std::string_view stops) {
    std::size_t at = 0;
    while (at < text.size() && stops.find(text[at]) == std::string_view::npos) {
        const std::string c = tmpl::split_first(text.substr(at));
        if (tmpl::is_blank(tmpl::code_point(c))) break;
        at += c.size();
    }
    return at;
}
[[nodiscard]] inline bool begins_with_blank(std::string_view text) {
    return tmpl::leading_blanks(text) > 0;
}

} // namespace rs::profile
