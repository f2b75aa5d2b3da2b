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
#include <iterator>

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
bool is_xdigit(unsigned c) {
    return is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}
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
    // NUL at the end: no pattern holds one.
    const auto peek = [&] { return at < pattern.size() ? pattern[at] : '\0'; };
    ByteSet set;
    const bool negated = peek() == '!' || peek() == '^';
    if (negated) ++at;
    int from = -1; // the byte that a "-" would make the beginning of a range, if any
    for (bool first = true;; first = false) {
        char c = peek();
        if (c == '\0') return std::nullopt;
        ++at;
        if (c == ']' && !first) break;
        if (c == '[' && peek() == ':') {
            const std::size_t end = pattern.find(']', at + 1);
            if (end == std::string_view::npos) return std::nullopt;
            if (end > at + 1 && pattern[end - 1] == ':') {
                const std::string_view name = pattern.substr(at + 1, end - at - 2);
                const auto known =
                    std::find_if(classes.begin(), classes.end(),
                                 [&](const CharacterClass& k) { return k.name == name; });
                if (known == classes.end()) return std::nullopt;
                for (unsigned b = 0; b < 256; ++b)
                    if (known->holds(b)) set.set(b);
                at = end + 1;
                from = -1;
                continue;
            }
            // Not closed by ":]": the "[" is a byte like others.
        }
        const bool range = c == '-' && from >= 0 && peek() != '\0' && peek() != ']';
        if (range) c = pattern[at++];
        if (c == '\\') {
            c = peek();
            if (c == '\0') return std::nullopt;
            ++at;
        }
        const int to = static_cast<unsigned char>(c);
        if (!range) from = to;
        for (int b = from; b <= to; ++b) set.set(static_cast<std::size_t>(b));
        from = range ? -1 : to;
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

// The last `n` components of a path; nothing if it has fewer.
std::optional<std::string_view> last_components(std::string_view path, std::size_t n) {
    std::size_t begin = path.size();
    for (;;) {
        while (begin > 0 && path[begin - 1] != '/') --begin;
        if (--n == 0) return path.substr(begin);
        if (begin == 0) return std::nullopt;
        --begin;
    }
}

bool is_merge(std::string_view line) {
    for (const std::string_view word : {"merge", "dir-merge"})
        if (line.starts_with(word) && line.size() > word.size() &&
            (line[word.size()] == ' ' || line[word.size()] == ','))
            return true;
    return line.starts_with(". ") || line.starts_with(": ");
}

} // namespace

Patterns::Glob::Glob(std::string_view pattern) {
    const Tokens parsed = tokenize(pattern);
    const std::vector<Token>& list = parsed.list;
    tokens = list.size();
    words = tokens / word_bits + 1;
    steps.assign(256 * words, 0);
    loops.assign(words, 0);
    slash_loops.assign(words, 0);
    for (std::size_t i = 0; i <= tokens; ++i) {
        const std::size_t word = i / word_bits;
        const std::uint64_t bit = std::uint64_t{1} << (i % word_bits);
        const Gap gap = i == tokens ? parsed.last : list[i].gap;
        if (gap != Gap::none) loops[word] |= bit;
        if (gap == Gap::double_star) slash_loops[word] |= bit;
        if (i == tokens) break;
        for (std::size_t b = 0; b < 256; ++b)
            if (list[i].set[b]) steps[b * words + word] |= bit;
    }
    for (const Token& token : list) {
        if (token.gap != Gap::none || !token.literal) break;
        prefix += *token.literal;
    }
    if (parsed.last != Gap::none) return;
    for (auto token = list.rbegin(); token != list.rend() && token->literal; ++token) {
        suffix += *token->literal;
        if (token->gap != Gap::none) break;
    }
    std::reverse(suffix.begin(), suffix.end());
}

// one_word: the number of words is known to the compiler, and the states stay in a register.
template <bool one_word>
bool Patterns::Glob::run(std::string_view text, Frame frame) const {
    constexpr std::size_t room = one_word ? 1 : max_words;
    const std::size_t n = one_word ? 1 : words;
    std::array<std::uint64_t, room> states;
    std::fill_n(states.begin(), n, 0);
    states[0] = 1;
    // False: no state is left.
    const auto feed = [&](char c) {
        const std::uint64_t* const step = steps.data() + static_cast<unsigned char>(c) * n;
        const std::uint64_t* const stay = c == '/' ? slash_loops.data() : loops.data();
        std::uint64_t carry = 0, left = 0;
        for (std::size_t w = 0; w < n; ++w) {
            const std::uint64_t moved = states[w] & step[w];
            states[w] = (moved << 1) | carry | (states[w] & stay[w]);
            carry = moved >> (word_bits - 1);
            left |= states[w];
        }
        if (!frame.any_component) return left != 0;
        if (c == '/') states[0] |= 1;
        return true;
    };
    if (frame.slash_before && !feed('/')) return false;
    for (const char c : text)
        if (!feed(c)) return false;
    if (frame.slash_behind && !feed('/')) return false;
    return (states[tokens / word_bits] >> (tokens % word_bits) & 1) != 0;
}

