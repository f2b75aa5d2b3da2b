// SPDX-License-Identifier: Apache-2.0
#include "template/regex/regex.hpp"

#include <doctest/doctest.h>

#include "template/values/value.hpp"

using namespace rs::tmpl;

namespace {

using Where = Regex::Where;

// What group 0 matched; "-" if there is no match.
std::string found(const char* pattern, std::string_view subject, std::int64_t flags = 0,
                  Where where = Where::search) {
    const auto spans = Regex(pattern, flags).run(subject, 0, where);
    return spans ? std::string(
                       subject.substr((*spans)[0].first, (*spans)[0].second - (*spans)[0].first))
                 : "-";
}

std::string refusal(const std::string& pattern, std::int64_t flags = 0) {
    try {
        static_cast<void>(Regex(pattern, flags));
        return "no failure";
    } catch (const Failure& e) {
        return e.type;
    }
}

} // namespace

TEST_CASE("what Python and PCRE2 read in different ways is read as Python does") {
    CHECK(found("a\\Z", "a\n") == "-");
    CHECK(found("a$", "a\n") == "a");
    CHECK(found("a{,2}", "aaa") == "aa");
    CHECK(found("a{x}", "a{x}") == "a{x}");
    CHECK(found("[[:alpha:]]", "a]") == "a]"); // a class of [ : a l p h, and a bracket
    CHECK(found("[]a]+", "]a") == "]a");
    CHECK(found("\\s", "\x1c") == "\x1c");
    CHECK(found("\\B", "") == "-");
    CHECK(found("(?m)^", "a\n").empty());
    CHECK(found("(?x) a # b\n c", "ac") == "ac");
    CHECK(found("(?#\\))a", "a") == "a");
    CHECK(found("\\w+", "h\u00e9llo") == "h\u00e9llo");
    CHECK(found("\\w+", "h\u00e9llo", regex_flag::ascii) == "h");
    CHECK(found("a|ab", "ab", 0, Where::full) == "ab");
    CHECK(found("b", "ab", 0, Where::match) == "-");
}

TEST_CASE("what only PCRE2 has is an error") {
    for (const char* const pattern : {"\\h",
                                      "\\R",
                                      "\\K",
                                      "\\Q",
                                      "\\X",
                                      "\\G",
                                      "\\p{L}",
                                      "(?|a)",
                                      "(?<n>a)",
                                      "(?R)",
                                      "(*ACCEPT)",
                                      "a(?i)",
                                      "(?<=a|bc)",
                                      "\\8",
                                      "\\1",
                                      "(a)\\2",
                                      "(?P<n>a)(?P<n>b)",
                                      "a**",
                                      "*",
                                      "a{3,2}",
                                      "[b-a]",
                                      "[a",
                                      "(a",
                                      "a)",
                                      "\\",
                                      "(?P=n)",
                                      "(?(2)a)",
                                      "(a\\1)",
                                      "\\x4",
                                      "(?i-i:a)"}) {
        CAPTURE(pattern);
        CHECK(refusal(pattern) == "re.error");
    }
    for (const char* const pattern : {"\\N{DASH}", "a{70000}", "(?:ab)*+", "(?ai)\u00e9"}) {
        CAPTURE(pattern);
        CHECK(refusal(pattern) == "NotSupported");
    }
    CHECK(refusal(std::string(5000, '(') + std::string(5000, ')')) == "NotSupported");
    CHECK(refusal(std::string(100'000, 'a')) == "NotSupported");
}

TEST_CASE("an expression that runs away is stopped") {
    const Regex regex("(a|aa)+$", 0);
    const std::string subject = std::string(60, 'a') + "b";
    CHECK_THROWS_AS(static_cast<void>(regex.run(subject, 0, Where::match)), Failure);
}
