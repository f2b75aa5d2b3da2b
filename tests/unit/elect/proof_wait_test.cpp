// SPDX-License-Identifier: Apache-2.0
#include "elect/proof_wait.hpp"

#include <doctest/doctest.h>

using namespace rs::elect;
using namespace rs::failover;
using namespace std::chrono_literals;
using Next = ProofWait::Next;

namespace {

constexpr Time begin = 100s, limit = 2s;

}

TEST_CASE("nothing waits at first") {
    ProofWait w;
    CHECK_FALSE(w.waits());
    const auto due = w.take();
    CHECK_FALSE(due.lock_ended);
    CHECK_FALSE(due.ordered);
}

TEST_CASE("the servers are asked once, after the questions that are on their way, and it goes on when all have answered") {
    ProofWait w;
    w.begin_order(begin, limit, false, true);
    CHECK(w.ordered());
    CHECK(w.next(begin, true, true) == Next::wait);
    CHECK(w.next(begin, false, true) == Next::ask);
    CHECK(w.next(begin, true, true) == Next::wait);
    CHECK(w.next(begin, false, true) == Next::go_on);
    CHECK(w.take().ordered);
    CHECK_FALSE(w.waits());
}

TEST_CASE("nobody is asked for what is proven already") {
    ProofWait w;
    w.begin_lock_ended(begin, limit, true);
    CHECK(w.waits());
    CHECK_FALSE(w.ordered());
    CHECK(w.next(begin, false, true) == Next::go_on);
}

TEST_CASE("servers that do not answer are waited for no longer than that") {
    ProofWait w;
    w.begin_lock_ended(begin, limit, false);
    CHECK(w.next(begin, false, true) == Next::ask);
    CHECK(w.next(begin + limit - 1ms, true, true) == Next::wait);
    CHECK(w.next(begin + limit, true, true) == Next::go_on);
    CHECK(w.take().lock_ended);
}

TEST_CASE("an order before the coordinator has answered for the first time waits for that, but not for ever") {
    ProofWait w;
    w.begin_order(begin, limit, true, false);
    CHECK(w.next(begin + limit, false, false) == Next::wait);
    CHECK(w.next(begin + limit, false, true) == Next::go_on);
    CHECK(w.next(begin + limit + 10s, false, false) == Next::go_on);
}

TEST_CASE("an order that comes while the end of the lock waits: both go on at once") {
    ProofWait w;
    w.begin_lock_ended(begin, limit, true);
    w.begin_order(begin + 1s, limit, true, true);
    const auto due = w.take();
    CHECK(due.lock_ended);
    CHECK(due.ordered);
}
