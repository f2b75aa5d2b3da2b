// SPDX-License-Identifier: Apache-2.0
#include "profile/writer.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "profile/blanks.hpp"
#include "profile/parser.hpp"

namespace rs::profile {

namespace {

constexpr std::string_view indent = "    ";

} // namespace

std::string assignment(std::string_view name, std::string_view value) {
    std::string below; // a line each, as a block
    // Names can be made that no line has, such as by a sign behind a tab: they are tried, as values are.
    const bool ordinary = !name.ends_with('+') && !name.ends_with('-') && std::all_of(name.begin(), name.end(), [](char c) {
        return c > ' ' && c < '\x7f' && std::string_view("{}[]=:").find(c) == std::string_view::npos;
    });
    bool plain = ordinary && !value.empty();
    for (const std::string_view line : lines(value)) {
        plain = plain && !line.empty() && without_blanks(line).size() == line.size();
        below += line.empty() ? "\n" : cat("\n", indent, line);
    }
    if (ordinary && value.empty()) return cat(name, " =\n");
    if (plain) return cat(name, " = ", std::string_view(below).substr(1 + indent.size()), "\n");
    const std::string text = cat("[a]\n", name, " =", below, "\n");
    const Sections read = parse(text, "", [](const std::string&) { return true; });
    const Option* const back = read.find("a")->find(name);
    if (back == nullptr || back->value != value)
        fail(Exit::config, cat("", printable(name), " or its value cannot stand in a profile"),
             "JSON can hold it (--json)");
    return text.substr(4);
}

} // namespace rs::profile
