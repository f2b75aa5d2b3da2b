// SPDX-License-Identifier: Apache-2.0
#include "elect/round.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "elect/answers.hpp"

namespace rs::elect {

using namespace failover;

void Round::begin() {
    bids_.clear();
    peers_done_.clear();
    servers_done_.clear();
    reports_.clear();
}

std::string Round::take(const Answer& a) {
    try {
        switch (a.question) {
        case Question::bid:
            peers_done_[a.index] = true;
            bids_.erase(a.index);
            if (!a.reached || a.status != 0) return cat(a.who, ": no bid: ", a.complaint);
            bids_.insert_or_assign(a.index, parse_bid_of(config_.peers.at(a.index), a.text));
            return {};
        case Question::proofs:
            servers_done_[a.index] = true;
            if (!a.reached || a.status != 0) return cat(a.who, ": no proofs: ", a.complaint);
            proofs_.insert_or_assign(a.index, parse_proofs(a.text, a.who));
            return {};
        case Question::alive:
        case Question::observe:
            if (const auto report = report_of(a)) {
                reports_.insert_or_assign(report->first, report->second);
                return {};
            }
            return cat(a.who, ": does not say whether it reaches ", a.about, ": ", a.complaint);
        }
        return {};
    } catch (const Error& e) {
        return cat(a.who, ": is not heard: ", printable_line(e.what()));
    }
}

std::vector<Proof> Round::proofs() const {
    std::vector<Proof> all;
    for (const auto& [server, some] : proofs_) all.insert(all.end(), some.begin(), some.end());
    return all;
}

std::optional<std::pair<std::uint32_t, bool>> report_of(const Answer& a) {
    // Whoever cannot ask the leader does not reach it.
    if (a.question == Question::alive) return std::pair{0U, a.reached && a.status == 0};
    if (!a.reached || (a.status != 0 && a.status != 1)) return std::nullopt;
    return std::pair{static_cast<std::uint32_t>(a.index) + 1, a.status == 0};
}

} // namespace rs::elect
