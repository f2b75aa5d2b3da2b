// SPDX-License-Identifier: Apache-2.0
#include "elect/epoch_age.hpp"

#include <doctest/doctest.h>

using namespace rs::elect;
using namespace rs::failover;
using namespace std::chrono_literals;

namespace {

View view(std::uint64_t epoch, bool finished, Time told) { return {epoch, true, finished, told}; }

} // namespace

TEST_CASE("what was so at the start is as old as is told, or as it was seen to be") {
    EpochAge age;
    CHECK(age.of(view(3, true, 90min), 100s) == 90min);
    // A clock was set back.
    CHECK(age.of(view(3, true, 0s), 130s) == 30s);
}

TEST_CASE("what began while we looked is as old as our own clock says, however far another one is "
          "ahead") {
    EpochAge age;
    static_cast<void>(age.of(view(3, true, 90min), 100s));
    CHECK(age.of(view(4, false, 48h), 200s) == 0s);
    CHECK(age.of(view(4, false, 48h), 210s) == 10s);
    // The block time is that after the end of a takeover.
    CHECK(age.of(view(4, true, 48h), 220s) == 0s);
    CHECK(age.of(view(4, true, 48h), 250s) == 30s);
}
