// SPDX-License-Identifier: Apache-2.0
#include "failover/words.hpp"

#include <array>

namespace rs::failover {

namespace {

template <class E, std::size_t n>
std::string_view at(const std::array<std::string_view, n>& words, E value) {
    return words.at(static_cast<std::size_t>(value));
}

} // namespace

std::string_view word(Role role) {
    static constexpr std::array<std::string_view, 7> words{"follower", "suspecting", "bidding", "taking",
                                                           "leading",  "fenced",     "returned"};
    return at(words, role);
}

std::string_view word(Step step) {
    static constexpr std::array<std::string_view, 11> words{"lock",  "acquire", "raise",   "freeze", "import", "retype",
                                                            "hooks", "start",   "publish", "follow", "done"};
    return at(words, step);
}

std::string_view word(Act act) {
    static constexpr std::array<std::string_view, 14> words{
        "look",    "acquire", "prove",         "release",      "ask-bids",    "run",    "unlock",
        "publish", "freeze",  "start-service", "stop-service", "keep-branch", "rejoin", "say"};
    return at(words, act);
}

std::string_view sentence(Why why) {
    static constexpr std::array<std::string_view, 28> words{
        "",
        "the coordinator holds an older epoch than we have seen: it was wiped or restored, and is not believed",
        "the leader has its lease",
        "the lease of the leader has run out",
        "most observers reach the leader: it is not dead",
        "fewer than three observers are set up: nothing is automatic, and a takeover is an order of a person",
        "too few observers have told lately whether they reach the leader",
        "the last takeover is too recent for another one without an order",
        "elections are not automatic here: a takeover is an order of a person",
        "in maintenance: a takeover is an order of a person",
        "what we hold is not proven: imported, checked and confirmed by a backup server",
        "another candidate wins",
        "who won has not taken over, and is passed over until that changes: the next best one counts",
        "elected: a takeover begins",
        "ordered: a takeover begins",
        "an import has ended late: whether the leader is dead is looked at again",
        "another instance was quicker: the epoch is a newer one",
        "the coordinator does not answer",
        "no proof of our epoch for half a lease: no step of a takeover is done, the service goes on",
        "our epoch is proven again",
        "a newer epoch exists: we are not the leader",
        "the takeover is finished",
        "a step of the takeover has failed and is tried again",
        "we are the leader already",
        "a takeover is under way here",
        "we were the leader and have to re-join as an import instance first",
        "ordered: we are not the leader any more",
        "what is to be published is not of our epoch",
    };
    return at(words, why);
}

} // namespace rs::failover
