// SPDX-License-Identifier: Apache-2.0
#include "failover/election.hpp"

#include <array>

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace rs;
using namespace rs::failover;

namespace {

const std::string true_digest(64, 'a'), other_digest(64, 'b');

Bid bid(std::uint32_t number, Generation generation, bool imported = true, bool checked = true) {
    return {cat("wiki", number), number, 9, generation, imported, checked, true_digest, 0, false};
}

std::vector<Proof> proofs() {
    std::vector<Proof> all;
    for (const Generation g : {Generation{1, 1}, {1, 2}, {2, 1}, {3, 118}}) all.push_back({"pbs1", g, true_digest});
    return all;
}

std::optional<std::size_t> winner(const std::vector<Bid>& bids) { return elect(bids, proofs()).winner; }

} // namespace

// 3 candidates, each with any of 128 bids: each epoch, generation, imported, checked, with a digest that is confirmed or not,
// in maintenance or not. What may win is written down here once more, and plainly.
TEST_CASE("whatever three candidates bid, the highest proven one is elected, or nobody") {
    struct Row {
        Bid bid;
        bool may_win;
        std::uint64_t rank; // of its generation
    };
    std::vector<Row> rows;
    const std::array<Generation, 4> generations{Generation{}, {1, 1}, {1, 2}, {2, 1}};
    for (unsigned n = 0; n < 128; ++n) {
        const bool imported = n & 1, checked = n & 2, honest = n & 4, maintenance = n & 8, epoch = n & 16;
        const unsigned g = n >> 5;
        Row row{bid(0, generations[g], imported, checked), imported && checked && honest && !maintenance && g != 0, g};
        row.bid.epoch = epoch ? 3 : 2;
        row.bid.maintenance = maintenance;
        if (!honest) row.bid.digest = other_digest;
        rows.push_back(row);
    }
    const std::vector<Proof> all = proofs();
    std::uint64_t cases = 0, wrong = 0;
    for (const Row& a : rows)
        for (const Row& b : rows)
            for (const Row& c : rows) {
                const std::array<const Row*, 3> three{&a, &b, &c};
                std::array<Candidate, 3> candidates;
                for (std::uint32_t i = 0; i < 3; ++i) {
                    candidates[i] = judge(three[i]->bid, all);
                    candidates[i].number = i;
                }
                std::optional<std::size_t> expected;
                for (std::size_t i = 0; i < 3; ++i) {
                    bool beaten = !three[i]->may_win;
                    for (std::size_t j = 0; j < 3; ++j)
                        if (j != i && three[j]->may_win &&
                            (three[j]->rank > three[i]->rank || (three[j]->rank == three[i]->rank && j < i)))
                            beaten = true;
                    if (!beaten) expected = i;
                }
                ++cases;
                if (best(candidates) != expected) ++wrong;
            }
    CHECK(cases == 128ull * 128 * 128);
    CHECK(wrong == 0);
}

TEST_CASE("with all their texts, too, the highest proven one is elected: 4096 elections") {
    std::uint64_t wrong = 0;
    for (unsigned n = 0; n < 4096; ++n) {
        std::vector<Bid> bids;
        for (std::uint32_t i = 0; i < 3; ++i) {
            const unsigned m = n >> (4 * i);
            bids.push_back(bid(i, {1 + (m & 1), 1 + ((m >> 1) & 1)}, m & 4, m & 8));
        }
        std::vector<Proof> all = proofs();
        all.push_back({"pbs2", {2, 2}, true_digest});
        const Verdict verdict = elect(bids, all);
        std::optional<std::size_t> expected;
        for (std::size_t i = 0; i < 3; ++i)
            if (bids[i].proven() && (!expected || bids[i].generation > bids[*expected].generation)) expected = i;
        if (verdict.winner != expected || verdict.standings.size() != 3) ++wrong;
        for (const Standing& s : verdict.standings)
            if ((s.ruling == Ruling::wins) != (verdict.winner == s.bid) || s.why.empty()) ++wrong;
    }
    CHECK(wrong == 0);
}

TEST_CASE("the epoch goes before the counter") { CHECK(winner({bid(1, {1, 2}), bid(2, {2, 1})}) == 1); }

TEST_CASE("among equal generations the priority decides, then the lowest number, then the name, in whatever order they came") {
    Bid low = bid(1, {3, 118}), high = bid(2, {3, 118});
    CHECK(winner({high, low}) == 1);
    high.priority = 1;
    CHECK(winner({low, high}) == 1);
    Bid older = bid(3, {2, 1});
    older.priority = max_priority;
    CHECK(winner({older, low}) == 1);
    Bid first = bid(1, {3, 118}), second = first;
    first.instance = "a";
    second.instance = "b";
    CHECK(winner({second, first}) == 1);
    CHECK(winner({first, second}) == 0);
    CHECK(elect(std::vector{first, first}, proofs()).standings[1].ruling == Ruling::later_name);
}

TEST_CASE("a liar never wins: with another digest, with a generation that nobody has, or with none") {
    Bid liar = bid(1, {3, 118});
    liar.digest = other_digest;
    CHECK(winner({liar}) == std::nullopt);
    liar.digest.clear();
    CHECK(winner({liar}) == std::nullopt);
    liar = bid(1, {9, 999});
    CHECK(winner({liar}) == std::nullopt);
    liar.priority = max_priority;
    const std::vector<Bid> bids{liar, bid(2, {1, 1})};
    const Verdict verdict = elect(bids, proofs());
    CHECK(verdict.winner == 1);
    CHECK(verdict.standings[0].ruling == Ruling::unconfirmed);
    // What no digest says, an empty one of a proof does not confirm.
    liar.digest.clear();
    CHECK(elect(std::vector{liar}, std::vector<Proof>{{"pbs1", {9, 999}, ""}}).winner == std::nullopt);
}

TEST_CASE("each candidate is told why it would win or lose") {
    std::vector<Bid> bids{bid(0, {}, false, false), bid(1, {3, 118}, false, false), bid(2, {3, 118}, true, false),
                          bid(3, {8, 1}),           bid(4, {3, 118}),               bid(5, {2, 1}),
                          bid(6, {3, 118}),         bid(7, {3, 118}),               bid(8, {3, 118})};
    bids[4].maintenance = true;
    bids[6].priority = bids[7].priority = 2;
    const Verdict verdict = elect(bids, proofs());
    const std::array<Ruling, 9> expected{Ruling::no_generation,    Ruling::not_imported, Ruling::not_checked,
                                         Ruling::unconfirmed,      Ruling::maintenance,  Ruling::older_generation,
                                         Ruling::wins,             Ruling::higher_number, Ruling::lower_priority};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        CHECK(verdict.standings[i].ruling == expected[i]);
    }
    const std::string text = explain(verdict, bids);
    CHECK(text.find("wiki2: would not win: holds 3.118, imported but not checked\n") != std::string::npos);
    CHECK(text.find("wiki5: would not win: holds 2.1, wiki6 has 3.118\n") != std::string::npos);
    CHECK(text.find("wiki6: would win: holds 3.118") != std::string::npos);
    CHECK(text.ends_with("winner: wiki6\n"));
    CHECK(explain(elect({}, {}), {}) == "winner: nobody\n");
}
