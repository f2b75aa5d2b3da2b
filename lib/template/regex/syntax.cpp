// SPDX-License-Identifier: Apache-2.0
// Python's syntax of regular expressions to that of PCRE2, in one pass. Every character that stands for itself becomes
// \x{...}, groups are numbered, names are kept here. The widths are counted because Python asks for a fixed one behind
// (?<= and so refuses what PCRE2 would take.
#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "template/regex/classes.hpp"
#include "template/regex/reader.hpp"
#include "template/regex/regex.hpp"
#include "template/text/unicode.hpp"
#include "template/values/value.hpp"

namespace rs::tmpl {

namespace {

namespace flag = regex_flag;

constexpr std::size_t max_pattern_bytes = 64 << 10;
constexpr int max_depth = 200;
constexpr std::uint64_t max_repeat = 65535; // PCRE2's

struct Width {
    std::uint64_t least = 0, most = 0;
    static constexpr std::uint64_t many = 1ULL << 32; // so much is no end, as in Python
    void add(const Width& w) {
        least = std::min(many - 1, least + w.least);
        most = std::min(many, most + w.most);
    }
};

class Translator : RegexReader {
public:
    Translator(std::string_view pattern, std::int64_t flags) : RegexReader(pattern) {
        out_.flags = flags;
    }

    RegexSource translate() {
        if ((out_.flags & flag::locale) != 0)
            raise("ValueError", "cannot use LOCALE flag with a str pattern");
        if ((out_.flags & flag::debug) != 0)
            raise("NotSupported", "the flag DEBUG of a regular expression");
        static_cast<void>(alternatives(out_.flags, true));
        if (!at_end()) fail("unbalanced parenthesis");
        for (const std::size_t g : conditions_)
            if (g > out_.groups) fail(cat("invalid group reference ", g));
        if ((out_.flags & flag::ascii) == 0)
            out_.flags |= flag::unicode;
        else if ((out_.flags & flag::unicode) != 0)
            raise("ValueError", "ASCII and UNICODE flags are incompatible");
        return std::move(out_);
    }

private:
    static std::uint64_t times(std::uint64_t a, std::uint64_t b) {
        return a == 0 || b == 0 ? 0 : a >= Width::many / b ? Width::many : a * b;
    }
    void write(std::string_view text) {
        out_.pattern += text;
        if (out_.pattern.size() > 32 * max_pattern_bytes)
            raise("NotSupported", "so long a regular expression");
    }

    // A|B|C
    Width alternatives(std::int64_t flags, bool top = false) {
        if (++depth_ > max_depth) raise("NotSupported", "a regular expression nested so deeply");
        Width all = sequence(flags, top);
        if (top) flags = out_.flags; // it may have set some in front
        while (skip("|")) {
            write("|");
            const Width w = sequence(flags, false);
            all = {std::min(all.least, w.least), std::max(all.most, w.most)};
        }
        --depth_;
        return all;
    }

    enum class Item { none, place, group, repeat, other }; // the last one: what may be repeated

    Width sequence(std::int64_t flags, bool front) {
        Width all, before, last; // before: without the last item
        Item item = Item::none;
        while (!at_end() && peek() != "|" && peek() != ")") {
            const std::string c = take();
            if ((flags & flag::verbose) != 0) {
                if (c.size() == 1 &&
                    std::string_view(" \t\n\r\v\f").find(c) != std::string_view::npos)
                    continue;
                if (c == "#") {
                    for (std::string end; !at_end() && end != "\n";) end = token();
                    continue;
                }
            }
            if ((flags & flag::ignore_case) != 0)
                ((flags & flag::ascii) != 0 ? out_.folds_ascii : out_.folds) = true;
            Width w = {1, 1};
            Item now = Item::other;
            if (c == "*" || c == "+" || c == "?" || c == "{") {
                std::uint64_t least = c == "+" ? 1 : 0, most = c == "?" ? 1 : Width::many;
                if (c == "{" && !bounds(least, most)) {
                    write(regex_literal('{'));
                } else {
                    if (item == Item::none || item == Item::place) fail("nothing to repeat");
                    if (item == Item::repeat) fail("multiple repeat");
                    write(most == Width::many ? cat("{", least, ",}")
                                              : cat("{", least, ",", most, "}"));
                    if (skip("?"))
                        write("?");
                    else if (skip("+")) {
                        // Python 3.11 loses text there that it has passed over.
                        if (item == Item::group)
                            raise("NotSupported", "a possessive repetition of a group");
                        write("+");
                    }
                    all = before;
                    all.add({times(last.least, least), times(last.most, most)});
                    item = Item::repeat;
                    continue;
                }
            } else if (c == "\\") {
                w = escape(flags, now);
            } else if (c == "[") {
                write(character_class((flags & flag::ascii) != 0));
            } else if (c == ".") {
                write(".");
            } else if (c == "^" || c == "$") {
                write(c);
                w = {};
                now = Item::place;
            } else if (c == "(") {
                const auto group_width = group(flags, front && item == Item::none);
                if (!group_width) { // a comment, or flags for all
                    if (front) flags = out_.flags;
                    continue;
                }
                w = *group_width;
                now = Item::group;
            } else {
                write(regex_literal(code_point(c)));
            }
            before = all;
            last = w;
            all.add(w);
            item = now;
        }
        return all;
    }

