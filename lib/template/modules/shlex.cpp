// SPDX-License-Identifier: Apache-2.0
// shlex: what a value needs around it in a program of the shell.
#include <algorithm>

#include "base/text.hpp"
#include "template/modules/modules.hpp"

namespace rs::tmpl {

namespace {

bool plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_@%+=:,./-").find(c) != std::string_view::npos;
}

std::string quoted(const Value& value) {
    must_be_defined(value);
    if (!value.is(Kind::text))
        raise("TypeError", cat("expected string or bytes-like object, got '", type_name(value), "'"));
    const std::string_view s = value.text();
    if (!s.empty() && std::all_of(s.begin(), s.end(), plain)) return std::string(s);
    std::string out = "'";
    for (const char c : s) c == '\'' ? out += "'\"'\"'" : out += c;
    return out + "'";
}

Value join(Call& c) {
    std::string out;
    bool first = true;
    Next next = iterate(c.heap, *c.bind({"split_command"}, 1)[0]);
    while (const auto word = next()) {
        out += cat(first ? "" : " ", quoted(*word));
        first = false;
    }
    return c.heap.text(std::move(out));
}

constexpr Function functions[] = {
    {"join", join},
    {"quote", [](Call& c) { return c.heap.text(quoted(*c.bind({"s"}, 1)[0])); }},
};
constexpr Refusal refusals[] = {{"shlex", "templates have no classes"}, {"split", "the method split is there"}};

} // namespace

Value module_shlex(Interpreter& in) { return make_module(in, "shlex", functions, refusals); }

} // namespace rs::tmpl
