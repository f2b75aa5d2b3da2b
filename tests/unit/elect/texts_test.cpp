// SPDX-License-Identifier: Apache-2.0
// What is read from files and from others: lib/elect/held, memory, answers, journal.
#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "elect/answers.hpp"
#include "elect/held.hpp"
#include "elect/journal.hpp"
#include "elect/memory.hpp"

using namespace rs;
using namespace rs::elect;
using namespace rs::failover;

namespace {

const std::string digest(64, 'a');

template <class Parse>
void refused(const Parse& parse, const std::string& text) {
    CAPTURE(text);
    try {
        static_cast<void>(parse(text));
        FAIL("taken");
    } catch (const Error& e) {
        CHECK(e.code() == Exit::data);
    }
}

// Cut anywhere, it is none.
template <class Parse>
void refused_in_part(const Parse& parse, const std::string& text) {
    for (std::size_t n = 1; n < text.size(); ++n) refused(parse, text.substr(0, n));
    refused(parse, text + "\n");
}

} // namespace

TEST_CASE("what is held is told whole or not at all") {
    const std::string text =
        cat("generation 3.118\nimported yes\nchecked no\ndigest ", digest, "\n");
    CHECK(parse_held(text) == Held{{3, 118}, true, false, digest});
    CHECK(parse_held("") == Held{});
    refused_in_part(parse_held, text);
    refused(parse_held, cat("generation 3.118\nimported no\nchecked yes\ndigest ", digest, "\n"));
    CHECK(parse_epoch("") == 0);
    CHECK(parse_epoch("7\n") == 7);
    for (const char* bad : {"x", "7 ", "-1", "7\n\n", "1000000000000000001"})
        refused(parse_epoch, bad);
}

TEST_CASE("a bid is of the epoch of what is held, also when nothing else was seen of it") {
    Config config;
    config.instance = "Name1";
    config.number = 1;
    const Bid bid = bid_of(config, {{3, 1}, true, true, digest}, 0, true);
    CHECK(bid.epoch == 3);
    CHECK(bid.maintenance);
    CHECK(parse_bid_of({1, "Name1"}, format_bid(bid)) == bid);
    refused(
        [](const std::string& text) {
            return parse_bid_of({1, "Name2"}, text);
        },
        format_bid(bid));
    refused(
        [](const std::string& text) {
            return parse_bid_of({2, "Name1"}, text);
        },
        format_bid(bid));
}

TEST_CASE("what the machine remembers comes back from the disk as it was") {
    for (int step = 0; step <= static_cast<int>(Step::done); ++step)
        for (const Predecessor old :
             {Predecessor::gone, Predecessor::held, Predecessor::uncertain}) {
            const Memory memory{{.epoch = 4,
                                 .claim = 3,
                                 .step = static_cast<Step>(step),
                                 .old = old,
                                 .maintenance = step == 2},
                                false};
            CHECK(parse_memory(format_memory(memory)) == memory);
        }
    const Memory returned{{.epoch = 4}, true};
    CHECK(parse_memory(format_memory(returned)) == returned);
    refused_in_part(parse_memory, format_memory(returned));
    refused(parse_memory, format_memory({{.epoch = 3, .claim = 4}, false}));
    refused(parse_memory, format_memory({{.epoch = 4, .claim = 4}, true}));
}

TEST_CASE("what the coordinator says is read word by word") {
    const Sight sight = parse_sight("epoch 3\nleader a\nholder a\nphase leading\nage 17\n");
    CHECK(sight.view == View{3, true, true, std::chrono::seconds(17)});
    CHECK(sight.holder == "a");
    const Sight over = parse_sight("epoch 3\nholder a\nphase taking\nage 17\n");
    CHECK_FALSE(over.view.held);
    CHECK_FALSE(over.view.finished);
    CHECK(over.holder == "a");
    // Nobody has led: nothing blocks.
    CHECK(parse_sight("epoch 0\n").view.since_takeover > std::chrono::hours(24));
    for (const char* bad : {"", "epoch x\n", "epoch 3", "leader a\n", "epoch 3\nphase dancing\n",
                            "epoch 3\nhello\n", "epoch 3\nleader \n", "epoch 3\nage -1\n"})
        refused(parse_sight, bad);
    CHECK(parse_acquired("epoch 4\n") == 4);
    for (const char* bad : {"", "epoch\n", "epoch 4", "epoch 4\nepoch 5\n", "4\n"})
        refused(parse_acquired, bad);
}

TEST_CASE("proofs are lines of a generation, a digest and a name, not too many") {
    const auto parse = [](const std::string& text) { return parse_proofs(text, "b1"); };
    const std::string line = cat("1.5 ", digest, " Name1\n");
    const auto proofs = parse(line + line);
    REQUIRE(proofs.size() == 2);
    CHECK(proofs[0].generation == Generation{1, 5});
    CHECK(proofs[0].digest == digest);
    CHECK(parse("").empty());
    refused_in_part(parse, line);
    std::string many;
    for (std::size_t n = 0; n < max_proofs; ++n) many += line;
    CHECK(parse(many).size() == max_proofs);
    refused(parse, many + line);
}

TEST_CASE("an entry of the log is read as it was written, whatever it says") {
    const Entry entry{*parse_utc("2026-11-26T22:19:13"), 3, "suspecting", "a: b  c\x1b[2J"};
    const auto back = parse_entry(format_entry(entry));
    REQUIRE(back);
    CHECK(back->time == entry.time);
    CHECK(back->epoch == 3);
    CHECK(back->role == "suspecting");
    CHECK(back->text == "a: b  c\\033[2J");
    for (const char* bad : {"", "x", "2026-11-26T22:19:13Z", "2026-11-26T22:19:13Z epoch",
                            "2026-11-26T22:19:13Z epoch 3 role text", "yesterday epoch 3 role: x"})
        CHECK_FALSE(parse_entry(bad));
}
