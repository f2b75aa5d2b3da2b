// SPDX-License-Identifier: Apache-2.0
#include "tree/patterns.hpp"

#include <doctest/doctest.h>

#include <random>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

using namespace rs;
using namespace rs::tree;
using namespace std::literals;

namespace {

constexpr bool file = false;
constexpr bool directory = true;

struct Row {
    std::string_view pattern;
    std::string_view path;
    bool is_directory;
    bool excluded;
};

void check(std::span<const Row> rows) {
    for (const Row& row : rows) {
        CAPTURE(row.pattern);
        CAPTURE(row.path);
        CAPTURE(row.is_directory);
        Patterns patterns;
        patterns.add(row.pattern);
        CHECK(patterns.excluded(row.path, row.is_directory) == row.excluded);
    }
}

Patterns lines(std::string_view text) {
    Patterns patterns;
    patterns.add_lines(text, "list");
    return patterns;
}

// What `call` throws; an Error(Exit::ok) if nothing.
template <class Call>
Error error_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    return Error(Exit::ok, "");
}

std::string repeat(std::string_view what, std::size_t times) {
    std::string out;
    for (; times > 0; --times) out += what;
    return out;
}

// The meaning of * ** ? and of plain bytes, written down as directly as possible.
bool slow_match(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern.front() == '*') {
        const bool any = pattern.starts_with("**");
        while (pattern.starts_with('*')) pattern.remove_prefix(1);
        for (std::size_t n = 0;; ++n) {
            if (slow_match(pattern, text.substr(n))) return true;
            if (n == text.size() || (!any && text[n] == '/')) return false;
        }
    }
    if (text.empty()) return false;
    if (pattern.front() == '?' ? text.front() == '/' : pattern.front() != text.front())
        return false;
    return slow_match(pattern.substr(1), text.substr(1));
}

} // namespace

TEST_CASE("without patterns nothing is excluded") {
    const Patterns patterns;
    CHECK(patterns.empty());
    CHECK_FALSE(patterns.excluded("a", file));
    CHECK_FALSE(patterns.excluded("a/b", directory));
}

TEST_CASE("a pattern without a slash matches the last component, all of it") {
    static constexpr Row rows[] = {
        {"foo", "foo", file, true},     {"foo", "foo", directory, true},
        {"foo", "a/b/foo", file, true}, {"foo", "foo/b", file, false},
        {"foo", "xfoo", file, false},   {"foo", "foox", file, false},
        {"foo", "a/xfoo", file, false}, {"foo", "Foo", file, false},
        {"*.o", "a.o", file, true},     {"*.o", "d/a.o", file, true},
        {"*.o", ".o", file, true},      {"*.o", "a.o/b", file, false},
        {"*", "a", file, true},         {"*", "a/b", directory, true},
        {"?", "a/b", file, true},       {"?", "a/bc", file, false},
        {" foo ", " foo ", file, true}, {" foo ", "foo", file, false},
    };
    check(rows);
}

TEST_CASE("a leading slash anchors a pattern at the root") {
    static constexpr Row rows[] = {
        {"/foo", "foo", file, true},           {"/foo", "a/foo", file, false},
        {"/foo/bar", "foo/bar", file, true},   {"/foo/bar", "a/foo/bar", file, false},
        {"/foo/bar", "foo", directory, false}, {"/*.o", "a.o", file, true},
        {"/*.o", "d/a.o", file, false},        {"/*/x", "d/x", file, true},
        {"/*/x", "e/d/x", file, false},        {"/*/x", "x", file, false},
        {"/**x", "e/d/x", file, true},         {"//foo", "foo", file, false},
        {"/", "a", directory, false},          {"//", "a", directory, false},
    };
    check(rows);
}

