// SPDX-License-Identifier: Apache-2.0
// Functions by name, sorted when compiled: nothing is built when the program starts.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/closest.hpp"

namespace rs::tmpl {

template <class F>
struct Entry {
    std::string_view name;
    F call;
};
template <class F>
using Table = std::span<const Entry<F>>;

template <class F, std::size_t N>
[[nodiscard]] consteval std::array<Entry<F>, N> sorted(const Entry<F> (&entries)[N]) {
    auto out = std::to_array(entries);
    std::sort(out.begin(), out.end(),
              [](const Entry<F>& a, const Entry<F>& b) { return a.name < b.name; });
    return out;
}

// The name that is closest to this one; empty if none is close.
template <class F>
[[nodiscard]] std::string closest(Table<F> table, std::string_view name) {
    Closest out(name);
    for (const Entry<F>& e : table) out.consider(e.name);
    return out.found();
}

// nullptr if there is none of this name.
template <class F>
[[nodiscard]] F find_entry(Table<F> table, std::string_view name) {
    const auto at =
        std::lower_bound(table.begin(), table.end(), name,
                         [](const Entry<F>& e, std::string_view n) { return e.name < n; });
    return at != table.end() && at->name == name ? at->call : nullptr;
}

} // namespace rs::tmpl