    // Behind "{": false if it is no repetition, then nothing was taken.
    bool bounds(std::uint64_t& least, std::uint64_t& most) {
        const std::size_t start = place();
        if (peek() == "}") return false;
        const auto number = [&] {
            std::string digits;
            while (peek_char() >= '0' && peek_char() <= '9') digits += take();
            return digits;
        };
        const std::string low = number(), high = skip(",") ? number() : low;
        if (!skip("}")) {
            back_to(start);
            return false;
        }
        const auto value = [](const std::string& digits) -> std::uint64_t {
            if (digits.size() > 9 || std::stoul(digits) > max_repeat)
                raise("NotSupported", "a repetition of more than 65535");
            return std::stoul(digits);
        };
        if (!low.empty()) least = value(low);
        if (!high.empty()) most = value(high);
        if (!high.empty() && most < least) fail("min repeat greater than max repeat");
        return true;
    }

    Width escape(std::int64_t flags, Item& kind) {
        const std::string c = take("bad escape (end of pattern)");
        const bool ascii = (flags & flag::ascii) != 0;
        if (category(c)) {
            write(cat("[", regex_class(c[0], ascii), "]"));
            return {1, 1};
        }
        if (c == "A" || c == "Z" || c == "b" || c == "B") {
            kind = Item::place;
            const std::string w = regex_class('w', ascii);
            write(c == "A"   ? "\\A"
                  : c == "Z" ? "\\z"
                  : c == "b" ? cat("(?:(?<=[", w, "])(?![", w, "])|(?<![", w, "])(?=[", w, "]))")
                             // in an empty text there is no such place
                             : cat("(?:(?!\\A\\z)(?:(?<=[", w, "])(?=[", w, "])|(?<![", w, "])(?![",
                                   w, "])))"));
            return {};
        }
        if (c == "0") {
            write(regex_literal(octal_value(c, 2)));
            return {1, 1};
        }
        if (c.size() == 1 && digit(c[0])) { // an octal number if it has three digits, else a group
            std::string number = c;
            if (digit(peek_char())) {
                number += take();
                if (octal(number[0]) && octal(number[1]) && octal(peek_char())) {
                    write(regex_literal(octal_value(number, 1)));
                    return {1, 1};
                }
            }
            return reference(std::stoul(number));
        }
        const auto point = character(c);
        if (!point) fail(cat("bad escape \\", c));
        write(regex_literal(*point));
        return {1, 1};
    }

    Width reference(std::size_t group) {
        if (group == 0 || group > out_.groups) fail(cat("invalid group reference ", group));
        const auto width = widths_.find(group);
        if (width == widths_.end()) fail("cannot refer to an open group");
        check_lookbehind(group);
        write(cat("\\g{", group, "}"));
        return width->second;
    }

    void check_lookbehind(std::size_t group) const {
        if (!lookbehind_) return;
        if (widths_.find(group) == widths_.end()) fail("cannot refer to an open group");
        if (group >= *lookbehind_)
            fail("cannot refer to group defined in the same lookbehind subpattern");
    }

    std::size_t group_named(const std::string& name) const {
        for (const auto& [known, number] : out_.names)
            if (known == name) return number;
        fail(cat("unknown group name ", repr_text(name)));
    }
    static bool identifier(std::string_view name) {
        return !name.empty() && identifier_length(name) == name.size();
    }

    // Behind "(". Nothing: it stands for nothing in the expression.
    std::optional<Width> group(std::int64_t flags, bool front) {
        const auto close = [&] {
            if (!skip(")")) fail("missing ), unterminated subpattern");
            write(")");
        };
        std::string name;
        if (skip("?")) {
            const std::string c = take();
            if (c == "P") {
                if (skip("=")) {
                    name = name_until(")");
                    if (!identifier(name)) fail("bad character in group name");
                    return reference(group_named(name));
                }
                if (!skip("<")) fail("unknown extension ?P");
                name = name_until(">");
                if (!identifier(name)) fail("bad character in group name");
            } else if (c == "#") {
                for (std::string end; end != ")"; end = token())
                    if (at_end()) fail("missing ), unterminated comment");
                return std::nullopt;
            } else if (c == ":" || c == ">") {
                write(cat("(?", c));
                const Width w = alternatives(flags);
                close();
                return w;
            } else if (c == "=" || c == "!") {
                write(cat("(?", c));
                static_cast<void>(alternatives(flags));
                close();
                return Width();
            } else if (c == "<") {
                const std::string d = take();
                if (d != "=" && d != "!") fail("unknown extension ?<");
                write(cat("(?<", d));
                const auto outer = lookbehind_;
                if (!lookbehind_) lookbehind_ = out_.groups + 1;
                const Width w = alternatives(flags);
                lookbehind_ = outer;
                if (w.least != w.most) fail("look-behind requires fixed-width pattern");
                close();
                return Width();
            } else if (c == "(") {
                return condition(flags);
            } else {
                return with_flags(flags, c, front);
            }
        }
        const std::size_t number = ++out_.groups;
        if (!name.empty()) {
            for (const auto& n : out_.names)
                if (n.first == name) fail(cat("redefinition of group name ", repr_text(name)));
            out_.names.emplace_back(name, number);
        }
        write("(");
        const Width w = alternatives(flags);
        close();
        widths_.emplace(number, w);
        return w;
    }

