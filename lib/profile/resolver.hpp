// SPDX-License-Identifier: Apache-2.0
// What the options of a profile come to: sections with what they are based on, values with what they refer to.
//
//   < = a         the section is what lies in [a], with its own options over it (several: a line each)
//       b
//   ${a:b}        the value of option b in [a]; ${:b}: in the section itself
//   ${:_buildout_section_name_}    the name of the section
//   $$            stays as it is: ${...} behind it is for a later stage
//
// A section is looked at when something refers to it, and then all its references are: as zc.buildout does, which makes
// an error in a section that nobody needs no error.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "profile/option.hpp"

namespace rs::profile {

// Not to be used any more after an Error.
class Resolver {
public:
    explicit Resolver(Sections sections) : raw_(std::move(sections)) {}

    // The section, with what it is based on; the values as they stand in the files. Error(Exit::config) if there is no
    // such section, or something that it refers to is missing, refers to itself or has a name that cannot be.
    [[nodiscard]] const Section& section(std::string_view name);
    // The value of an option; nothing if the section has none of this name.
    [[nodiscard]] std::optional<std::string> get(std::string_view section, std::string_view option);
    // The same, but Error(Exit::config) if there is none.
    [[nodiscard]] std::string require(std::string_view section, std::string_view option);

    // [buildout] parts, and what they refer to, with a recipe: in the order in which they have to be made.
    [[nodiscard]] const std::vector<std::string>& parts() const { return parts_; }
    // The sections that were looked at so far, each behind those that it was looked at for.
    [[nodiscard]] const std::vector<std::string>& seen() const { return seen_; }
    // Called with the name of each part, that is a section with a recipe, when it is looked at: once, behind all that it
    // refers to, and before what refers to it gets a value of it. It may set() options of it.
    void on_part(std::function<void(const std::string& part)> f) { on_part_ = std::move(f); }
    // Gives an option of a section that was looked at a value, as a recipe does: nothing in it is referred to any more.
    void set(const std::string& section, const std::string& option, std::string value);
    // Where the option was set last, "FILE:LINE"; of one that is missing, where the section has its recipe.
    [[nodiscard]] std::string place(std::string_view section, std::string_view option) const;

    // Looks at [buildout] and at its parts; then parts() is whole. A part that is no section, or has no recipe: Error.
    void look_at_parts();

    // A text of the first stage, as slapos.recipe.template makes the file of the second one: ${section:option} becomes the
    // value, ${:option} that of `section`, $$ becomes $. `name`: of the text, for messages.
    [[nodiscard]] std::string substitute(std::string_view section, std::string_view text,
                                         const std::string& name);

    [[nodiscard]] const Sections& raw() const { return raw_; }

private:
    struct Looked {
        Section options;                                        // with its bases
        std::unordered_map<std::string, std::string> cooked, done; // values
    };
    struct Reference { // an option that is being worked out
        std::string_view section, option;
    };

    [[nodiscard]] Looked& look(std::string_view name);
    [[nodiscard]] Section extended(std::string_view name, const Section& own,
                                   std::vector<std::string>& doing) const;
    [[nodiscard]] std::optional<std::string> value(Looked& in, std::string_view section,
                                                   std::string_view option,
                                                   std::vector<Reference>& doing);
    [[nodiscard]] std::string substituted(std::string_view text, std::vector<Reference>& doing,
                                          std::string_view two_dollars);
    [[nodiscard]] std::string referred(std::string_view reference, std::vector<Reference>& doing);
    [[noreturn]] void fail_in(const std::vector<Reference>& doing, const std::string& why,
                              std::string hint = {});

    Sections raw_;
    std::unordered_map<std::string, Looked> looked_;
    std::vector<std::string> parts_, seen_;
    std::function<void(const std::string&)> on_part_;
    std::size_t depth_ = 0;
};

} // namespace rs::profile
