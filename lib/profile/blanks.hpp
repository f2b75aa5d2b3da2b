// SPDX-License-Identifier: Apache-2.0
// Blanks as Python's str.strip() knows them, those of Unicode, too; lines and words that they part.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "template/text/unicode.hpp"

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
// What str.split() gives.
[[nodiscard]] inline std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> out;
    while (!(text = without_leading_blanks(text)).empty()) {
        out.push_back(text.substr(0, word_length(text, "")));
        text.remove_prefix(out.back().size());
    }
    return out;
}
// What str.split('\n') gives: one more than there are line ends.
[[nodiscard]] inline std::vector<std::string_view> lines(std::string_view text) {
    std::vector<std::string_view> out;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        out.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}
// The lines without the blanks at their ends, and without those that are empty then.
[[nodiscard]] inline std::vector<std::string_view> filled_lines(std::string_view text) {
    std::vector<std::string_view> out = lines(text);
    for (std::string_view& line : out) line = without_blanks(line);
    std::erase(out, std::string_view());
    return out;
}
[[nodiscard]] inline bool begins_with_blank(std::string_view text) {
    return tmpl::leading_blanks(text) > 0;
}

} // namespace rs::profile
