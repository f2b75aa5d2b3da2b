// SPDX-License-Identifier: Apache-2.0
#include "sla/parameters.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/text.hpp"

using namespace rs;
using namespace rs::sla;
using namespace std::literals;

namespace {

// "id=value|id=value", values as JSON; or what() of the error.
std::string read(std::string_view bytes, std::optional<Format> format = std::nullopt) {
    try {
        std::string out;
        for (const Parameter& p : read_parameters(bytes, format, "f")) out += cat(out.empty() ? "" : "|", p.id, "=", p.value.dump());
        return out;
    } catch (const Error& e) {
        CHECK(e.code() == Exit::config);
        return e.what();
    }
}

std::string xml(const std::string& inside) { return cat("<instance>", inside, "</instance>"); }

} // namespace

TEST_CASE("XML, JSON and lines give the same parameters") {
    const std::string want = "b=\"1\"|a=\"x y\"";
    CHECK(read("<?xml version='1.0' encoding='utf-8'?>\n<instance>\n <parameter id=\"b\">1</parameter>\n"
               " <parameter id='a'>x y</parameter>\n</instance>\n") == want);
    CHECK(read("{\"b\": \"1\", \"a\": \"x y\"}") == want);
    CHECK(read("# a comment\n\n b = 1\r\na=x y\n") == want);
    CHECK(read("b=1\na=x y", Format::text) == want);
    CHECK(read("<instance/>").empty());
    CHECK(read("{}").empty());
    CHECK(read("").empty());
}

TEST_CASE("the parameter _ holds all of them") {
    CHECK(read(xml("<parameter id='_'>{\"a\": [1, null], \"b\": \"x\"}</parameter>")) == "a=[1,null]|b=\"x\"");
    CHECK(read("{\"_\": \"{}\"}").empty());
    CHECK(read("{\"_\": {\"a\": 1}}") == "_={\"a\":1}"); // no text
    CHECK(read("_={}") == "_=\"{}\"");
    CHECK(read(xml("<parameter id='_'>{\"a\": 1,}</parameter>")).starts_with("f: parameter _:1:9: "));
    CHECK(read(xml("<parameter id='_'>1</parameter>")) == "f: parameter _: not a JSON object");
}

TEST_CASE("XML text is taken as it stands, in any encoding that says its name") {
    CHECK(read(xml("<parameter id='a'> &lt;&#x41;<![CDATA[ <x> ]]>\n </parameter>")) == "a=\" <A <x> \\n \"");
    CHECK(read("<?xml version='1.0' encoding='ISO-8859-1'?><instance><parameter id='a'>\xe9</parameter></instance>") == "a=\"\u00e9\"");
    std::string wide = "\xff\xfe";
    for (const char c : xml("<parameter id='a'>x</parameter>")) wide += {c, '\0'};
    CHECK(read(wide) == "a=\"x\"");
}

TEST_CASE("what is not of the form is refused with its place") {
    struct Row {
        std::string in, want;
    };
    const Row rows[] = {
        {"<other/>", "f:1:1: <other> instead of <instance>"},
        {"<instance>\n <x/></instance>", "f:2:2: <x> instead of <parameter>"},
        {xml("<parameter id='a'><b/></parameter>"), "f:1:29: <b> inside a parameter, which is text"},
        {xml("<parameter>1</parameter>"), "f:1:11: a parameter without an id"},
        {xml("<parameter id=''>1</parameter>"), "f:1:11: a parameter without an id"},
        {xml("text"), "f:1:11: text outside a parameter"},
        {xml("\n<parameter id='a'>1</parameter>\n<parameter id='a'>1</parameter>"), "f:3: parameter a is there twice"},
        {"<!DOCTYPE instance [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><instance/>", "f:1:20: a DOCTYPE has no place here"},
        {"<!DOCTYPE instance SYSTEM \"file:///etc/passwd\"><instance/>", "f:1:47: a DOCTYPE has no place here"},
        {xml("<parameter id='a'>&b;</parameter>"), "f:1:29: undefined entity"},
        {"<?xml version='1.0' encoding='klingon'?><instance/>", "f:1:31: unknown encoding"},
        {"<instance>", "f:1:11: no element found"},
        {"<instance/><instance/>", "f:1:12: junk after document element"},
        {xml("<parameter id='a'>\xff</parameter>"), "f:1:29: not well-formed (invalid token)"},
        {xml("<parameter id='a' id='b'>1</parameter>"), "f:1:29: duplicate attribute"},
        {"[1]", "f: not a JSON object"},
        {"{\"a\": 1, \"a\": 2}", "f: parameter a is there twice"},
        {"{\"\": 1}", "f: a parameter without a name"},
        {"{\"a\": \"\\u0000\"}", "f: parameter a: holds a NUL"},
        {"{\"a\": [{\"b\": \"x\\u0000\"}]}", "f: parameter a: holds a NUL"},
        {"{\"\\u0000\": 1}", "f: the name of a parameter holds a NUL"},
        {"{\"a\": \"\xff\"}", "f: not UTF-8"},
        {cat("{\"a\":", std::string(200, '['), std::string(200, ']'), "}"), "f: nested deeper than 100"},
        {"a=1\nb", "f:2: 'b' is not ID=VALUE"},
        {"=1", "f:1: '=1' is not ID=VALUE"},
        {"a=1\n\na=2", "f:3: parameter a is there twice"},
        {"a=\xff", "f: not UTF-8"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.in);
        CHECK(read(row.in) == row.want);
    }
    CHECK(read("{\n \"a\" 1}").starts_with("f:2:6: "));
    CHECK(read(std::string(max_parameter_bytes + 1, ' ')) == "f: larger than 16.0 MiB");
}

TEST_CASE("a deep document is refused, not recursed into") {
    std::string deep = "{\"a\":";
    for (int i = 0; i < 1'000'000; ++i) deep += '[';
    CHECK(read(deep) == "f: nested deeper than 100");
    std::string tags = "<instance>";
    for (int i = 0; i < 100'000; ++i) tags += "<parameter id='a'>";
    CHECK(read(tags).ends_with("inside a parameter, which is text"));
}

TEST_CASE("formats have names") {
    CHECK(parse_format("xml") == Format::xml);
    CHECK(parse_format("json") == Format::json);
    CHECK(parse_format("text") == Format::text);
    CHECK_FALSE(parse_format("yaml"));
}
