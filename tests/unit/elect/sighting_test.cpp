// SPDX-License-Identifier: Apache-2.0
#include "elect/sighting.hpp"

#include <doctest/doctest.h>

using namespace rs::elect;
using namespace rs::failover;
using namespace std::chrono_literals;

namespace {

constexpr Time lease = 10s, asked = 100s;

Sighting seen(bool held, bool finished) {
    Sighting s;
    static_cast<void>(s.take({{4, held, finished, 1h}, held ? "Name0" : "", "Name0"}, asked, asked));
    return s;
}

} // namespace

TEST_CASE("of a coordinator that has not answered yet nothing is known") {
    const Sighting s;
    CHECK_FALSE(s.last());
    CHECK(s.holder().empty());
    CHECK(s.predecessor(4, lease, asked) == Predecessor::uncertain);
}

TEST_CASE("who had its lease when it was seen is waited for, and longer if it had not finished itself") {
    CHECK(seen(true, true).predecessor(4, lease, asked) == Predecessor::held);
    CHECK(seen(true, true).predecessor(4, lease, asked + 1h) == Predecessor::held);
    CHECK(seen(true, false).predecessor(4, lease, asked) == Predecessor::uncertain);
    CHECK(seen(true, true).holder() == "Name0");
}

TEST_CASE("who had none may have it again since, and is gone only for half a lease after it was asked for") {
    CHECK(seen(false, true).predecessor(4, lease, asked) == Predecessor::gone);
    CHECK(seen(false, false).predecessor(4, lease, asked + 4999ms) == Predecessor::gone);
    CHECK(seen(false, true).predecessor(4, lease, asked + 5s) == Predecessor::uncertain);
}

TEST_CASE("of another epoch nothing is known") {
    CHECK(seen(false, true).predecessor(5, lease, asked) == Predecessor::uncertain);
    CHECK(seen(true, true).predecessor(3, lease, asked) == Predecessor::uncertain);
}

TEST_CASE("the machine is told what was seen, with an age of our own clock") {
    Sighting s = seen(true, true);
    const View view = s.take({{5, true, false, 48h}, "Name1", "Name1"}, 200s, 201s);
    CHECK(view == View{5, true, false, 0s});
    CHECK(s.last()->view.since_takeover == 48h);
    CHECK(s.holder() == "Name1");
}
