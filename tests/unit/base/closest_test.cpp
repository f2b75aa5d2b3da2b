// SPDX-License-Identifier: Apache-2.0
#include "base/closest.hpp"

#include <doctest/doctest.h>

using namespace rs;

namespace {

std::string closest(std::string_view wrong, std::initializer_list<const char*> known) {
    Closest c(wrong);
    for (const char* const k : known) c.consider(k);
    return c.found();
}

} // namespace

TEST_CASE("the closest name is found, if it is close") {
    CHECK(closest("wraper", {"recipe", "wrapper", "wrap"}) == "wrapper");
    CHECK(closest("exproter", {"importer", "exporter"}) == "exporter");
    CHECK(closest("x", {"y"}) == "");
    CHECK(closest("ab", {"ac"}) == "ac");
    CHECK(closest("abcdef", {"uvwxyz", "abc"}) == "");
    CHECK(closest("", {"a"}) == "");
}