TEST_CASE("a trailing slash asks for a directory") {
    static constexpr Row rows[] = {
        {"foo/", "foo", directory, true},   {"foo/", "foo", file, false},
        {"foo/", "a/foo", directory, true}, {"foo/", "foo/a", file, false},
        {"/foo/", "foo", directory, true},  {"/foo/", "a/foo", directory, false},
        {"*/", "a/b", directory, true},     {"*/", "a/b", file, false},
        {"a/*/", "a/b", directory, true},   {"a/*/", "a/b", file, false},
        {"**/", "a/b", directory, true},    {"foo//", "foo", directory, false},
        {"*//", "foo", directory, false},
    };
    check(rows);
}

TEST_CASE("a pattern with a slash inside matches the end of the path from a component on") {
    static constexpr Row rows[] = {
        {"foo/bar", "foo/bar", file, true},
        {"foo/bar", "a/b/foo/bar", file, true},
        {"foo/bar", "xfoo/bar", file, false},
        {"foo/bar", "foo/bar/x", file, false},
        {"foo/bar", "bar", file, false},
        {"foo/*", "foo/x", file, true},
        {"foo/*", "a/foo/x", file, true},
        {"foo/*", "foo", directory, false},
        {"foo/*", "foo/x/y", file, false},
        {"foo/*/bar", "foo/a/bar", file, true},
        {"foo/*/bar", "x/foo/a/bar", file, true},
        {"foo/*/bar", "foo/bar", file, false},
        {"foo/*/bar", "foo/a/b/bar", file, false},
        {"*/x", "x", file, false},
        {"*/x", "a/x", file, true},
        {"*/x", "b/a/x", file, true},
        {"a//b", "a/b", file, false},
        {"./a", "a", file, false},
    };
    check(rows);
}

TEST_CASE("two stars match slashes too") {
    static constexpr Row rows[] = {
        {"**", "a", file, true},
        {"**", "a/b/c", file, true},
        {"a**b", "ab", file, true},
        {"a**b", "a/x/b", file, true},
        {"a**b", "x/a/y/zb", file, true},
        {"a**b", "xa/b", file, false},
        {"a**b", "a/b/c", file, false},
        {"**b", "a/xb", file, true},
        {"**b", "a/b/c", file, false},
        {"/foo/**", "foo/a/b", file, true},
        {"/foo/**", "foo", directory, false},
        {"/foo/**", "x/foo/a", file, false},
        {"foo/**", "x/foo/a/b", file, true},
        {"foo/**", "xfoo/a", file, false},
        {"/foo/**/bar", "foo/a/bar", file, true},
        {"/foo/**/bar", "foo/a/b/bar", file, true},
        {"/foo/**/bar", "foo/bar", file, false},
        {"/foo/**/*.c", "foo/a/b/x.c", file, true},
        {"/foo/**/*.c", "foo/a/b/x.d", file, false},
        {"**/x", "a/b/x", file, true},
        {"**/a/*", "a/x", file, true},
        {"**/a/*", "a/x/y", file, false},
        {"a/**/**/b", "a/x/b", file, false},
        {"a/**/**/b", "a/x/y/b", file, true},
        {"a****b", "a/b", file, true},
    };
    check(rows);
}

TEST_CASE("two stars and a slash in front also match at the root") {
    static constexpr Row rows[] = {
        {"**/x", "x", file, true},       {"***/x", "x", file, true},
        {"**/x", "xx", file, false},     {"**/*x", "ax", file, true},
        {"**/x/", "x", directory, true}, {"**/x/", "x", file, false},
        {"/**/x", "x", file, false},     {"/**/x", "a/x", file, true},
        {"**//x", "x", file, false},     {"**/a/***", "a", directory, true},
    };
    check(rows);
}

