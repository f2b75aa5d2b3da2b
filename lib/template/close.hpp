// SPDX-License-Identifier: Apache-2.0
// Names that were perhaps meant.
#pragma once

#include "template/table.hpp"

namespace rs::tmpl {

// One letter more, less or other, or two that changed places.
[[nodiscard]] bool close(std::string_view a, std::string_view b);

// The first that is close; empty if none is.
template <class F>
[[nodiscard]] std::string closest(Table<F> table, std::string_view name) {
    for (const auto& e : table)
        if (close(e.name, name)) return std::string(e.name);
    return {};
}

} // namespace rs::tmpl
