// SPDX-License-Identifier: Apache-2.0
#include "failover/election.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "failover/rules.hpp"

namespace rs::failover {

namespace {

bool better(const Candidate& a, const Candidate& b) {
    if (a.generation != b.generation) return a.generation > b.generation;
    if (a.priority != b.priority) return a.priority > b.priority;
    return a.number < b.number;
}

// Why an eligible one is behind the winner.
Ruling behind(const Candidate& loser, const Candidate& winner) {
    if (loser.generation != winner.generation) return Ruling::older_generation;
    if (loser.priority != winner.priority) return Ruling::lower_priority;
    return loser.number != winner.number ? Ruling::higher_number : Ruling::later_name;
}

std::string sentence(Ruling ruling, const Bid& bid, const Bid* winner) {
    const std::string held = bid.generation ? bid.generation.str() : "nothing";
    switch (ruling) {
    case Ruling::wins: return cat("holds ", held, ", imported, checked and confirmed by a backup server");
    case Ruling::no_generation: return "holds no generation";
    case Ruling::not_imported: return cat("holds ", held, ", which its importer has not taken");
    case Ruling::not_checked: return cat("holds ", held, ", imported but not checked");
    case Ruling::unconfirmed:
        return cat("says that it holds ", held, ", but no backup server has a proof of that generation with the same digest");
    case Ruling::maintenance: return cat("holds ", held, ", but is in maintenance: only an order makes it leader");
    default: break;
    }
    RS_ASSERT(winner != nullptr);
    switch (ruling) {
    case Ruling::older_generation: return cat("holds ", held, ", ", winner->instance, " has ", winner->generation.str());
    case Ruling::lower_priority:
        return cat("holds ", held, " as well, with priority ", bid.priority, " against ", winner->priority, " of ",
                   winner->instance);
    case Ruling::higher_number: return cat("holds ", held, " as well, and number ", winner->number, " goes before ", bid.number);
    default: return cat("holds ", held, " as well, with the number of ", winner->instance, ", which should not be");
    }
}

} // namespace

Candidate judge(const Bid& bid, std::span<const Proof> proofs) {
    const bool confirmed = !bid.digest.empty() && std::ranges::any_of(proofs, [&](const Proof& proof) {
        return proof.generation == bid.generation && proof.digest == bid.digest;
    });
    return {bid.number, bid.generation, bid.imported, bid.checked, confirmed, bid.maintenance, bid.priority};
}

Ruling eligible(const Candidate& candidate) {
    if (!candidate.generation) return Ruling::no_generation;
    if (holds(Rule::only_proven_wins)) {
        if (!candidate.imported) return Ruling::not_imported;
        if (!candidate.checked) return Ruling::not_checked;
        if (!candidate.confirmed) return Ruling::unconfirmed;
    }
    return candidate.maintenance ? Ruling::maintenance : Ruling::wins;
}

std::optional<std::size_t> best(std::span<const Candidate> candidates) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < candidates.size(); ++i)
        if (eligible(candidates[i]) == Ruling::wins && (!found || better(candidates[i], candidates[*found]))) found = i;
    return found;
}

Verdict elect(std::span<const Bid> bids, std::span<const Proof> proofs) {
    // By name, so that the order in which the bids came in does not decide between two with one number.
    std::vector<std::size_t> order(bids.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](std::size_t i) -> const std::string& { return bids[i].instance; });
    std::vector<Candidate> candidates;
    for (const std::size_t i : order) candidates.push_back(judge(bids[i], proofs));
    const auto won = best(candidates);

    Verdict verdict;
    verdict.standings.resize(bids.size());
    if (won) verdict.winner = order[*won];
    const Bid* winner = won ? &bids[*verdict.winner] : nullptr;
    for (std::size_t place = 0; place < order.size(); ++place) {
        Ruling ruling = eligible(candidates[place]);
        if (ruling == Ruling::wins && place != *won) ruling = behind(candidates[place], candidates[*won]);
        const std::size_t i = order[place];
        verdict.standings[i] = {i, ruling, sentence(ruling, bids[i], winner)};
    }
    return verdict;
}

std::string explain(const Verdict& verdict, std::span<const Bid> bids) {
    std::string text;
    for (const Standing& standing : verdict.standings)
        text += cat(bids[standing.bid].instance, ": ", standing.ruling == Ruling::wins ? "would win: " : "would not win: ",
                    standing.why, "\n");
    text += verdict.winner ? cat("winner: ", bids[*verdict.winner].instance, "\n")
                           : std::string("winner: nobody\n");
    return text;
}

} // namespace rs::failover
