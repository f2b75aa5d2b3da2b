// SPDX-License-Identifier: Apache-2.0
// What a profile consists of: sections of options, each of which knows where its value comes from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "profile/ordered.hpp"

namespace rs::profile {

// A line of a file. Line 0: no line of it, such as a default or an option of the command; then `file` says what.
struct Place {
    std::shared_ptr<const std::string> file;
    std::size_t line = 0;
};
// "FILE:LINE", safe to show.
[[nodiscard]] std::string show(const Place& place);

struct Option {
    struct Change {
        enum class What : std::uint8_t { set, add, remove } what = What::set; // = += -=
        Place place;
    };
    std::string value;
    std::vector<Change> history; // oldest first; never empty

    [[nodiscard]] const Place& place() const { return history.back().place; }
};

using Section = Ordered<Option>;
using Sections = Ordered<Section>;

// Lays `above` over `below`: its options replace those of the same name, NAME+ adds its lines to the value below (or
// above, if that has the option itself), NAME- removes the lines that are equal to one of its own; additions before
// removals. What is added to nothing begins with an empty line. As zc.buildout does all of it.
void lay_over(Section& below, Section above);
void lay_over(Sections& below, Sections above);

} // namespace rs::profile
