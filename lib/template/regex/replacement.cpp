// SPDX-License-Identifier: Apache-2.0
#include "template/regex/replacement.hpp"

#include "base/text.hpp"
#include "template/text/unicode.hpp"
#include "template/values/value.hpp"

namespace rs::tmpl {

namespace {
bool octal(char c) { return c >= '0' && c <= '7'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
[[noreturn]] void bad(const std::string& why) { raise("re.error", cat(why, " in a replacement")); }
} // namespace

Replacement::Replacement(const Regex& regex, std::string_view text) {
    parts_.emplace_back();
    const auto group = [&](std::size_t n) {
        if (n > regex.source().groups) bad(cat("invalid group reference ", n));
        parts_.back().group = n;
        parts_.emplace_back();
    };
    for (std::size_t i = 0; i < text.size();) {
        const auto at = [&](std::size_t k) { return k < text.size() ? text[k] : '\0'; };
        std::string& out = parts_.back().text;
        if (text[i] != '\\') {
            out += text[i++];
            continue;
        }
        const char c = at(i + 1);
        if (i + 1 >= text.size()) bad("bad escape (end of pattern)");
        i += 2;
        constexpr std::string_view names = "afnrtv\\b", are = "\a\f\n\r\t\v\\\b";
        if (c == 'g') {
            if (at(i) != '<') bad("missing <");
            const std::size_t end = text.find('>', i);
            if (end == std::string_view::npos) bad("missing >, unterminated name");
            const std::string name(text.substr(i + 1, end - i - 1));
            i = end + 1;
            if (name.empty()) bad("missing group name");
            if (identifier_length(name) == name.size()) {
                const auto n = regex.group(name);
                if (!n) raise("IndexError", cat("unknown group name ", repr_text(name)));
                group(*n);
            } else {
                if (name.find_first_not_of("0123456789") != std::string::npos)
                    bad("bad character in group name");
                if (name.size() > 9) bad("invalid group reference");
                group(std::stoul(name));
            }
        } else if (c == '0') {
            std::string digits = "0";
            while (digits.size() < 3 && octal(at(i))) digits += text[i++];
            append_code_point(out, static_cast<char32_t>(std::stoul(digits, nullptr, 8) & 0xff));
        } else if (digit(c)) { // three octal digits are a character, else up to two are a group
            std::string digits(1, c);
            if (digit(at(i))) digits += text[i++];
            if (digits.size() == 2 && octal(digits[0]) && octal(digits[1]) && octal(at(i))) {
                digits += text[i++];
                const auto point = static_cast<char32_t>(std::stoul(digits, nullptr, 8));
                if (point > 0377) bad("octal escape value outside of range 0-0o377");
                append_code_point(out, point);
            } else {
                group(std::stoul(digits));
            }
        } else if (const std::size_t n = names.find(c); n != std::string_view::npos) {
            out += are[n];
        } else {
            if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') bad(cat("bad escape \\", c));
            out += '\\';
            out += c; // a character of several bytes goes on by itself
        }
    }
}

std::string Replacement::expand(std::string_view subject, const Regex::Spans& spans) const {
    std::string out;
    for (const Part& p : parts_) {
        out += p.text;
        if (p.group != Regex::unset && spans[p.group].first != Regex::unset)
            out +=
                subject.substr(spans[p.group].first, spans[p.group].second - spans[p.group].first);
    }
    return out;
}

} // namespace rs::tmpl