TEST_CASE("three stars at the end match a directory and all that is in it") {
    static constexpr Row rows[] = {
        {"foo/***", "foo", directory, true},
        {"foo/***", "foo", file, false},
        {"foo/***", "foo/a", file, true},
        {"foo/***", "foo/a/b", file, true},
        {"foo/***", "a/foo", directory, true},
        {"foo/***", "a/foo/b/c", file, true},
        {"foo/***", "xfoo", directory, false},
        {"foo/***", "xfoo/a", file, false},
        {"/foo/***", "foo", directory, true},
        {"/foo/***", "foo", file, false},
        {"/foo/***", "foo/a/b", file, true},
        {"/foo/***", "a/foo", directory, false},
        {"foo/***/", "foo", directory, true},
        {"foo/***/", "foo/a", directory, true},
        {"foo/***/", "foo/a", file, false},
        {"/f*/***", "foo", directory, true},
        {"foo***", "foo", file, true},
        {"***", "a/b", file, true},
        {"/***", "a", file, true},
    };
    check(rows);
}

TEST_CASE("a star and a question mark match no slash") {
    static constexpr Row rows[] = {
        {"/a*c", "abbc", file, true},  {"/a*c", "ac", file, true},
        {"/a*c", "a/c", file, false},  {"/a?c", "abc", file, true},
        {"/a?c", "a/c", file, false},  {"/a?c", "ac", file, false},
        {"/a?c", "abbc", file, false}, {"a?b/c", "a/b/c", file, false},
        {"/*", "a/b", file, false},    {"/a/b*", "a/b/c", file, false},
    };
    check(rows);
}

TEST_CASE("a class matches one byte of it") {
    static constexpr Row rows[] = {
        {"[abc]", "b", file, true},     {"[abc]", "d", file, false},
        {"[abc]", "ab", file, false},   {"x[ab]y", "xby", file, true},
        {"x[ab]y", "xy", file, false},  {"[a-c]", "b", file, true},
        {"[a-c]", "d", file, false},    {"[a-c]", "-", file, false},
        {"[a-cx-z]", "y", file, true},  {"[!a-c]", "d", file, true},
        {"[!a-c]", "a", file, false},   {"[^a-c]", "d", file, true},
        {"[^a-c]", "b", file, false},   {"[a!]", "!", file, true},
        {"[a^]", "^", file, true},      {"[]]", "]", file, true},
        {"[]a]", "a", file, true},      {"[!]]", "a", file, true},
        {"[!]]", "]", file, false},     {"[-a]", "-", file, true},
        {"[a-]", "-", file, true},      {"[!-a]", "-", file, false},
        {"[a-c-e]", "-", file, true},   {"[a-c-e]", "d", file, false},
        {"[b-a]", "b", file, true}, // an empty range still begins with a byte
        {"[b-a]", "a", file, false},    {"[\\]]", "]", file, true},
        {"[\\]]", "\\", file, false},   {"[\\\\]", "\\", file, true},
        {"[\\a-\\c]", "b", file, true}, {"[a\\-c]", "b", file, false},
        {"[a\\-c]", "-", file, true},   {"[*]", "*", file, true},
        {"[*]", "a", file, false},      {"[[]", "[", file, true},
        {"[[?*\\]", "\\", file, false},
    };
    check(rows);
}

TEST_CASE("a class never matches a slash") {
    static constexpr Row rows[] = {
        {"/a[!b]c", "a/c", file, false},
        {"/a[/]c", "a/c", file, false},
        {"/a[.-0]c", "a/c", file, false},
        {"/a[.-0]c", "a.c", file, true},
        {"/a[[:punct:]]c", "a/c", file, false},
        // The slash in it makes the pattern one for two components, as in rsync.
        {"[!/]x", "yx", file, false},
        {"/[!/]x", "yx", file, true},
    };
    check(rows);
}

TEST_CASE("a class that is not closed or not known matches nothing") {
    static constexpr Row rows[] = {
        {"[", "[", file, false},          {"[abc", "a", file, false},
        {"[abc", "[abc", file, false},    {"[]", "]", file, false},
        {"[]", "[]", file, false},        {"[!]", "a", file, false},
        {"[a\\]", "a", file, false},      {"[a\\", "a", file, false},
        {"[a-", "a", file, false},        {"[a-\\", "a", file, false},
        {"[[:foo:]]", "f", file, false},  {"[a[:foo:]]", "a", file, false},
        {"[[:alpha:]", "a", file, false}, {"[[:", ":", file, false},
        {"*[", "a", file, false},         {"*[a", "a", file, false},
        {"[a***", "a", directory, false}, {"[[:]", ":", file, true},
        {"[[:alpha]", "l", file, true},   {"[[:]x]", ":x]", file, true},
    };
    check(rows);
}

