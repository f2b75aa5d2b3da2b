// SPDX-License-Identifier: Apache-2.0
// PCRE2's own \w and \s differ from Python's, and from one release of it to the next: so they are written out.
#include "template/regex/classes.hpp"

#include <cstdio>

#include "base/text.hpp"

namespace rs::tmpl {

namespace {

struct Range {
    char32_t first, last;
};
// str.isspace()
constexpr Range blanks[] = {{0x09, 0x0d},     {0x1c, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},
                            {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f},
                            {0x205f, 0x205f}, {0x3000, 0x3000}};
constexpr Range ascii_blanks[] = {{0x09, 0x0d}, {0x20, 0x20}};
constexpr Range digits[] = {{'0', '9'}};
constexpr Range word[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};

std::string range(char32_t first, char32_t last) {
    return first == last ? regex_literal(first)
                         : cat(regex_literal(first), "-", regex_literal(last));
}

template <std::size_t N>
std::string of(const Range (&ranges)[N], bool opposite) {
    std::string out;
    char32_t next = 0;
    for (const Range& r : ranges) {
        if (!opposite)
            out += range(r.first, r.last);
        else if (r.first > next)
            out += range(next, r.first - 1);
        next = r.last + 1;
    }
    return opposite ? out + range(next, 0x10ffff) : out;
}

} // namespace

std::string regex_literal(char32_t point) {
    char out[16];
    std::snprintf(out, sizeof out, "\\x{%x}", static_cast<unsigned>(point));
    return out;
}

std::string regex_class(char letter, bool ascii) {
    switch (letter) {
    case 'd': return ascii ? of(digits, false) : "\\p{Nd}";
    case 'D': return ascii ? of(digits, true) : "\\P{Nd}";
    case 's': return ascii ? of(ascii_blanks, false) : of(blanks, false);
    case 'S': return ascii ? of(ascii_blanks, true) : of(blanks, true);
    case 'w': return ascii ? of(word, false) : "\\p{L}\\p{N}_";
    default:
        if (ascii) return of(word, true);
        // All that is neither letter nor number, and of the connectors (Pc) all but the underscore.
        return "\\p{M}\\p{S}\\p{Z}\\p{C}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}"
               "\\x{203f}\\x{2040}\\x{2054}\\x{fe33}\\x{fe34}\\x{fe4d}-\\x{fe4f}\\x{ff3f}";
    }
}

} // namespace rs::tmpl
