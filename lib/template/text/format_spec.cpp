// SPDX-License-Identifier: Apache-2.0
// format(value, spec).
#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "template/text/format.hpp"
#include "template/text/spec.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

std::string pad(const Spec& s, std::string body, std::size_t sign_size, char otherwise) {
    const std::int64_t size = s.width > 0 ? characters(body) : 0;
    if (size >= s.width) return body;
    const auto missing = static_cast<std::size_t>(s.width - size);
    const auto fills = [&](std::size_t n) {
        std::string out;
        for (std::size_t i = 0; i < n; ++i) out += s.fill;
        return out;
    };
    switch (s.align != 0 ? s.align : otherwise) {
    case '<': return body + fills(missing);
    case '^': return fills(missing / 2) + body + fills(missing - missing / 2);
    case '=': return body.substr(0, sign_size) + fills(missing) + body.substr(sign_size);
    default: return fills(missing) + body;
    }
}

namespace {

std::string group(const std::string& digits, char separator, std::size_t every) {
    if (separator == 0) return digits;
    std::string out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % every == 0) out += separator;
        out += digits[i];
    }
    return out;
}

// Digits in groups, filled with zeros up to the width if that is the fill: they are grouped, too.
std::string grouped(const Spec& s, std::string digits, std::size_t every, std::size_t around) {
    std::string out = group(digits, s.grouping, every);
    if (s.grouping == 0 || s.fill != "0" || s.align != '=') return out;
    while (static_cast<std::int64_t>(out.size() + around) < s.width) {
        digits.insert(0, 1, '0');
        out = group(digits, s.grouping, every);
    }
    return out;
}

} // namespace

std::string real_digits(double value, char type, std::int64_t precision, bool alternate) {
    const bool upper = type == 'E' || type == 'F' || type == 'G';
    std::string out;
    if (std::isnan(value) || std::isinf(value)) {
        out = std::isnan(value) ? "nan" : "inf";
    } else {
        const char format[] = {'%',
                               alternate ? '#' : '.',
                               alternate ? '.' : '*',
                               alternate ? '*' : static_cast<char>(type | 0x20),
                               alternate ? static_cast<char>(type | 0x20) : '\0',
                               '\0'};
        const int size = std::snprintf(nullptr, 0, format, static_cast<int>(precision), value);
        out.resize(static_cast<std::size_t>(size) + 1);
        std::snprintf(out.data(), out.size(), format, static_cast<int>(precision), value);
        out.pop_back();
    }
    if (upper)
        std::transform(out.begin(), out.end(), out.begin(), [](char c) {
            return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        });
    return out;
}

std::string sign_of(bool negative, char sign) {
    return negative ? "-" : sign == '+' ? "+" : sign == ' ' ? " " : "";
}

