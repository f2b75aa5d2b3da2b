// SPDX-License-Identifier: Apache-2.0
#include "profile/writer.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace rs;
using profile::assignment;

TEST_CASE("a value is written so that it is read back as it is") {
    CHECK(assignment("x", "") == "x =\n");
    CHECK(assignment("x", "1 2") == "x = 1 2\n");
    CHECK(assignment("x", "1\n# 2") == "x = 1\n    # 2\n");
    CHECK(assignment("x", "if 1:\n  2\n\n3") == "x =\n    if 1:\n      2\n\n    3\n");
}

TEST_CASE("a value for which there is no way is refused") {
    for (const char* const value : {"  1", "1\n2\n", "\n1", "1 ", " 1\n 2"}) {
        CAPTURE(value);
        CHECK_THROWS_AS(static_cast<void>(assignment("x", value)), Error);
    }
}
