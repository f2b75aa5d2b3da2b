// SPDX-License-Identifier: Apache-2.0
#include "template/regex/reader.hpp"

#include "base/text.hpp"
#include "template/regex/classes.hpp"
#include "template/text/unicode.hpp"
#include "template/values/value.hpp"

namespace rs::tmpl {

RegexReader::RegexReader(std::string_view pattern) : chars_(split_characters(pattern)) {}

void RegexReader::fail(const std::string& why) const {
    raise("re.error", cat(why, " at position ", at_));
}

std::string_view RegexReader::peek() const {
    return at_end() ? std::string_view() : std::string_view(chars_[at_]);
}

std::string RegexReader::take(const char* missing) {
    if (at_end()) fail(missing);
    return chars_[at_++];
}

bool RegexReader::skip(std::string_view c) {
    if (peek() != c) return false;
    ++at_;
    return true;
}

std::string RegexReader::token() {
    std::string out = take();
    if (out == "\\" && !at_end()) out += take();
    return out;
}

std::string RegexReader::name_until(std::string_view end) {
    std::string name;
    while (peek() != end) name += take("missing closing bracket of a group name");
    ++at_;
    if (name.empty()) fail("missing group name");
    return name;
}

bool RegexReader::category(std::string_view c) {
    return c.size() == 1 && std::string_view("dDsSwW").find(c) != std::string_view::npos;
}

char32_t RegexReader::hex(std::size_t digits) {
    char32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        const char c = peek_char();
        const std::size_t d = std::string_view("0123456789abcdefABCDEF").find(c);
        if (c == '\0' || d == std::string_view::npos) fail("incomplete escape");
        value = value * 16 + static_cast<char32_t>(d > 15 ? d - 6 : d);
        ++at_;
        if (value > 0x10ffff) fail("bad escape");
    }
    if (value >= 0xd800 && value < 0xe000) raise("NotSupported", "half of a surrogate pair");
    return value;
}

std::optional<char32_t> RegexReader::character(const std::string& c) {
    constexpr std::string_view names = "afnrtv\\", are = "\a\f\n\r\t\v\\";
    if (const std::size_t i = c.size() == 1 ? names.find(c[0]) : std::string_view::npos;
        i != std::string_view::npos)
        return static_cast<char32_t>(are[i]);
    if (c == "x") return hex(2);
    if (c == "u") return hex(4);
    if (c == "U") return hex(8);
    if (c == "N") raise("NotSupported", "characters by their names (\\N) in a regular expression");
    if (c.size() == 1 && ((c[0] | 0x20) >= 'a' && (c[0] | 0x20) <= 'z')) return std::nullopt;
    if (c.size() == 1 && digit(c[0])) return std::nullopt;
    return code_point(c);
}

char32_t RegexReader::octal_value(std::string digits, std::size_t more) {
    for (; more > 0 && octal(peek_char()); --more) digits += take();
    const auto value = static_cast<char32_t>(std::stoul(digits, nullptr, 8));
    if (value > 0377) fail("octal escape value outside of range 0-0o377");
    return value;
}

std::optional<char32_t> RegexReader::class_item(const std::string& c, bool ascii,
                                                std::string& out) {
    if (c != "\\") return code_point(c);
    const std::string e = take("bad escape (end of pattern)");
    if (category(e)) {
        out += regex_class(e[0], ascii);
        return std::nullopt;
    }
    if (e == "b") return 8;
    if (e.size() == 1 && octal(e[0])) return octal_value(e, 2);
    const auto point = character(e);
    if (!point) fail(cat("bad escape \\", e));
    return point;
}

std::string RegexReader::character_class(bool ascii) {
    std::string out = skip("^") ? "[^" : "[";
    const char* const open = "unterminated character set";
    for (bool first = true;; first = false) {
        const std::string c = take(open);
        if (c == "]" && !first) break;
        const auto low = class_item(c, ascii, out);
        if (!skip("-")) {
            if (low) out += regex_literal(*low);
            continue;
        }
        const std::string end = take(open);
        if (end == "]") {
            if (low) out += regex_literal(*low);
            out += regex_literal('-');
            break;
        }
        std::string other;
        const auto high = class_item(end, ascii, other);
        if (!low || !high || *high < *low) fail("bad character range");
        out += cat(regex_literal(*low), "-", regex_literal(*high));
    }
    return out + "]";
}

} // namespace rs::tmpl
