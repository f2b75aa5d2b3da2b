// SPDX-License-Identifier: Apache-2.0
// What stands for a match in re.sub(): a text with \1, \g<name> and escapes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "template/regex/regex.hpp"

namespace rs::tmpl {

class Replacement {
public:
    // Failure re.error or IndexError if it is none, or speaks of groups that the expression has not.
    Replacement(const Regex& regex, std::string_view text);
    // Groups that did not match are empty.
    [[nodiscard]] std::string expand(std::string_view subject, const Regex::Spans& spans) const;

private:
    struct Part {
        std::string text;
        std::size_t group = Regex::unset; // behind the text
    };
    std::vector<Part> parts_;
};

} // namespace rs::tmpl
