// SPDX-License-Identifier: Apache-2.0
// The names that a template finds: files of JSON, definitions, and the lines that a profile has for it:
//
//   raw NAME TEXT               the text, to the end of the line
//   json NAME JSON              the value
//   import NAME MODULE          a stand-in for a module of Python
//   key NAME SECTION:OPTION     the value of an option, typed if it is a literal, !py!...; :OPTION in the section itself
//   section NAME SECTION        all options of a section, a dict
//   jsonkey NAME SECTION:OPTION what the value of the option is as JSON
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "profile/resolver.hpp"
#include "template/interpreter.hpp"

namespace rs::profile {

class Context {
public:
    // `wrong`: the exit code for lines and names that are none. Without a resolver there are no key, section and jsonkey;
    // `section` is the one that has the lines.
    explicit Context(tmpl::Interpreter& in, Exit wrong, Resolver* resolver = nullptr, std::string section = {});

    // A JSON object; `where` for messages. A name that is there already gets the new value.
    void add_json(const std::string& text, const std::string& where);
    // NAME=TEXT.
    void define(const std::string& definition);
    // TYPE NAME EXPRESSION. A name that was given already is an error.
    void add_line(const std::string& line);

    [[nodiscard]] const std::vector<std::pair<std::string, tmpl::Value>>& values() const { return values_; }

private:
    void set(const std::string& name, const tmpl::Value& value);
    // A name that is given by itself: an identifier, and only once.
    void set_given(const std::string& name, const tmpl::Value& value, const std::string& where);
    [[nodiscard]] tmpl::Value value_of_line(std::string_view type, std::string_view name, std::string_view expression);
    [[nodiscard]] tmpl::Value of_option(const std::string& section, const std::string& option);
    [[nodiscard]] std::pair<std::string, std::string> key_of(std::string_view expression) const;

    tmpl::Interpreter& in_;
    Exit wrong_;
    Resolver* resolver_;
    std::string section_;
    std::vector<std::pair<std::string, tmpl::Value>> values_;
    std::vector<std::string> given_;
};

} // namespace rs::profile