TEST_CASE("named classes are those of the C locale") {
    struct Named {
        std::string_view pattern;
        std::string_view in, out;
    };
    static constexpr Named rows[] = {
        {"[[:alnum:]]", "azAZ09", "-_ \x80\xe4\xff"},
        {"[[:alpha:]]", "azAZ", "09_@[`{\xe4"},
        {"[[:blank:]]", " \t", "\n\vx"},
        {"[[:cntrl:]]", "\x01\x1f\x7f", " a\x80\x9f"},
        {"[[:digit:]]", "09", ":a\xb2"},
        {"[[:graph:]]", "!~a", " \x7f\x80"},
        {"[[:lower:]]", "az", "AZ`{\xe4"},
        {"[[:print:]]", " ~a", "\x1f\x7f\xa0"},
        {"[[:punct:]]", "!~_:", "a0 \x7f\xa1"},
        {"[[:space:]]", " \t\n\v\f\r", "a\x85\xa0"},
        {"[[:upper:]]", "AZ", "az@[\xc4"},
        {"[[:xdigit:]]", "09afAF", "gG:"},
        {"[![:alpha:]]", "0\xe4", "az"},
        {"[^[:alpha:]0]", "1", "a0"},
        {"[[:digit:][:upper:]_]", "5X_", "x-"},
        {"[[:digit:]-z]", "5-z", "y"}, // no range begins with a class
    };
    for (const Named& row : rows) {
        CAPTURE(row.pattern);
        Patterns patterns;
        patterns.add(row.pattern);
        for (const char& c : row.in) {
            CAPTURE(static_cast<int>(c));
            CHECK(patterns.excluded({&c, 1}, file));
        }
        for (const char& c : row.out) {
            CAPTURE(static_cast<int>(c));
            CHECK_FALSE(patterns.excluded({&c, 1}, file));
        }
    }
}

TEST_CASE("a backslash escapes only in a pattern with wildcards") {
    static constexpr Row rows[] = {
        {"foo\\bar", "foo\\bar", file, true},
        {"foo\\bar", "foobar", file, false},
        {"foo\\bar*", "foobar", file, true},
        {"foo\\bar*", "foo\\bar", file, false},
        {"foo\\\\bar*", "foo\\bar", file, true},
        {"foo\\\\bar", "foo\\bar", file, false},
        {"foo\\\\bar", "foo\\\\bar", file, true},
        {"a\\*", "a*", file, true},
        {"a\\*", "ab", file, false},
        {"a\\*", "a\\*", file, false},
        {"\\?", "?", file, true},
        {"\\?", "a", file, false},
        {"\\[a]", "[a]", file, true},
        {"\\[a]", "a", file, false},
        {"a\\", "a\\", file, true},
        {"*\\", "a\\", file, false},
        {"*\\", "a", file, false},
        {"p\\/x*", "p/xy", file, true},
        {"a\\**b", "a*xb", file, true},
        {"a\\**b", "axb", file, false},
        // It still counts as two stars: the whole path is looked at.
        {"a\\**b", "a*/b", file, false},
        {"\\***", "*", file, true},
        {"\\***", "*/a/b", file, true},
    };
    check(rows);
}

