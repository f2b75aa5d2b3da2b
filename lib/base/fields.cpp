// SPDX-License-Identifier: Apache-2.0
#include "base/fields.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs {

bool is_word(std::string_view text) {
    const auto alnum = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !text.empty() && text.size() <= 100 && alnum(text.front()) && std::ranges::all_of(text, [&](char c) {
        return alnum(c) || c == '.' || c == '-' || c == '_';
    });
}

bool is_digest(std::string_view text) {
    return text.size() == 64 &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string_view take_field(std::string_view& rest, std::string_view key, std::string_view what) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos || !rest.starts_with(key) || end <= key.size() || rest[key.size()] != ' ')
        fail(Exit::data, cat(what, ": no line `", key, "' where one has to be"));
    const std::string_view value = rest.substr(key.size() + 1, end - key.size() - 1);
    rest.remove_prefix(end + 1);
    return value;
}

} // namespace rs