bool Patterns::Glob::matches(std::string_view text, Frame frame) const {
    if (text.size() + frame.slash_before + frame.slash_behind < tokens) return false;
    // A slash around the text may be part of what is compared: then the text is the shorter one. A pattern
    // that asks for a slash before begins with stars, and for one behind ends with them.
    const auto long_enough = [&](const std::string& part) { return text.size() >= part.size(); };
    if (!frame.any_component && long_enough(prefix) && !text.starts_with(prefix)) return false;
    if (long_enough(suffix) && !text.ends_with(suffix)) return false;
    return words == 1 ? run<true>(text, frame) : run<false>(text, frame);
}

Patterns::Rule::Rule(std::string_view text) {
    if (text.starts_with("- ") || text.starts_with("+ ")) {
        include = text.front() == '+';
        text.remove_prefix(2);
    } else if (text == "!") {
        fail(Exit::usage, "exclude pattern: \"!\" would clear the list of patterns",
             "leave it out; for the name, write \"- !\"");
    }
    if (text.empty())
        fail(Exit::usage, "exclude pattern: is empty", "leave it out, or name something");
    if (text.size() > max_pattern_bytes)
        fail(Exit::usage,
             cat("exclude pattern: has ", text.size(), " bytes, more than ", max_pattern_bytes),
             "use * for a part of it");
    if (text.find('\0') != std::string_view::npos)
        fail(Exit::usage, "exclude pattern: holds a NUL byte",
             "give it as text, one pattern a line");

    if (text.size() > 1 && text.ends_with('/')) {
        directory_only = true;
        text.remove_suffix(1);
    }
    // rsync looks for these in the text as it stands, even behind a backslash and in a class.
    slash_behind = text.ends_with("***");
    const auto slashes = static_cast<std::size_t>(std::count(text.begin(), text.end(), '/'));
    const bool double_star = text.find("**") != std::string_view::npos;
    if (text.starts_with('/')) {
        scope = Scope::whole;
        text.remove_prefix(1);
    } else if (double_star) {
        scope = Scope::any;
        slash_before = text.starts_with("**");
    } else if (slashes > 0) {
        scope = Scope::tail;
        components = slashes + 1;
    }
    if (text.find_first_of("*?[") == std::string_view::npos)
        literal = text;
    else
        glob.emplace(text);
}

bool Patterns::Rule::matches(std::string_view path, std::string_view base,
                             bool is_directory) const {
    if (directory_only && !is_directory) return false;
    if (!glob) {
        if (!path.ends_with(literal)) return false;
        const std::size_t before = path.size() - literal.size();
        return before == 0 || (scope != Scope::whole && path[before - 1] == '/');
    }
    std::string_view text = scope == Scope::base ? base : path;
    if (scope == Scope::tail) {
        const auto tail = last_components(path, components);
        if (!tail) return false;
        text = *tail;
    }
    return glob->matches(text, {.slash_before = slash_before,
                                .slash_behind = slash_behind && is_directory,
                                .any_component = scope == Scope::any});
}

void Patterns::add(std::string_view pattern) { rules_.emplace_back(pattern); }

void Patterns::add_lines(std::string_view text, std::string_view name) {
    std::vector<Rule> added;
    for (std::uint64_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end);
        text.remove_prefix(text.starts_with("\r\n") ? 2 : text.empty() ? 0 : 1);
        if (line.empty() || line.front() == '#' || line.front() == ';') continue;
        try {
            added.emplace_back(line);
            if (is_merge(line))
                fail(Exit::usage,
                     "exclude pattern: a rule that reads another file is not known here",
                     cat("copy the patterns of that file into this one; for the name, write \"- ",
                         printable(line), "\""));
        } catch (const Error& error) {
            throw error.within(cat(printable(name), ":", number));
        }
    }
    rules_.insert(rules_.end(), std::make_move_iterator(added.begin()),
                  std::make_move_iterator(added.end()));
}

bool Patterns::excluded(std::string_view path, bool is_directory) const {
    if (path.empty()) return false;
    const std::string_view base = path.substr(path.rfind('/') + 1);
    for (const Rule& rule : rules_)
        if (rule.matches(path, base, is_directory)) return !rule.include;
    return false;
}

} // namespace rs::tree
