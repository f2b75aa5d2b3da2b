// SPDX-License-Identifier: Apache-2.0
// For % and format() alone: what stands between the mark and the letter, as both have it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rs::tmpl {

constexpr std::int64_t max_width = 1 << 20;

struct Spec {
    std::string fill = " ";
    char align = 0; // < > ^ =
    char sign = '-';
    bool alternate = false;
    bool fill_given = false, no_minus_zero = false;
    char grouping = 0; // , or _
    std::int64_t width = 0, precision = -1;
    char type = 0;
};

// With a sign of sign_size bytes in front, behind which '=' puts the fill.
[[nodiscard]] std::string pad(const Spec& s, std::string body, std::size_t sign_size,
                              char otherwise);
// Without its sign, as %e, %f or %g of C has it.
[[nodiscard]] std::string real_digits(double value, char type, std::int64_t precision,
                                      bool alternate);
[[nodiscard]] std::string sign_of(bool negative, char sign);

} // namespace rs::tmpl