TEST_CASE("names are bytes") {
    static constexpr Row rows[] = {
        {"?", "\xff", file, true},
        {"?", "\xc3\xa4", file, false}, // one letter in UTF-8, two bytes
        {"??", "\xc3\xa4", file, true},
        {"\xff*", "\xff\xfe", file, true},
        {"\xff", "\xff", file, true},
        {"[\x80-\xff]", "\xa0", file, true},
        {"[\x80-\xff]", "a", file, false},
        {"[!a]", "\xff", file, true},
        {"*", "a\nb\x01 \\", file, true},
        {"a\nb", "a\nb", file, true},
        {"*\n*", "a\nb", file, true},
        {"[\n]", "\n", file, true},
        {"*", ".hidden", file, true},
        {"#a", "#a", file, true},
        {";a", ";a", file, true},
        {"a\r", "a\r", file, true},
    };
    check(rows);
}

TEST_CASE("the root is never excluded") {
    for (const std::string_view pattern : {"*", "**", "***", "/", "/*", "/***", "*/", "**/"}) {
        CAPTURE(pattern);
        Patterns patterns;
        patterns.add(pattern);
        CHECK_FALSE(patterns.excluded("", directory));
        CHECK_FALSE(patterns.empty());
    }
}

TEST_CASE("the first rule that matches decides") {
    Patterns patterns;
    patterns.add("+ /keep/*.c");
    patterns.add("- *.c");
    patterns.add("+ *.c"); // too late
    patterns.add("+ */");
    patterns.add("/all/**");
    CHECK_FALSE(patterns.excluded("keep/a.c", file));
    CHECK(patterns.excluded("keep/sub/a.c", file));
    CHECK(patterns.excluded("a.c", file));
    CHECK_FALSE(patterns.excluded("a.d", file));
    CHECK_FALSE(patterns.excluded("all/dir", directory));
    CHECK(patterns.excluded("all/dir/a", file));
    CHECK_FALSE(patterns.empty());
}

TEST_CASE("a rule may say that it excludes") {
    static constexpr Row rows[] = {
        {"- a", "a", file, true},     {"- a", "- a", file, false},
        {"- - a", "- a", file, true}, {"- + a", "+ a", file, true},
        {"-", "-", file, true},       {"+", "+", file, true},
        {"-a", "-a", file, true},     {"-_a", "-_a", file, true},
        {"-! a", "-! a", file, true}, {"- !", "!", file, true},
        {"-  a", " a", file, true},   {"- /a", "a", file, true},
        {". a", ". a", file, true},   {"merge a", "merge a", file, true},
        {"! a", "! a", file, true},   {"+ a", "a", file, false},
    };
    check(rows);
}

TEST_CASE("a list has one rule a line") {
    const Patterns patterns = lines("# comment\n"
                                    "\n"
                                    "; comment\n"
                                    "- one\n"
                                    "+ two.c\n"
                                    "two.*\n"
                                    " # three\n"
                                    "- #four\n"
                                    "- ;five\n"
                                    "six\\\n"
                                    "seven ");
    for (const std::string_view path :
         {"one", "two.d", " # three", "#four", ";five", "six\\", "seven "}) {
        CAPTURE(path);
        CHECK(patterns.excluded(path, file));
    }
    for (const std::string_view path :
         {"two.c", "# comment", "; comment", "- one", "three", "four", "seven", "six"}) {
        CAPTURE(path);
        CHECK_FALSE(patterns.excluded(path, file));
    }
}

TEST_CASE("a line ends with NL, CR, both, or the list") {
    for (const std::string_view text : {"a\nb", "a\nb\n", "a\r\nb\r\n", "a\rb", "a\rb\r",
                                        "\n\na\n\r\n\rb", "#x\ra\n#\r\nb", ";\n\ra\rb"}) {
        CAPTURE(text);
        const Patterns patterns = lines(text);
        CHECK(patterns.excluded("a", file));
        CHECK(patterns.excluded("b", file));
        CHECK_FALSE(patterns.excluded("a\r", file));
        CHECK_FALSE(patterns.excluded("x", file));
    }
}

TEST_CASE("a list of nothing but comments adds nothing") {
    for (const std::string_view text : {"", "\n", "\r\n\r\n", "# a", "#a\n;b\r\n"}) {
        CAPTURE(text);
        CHECK(lines(text).empty());
    }
}

