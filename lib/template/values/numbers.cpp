// SPDX-License-Identifier: Apache-2.0
// Numbers from texts and to texts, rounding.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "template/interpreter.hpp"
#include "template/text/format.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

std::string in_base(std::int64_t value, int base, bool upper) {
    char buffer[70];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, base).ptr;
    std::string out(buffer, end);
    if (upper)
        std::transform(out.begin(), out.end(), out.begin(), [](char c) {
            return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        });
    return out;
}

std::string repr_real(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    char buffer[40];
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    std::string text(buffer, end);
    std::string sign;
    if (text[0] == '-') {
        sign = "-";
        text.erase(0, 1);
    }
    const std::size_t e = text.find('e');
    const int exponent = std::atoi(text.c_str() + e + 1);
    std::string digits = text.substr(0, e);
    if (const std::size_t dot = digits.find('.'); dot != std::string::npos) digits.erase(dot, 1);
    if (exponent < -4 || exponent >= 16) {
        std::string out = sign + digits.substr(0, 1);
        if (digits.size() > 1) out += "." + digits.substr(1);
        const int size = std::abs(exponent);
        return cat(out, exponent < 0 ? "e-" : "e+", size < 10 ? "0" : "", size);
    }
    if (exponent < 0)
        return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole)
        return sign + digits + std::string(whole - digits.size(), '0') + ".0";
    return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

Value parse_integer(std::string_view text, int base) {
    const std::string original(text);
    const auto bad = [&] {
        raise("ValueError",
              cat("invalid literal for int() with base ", base, ": ", repr_text(original)));
    };
    text.remove_prefix(leading_blanks(text));
    text.remove_suffix(trailing_blanks(text));
    bool negative = false;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        negative = text[0] == '-';
        text.remove_prefix(1);
    }
    int real_base = base;
    if (text.size() > 1 && text[0] == '0') {
        const char mark = static_cast<char>(text[1] | 0x20);
        const int says = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
        if (says != 0 && (base == 0 || base == says)) {
            real_base = says;
            text.remove_prefix(2);
            if (!text.empty() && text[0] == '_') text.remove_prefix(1);
        } else if (base == 0 && text.find_first_not_of("0_") != std::string_view::npos) {
            bad();
        }
    }
    if (real_base == 0) real_base = 10;
    std::string digits;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '_' && i > 0 && i + 1 < text.size() && text[i - 1] != '_' &&
            text[i + 1] != '_')
            continue;
        digits += text[i];
    }
    if (digits.empty() || digits[0] == '-' || digits[0] == '+') bad();
    if (negative) digits.insert(0, 1, '-');
    std::int64_t value = 0;
    const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), value, real_base);
    if (r.ec == std::errc::result_out_of_range) raise("OverflowError", "an integer beyond 64 bits");
    if (r.ec != std::errc() || r.ptr != digits.data() + digits.size()) bad();
    return value;
}

double parse_real(std::string_view text) {
    const std::string original(text);
    const auto bad = [&] {
        raise("ValueError", cat("could not convert string to float: ", repr_text(original)));
    };
    text.remove_prefix(leading_blanks(text));
    text.remove_suffix(trailing_blanks(text));
    std::string word = lower(text);
    std::string_view rest = word;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) rest.remove_prefix(1);
    double value = 0;
    if (rest == "inf" || rest == "infinity") {
        value = HUGE_VAL;
    } else if (rest == "nan") {
        value = std::nan("");
    } else {
        std::string digits;
        const auto digit = [&](std::size_t i) {
            return i < rest.size() && rest[i] >= '0' && rest[i] <= '9';
        };
        for (std::size_t i = 0; i < rest.size(); ++i) {
            if (rest[i] == '_' && i > 0 && digit(i - 1) && digit(i + 1)) continue;
            digits += rest[i];
        }
        if (digits.empty() || digits.find_first_not_of("0123456789.e+-") != std::string::npos ||
            digits[0] == '-' || digits[0] == '+')
            bad();
        const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (r.ptr != digits.data() + digits.size()) bad();
        if (r.ec == std::errc::result_out_of_range)
            value = std::strtod(digits.c_str(), nullptr);
        else if (r.ec != std::errc())
            bad();
    }
    return negative ? -value : value;
}

Value round_half_even(const Value& value, std::int64_t digits) {
    if (value.is_int()) {
        if (digits >= 0) return value.integer();
        if (digits < -18) return std::int64_t{0};
        std::int64_t unit = 1;
        for (std::int64_t i = 0; i < -digits; ++i) unit *= 10;
        const std::int64_t n = value.integer(), rest = ((n % unit) + unit) % unit, low = n - rest;
        const bool up = rest * 2 > unit || (rest * 2 == unit && (low / unit) % 2 != 0);
        return up ? low + unit : low;
    }
    const double v = value.real();
    if (std::isnan(v) || std::isinf(v) || digits > 323) return v;
    if (digits < -308) return std::copysign(0.0, v);
    // The decimal digits are exact, so that 2.675 to two places is 2.67, as in Python.
    char buffer[800];
    if (digits >= 0) {
        std::snprintf(buffer, sizeof buffer, "%.*f", static_cast<int>(digits), v);
        return std::strtod(buffer, nullptr);
    }
    const double unit = std::pow(10.0, static_cast<double>(-digits));
    return std::nearbyint(v / unit) * unit;
}

} // namespace rs::tmpl
