// SPDX-License-Identifier: Apache-2.0
// Text for people: joining, escaping, numbers with units. All pure.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rs {

namespace detail {
inline void append(std::string& out, std::string_view s) { out.append(s); }
inline void append(std::string& out, char c) { out.push_back(c); }
template <std::integral T>
    requires(!std::same_as<T, char> && !std::same_as<T, bool>)
void append(std::string& out, T value) {
    char buf[24];
    const auto end = std::to_chars(buf, buf + sizeof buf, value).ptr;
    out.append(buf, end);
}
} // namespace detail

// Concatenates text and integers (decimal).
template <class... Args>
[[nodiscard]] std::string cat(const Args&... args) {
    std::string out;
    (detail::append(out, args), ...);
    return out;
}

// `bytes` safe to show on a terminal and in a log: control bytes, backslash and bytes that are not
// valid UTF-8 become \ooo (three octal digits, as ls -b writes them).
[[nodiscard]] std::string printable(std::string_view bytes);
// The same for a line of a text that is shown as it is: a backslash stays.
[[nodiscard]] std::string printable_line(std::string_view line);

// "\ooo" (three octal digits) as the byte that it stands for, all else as it is: what printable() and /proc write.
[[nodiscard]] std::string unescape_octal(std::string_view text);

// True if `bytes` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool valid_utf8(std::string_view bytes);

// Lower-case hexadecimal and back; from_hex gives nothing for an odd length or a foreign digit.
[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view hex);

// A decimal number with nothing around it, in [0, 2^64).
[[nodiscard]] std::optional<std::uint64_t> parse_u64(std::string_view text);

// "512 B", "1.4 KiB", "700.0 MiB": three to four significant digits, binary units.
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);

// "850 ms", "12.3 s", "4 min 10 s", "3 h 12 min", "5 d 2 h"
[[nodiscard]] std::string human_seconds(double seconds);

// A size such as "64", "64K", "10M", "2G", "1T", also "KiB", "MB"...: binary multiples.
// Gives nothing if it is not one or does not fit in 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

// A duration such as "60", "60s", "5m", "2h", "1d" in seconds; nothing if it is not one.
[[nodiscard]] std::optional<std::uint64_t> parse_seconds(std::string_view text);

// "3 files", "1 file": `noun` in the singular; the plural adds s, or ies for a final y.
[[nodiscard]] std::string count_of(std::uint64_t n, std::string_view noun);

} // namespace rs
