// SPDX-License-Identifier: Apache-2.0
#include "template/values/literal.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <utility>

#include "template/values/json.hpp"

using namespace rs::tmpl;

namespace {

std::string read(std::string_view text) {
    Heap heap(1 << 20);
    return repr(parse_literal(heap, text));
}

std::string refusal(std::string_view text, Value (*f)(Heap&, std::string_view) = parse_literal) {
    Heap heap(1 << 20);
    try {
        return "no failure: " + repr(f(heap, text));
    } catch (const Failure& e) {
        return e.type;
    }
}

} // namespace

TEST_CASE("a literal is the value that Python reads") {
    const std::pair<const char*, const char*> rows[] = {
        {"'a'", "'a'"},
        {"u'a' \"b\"", "'ab'"},
        {"r'\\n'", "'\\\\n'"},
        {"'\\x41\\u00e9\\U0001f600\\101\\n\\'\\q'", "\"A\u00e9\U0001f600A\\n'\\\\q\""},
        {"b'\\xff'", "b'\\xff'"},
        {"'''a\r\nb'''", "'a\\nb'"},
        {"-5", "-5"},
        {"0x1F", "31"},
        {"1_000", "1000"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"1e3", "1000.0"},
        {"-.5", "-0.5"},
        {"None", "None"},
        {"(1)", "1"},
        {"(1,)", "(1,)"},
        {"1, 2", "(1, 2)"},
        {"[1, [True,],\n # c\n]", "[1, [True]]"},
        {"{'a': {}, 2: set()}", "{'a': {}, 2: set()}"},
        {"{1, 1}", "{1}"},
        {"\n 'a'", "SyntaxError"},
    };
    for (const auto& row : rows) {
        const auto text = row.first;
        const auto want = row.second;
        CAPTURE(text);
        if (std::string_view(want) == "SyntaxError")
            CHECK(refusal(text) == want);
        else
            CHECK(read(text) == want);
    }
}

TEST_CASE("what is no literal is refused") {
    for (const char* const text : {"", "'a", "'a\nb'", "[1", "[1 2]", "{1: 2, 3}", "01", "1_",
                                   "'a' b'b'", "1 2", "b'\u00e9'", "'\\x4'", "(,)", "[,]", "1;"}) {
        CAPTURE(text);
        CHECK(refusal(text) == "SyntaxError");
    }
    for (const char* const text : {"x", "f()", "f'a'", "a.b", "--1", "1+1", "-'a'", "not True"}) {
        CAPTURE(text);
        const std::string type = refusal(text);
        CHECK((type == "ValueError" || type == "SyntaxError"));
    }
    CHECK(refusal("9223372036854775808") == "OverflowError");
    CHECK(refusal("1j") == "NotSupported");
    CHECK(refusal("'\\ud800'") == "NotSupported");
    CHECK(refusal("{[]: 1}") == "TypeError");
    CHECK(refusal(std::string(1000, '[') + std::string(1000, ']')) == "RecursionError");
    CHECK(refusal("'\xff'") == "SyntaxError");
}

TEST_CASE("what dumps() writes is read back, and no profile substitutes in it") {
    Heap heap(1 << 20);
    for (const char* const text :
         {"'a$b;c'", "'\\\\$;'", "[1, -2.5, None, True, 'x', b'\\xff$']", "{'$': (';',)}", "{1}"}) {
        CAPTURE(text);
        const std::string written = typed_literal(heap, parse_literal(heap, text));
        REQUIRE(written.starts_with("!py!"));
        CHECK(written.find_first_of("$;") == std::string::npos);
        CHECK(read(written.substr(4)) == read(text));
    }
    CHECK(typed_literal(heap, std::int64_t{1024}) == "!py!1024");
    CHECK(typed_literal(heap, heap.text("a")) == "!py!'a'");
    CHECK_THROWS_AS(static_cast<void>(typed_literal(heap, heap.missing("x"))), Failure);
    CHECK_THROWS_AS(static_cast<void>(typed_literal(heap, std::numeric_limits<double>::infinity())),
                    Failure);
}

TEST_CASE("JSON is read as Python reads it") {
    Heap heap(1 << 20);
    CHECK(repr(parse_json(
              heap, R"( {"b": [1, 1.0, -0, 1e400, "\ud83d\ude00\n"], "a": null, "b2": {}} )")) ==
          "{'b': [1, 1.0, 0, inf, '\U0001f600\\n'], 'a': None, 'b2': {}}");
    CHECK(repr(parse_json(heap, R"({"a": 1, "b": 2, "a": 3})")) == "{'a': 3, 'b': 2}");
    CHECK(repr(parse_json(heap, "[NaN, -Infinity]")) == "[nan, -inf]");
    for (const char* const text : {"", "[1,]", "{\"a\":}", "'a'", "01", "\"\t\"", "\"\\x\"",
                                   "[1] 2", "{1: 2}", "nul", "-", "\"a",
                                   "\xef\xbb\xbf"
                                   "1"}) {
        CAPTURE(text);
        CHECK(refusal(text, parse_json) == "JSONDecodeError");
    }
    CHECK(refusal("9223372036854775808", parse_json) == "OverflowError");
    CHECK(refusal("\"\\ud83d\"", parse_json) == "NotSupported");
    CHECK(refusal(std::string(100'000, '['), parse_json) == "RecursionError");
}
