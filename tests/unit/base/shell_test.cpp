// SPDX-License-Identifier: Apache-2.0
#include "base/shell.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace rs;

using Words = std::vector<std::string>;

TEST_CASE("words are those of the shell") {
    CHECK(shell_words(" a  b\tc\nd ") == Words{"a", "b", "c", "d"});
    CHECK(shell_words("'a b' \"c d\"e f\\ g ''") == Words{"a b", "c de", "f g", ""});
    CHECK(shell_words("\"a\\\"b\\c\\$\" 'x\\y' a'b'\"c\"") == Words{"a\"b\\c$", "x\\y", "abc"});
    CHECK(shell_words("$x `y` *") == Words{"$x", "`y`", "*"});
    CHECK(shell_words("a\\\nb") == Words{"ab"});
    CHECK(shell_words("").empty());
    CHECK_THROWS_AS(static_cast<void>(shell_words("a 'b")), Error);
    CHECK_THROWS_AS(static_cast<void>(shell_words("a \"b\\\"")), Error);
    CHECK_THROWS_AS(static_cast<void>(shell_words("a\\")), Error);
}

TEST_CASE("what is quoted is read back as it was") {
    for (const char* const word : {"", "plain-1_./:=@%+,", "a b", "it's", "$x", "`", "\\", "\"", "a\nb", "\xc3\xa9", "*", "~", "#"}) {
        CAPTURE(word);
        CHECK(shell_words(shell_quote(word)) == Words{word});
    }
    CHECK(shell_quote("COMP-1.x:2/3,@%+_z=") == "COMP-1.x:2/3,@%+_z=");
    CHECK(shell_quote("") == "''");
    CHECK(shell_quote("$(rm)`x`\n~*") == "'$(rm)`x`\n~*'");
    CHECK(shell_quote("it's") == "'it'\\''s'");
}
