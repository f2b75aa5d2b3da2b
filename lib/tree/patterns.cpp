// SPDX-License-Identifier: Apache-2.0
// A pattern with wildcards becomes a row of tokens, each a set of bytes, and runs of * in the gaps. After
// i tokens the automaton is in state i; a gap with * is a state that may also stay where it is. All states
// that are possible after a byte are kept as bits of one number and moved together (Baeza-Yates and
// Gonnet, "A new approach to text searching", 1992). So the work is the same for every pattern of a
// length, however it was made up: backtracking, as most matchers do, takes time exponential in the
// number of stars, and this text may come from people who do not own the machine.
// Nearly all patterns have fewer than 64 tokens: one word. What begins or ends with plain bytes is
// compared there first, and seldom comes as far as the automaton.
#include "tree/patterns.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <span>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::tree {

namespace {

constexpr std::size_t word_bits = 64;
// One state more than there are tokens.
constexpr std::size_t max_words = max_pattern_bytes / word_bits + 1;

using ByteSet = std::bitset<256>;
enum class Gap : std::uint8_t { none, star, double_star };

struct Token {
    Gap gap = Gap::none; // in front of it
    ByteSet set;
    std::optional<char> literal;
};

ByteSet only(char c) {
    ByteSet set;
    set.set(static_cast<unsigned char>(c));
    return set;
}

struct CharacterClass {
    std::string_view name;
    bool (*holds)(unsigned);
};

// POSIX.1-2017 7.3.1, the POSIX locale. Not isalpha and the like: those ask the locale of the process.
bool is_upper(unsigned c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(unsigned c) { return c >= 'a' && c <= 'z'; }
bool is_alpha(unsigned c) { return is_upper(c) || is_lower(c); }
bool is_digit(unsigned c) { return c >= '0' && c <= '9'; }
bool is_alnum(unsigned c) { return is_alpha(c) || is_digit(c); }
bool is_xdigit(unsigned c) { return is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); }
bool is_blank(unsigned c) { return c == ' ' || c == '\t'; }
bool is_space(unsigned c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_cntrl(unsigned c) { return c < 0x20 || c == 0x7f; }
bool is_graph(unsigned c) { return c > 0x20 && c < 0x7f; }
bool is_print(unsigned c) { return c >= 0x20 && c < 0x7f; }
bool is_punct(unsigned c) { return is_graph(c) && !is_alnum(c); }

constexpr std::array<CharacterClass, 12> classes{{
    {"alnum", is_alnum},
    {"alpha", is_alpha},
    {"blank", is_blank},
    {"cntrl", is_cntrl},
    {"digit", is_digit},
    {"graph", is_graph},
    {"lower", is_lower},
    {"print", is_print},
    {"punct", is_punct},
    {"space", is_space},
    {"upper", is_upper},
    {"xdigit", is_xdigit},
}};

// Reads what stands behind a "[" and moves `at` behind its "]". Nothing if the class is not closed or not
// understood: it then matches no byte, and so the pattern no name.
std::optional<ByteSet> parse_class(std::string_view pattern, std::size_t& at) {
    const auto peek = [&](std::size_t ahead) { return at + ahead < pattern.size() ? pattern[at + ahead] : '\0'; };
    ByteSet set;
    const bool negated = peek(0) == '!' || peek(0) == '^';
    if (negated) ++at;
    std::optional<unsigned> from; // a byte that a "-" may make the beginning of a range
    for (bool first = true;; first = false) {
        char c = peek(0);
        if (c == '\0') return std::nullopt;
        ++at;
        if (c == ']' && !first) break;
        if (c == '-' && from && peek(0) != '\0' && peek(0) != ']') {
            c = pattern[at++];
            if (c == '\\') {
                c = peek(0);
                if (c == '\0') return std::nullopt;
                ++at;
            }
            for (unsigned b = *from; b <= static_cast<unsigned char>(c); ++b) set.set(b);
            from.reset();
            continue;
        }
        if (c == '[' && peek(0) == ':') {
            const std::size_t end = pattern.find(']', at + 1);
            if (end == std::string_view::npos) return std::nullopt;
            if (end > at + 1 && pattern[end - 1] == ':') {
                const std::string_view name = pattern.substr(at + 1, end - 1 - (at + 1));
                const auto known = std::find_if(classes.begin(), classes.end(),
                                                [&](const CharacterClass& k) { return k.name == name; });
                if (known == classes.end()) return std::nullopt;
                for (unsigned b = 0; b < 256; ++b)
                    if (known->holds(b)) set.set(b);
                at = end + 1;
                from.reset();
                continue;
            }
        }
        if (c == '\\') {
            c = peek(0);
            if (c == '\0') return std::nullopt;
            ++at;
        }
        from = static_cast<unsigned char>(c);
        set.set(*from);
    }
    if (negated) set.flip();
    set.reset('/');
    return set;
}

struct Tokens {
    std::vector<Token> list;
    Gap last = Gap::none; // behind the last of them
};

Tokens tokenize(std::string_view pattern) {
    Tokens out;
    Gap gap = Gap::none;
    const auto push = [&](const ByteSet& set, std::optional<char> literal = std::nullopt) {
        out.list.push_back({gap, set, literal});
        gap = Gap::none;
    };
    for (std::size_t at = 0; at < pattern.size();) {
        const char c = pattern[at++];
        if (c == '*') {
            gap = Gap::star;
            for (; at < pattern.size() && pattern[at] == '*'; ++at) gap = Gap::double_star;
        } else if (c == '?') {
            push(~only('/'));
        } else if (c == '[') {
            const auto set = parse_class(pattern, at);
            push(set.value_or(ByteSet{}));
            if (!set) break;
        } else if (c == '\\') {
            if (at == pattern.size())
                push(ByteSet{});
            else {
                push(only(pattern[at]), pattern[at]);
                ++at;
            }
        } else {
            push(only(c), c);
        }
    }
    out.last = gap;
    return out;
}

// From the beginning of a component, `n` components before the end; nothing if there are fewer.
std::optional<std::string_view> last_components(std::string_view path, std::size_t n) {
    std::size_t at = path.size();
    for (; n > 0; --n) {
        if (at == std::string_view::npos) return std::nullopt;
        at = at == 0 ? std::string_view::npos : path.rfind('/', at - 1);
    }
    return at == std::string_view::npos ? path : path.substr(at + 1);
}

template <std::size_t N>
bool run(std::span<const std::uint64_t> steps, std::span<const std::uint64_t> loops,
         std::span<const std::uint64_t> slash_loops, std::size_t tokens, std::string_view text,
         bool slash_before, bool slash_behind, bool any_component) {
    const std::size_t words = N == 0 ? loops.size() : N;
    std::array<std::uint64_t, N == 0 ? max_words : N> states;
    std::fill_n(states.begin(), words, 0);
    states[0] = 1;
    const auto feed = [&](char c) {
        const auto byte = static_cast<unsigned char>(c);
        const std::uint64_t* const step = steps.data() + byte * words;
        const std::uint64_t* const stay = (c == '/' ? slash_loops : loops).data();
        std::uint64_t carry = 0, alive = 0;
        for (std::size_t w = 0; w < words; ++w) {
            const std::uint64_t moved = states[w] & step[w];
            states[w] = (moved << 1) | carry | (states[w] & stay[w]);
            carry = moved >> (word_bits - 1);
            alive |= states[w];
        }
        if (any_component && c == '/') {
            states[0] |= 1;
            alive = 1;
        }
        return any_component || alive != 0;
    };
    if (slash_before && !feed('/')) return false;
    for (const char c : text)
        if (!feed(c)) return false;
    if (slash_behind && !feed('/')) return false;
    return (states[tokens / word_bits] >> (tokens % word_bits) & 1) != 0;
}

} // namespace
