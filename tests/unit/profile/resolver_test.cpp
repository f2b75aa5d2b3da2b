// SPDX-License-Identifier: Apache-2.0
#include "profile/resolver.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "profile/parser.hpp"

using namespace rs;
using namespace rs::profile;

namespace {

Resolver resolver(std::string_view text) {
    return Resolver(parse(text, "t.cfg", [](const std::string&) { return true; }));
}

template <class F>
std::string error_of(F&& f) {
    try {
        f();
    } catch (const Error& e) {
        CHECK(e.code() == Exit::config);
        return e.hint().empty() ? std::string(e.what()) : cat(e.what(), " (", e.hint(), ")");
    }
    return {};
}

std::string error_in(std::string_view text) {
    return error_of([&] { static_cast<void>(resolver(text).section("a")); });
}

} // namespace

TEST_CASE("references are filled in, through any number of options and sections") {
    Resolver r = resolver("[a]\nx = 1${b:y}2${:z}\nz = $${b:y}$$\nn = ${:_buildout_section_name_}\n"
                          "[b]\ny = ${c:x}${c:x}\n[c]\nx = ${a:n}\n");
    CHECK(r.require("a", "x") == "1aa2$${b:y}$$");
    CHECK(r.require("c", "x") == "a");
    CHECK(r.get("c", "none") == std::nullopt);
}

TEST_CASE("a section has what its bases have, the later ones first, its own above all") {
    Resolver r = resolver("[a]\n<= b\n   c\nx = a\nw += 3\nname = ${:_buildout_section_name_}\n"
                          "[b]\nx = b\ny = b\nz = b\nw = 1\n[c]\n<= d\nz = ${:_buildout_section_name_}\n"
                          "[d]\nq = d\nw = 2\n");
    CHECK(r.require("a", "x") == "a");
    CHECK(r.require("a", "y") == "b");
    CHECK(r.require("a", "z") == "a");
    CHECK(r.require("a", "q") == "d");
    CHECK(r.require("a", "w") == "2\n3");
    CHECK(r.section("a").find("<") == nullptr);
}

TEST_CASE("parts come behind what they need, each once") {
    Resolver r = resolver("[buildout]\nparts = a\n  b\n[b]\nrecipe = r\nx = ${c:x}\n[a]\nrecipe = ${c:r}\n=> d\n"
                          "[c]\nrecipe = s\nr = t\nx = 1\n[d]\nrecipe = u\n[e]\nrecipe = v\n");
    r.look_at_parts();
    CHECK(r.parts() == std::vector<std::string>{"c", "d", "a", "b"});
    CHECK(error_of([] { resolver("[buildout]\nparts = a c\n[a]\nrecipe = b\n").look_at_parts(); }) ==
          "t.cfg:2: parts: there is no section [c]");
    CHECK(error_of([] { resolver("[buildout]\nparts = a\n[a]\n").look_at_parts(); }) ==
          "t.cfg:2: the part [a] has no option recipe");
}

TEST_CASE("what cannot be is told with file, line, section and option, and a hint where a name is close") {
    CHECK(error_in("[b]\n") == "there is no section [a]");
    CHECK(error_in("[a]\nx = ${b:y}\n") == "t.cfg:2: [a] x: ${b:y}: there is no section [b]");
    CHECK(error_in("[a]\nx = ${exporter:wraper}\n[exporter]\nwrapper = 1\n") ==
          "t.cfg:2: [a] x: ${exporter:wraper}: there is no option wraper in [exporter] (perhaps wrapper?)");
    CHECK(error_in("[a]\nx = ${exproter:y}\n[exporter]\n") ==
          "t.cfg:2: [a] x: ${exproter:y}: there is no section [exproter] (perhaps [exporter]?)");
    CHECK(error_in("[a]\nx = ${b}\n") == "t.cfg:2: [a] x: ${b}: not ${section:option}: has no colon");
    CHECK(error_in("[a]\nx = ${a:b:c}\n") == "t.cfg:2: [a] x: ${a:b:c}: not ${section:option}: has two colons");
    CHECK(error_in("[a]\nx = ${a/b:c}\n") == "t.cfg:2: [a] x: ${a/b:c}: a section or an option cannot have this name here");
    CHECK(error_in("[a]\nx = ${b:y}\n[b]\ny = ${a:x}\n") == "t.cfg:2: [a] x: ${b:y} refers to itself");
    CHECK(error_in("[a]\n<= b\n[b]\n<= a\n") == "t.cfg:2: [a] is based on itself");
    CHECK(error_in("[a]\n<= bb\n[b]\n") == "t.cfg:2: [a] is based on [bb], which is no section");
}

TEST_CASE("an error in a section that nobody needs is none") {
    Resolver r = resolver("[a]\nx = 1\n[b]\ny = ${none:z}\n");
    CHECK(r.require("a", "x") == "1");
}

TEST_CASE("profiles that would need the whole stack, or all memory, are refused") {
    std::string deep = "[a]\nx = ${s0:x}\n", large = "[a]\nx = ${:y30}\ny0 = 0123456789\n", based = "[a]\n<= s0\n";
    for (int i = 0; i < 5000; ++i) {
        deep += cat("[s", i, "]\nx = ${s", i + 1, ":x}\n");
        based += cat("[s", i, "]\n<= s", i + 1, "\n");
    }
    for (int i = 1; i <= 30; ++i) large += cat("y", i, " = ${:y", i - 1, "}${:y", i - 1, "}\n");
    CHECK(error_in(deep) == "sections and options need each other 1000 deep");
    CHECK(error_in(based).find("sections based on each other 1000 deep") != std::string::npos);
    CHECK(error_in(large).find("the value is larger than 64.0 MiB") != std::string::npos);
}

TEST_CASE("a text of the first stage loses one $ of two") {
    Resolver r = resolver("[a]\nx = 1\ny = $${x}\n[b]\nx = 2\n");
    CHECK(r.substitute("a", "${b:x} ${:x}\n$${c:d} $$$${:y} ${", "t.in") == "2 1\n${c:d} $${:y} ${");
    CHECK(error_of([&] { static_cast<void>(r.substitute("a", "1\n${b:y}\n", "t.in")); }) ==
          "t.in:2: [a]: ${b:y}: there is no option y in [b]");
}
