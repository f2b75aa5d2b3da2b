// SPDX-License-Identifier: Apache-2.0
#include "profile/parser.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace rs;
using profile::Sections;

namespace {

Sections parse(std::string_view text) {
    return profile::parse(text, "t.cfg", [](const std::string& e) { return e == "yes"; });
}

std::string value(const Sections& s, std::string_view section, std::string_view option) {
    const auto* const there = s.find(section);
    const auto* const o = there == nullptr ? nullptr : there->find(option);
    return o == nullptr ? "(none)" : o->value;
}

std::string error_of(std::string_view text) {
    try {
        static_cast<void>(parse(text));
    } catch (const Error& e) {
        CHECK(e.code() == Exit::config);
        return e.what();
    }
    return {};
}

} // namespace

TEST_CASE("an option is a name, a sign and a value, with or without blanks") {
    const Sections s = parse("[a]\nx=1\ny = 2 \nz  =  \n<=b\nlong.name-_ = 3\n=> p q\nw += 4\nv-=5\n");
    CHECK(value(s, "a", "x") == "1");
    CHECK(value(s, "a", "y") == "2");
    CHECK(value(s, "a", "z") == "");
    CHECK(value(s, "a", "<") == "b");
    CHECK(value(s, "a", "long.name-_") == "3");
    CHECK(value(s, "a", "<part-dependencies>") == "p q");
    CHECK(value(s, "a", "w +") == "4");
    CHECK(value(s, "a", "v-") == "5");
    CHECK(s.find("a")->find("y")->place().line == 3);
    CHECK(show(s.find("a")->find("y")->place()) == "t.cfg:3");
}

TEST_CASE("a value goes on in lines that begin with a blank; comments are in the first column only") {
    const Sections s = parse("[a]\nx = 1\n  2 \n\n# no\n\t3\n ; yes\n;no\ny = 4\n");
    CHECK(value(s, "a", "x") == "1\n2\n3\n; yes");
    CHECK(value(s, "a", "y") == "4");
}

TEST_CASE("a value that begins on the next line is a block: its own indents and blank lines stay") {
    const Sections s = parse("[a]\nx =\n\n   if 1:  \n     2\n\n   3\n\n\ny =\n  \n");
    CHECK(value(s, "a", "x") == "if 1:\n  2\n\n3");
    CHECK(value(s, "a", "y") == "");
}

TEST_CASE("blanks are those of Unicode, lines end as on any system") {
    const Sections s = parse("[a]\r\nx =\xc2\xa0" "1\xe2\x80\x83\r\n\xc2\xa0" "2\r[\xc3\xa0]\ny = \xc3\xa0\n");
    CHECK(value(s, "a", "x") == "1\n2");
    CHECK(value(s, "\xc3\xa0", "y") == "\xc3\xa0");
}

TEST_CASE("a section with a condition is there if it holds, and one that comes twice is one") {
    const Sections s = parse("[b:no]\nx = 0\n y\n[a]\nx = 1\n[a:yes] # why\nx = 2\n[a:no]\nx = 3\n   4\n"
                             "[ c ] ; too\n[c]\ny = 5\n");
    CHECK(s.find("b") == nullptr);
    CHECK(value(s, "a", "x") == "2");
    CHECK(value(s, "c", "y") == "5");
    CHECK(s.size() == 2);
}

TEST_CASE("conditions may have brackets, and # and ; as escapes") {
    std::string asked;
    static_cast<void>(profile::parse("[a: x[0] == '\\x23\\x3b' ] # c\n", "t", [&](const std::string& e) {
        asked = e;
        return true;
    }));
    CHECK(asked == " x[0] == '#;' ");
}

TEST_CASE("every line that is nothing is told, with its number") {
    CHECK(error_of("x = 1\n") == "t.cfg:1: before the first [section]: x = 1");
    CHECK(error_of("[a]\n y\nno\n[a\nx = 1\n: z\n+= 1\n") ==
          "t.cfg:2: neither a [section] nor NAME = VALUE:  y\n"
          "t.cfg:3: neither a [section] nor NAME = VALUE: no\n"
          "t.cfg:4: neither a [section] nor NAME = VALUE: [a\n"
          "t.cfg:6: neither a [section] nor NAME = VALUE: : z\n"
          "t.cfg:7: neither a [section] nor NAME = VALUE: += 1");
    CHECK(error_of("[a]\nx = \xff\n") == "t.cfg: not UTF-8");
}

TEST_CASE("dedent cuts what all lines are indented by") {
    CHECK(profile::dedent("\n  a\n    b\n \n  c") == "\na\n  b\n\nc");
    CHECK(profile::dedent("\ta\n  b") == "\ta\n  b");
    CHECK(profile::dedent("") == "");
}
