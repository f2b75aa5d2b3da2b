// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace rs {

namespace {

// Length of the valid UTF-8 sequence at the start of s, or 0 (RFC 3629 section 4).
std::size_t utf8_length(std::string_view s) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned char c = at(0);
    if (c < 0x80) return 1;
    std::size_t n = 0;
    unsigned char low = 0x80, high = 0xbf;
    if (c >= 0xc2 && c <= 0xdf) {
        n = 2;
    } else if (c >= 0xe0 && c <= 0xef) {
        n = 3;
        if (c == 0xe0) low = 0xa0;
        if (c == 0xed) high = 0x9f;
    } else if (c >= 0xf0 && c <= 0xf4) {
        n = 4;
        if (c == 0xf0) low = 0x90;
        if (c == 0xf4) high = 0x8f;
    }
    if (n == 0 || s.size() < n || at(1) < low || at(1) > high) return 0;
    for (std::size_t i = 2; i < n; ++i)
        if (at(i) < 0x80 || at(i) > 0xbf) return 0;
    return n;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

} // namespace

std::string unescape_octal(std::string_view text) {
    const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '7'; };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || !digit(i + 1) || text[i + 1] > '3' || !digit(i + 2) || !digit(i + 3)) {
            out += text[i];
            continue;
        }
        out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
        i += 3;
    }
    return out;
}

bool valid_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t n = utf8_length(bytes);
        if (n == 0) return false;
        bytes.remove_prefix(n);
    }
    return true;
}

namespace {

std::string printable_but(std::string_view bytes, bool backslash_stays) {
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        const auto c = static_cast<unsigned char>(bytes[0]);
        std::size_t n = utf8_length(bytes);
        // C1 controls (U+0080 to U+009F) steer terminals as well.
        const bool c1 = n == 2 && c == 0xc2 && static_cast<unsigned char>(bytes[1]) < 0xa0;
        if (n == 0 || c < 0x20 || c == 0x7f || (c == '\\' && !backslash_stays) || c1) {
            char buf[5];
            std::snprintf(buf, sizeof buf, "\\%03o", static_cast<unsigned>(c));
            out += buf;
            n = 1;
        } else {
            out.append(bytes.substr(0, n));
        }
        bytes.remove_prefix(n);
    }
    return out;
}

} // namespace

std::string printable(std::string_view bytes) { return printable_but(bytes, false); }
std::string printable_line(std::string_view line) { return printable_but(line, true); }

std::string to_hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char ch : bytes) {
        const auto c = static_cast<unsigned char>(ch);
        out.push_back(digits[c >> 4]);
        out.push_back(digits[c & 15]);
    }
    return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
    if (hex.size() % 2 != 0) return std::nullopt;
    std::string out;
    out.reserve(hex.size() / 2);
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        const int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out.push_back(static_cast<char>(high * 16 + low));
    }
    return out;
}

std::optional<std::uint64_t> parse_u64(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (err != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string human_bytes(std::uint64_t bytes) {
    static constexpr std::array units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) return cat(bytes, " B");
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    // 1023.95 would print as 1024.0: move on to the next unit before that.
    while (value >= 1023.95 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    char buf[40];
    std::snprintf(buf, sizeof buf, "%.1f %s", value, units[unit]);
    return buf;
}

std::string human_seconds(double seconds) {
    char buf[40];
    if (seconds < 0.9995) {
        std::snprintf(buf, sizeof buf, "%.0f ms", seconds * 1000);
        return buf;
    }
    if (seconds < 99.95) {
        std::snprintf(buf, sizeof buf, "%.1f s", seconds);
        return buf;
    }
    const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
    if (whole < 3600) return cat(whole / 60, " min ", whole % 60, " s");
    if (whole < 86400) return cat(whole / 3600, " h ", whole % 3600 / 60, " min");
    return cat(whole / 86400, " d ", whole % 86400 / 3600, " h");
}

namespace {

// Splits "12abc" into 12 and "abc".
std::optional<std::pair<std::uint64_t, std::string_view>> leading_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (err != std::errc{}) return std::nullopt;
    return std::pair{value, text.substr(static_cast<std::size_t>(end - text.data()))};
}

std::optional<std::uint64_t> times(std::uint64_t a, std::uint64_t b) {
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
    return product;
}

} // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const auto number = leading_number(text);
    if (!number) return std::nullopt;
    auto [value, unit] = *number;
    if (unit.empty() || unit == "B") return value;
    static constexpr std::string_view letters = "KMGTP";
    const char letter = unit[0] == 'k' ? 'K' : unit[0];
    const auto power = letters.find(letter);
    if (power == std::string_view::npos) return std::nullopt;
    unit.remove_prefix(1);
    if (!unit.empty() && unit != "B" && unit != "iB") return std::nullopt;
    return times(value, std::uint64_t{1} << (10 * (power + 1)));
}

std::optional<std::uint64_t> parse_seconds(std::string_view text) {
    const auto number = leading_number(text);
    if (!number) return std::nullopt;
    const auto [value, unit] = *number;
    if (unit.empty() || unit == "s") return value;
    if (unit == "m" || unit == "min") return times(value, 60);
    if (unit == "h") return times(value, 3600);
    if (unit == "d") return times(value, 86400);
    return std::nullopt;
}

std::string count_of(std::uint64_t n, std::string_view noun) {
    if (n == 1) return cat("1 ", noun);
    if (noun.ends_with('y')) return cat(n, " ", noun.substr(0, noun.size() - 1), "ies");
    return cat(n, " ", noun, "s");
}

} // namespace rs