namespace {

// Without a type but with a precision: as g, but with an exponent as soon as there would be no digit behind the point.
std::string general_digits(double size, const Spec& s) {
    if (!std::isfinite(size)) return real_digits(size, 'g', s.precision, s.alternate);
    const std::int64_t precision = std::max<std::int64_t>(1, s.precision);
    std::string digits = real_digits(size, 'e', precision - 1, s.alternate);
    const std::size_t e = digits.find('e');
    const int point = std::atoi(digits.c_str() + e + 1) + 1;
    if (point > -4 && point <= precision - 1) {
        digits = real_digits(size, 'g', precision, s.alternate);
        return digits.find('.') == std::string::npos ? digits + ".0" : digits;
    }
    std::string mantissa = digits.substr(0, e);
    if (!s.alternate && mantissa.find('.') != std::string::npos) {
        mantissa.erase(mantissa.find_last_not_of('0') + 1);
        if (mantissa.back() == '.') mantissa.pop_back();
    }
    return mantissa + digits.substr(e);
}

std::string format_real(double value, const Spec& s) {
    const double size = std::abs(value);
    const bool percent = s.type == '%';
    std::string digits;
    if (s.type == 0 && s.precision < 0)
        digits = repr_real(size);
    else if (s.type == 0)
        digits = general_digits(size, s);
    else
        digits = real_digits(percent ? size * 100 : size,
                             percent         ? 'f'
                             : s.type == 'n' ? 'g'
                                             : s.type,
                             s.precision < 0 ? 6 : s.precision, s.alternate);
    if (percent) digits += '%';
    bool negative = std::signbit(value) && !std::isnan(value);
    if (s.no_minus_zero && digits.find_first_of("123456789if") == std::string::npos)
        negative = false;
    const std::string sign = sign_of(negative, s.sign);
    const std::size_t end = std::min(digits.find_first_not_of("0123456789"), digits.size());
    const std::string rest = digits.substr(end);
    if (end > 0) digits = grouped(s, digits.substr(0, end), 3, sign.size() + rest.size()) + rest;
    return pad(s, sign + digits, sign.size(), '>');
}

std::string format_integer(std::int64_t value, const Spec& s) {
    if (s.precision >= 0) raise("ValueError", "Precision not allowed in integer format specifier");
    if (s.no_minus_zero)
        raise(
            "ValueError",
            "Negative zero coercion (z) not allowed in format specifier with integer format code");
    if (s.type == 'c') {
        if (s.sign != '-')
            raise("ValueError", "Sign not allowed with integer format specifier 'c'");
        if (s.alternate)
            raise("ValueError", "Alternate form (#) not allowed with integer format specifier 'c'");
        if (value < 0 || value > 0x10ffff) raise("OverflowError", "%c arg not in range(0x110000)");
        std::string out;
        append_code_point(out, static_cast<char32_t>(value));
        return pad(s, out, 0, '<');
    }
    const int base = s.type == 'b'                    ? 2
                     : s.type == 'o'                  ? 8
                     : s.type == 'x' || s.type == 'X' ? 16
                                                      : 10;
    std::string digits = in_base(value, base, s.type == 'X');
    if (digits[0] == '-') digits.erase(0, 1);
    std::string sign = sign_of(value < 0, s.sign);
    if (s.alternate && base != 10) sign += cat("0", s.type);
    digits = grouped(s, std::move(digits), base == 10 ? 3 : 4, sign.size());
    return pad(s, sign + digits, sign.size(), '>');
}

Spec parse_spec(std::string_view text, bool numeric) {
    Spec s;
    const std::vector<std::string> c = split_characters(text);
    std::size_t i = 0;
    const auto is_align = [](const std::string& x) {
        return x == "<" || x == ">" || x == "^" || x == "=";
    };
    if (c.size() > 1 && is_align(c[1])) {
        s.fill = c[0];
        s.fill_given = true;
        s.align = c[1][0];
        i = 2;
    } else if (!c.empty() && is_align(c[0])) {
        s.align = c[0][0];
        i = 1;
    }
    const auto at = [&](std::string_view one_of) {
        return i < c.size() && c[i].size() == 1 && one_of.find(c[i][0]) != std::string_view::npos;
    };
    const auto number = [&] {
        std::int64_t n = 0;
        while (at("0123456789")) {
            n = n * 10 + (c[i++][0] - '0');
            if (n > max_width) raise("ValueError", "Too many decimal digits in format string");
        }
        return n;
    };
    if (at("+- ")) s.sign = c[i++][0];
    if (at("z")) {
        s.no_minus_zero = true;
        ++i;
    }
    if (at("#")) {
        s.alternate = true;
        ++i;
    }
    if (!s.fill_given && at("0")) {
        s.fill = "0";
        if (s.align == 0 && numeric) s.align = '=';
        ++i;
    }
    s.width = number();
    if (at(",_")) s.grouping = c[i++][0];
    if (at(",_"))
        raise("ValueError", s.grouping == c[i][0]
                                ? cat("Cannot specify '", c[i], "' with '", c[i], "'.")
                                : "Cannot specify both ',' and '_'.");
    if (at(".")) {
        ++i;
        if (!at("0123456789")) raise("ValueError", "Format specifier missing precision");
        s.precision = number();
    }
    if (i < c.size() && c[i].size() == 1) s.type = c[i++][0];
    if (i < c.size()) raise("ValueError", "Invalid format specifier");
    return s;
}

} // namespace

namespace {

void check_grouping(const Spec& s, const Value& value) {
    if (s.grouping == 0) return;
    const bool hexadecimal =
        s.type != 0 && std::string_view("boxX").find(s.type) != std::string_view::npos;
    const bool fits = value.is(ValueKind::text) ? false
                      : hexadecimal             ? s.grouping == '_'
                                                : s.type != 'c' && s.type != 'n' && s.type != 's';
    if (!fits)
        raise("ValueError", cat("Cannot specify '", std::string(1, s.grouping), "' with '",
                                std::string(1, s.type == 0 ? 's' : s.type), "'."));
}

std::string format_text(const Value& value, const Spec& s) {
    if (s.sign != '-') raise("ValueError", "Sign not allowed in string format specifier");
    if (s.no_minus_zero)
        raise("ValueError", "Negative zero coercion (z) not allowed in string format specifier");
    if (s.alternate)
        raise("ValueError", "Alternate form (#) not allowed in string format specifier");
    if (s.align == '=') raise("ValueError", "'=' alignment not allowed in string format specifier");
    std::string shown(value.text());
    if (s.precision >= 0) shown = slice_text(value, 0, std::min(s.precision, characters(value)));
    return pad(s, std::move(shown), 0, '<');
}

} // namespace

std::string format_value(const Value& value, std::string_view text) {
    must_be_defined(value);
    if (text.empty()) return str(value);
    if (!value.is_number() && !value.is(ValueKind::text))
        raise("TypeError",
              cat("unsupported format string passed to ", type_name(value), ".__format__"));
    const Spec s = parse_spec(text, value.is_number());
    check_grouping(s, value);
    const auto is_one_of = [&](std::string_view types) {
        return s.type == 0 || types.find(s.type) != std::string_view::npos;
    };
    if (value.is(ValueKind::text) && is_one_of("s")) return format_text(value, s);
    if (value.is_int() && is_one_of("bcdoxXn")) return format_integer(value.integer(), s);
    if (value.is_number() && is_one_of("eEfFgGn%")) return format_real(value.as_real(), s);
    raise("ValueError", cat("Unknown format code '", std::string(1, s.type),
                            "' for object of type '", type_name(value), "'"));
}

} // namespace rs::tmpl
