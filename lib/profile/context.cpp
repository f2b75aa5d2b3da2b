// SPDX-License-Identifier: Apache-2.0
#include "profile/context.hpp"

#include <algorithm>

#include "base/closest.hpp"
#include "base/text.hpp"
#include "template/modules/modules.hpp"
#include "template/text/unicode.hpp"
#include "template/values/json.hpp"
#include "template/values/literal.hpp"

namespace rs::profile {

namespace {

constexpr std::string_view blanks = " \t";
constexpr std::string_view types[] = {"raw", "json", "import", "key", "section", "jsonkey"};

std::string_view word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view out = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(out.size());
    return out;
}

} // namespace

Context::Context(tmpl::Interpreter& in, Exit wrong, Resolver* resolver, std::string section)
    : in_(in), wrong_(wrong), resolver_(resolver), section_(std::move(section)), values_(tmpl::python_builtins(in)) {}

void Context::set(const std::string& name, const tmpl::Value& value) {
    const auto there = std::find_if(values_.begin(), values_.end(), [&](const auto& v) { return v.first == name; });
    if (there != values_.end())
        there->second = value;
    else
        values_.emplace_back(name, value);
}

void Context::set_given(const std::string& name, const tmpl::Value& value, const std::string& where) {
    if (tmpl::identifier_length(name) != name.size() || name.empty())
        fail(wrong_, cat(where, ": ", printable(name), " is no name"), "letters, digits and _, no digit in front");
    if (std::find(given_.begin(), given_.end(), name) != given_.end())
        fail(wrong_, cat(where, ": ", name, " is given twice"));
    given_.push_back(name);
    set(name, value);
}

void Context::add_json(const std::string& text, const std::string& where) {
    if (!valid_utf8(text)) fail(Exit::config, cat(printable(where), ": not UTF-8"));
    try {
        const tmpl::Value all = tmpl::parse_json(in_.heap(), text);
        if (!all.is(tmpl::Kind::dict)) fail(Exit::config, cat(printable(where), ": not a JSON object"));
        for (const tmpl::Dict::Slot& s : all.as<tmpl::Dict>().slots) set(std::string(s.key.text()), s.value);
    } catch (const tmpl::Failure& e) {
        fail(Exit::config, cat(printable(where), ": ", e.type, ": ", e.message));
    }
}

void Context::define(const std::string& definition) {
    const std::size_t equals = definition.find('=');
    if (equals == std::string::npos || equals == 0) fail(wrong_, cat(printable(definition), ": not NAME=VALUE"));
    if (!valid_utf8(definition)) fail(wrong_, cat(printable(definition), ": not UTF-8"));
    set_given(definition.substr(0, equals), in_.heap().text(definition.substr(equals + 1)), "a definition");
}

void Context::add_line(const std::string& line) {
    const std::string where = cat("context line ", printable(line));
    if (!valid_utf8(line)) fail(wrong_, cat(where, ": not UTF-8"));
    std::string_view rest = line;
    if (rest.find('\n') != std::string_view::npos)
        fail(wrong_, cat(where, ": more than one line"), "give the option for each of them");
    const std::string type(word(rest)), name(word(rest));
    if (name.empty()) fail(wrong_, cat(where, ": not TYPE NAME EXPRESSION"));
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    try {
        set_given(name, value_of_line(type, name, rest), "context line");
    } catch (const tmpl::Failure& e) {
        fail(Exit::config, cat("context line ", printable(type), " ", printable(name), ": ", e.type, ": ", e.message));
    }
}

tmpl::Value Context::value_of_line(std::string_view type, std::string_view name, std::string_view expression) {
    const std::string where = cat("context line ", printable(type), " ", printable(name));
    if (std::find(std::begin(types), std::end(types), type) == std::end(types)) {
        Closest closest(type);
        for (const std::string_view t : types) closest.consider(t);
        fail(wrong_, cat(where, ": no such type"),
             closest.found().empty() ? "there are raw, json, import, key, section and jsonkey"
                                     : cat("perhaps ", closest.found(), "?"));
    }
    if (type == "raw") return in_.heap().text(std::string(expression));
    if (expression.empty()) fail(wrong_, cat(where, ": without an expression"));
    if (type == "import") return tmpl::import_module(in_, expression);
    if (type == "json") return tmpl::parse_json(in_.heap(), expression);
    if (resolver_ == nullptr)
        fail(Exit::config, cat(where, ": needs a profile"), "give the value itself, with a line of the type raw or json");
    if (type == "section") {
        const tmpl::Value all = in_.heap().dict();
        const std::string section(expression);
        for (const auto& [option, o] : resolver_->section(section))
            tmpl::put(in_.heap(), all.as<tmpl::Dict>(), in_.heap().text(option), of_option(section, option));
        return all;
    }
    const auto [section, option] = key_of(expression);
    if (type == "jsonkey") return tmpl::parse_json(in_.heap(), resolver_->require(section, option));
    return of_option(section, option);
}

std::pair<std::string, std::string> Context::key_of(std::string_view expression) const {
    const std::size_t colon = expression.find(':');
    if (colon == std::string_view::npos)
        fail(wrong_, cat("context line: ", printable(expression), ": not SECTION:OPTION"));
    return {colon == 0 ? section_ : std::string(expression.substr(0, colon)), std::string(expression.substr(colon + 1))};
}

tmpl::Value Context::of_option(const std::string& section, const std::string& option) {
    const std::string text = resolver_->require(section, option);
    if (!text.starts_with(tmpl::literal_mark)) return in_.heap().text(text);
    try {
        return tmpl::parse_literal(in_.heap(), std::string_view(text).substr(tmpl::literal_mark.size()));
    } catch (const tmpl::Failure& e) {
        fail(Exit::config, cat(resolver_->place(section, option), ": [", printable(section), "] ", printable(option),
                               ": not a literal of Python: ", e.message));
    }
}

} // namespace rs::profile
