// SPDX-License-Identifier: Apache-2.0
#include "sla/notation.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::sla {

namespace {
constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view digits = "0123456789";

bool made_of(std::string_view text, std::initializer_list<std::string_view> sets) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return std::any_of(sets.begin(), sets.end(), [&](std::string_view set) { return set.find(c) != std::string_view::npos; });
    });
}
} // namespace

std::string shell_name(std::string_view key, std::string_view prefix) {
    std::string name = cat(prefix, key);
    std::replace_if(name.begin() + static_cast<std::ptrdiff_t>(prefix.size()), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
    if (key.empty() || !made_of(key, {lower, digits, "_-."}) || digits.find(name.front()) != std::string_view::npos)
        fail(Exit::config, cat("'", printable(key), "' cannot be the name of a variable"),
             "lower-case letters, digits, '_', '-' and '.', a letter in front; with --json any name can be told");
    return name;
}

std::string cfg_line(std::string_view key, std::string_view value) {
    if (key.empty() || key.find_first_of(" \t\r\n=:[]{}$#;<>+") != std::string_view::npos)
        fail(Exit::config, cat("'", printable(key), "' cannot be the name of an option"), "with --json any name can be told");
    const bool blank_end = !value.empty() && (value.front() == ' ' || value.front() == '\t' || value.back() == ' ' || value.back() == '\t');
    if (blank_end || value.find_first_of("\r\n") != std::string_view::npos)
        fail(Exit::config, cat(printable(key), ": a value with a line break, or with blanks at an end, has no form in a profile"),
             "use --json");
    std::string out = cat(key, " =");
    if (!value.empty()) out += ' ';
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '$' && i + 1 < value.size() && value[i + 1] == '{') out += '$';
        out += value[i];
    }
    return out;
}

} // namespace rs::sla
