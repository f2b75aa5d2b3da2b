// SPDX-License-Identifier: Apache-2.0
#include "template/text/unicode.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <locale.h>
#include <wctype.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "template/values/value.hpp"

namespace rs::tmpl {

namespace {

struct Points {
    char32_t first, last;
};
// Above ASCII: controls, formats, surrogates, private use, unassigned, separators. Unicode 14, as in Python 3.11.
constexpr Points unprintable[] = {
#include "template/text/printable.inc"
};

// The C library's tables of characters; "C" itself knows ASCII only.
locale_t characters() {
    static const locale_t all = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return all;
}

template <class F>
std::string each_point(std::string_view text, F&& f) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::string c = split_first(text.substr(i));
        i += c.size();
        f(out, c, code_point(c));
    }
    return out;
}

} // namespace

char32_t code_point(std::string_view first) {
    const auto byte = [&](std::size_t i) {
        return static_cast<char32_t>(static_cast<unsigned char>(first[i]));
    };
    if (first.empty()) return 0;
    const char32_t a = byte(0);
    if (a < 0x80 || first.size() < 2) return a;
    if (a < 0xe0 || first.size() < 3) return (a & 0x1f) << 6 | (byte(1) & 0x3f);
    if (a < 0xf0 || first.size() < 4)
        return (a & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    return (a & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
}

void append_code_point(std::string& out, char32_t p) {
    if (p < 0x80) {
        out += static_cast<char>(p);
    } else if (p < 0x800) {
        out += static_cast<char>(0xc0 | p >> 6);
        out += static_cast<char>(0x80 | (p & 0x3f));
    } else if (p < 0x10000) {
        out += static_cast<char>(0xe0 | p >> 12);
        out += static_cast<char>(0x80 | (p >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (p & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | p >> 18);
        out += static_cast<char>(0x80 | (p >> 12 & 0x3f));
        out += static_cast<char>(0x80 | (p >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (p & 0x3f));
    }
}

std::string split_first(std::string_view text) {
    if (text.empty()) return {};
    std::size_t n = 1;
    while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xc0) == 0x80) ++n;
    return std::string(text.substr(0, n));
}

bool is_blank(char32_t p) {
    return (p >= 0x09 && p <= 0x0d) || (p >= 0x1c && p <= 0x20) || p == 0x85 || p == 0xa0 ||
           p == 0x1680 || (p >= 0x2000 && p <= 0x200a) || p == 0x2028 || p == 0x2029 ||
           p == 0x202f || p == 0x205f || p == 0x3000;
}

bool is_printable(char32_t p) {
    if (p < 0x80) return p >= 0x20 && p != 0x7f;
    const auto at = std::upper_bound(std::begin(unprintable), std::end(unprintable), p,
                                     [](char32_t x, const Points& r) { return x < r.first; });
    return at == std::begin(unprintable) || p > std::prev(at)->last;
}

std::size_t leading_blanks(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::string c = split_first(text.substr(at));
        if (!is_blank(code_point(c))) break;
        at += c.size();
    }
    return at;
}

std::size_t trailing_blanks(std::string_view text) {
    std::size_t end = text.size();
    while (end > 0) {
        std::size_t start = end - 1;
        while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) --start;
        if (!is_blank(code_point(text.substr(start, end - start)))) break;
        end = start;
    }
    return text.size() - end;
}

std::size_t identifier_length(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::string c = split_first(text.substr(at));
        const char32_t p = code_point(c);
        const bool digit = p < 0x80 && p >= '0' && p <= '9';
        const bool letter = p < 0x80 ? (p | 0x20) >= 'a' && (p | 0x20) <= 'z'
                                     : ::iswalpha_l(static_cast<wint_t>(p), characters()) != 0;
        if (!letter && p != '_' && !(digit && at > 0)) break;
        at += c.size();
    }
    return at;
}

namespace {

char32_t low(char32_t p) {
    return static_cast<char32_t>(::towlower_l(static_cast<wint_t>(p), characters()));
}
char32_t up(char32_t p) {
    return static_cast<char32_t>(::towupper_l(static_cast<wint_t>(p), characters()));
}

// Characters whose capital is several characters: ligatures, Greek with a breathing...
bool has_long_capital(char32_t p) {
    return p == 0x149 || p == 0x1f0 || p == 0x390 || p == 0x3b0 || p == 0x587 ||
           (p >= 0x1e96 && p <= 0x1e9a) || (p >= 0x1f50 && p <= 0x1f56) ||
           (p >= 0x1f80 && p <= 0x1ffc) || (p >= 0xfb00 && p <= 0xfb17);
}

// Scripts where a letter is what the C library says: Latin, Greek, Cyrillic, CJK.
bool well_known(char32_t p) {
    return (p >= 0xc0 && p < 0x250) || (p >= 0x386 && p < 0x482) || (p >= 0x48a && p < 0x530) ||
           (p >= 0x1e00 && p < 0x2000) || (p >= 0x4e00 && p < 0x9fff) ||
           (p >= 0x1f300 && p < 0x1fb00);
}

} // namespace

std::string lower(std::string_view text) {
    char32_t before = 0;
    std::size_t at = 0;
    return each_point(text, [&](std::string& out, const std::string& c, char32_t p) {
        at += c.size();
        if (p == 0x130) {
            out += "i\xcc\x87";
        } else if (p == 0x3a3) { // Sigma is another letter at the end of a word
            const bool ends = is_cased(before) && !is_cased(code_point(text.substr(at)));
            out += ends ? "\xcf\x82" : "\xcf\x83";
        } else {
            append_code_point(out, low(p));
        }
        before = p;
    });
}

std::string upper(std::string_view text) {
    return each_point(text, [](std::string& out, const std::string& c, char32_t p) {
        if (has_long_capital(p)) raise("NotSupported", cat("the capital letter of ", c));
        if (p == 0xdf)
            out += "SS";
        else
            append_code_point(out, up(p));
    });
}

std::string title_case(std::string_view character) {
    const char32_t p = code_point(character);
    if ((p >= 0x1c4 && p <= 0x1cc) || (p >= 0x1f1 && p <= 0x1f3))
        raise("NotSupported", cat("the title case of ", character));
    return p == 0xdf ? "Ss" : upper(character);
}

bool is_cased(char32_t p) {
    return low(p) != p || up(p) != p || p == 0xdf || p == 0xaa || p == 0xba;
}

bool is_word(char32_t p) {
    if (p < 0x80) return std::isalnum(static_cast<int>(p)) != 0 || p == '_';
    return ::iswalnum_l(static_cast<wint_t>(p), characters()) != 0;
}

bool is_letter(char32_t p) {
    if (p < 0x80) return std::isalpha(static_cast<int>(p)) != 0;
    if (p == 0xaa || p == 0xb5 || p == 0xba) return true;
    if (p < 0xc0) return false;
    const bool letter = ::iswalpha_l(static_cast<wint_t>(p), characters()) != 0;
    if (letter && !well_known(p))
        raise("NotSupported", "to ask whether this character is a letter");
    return letter;
}

bool is_digit(char32_t p) {
    if (p < 0x80) return std::isdigit(static_cast<int>(p)) != 0;
    if ((p >= 0xb2 && p <= 0xb3) || p == 0xb9 || (p >= 0xbc && p <= 0xbe) ||
        (p >= 0x250 && !well_known(p) && ::iswalnum_l(static_cast<wint_t>(p), characters()) != 0))
        raise("NotSupported", "to ask whether this character is a digit");
    return false;
}

} // namespace rs::tmpl
