// SPDX-License-Identifier: Apache-2.0
#include "failover/bid.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::failover;

namespace {

const std::string digest(64, 'a');

Bid sample() { return {"COMP-2-wiki1", 1, 3, {3, 118}, true, true, digest, 5, false}; }

Exit refusal_of(const std::string& text) {
    return failure_of([&] { static_cast<void>(parse_bid(text)); }).code;
}

} // namespace

TEST_CASE("a bid that is formatted is the one that is parsed") {
    Bid bid = sample();
    CHECK(parse_bid(format_bid(bid)) == bid);
    bid.maintenance = true;
    bid.checked = false;
    CHECK(parse_bid(format_bid(bid)) == bid);
    bid = {};
    bid.instance = "a";
    CHECK(parse_bid(format_bid(bid)) == bid);
    bid.number = max_instance_number;
    bid.epoch = max_generation_part;
    bid.generation = {max_generation_part, max_generation_part};
    bid.priority = max_priority;
    bid.instance = std::string(100, 'z');
    bid.digest = digest;
    CHECK(parse_bid(format_bid(bid)) == bid);
    CHECK(format_bid(bid).size() <= max_bid_bytes);
}

TEST_CASE("the text of a bid is the one that the header states") {
    CHECK(format_bid(sample()) ==
          cat("rs-bid 1\ninstance COMP-2-wiki1\nnumber 1\nepoch 3\ngeneration 3.118\nimported yes\nchecked yes\ndigest ", digest,
              "\npriority 5\nmaintenance no\nend\n"));
}

TEST_CASE("a bid that is cut anywhere, or has something behind its end, is refused") {
    const std::string text = format_bid(sample());
    for (std::size_t n = 0; n < text.size(); ++n) {
        CAPTURE(n);
        CHECK(refusal_of(text.substr(0, n)) == Exit::data);
    }
    CHECK(refusal_of(text + "\n") == Exit::data);
    CHECK(refusal_of(text + text) == Exit::data);
}

TEST_CASE("whatever byte of a bid is changed, it is refused or says exactly what it then says") {
    const std::string text = format_bid(sample());
    for (std::size_t i = 0; i < text.size(); ++i)
        for (int value = 0; value < 256; ++value) {
            std::string changed = text;
            changed[i] = static_cast<char>(value);
            try {
                const Bid bid = parse_bid(changed);
                if (format_bid(bid) != changed) FAIL(cat("byte ", i, " as ", value));
            } catch (const Error& e) {
                if (e.code() != Exit::data) FAIL(cat("byte ", i, " as ", value));
            }
        }
}

TEST_CASE("hostile bids are refused") {
    const std::string good = format_bid(sample());
    const struct {
        const char* from;
        std::string to;
    } rows[] = {
        {"rs-bid 1", "rs-bid 2"},
        {"COMP-2-wiki1", ""},
        {"COMP-2-wiki1", "../../etc/passwd"},
        {"COMP-2-wiki1", "-rf"},
        {"COMP-2-wiki1", "a b"},
        {"COMP-2-wiki1", std::string("a\0b", 3)},
        {"COMP-2-wiki1", std::string(101, 'a')},
        {"COMP-2-wiki1", std::string(2000, 'a')},
        {"COMP-2-wiki1", "a\nnumber 0"},
        {"number 1", "number 1000"},
        {"number 1", "number -1"},
        {"number 1", "number 01"},
        {"number 1", "number 1 "},
        {"number 1", "number 18446744073709551617"},
        {"epoch 3", "epoch 2"}, // generation 3.118 cannot be known to it
        {"epoch 3", "epoch 1000000000000000001"},
        {"epoch 3", "epoch 3.0"},
        {"3.118", "3"},
        {"3.118", "3.0"},
        {"3.118", "0.0"},
        {"3.118", "-"}, // proven, but nothing
        {"3.118", "3.118.1"},
        {"imported yes", "imported no"}, // checked without that
        {"imported yes", "imported true"},
        {"imported yes", "imported YES"},
        {"checked yes", "checked 1"},
        {"checked yes\n", ""},
        {"checked yes\n", "checked yes\nchecked yes\n"},
        {"aaaa\n", "aaaA\n"},
        {"aaaa\n", "aaa\n"},
        {"priority 5", "priority 1001"},
        {"maintenance no", "maintenance maybe"},
        {"end\n", "End\n"},
        {"end\n", "end\r\n"},
    };
    for (const auto& row : rows) {
        std::string text = good;
        const std::size_t at = text.find(row.from);
        REQUIRE(at != std::string::npos);
        text.replace(at, std::string_view(row.from).size(), row.to);
        CAPTURE(printable(text));
        CHECK(refusal_of(text) == Exit::data);
    }
    CHECK(refusal_of("") == Exit::data);
    CHECK(refusal_of(std::string(5000, '\n')) == Exit::data);
}