TEST_CASE("lists and patterns come in the order in which they are added") {
    Patterns patterns;
    patterns.add_lines("+ a\n", "first");
    patterns.add("a");
    patterns.add("b");
    patterns.add_lines("+ b\nc\n", "second");
    CHECK_FALSE(patterns.excluded("a", file));
    CHECK(patterns.excluded("b", file));
    CHECK(patterns.excluded("c", file));
}

TEST_CASE("what is not a pattern is refused") {
    for (const std::string_view pattern : {""sv, "- "sv, "+ "sv, "!"sv, "a\0b"sv, "\0"sv}) {
        CAPTURE(pattern);
        Patterns patterns;
        const Error error = error_of([&] { patterns.add(pattern); });
        CHECK(error.code() == Exit::usage);
        CHECK_FALSE(error.hint().empty());
        CHECK(patterns.empty());
    }
}

TEST_CASE("a pattern may have 4096 bytes") {
    const std::string longest(max_pattern_bytes, 'x');
    for (const std::string_view prefix : {"", "- ", "+ "}) {
        CAPTURE(prefix);
        Patterns patterns;
        const Error error = error_of([&] { patterns.add(std::string(prefix) + longest + "x"); });
        CHECK(error.code() == Exit::usage);
        CHECK(patterns.empty());
        patterns.add(std::string(prefix) + longest);
        CHECK(patterns.excluded(longest, file) == (prefix != "+ "));
    }
}

TEST_CASE("a list says in which line the fault is, and then adds nothing") {
    struct Fault {
        std::string_view text;
        std::string_view begin; // of the message
    };
    const std::string too_long = "a\n" + std::string(max_pattern_bytes + 1, 'x') + "\n";
    const Fault rows[] = {
        {"a\n!\n", "list:2: "},
        {"!", "list:1: "},
        {"# comment\r\n\r\n!\r\n", "list:3: "},
        {"a\rb\r- \r", "list:3: "},
        {"+ \n", "list:1: "},
        {"a\n. other\n", "list:2: "},
        {"a\n: .rules\n", "list:2: "},
        {"a\nmerge other\n", "list:2: "},
        {"a\nmerge,- other\n", "list:2: "},
        {"a\ndir-merge .rules\n", "list:2: "},
        {"a\ndir-merge,n- .rules\n", "list:2: "},
        {"a\n\nb\0c\n"sv, "list:3: "},
        {too_long, "list:2: "},
    };
    for (const Fault& row : rows) {
        CAPTURE(row.text);
        Patterns patterns;
        const Error error = error_of([&] { patterns.add_lines(row.text, "list"); });
        CHECK(error.code() == Exit::usage);
        CHECK(std::string_view(error.what()).starts_with(row.begin));
        CHECK_FALSE(error.hint().empty());
        CHECK(patterns.empty());
    }
}

TEST_CASE("a message shows the name of the list without control bytes") {
    Patterns patterns;
    const Error error = error_of([&] { patterns.add_lines("!", "a\x1b[2J"); });
    CHECK(std::string_view(error.what()).starts_with("a\\033[2J:1: "));
}

TEST_CASE("names that look like other rules can be listed") {
    const Patterns patterns = lines("merge\n- merge x\n- . x\n- : x\n- !\n.x\n:x\n! x\nP x\n.\n");
    for (const std::string_view path :
         {"merge", "merge x", ". x", ": x", "!", ".x", ":x", "! x", "P x"}) {
        CAPTURE(path);
        CHECK(patterns.excluded(path, file));
    }
    CHECK_FALSE(patterns.excluded("x", file));
}

