// SPDX-License-Identifier: Apache-2.0
#include "failover/winners.hpp"

#include <algorithm>

namespace rs::failover {

void Winners::forget_all_but(std::span<const Candidate> bids) {
    const auto begin = list.begin(), end = begin + count;
    const auto left = std::remove_if(begin, end, [&](const Winner& w) {
        return std::none_of(bids.begin(), bids.end(), [&](const Candidate& c) { return c.number == w.number; });
    });
    count = static_cast<std::uint8_t>(left - begin);
}

bool Winners::has_won(std::uint32_t number) {
    const auto begin = list.begin(), end = begin + count;
    const auto found = std::find_if(begin, end, [&](const Winner& w) { return w.number == number; });
    if (found == list.end()) return false;
    if (found == end) {
        ++count;
        *found = {number, 0};
    }
    return ++found->rounds >= most_rounds_won;
}

bool Winners::passed_over(std::uint32_t number) const {
    return std::any_of(list.begin(), list.begin() + count,
                       [&](const Winner& w) { return w.number == number && w.rounds >= most_rounds_won; });
}

} // namespace rs::failover
