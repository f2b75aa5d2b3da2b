// SPDX-License-Identifier: Apache-2.0
#include "sla/notation.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace rs;
using namespace rs::sla;

TEST_CASE("a key becomes a variable that harms no script") {
    CHECK(shell_name("computer_guid", "") == "computer_guid");
    CHECK(shell_name("computer-guid.v2", "") == "computer_guid_v2");
    CHECK(shell_name("1st", "sla_") == "sla_1st");
    CHECK(shell_name("x-y", "A-") == "A-x_y"); // the tool has looked at the prefix
    for (const char* const key : {"", "PATH", "Path", "1st", "a b", "a=b", "a;b", "a$b", "a\nb", "-x y", "caf\u00e9"}) {
        CAPTURE(key);
        CHECK_THROWS_AS(static_cast<void>(shell_name(key, "")), Error);
    }
}

TEST_CASE("an option of a profile is not substituted, and is one line") {
    CHECK(cfg_line("sla-x", "a b") == "sla-x = a b");
    CHECK(cfg_line("sla-x", "") == "sla-x =");
    CHECK(cfg_line("sla-x", "${a:b} $${c:d} $") == "sla-x = $${a:b} $$${c:d} $");
    for (const char* const value : {"a\nb", " a", "a ", "\ta", "a\r"}) {
        CAPTURE(value);
        CHECK_THROWS_AS(static_cast<void>(cfg_line("x", value)), Error);
    }
    for (const char* const key : {"", "a b", "a=b", "[a]", "a:b", "a+", "a<", "#a"}) {
        CAPTURE(key);
        CHECK_THROWS_AS(static_cast<void>(cfg_line(key, "x")), Error);
    }
}