TEST_CASE("patterns of every length around a word of states match alike") {
    for (std::size_t n = 1; n <= 200; ++n) {
        CAPTURE(n);
        const std::string text(n, 'a');
        Patterns fixed, with_star, in_parts, other_end;
        fixed.add(std::string(n, '?'));
        with_star.add(cat("*", std::string(n, '?')));
        in_parts.add(repeat("*a", n) + "*");
        other_end.add(std::string(n, '?') + "[!a]*");
        CHECK(fixed.excluded(text, file));
        CHECK_FALSE(fixed.excluded(text + "a", file));
        CHECK_FALSE(fixed.excluded(text.substr(1) + "/", file));
        CHECK(with_star.excluded(text, file));
        CHECK(with_star.excluded(cat("b", text), file));
        CHECK_FALSE(with_star.excluded(text.substr(1), file));
        CHECK(in_parts.excluded(text, file));
        CHECK(in_parts.excluded(cat("b", text, "b"), file));
        CHECK_FALSE(in_parts.excluded(cat("b", text.substr(1)), file));
        CHECK(other_end.excluded(text + "b", file));
        CHECK_FALSE(other_end.excluded(text + "ab", file));
    }
}

// With a matcher that backtracks none of these returns before the sun burns out.
TEST_CASE("hostile patterns are no slower than others of their length") {
    const std::string component(4095, 'a');
    const std::string path = repeat("a/", 2047) + "a";
    for (const std::string& pattern :
         {repeat("*a", 2047) + "b", repeat("*a", 2047) + "b*", repeat("**a", 1364) + "*b*",
          repeat("*a**", 1023) + "?b?", repeat("*?", 2046) + "[b]*", repeat("a*/", 1364) + "b*",
          cat("**", repeat("a*/**", 818), "b?"), repeat("[a]*", 1023) + "[b]", repeat("[[:", 1365),
          repeat("[", 4096), std::string(4096, '*'), repeat("?*", 2048)}) {
        CAPTURE(pattern.substr(0, 20));
        Patterns patterns;
        patterns.add(pattern);
        const bool all = pattern == std::string(4096, '*') || pattern == repeat("?*", 2048);
        CHECK(patterns.excluded(component, file) == all);
        // Only two stars reach over a slash.
        CHECK(patterns.excluded(path, file) == (pattern == std::string(4096, '*')));
    }
}

TEST_CASE("the automaton agrees with the definition") {
    static constexpr std::string_view atoms[] = {"a", "b", "/", "*", "**", "?"};
    std::mt19937 random(20261120);
    const auto below = [&](std::size_t n) { return random() % n; };
    std::size_t matched = 0;
    for (int round = 0; round < 20000; ++round) {
        std::string pattern = "*";
        for (std::size_t n = 1 + below(7); n > 0; --n) pattern += atoms[below(std::size(atoms))];
        std::string path = "a";
        for (std::size_t n = below(8); n > 0; --n)
            path += "ab/"[path.back() == '/' ? below(2) : below(3)];
        if (path.back() == '/') path += 'b';
        while (pattern.ends_with('/') || pattern.ends_with("***")) pattern.pop_back();
        CAPTURE(pattern);
        CAPTURE(path);
        Patterns anchored;
        anchored.add("/" + pattern);
        const bool expected = slow_match(pattern, path);
        CHECK(anchored.excluded(path, file) == expected);
        matched += expected;

        // Not anchored: the same from any component on, or for the last one only.
        bool anywhere = slow_match(pattern, path);
        const bool whole_path =
            pattern.find("**") != std::string::npos || pattern.find('/') != std::string::npos;
        if (!whole_path) anywhere = slow_match(pattern, path.substr(path.rfind('/') + 1));
        for (std::size_t i = 0; whole_path && i < path.size(); ++i)
            if (path[i] == '/') anywhere = anywhere || slow_match(pattern, path.substr(i + 1));
        if (pattern.starts_with("**")) anywhere = anywhere || slow_match(pattern, "/" + path);
        Patterns loose;
        loose.add(pattern);
        CHECK(loose.excluded(path, file) == anywhere);
    }
    CHECK(matched > 2000); // the generator is not idle
}
