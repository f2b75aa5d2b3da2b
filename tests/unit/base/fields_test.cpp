// SPDX-License-Identifier: Apache-2.0
#include "base/fields.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/error.hpp"

using namespace rs;

TEST_CASE("words are safe as names of files and words of the shell") {
    for (const char* good : {"a", "0", "COMP-1_x.y", "Z9"}) CHECK(is_word(good));
    for (const char* bad : {"", ".", "..", "-x", "_x", ".x", "a/b", "a b", "a:b", "a\n", "\xc3\xa4", "$x", "a'"}) CHECK_FALSE(is_word(bad));
    CHECK(is_word(std::string(100, 'x')));
    CHECK_FALSE(is_word(std::string(101, 'x')));
}

TEST_CASE("a digest is 64 lower-case hexadecimal digits") {
    CHECK(is_digest(std::string(64, 'a')));
    for (const std::string& bad : {std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'), std::string(63, '0') + "g"})
        CHECK_FALSE(is_digest(bad));
}

TEST_CASE("fields come in their order, each a line") {
    std::string_view rest = "name wiki\nnumber  7 \nempty \n";
    CHECK(take_field(rest, "name", "thing") == "wiki");
    CHECK(take_field(rest, "number", "thing") == " 7 ");
    CHECK(take_field(rest, "empty", "thing").empty());
    CHECK(rest.empty());
    for (const char* bad : {"", "name", "name wiki", "name\n", "names wiki\n", "nam wiki\n", "\nname wiki\n", "name\twiki\n"}) {
        rest = bad;
        CHECK_THROWS_WITH_AS(static_cast<void>(take_field(rest, "name", "thing")), "thing: no line `name' where one has to be", Error);
        CHECK(rest == bad);
    }
}
