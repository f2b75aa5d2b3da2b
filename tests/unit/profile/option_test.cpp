// SPDX-License-Identifier: Apache-2.0
#include "profile/option.hpp"

#include <doctest/doctest.h>

#include "profile/parser.hpp"

using namespace rs;
using namespace rs::profile;

namespace {

Sections parsed(std::string_view text, const char* name) {
    return parse(text, name, [](const std::string&) { return true; });
}

std::string origin(const Option& o) {
    std::string out;
    for (const auto& change : o.history)
        out += std::string(out.empty() ? "" : " ") + (change.what == Option::Change::What::set   ? "="
                                                      : change.what == Option::Change::What::add ? "+="
                                                                                                 : "-=") +
               show(change.place);
    return out;
}

} // namespace

TEST_CASE("what lies over replaces, adds lines and removes lines, and the history tells") {
    Sections below = parsed("[a]\nx = 1\n  2\n  3\ny = old\n", "base");
    lay_over(below, parsed("[a]\ny = new\nx -= 2\nx += 4\n  5\n[b]\nz = 6\n", "top"));
    const Section& a = *below.find("a");
    CHECK(a.find("x")->value == "1\n3\n4\n5");
    CHECK(origin(*a.find("x")) == "=base:2 +=top:4 -=top:3");
    CHECK(a.find("y")->value == "new");
    CHECK(origin(*a.find("y")) == "=base:5 =top:2");
    CHECK(a.find("x +") == nullptr);
    CHECK(below.find("b")->find("z")->value == "6");
}

TEST_CASE("additions go to the option beside them before the one below, and to nothing with an empty line") {
    Sections below = parsed("[a]\nx = 1\n", "base");
    lay_over(below, parsed("[a]\nx = 2\nx += 3\ny += 4\n", "top"));
    CHECK(below.find("a")->find("x")->value == "2\n3");
    CHECK(below.find("a")->find("y")->value == "\n4");
}

TEST_CASE("a section that is there once keeps its additions, for what it will be laid over") {
    Sections below;
    lay_over(below, parsed("[a]\nx += 1\n", "top"));
    CHECK(below.find("a")->find("x +")->value == "1");
}

TEST_CASE("the order of names is that in which they came, also after one has gone") {
    Ordered<int> o;
    o["c"] = 1;
    o["a"] = 2;
    o["b"] = 3;
    o.erase("a");
    o["c"] = 4;
    o["a"] = 5;
    std::string names;
    for (const auto& [name, n] : o) names += name + std::to_string(n);
    CHECK(names == "c4b3a5");
    CHECK(o.find("a") == &(o.begin() + 2)->second);
    CHECK(o.find("z") == nullptr);
}
