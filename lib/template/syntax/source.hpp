// SPDX-License-Identifier: Apache-2.0
// The text of a template, and errors that show the place in it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace rs::tmpl {

struct Source {
    std::string name; // for messages
    std::string text; // lines end with \n
};
using SourcePtr = std::shared_ptr<const Source>;

// Line ends of all kinds become \n, and one at the very end goes, as in Jinja2. Not UTF-8: Error(Exit::config).
[[nodiscard]] SourcePtr make_source(std::string name, std::string_view text);

struct Place {
    std::size_t line = 1, column = 1; // in characters
    std::string_view text;            // of the line
};
[[nodiscard]] Place place_of(const Source& source, std::size_t offset);

// "NAME:LINE:COLUMN".
[[nodiscard]] std::string shown_place(const Source& source, std::size_t offset);

// Throws Error(Exit::config): "NAME:LINE:COLUMN: why", the line, a mark below the column, and the notes, each on a line.
[[noreturn]] void fail_at(const Source& source, std::size_t offset, const std::string& why,
                          std::string hint = {}, const std::vector<std::string>& notes = {});

} // namespace rs::tmpl
