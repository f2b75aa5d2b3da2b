// SPDX-License-Identifier: Apache-2.0
#include "elect/order.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/time.hpp"
#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::elect;

namespace {

void age(const TempDir& tmp, std::int64_t seconds) {
    const timespec then{now_utc().seconds - seconds, 0};
    const timespec times[2] = {then, then};
    REQUIRE(::utimensat(tmp.dir().get(), order_file, times, 0) == 0);
}

} // namespace

TEST_CASE("an order is one word, with or without the end of its line, until it is consumed") {
    const TempDir tmp;
    CHECK(read_order(tmp.dir()) == std::nullopt);
    tmp.write(order_file, "take-over\n");
    CHECK(read_order(tmp.dir()) == "take-over");
    tmp.write(order_file, "stand-down");
    CHECK(read_order(tmp.dir()) == "stand-down");
    consume_order(tmp.dir());
    CHECK(read_order(tmp.dir()) == std::nullopt);
    consume_order(tmp.dir()); // once more does no harm
}

TEST_CASE("an order whose file is empty is being written") {
    const TempDir tmp;
    tmp.write(order_file, "");
    CHECK(read_order(tmp.dir()) == std::nullopt);
    age(tmp, oldest_order + 2);
    CHECK(read_order(tmp.dir()) == "too old an order");
}

TEST_CASE("an order that waited too long is none, and neither is what is no word") {
    const TempDir tmp;
    tmp.write(order_file, "take-over\n");
    age(tmp, oldest_order - 10);
    CHECK(read_order(tmp.dir()) == "take-over");
    age(tmp, oldest_order + 2);
    CHECK(read_order(tmp.dir()) == "too old an order");
    const std::string long_word(65, 'x');
    tmp.write(order_file, long_word);
    CHECK(read_order(tmp.dir()) != std::nullopt);
    CHECK(read_order(tmp.dir()) != long_word);
}