    // (?(group)yes|no)
    Width condition(std::int64_t flags) {
        const std::string name = name_until(")");
        std::size_t number = 0;
        if (identifier(name)) {
            number = group_named(name);
        } else {
            if (name.size() > 5 || name.find_first_not_of("0123456789") != std::string::npos)
                fail("bad character in group name");
            number = std::stoul(name);
            if (number == 0) fail("bad group number");
            conditions_.push_back(number);
        }
        check_lookbehind(number);
        write(cat("(?(", number, ")"));
        if (++depth_ > max_depth) raise("NotSupported", "a regular expression nested so deeply");
        Width w = sequence(flags, false);
        if (skip("|")) {
            write("|");
            const Width no = sequence(flags, false);
            if (peek() == "|") fail("conditional backref with more than two branches");
            w = {std::min(w.least, no.least), std::max(w.most, no.most)};
        } else {
            w.least = 0;
        }
        --depth_;
        if (!skip(")")) fail("missing ), unterminated subpattern");
        write(")");
        return w;
    }

    std::int64_t flag_of(const std::string& c) const {
        static const std::map<std::string_view, std::int64_t> all = {
            {"i", flag::ignore_case}, {"L", flag::locale},  {"m", flag::multi_line},
            {"s", flag::dot_all},     {"x", flag::verbose}, {"a", flag::ascii},
            {"u", flag::unicode}};
        const auto at = all.find(c);
        return at == all.end() ? 0 : at->second;
    }

    // (?flags) for all, (?flags-flags:...) for this group; `c` is the first of them.
    std::optional<Width> with_flags(std::int64_t flags, std::string c, bool front) {
        constexpr std::int64_t types = flag::ascii | flag::locale | flag::unicode;
        if (flag_of(c) == 0 && c != "-") fail(cat("unknown extension ?", c));
        std::int64_t on = 0, off = 0;
        while (c != "-") {
            const std::int64_t f = flag_of(c);
            if (f == 0) fail("unknown flag");
            if (f == flag::locale) fail("bad inline flags: cannot use 'L' flag with a str pattern");
            on |= f;
            if ((f & types) != 0 && (on & types) != f)
                fail("bad inline flags: flags 'a', 'u' and 'L' are incompatible");
            c = take("missing -, : or )");
            if (c == ")" || c == ":") break;
        }
        if (c == ")") {
            if (!front) fail("global flags not at the start of the expression");
            out_.flags |= on;
            return std::nullopt;
        }
        if (c == "-") {
            c = take("missing flag");
            do {
                const std::int64_t f = flag_of(c);
                if (f == 0) fail("unknown flag");
                if ((f & types) != 0)
                    fail("bad inline flags: cannot turn off flags 'a', 'u' and 'L'");
                off |= f;
                c = take("missing :");
            } while (c != ":");
        }
        if ((on & off) != 0) fail("bad inline flags: flag turned on and off");
        if ((on & types) != 0) flags &= ~types;
        flags = (flags | on) & ~off;
        std::string marks, unmarks;
        for (const auto& [bit, letter] :
             {std::pair(flag::ignore_case, 'i'), std::pair(flag::multi_line, 'm'),
              std::pair(flag::dot_all, 's')}) {
            if ((on & bit) != 0) marks += letter;
            if ((off & bit) != 0) unmarks += letter;
        }
        write(cat("(?", marks, unmarks.empty() ? "" : "-", unmarks, ":"));
        const Width w = alternatives(flags);
        if (!skip(")")) fail("missing ), unterminated subpattern");
        write(")");
        return w;
    }

    int depth_ = 0;
    RegexSource out_;
    std::map<std::size_t, Width> widths_; // of groups that are closed
    std::vector<std::size_t> conditions_;
    std::optional<std::size_t> lookbehind_; // in one: the first group that is in it
};

} // namespace

RegexSource translate_regex(std::string_view pattern, std::int64_t flags) {
    if (pattern.size() > max_pattern_bytes)
        raise("NotSupported", "a regular expression of more than 64 KiB");
    return Translator(pattern, flags).translate();
}

} // namespace rs::tmpl
