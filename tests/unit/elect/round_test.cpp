// SPDX-License-Identifier: Apache-2.0
#include "elect/round.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace rs;
using namespace rs::elect;
using namespace rs::failover;

namespace {

Config config() {
    Config c;
    c.instance = "Name1";
    c.number = 1;
    c.peers = {{0, "Name0"}, {2, "Name2"}};
    c.servers = {"b1", "b2"};
    return c;
}

Answer answer(Question question, std::size_t index, const std::string& who, int status,
              const std::string& text = {}) {
    return {.question = question,
            .index = index,
            .who = who,
            .about = "Name0",
            .reached = status != 69,
            .status = status,
            .text = text};
}

std::string bid(const std::string& name, std::uint32_t number) {
    return format_bid({.instance = name, .number = number});
}

} // namespace

TEST_CASE("a round is complete when everybody has answered, or could not be reached") {
    const Config c = config();
    Round round(c);
    round.begin();
    CHECK(round.take(answer(Question::bid, 0, "Name0", 69)) == "Name0: no bid: ");
    CHECK(round.take(answer(Question::bid, 1, "Name2", 0, bid("Name2", 2))).empty());
    CHECK(round.take(answer(Question::proofs, 0, "b1", 0)).empty());
    CHECK_FALSE(round.complete());
    CHECK_FALSE(round.proven());
    CHECK_FALSE(round.take(answer(Question::proofs, 1, "b2", 69)).empty());
    CHECK(round.complete());
    CHECK(round.bids().size() == 1);
    round.begin();
    CHECK_FALSE(round.complete());
    CHECK(round.bids().empty());
}

TEST_CASE("a bid that is not that of the peer is not heard, nor is its earlier one any more") {
    const Config c = config();
    Round round(c);
    round.begin();
    REQUIRE(round.take(answer(Question::bid, 1, "Name2", 0, bid("Name2", 2))).empty());
    for (const std::string& text :
         {bid("Name0", 2), bid("Name2", 0), std::string("x"), std::string()}) {
        CHECK(round.take(answer(Question::bid, 1, "Name2", 0, text))
                  .starts_with("Name2: is not heard: "));
        CHECK(round.bids().empty());
    }
}

TEST_CASE("proofs stay when their server cannot be reached any more") {
    const Config c = config();
    Round round(c);
    round.begin();
    REQUIRE(round
                .take(answer(Question::proofs, 0, "b1", 0,
                             cat("1.5 ", std::string(64, 'a'), " Name1\n")))
                .empty());
    round.begin();
    CHECK_FALSE(round.take(answer(Question::proofs, 0, "b1", 69)).empty());
    CHECK(round.proofs().size() == 1);
}

TEST_CASE("who cannot be asked says nothing of the leader; who cannot reach it itself does") {
    const auto report = [](Question question, int status) {
        return report_of(answer(question, 1, "x", status));
    };
    CHECK(report(Question::alive, 0) == std::pair{0U, true});
    CHECK(report(Question::alive, 69) == std::pair{0U, false});
    CHECK(report(Question::observe, 0) == std::pair{2U, true});
    CHECK(report(Question::observe, 1) == std::pair{2U, false});
    CHECK_FALSE(report(Question::observe, 69));
    CHECK_FALSE(report(Question::observe, 64));
}
