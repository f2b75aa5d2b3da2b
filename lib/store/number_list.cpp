// SPDX-License-Identifier: Apache-2.0
#include "store/number_list.hpp"

#include <algorithm>

namespace rs::store {

void NumberList::add(std::uint64_t number, std::uint64_t count) {
    const bool goes_on = !pieces_.empty() && pieces_.back().number + (size_ - pieces_.back().place) == number;
    if (!goes_on) pieces_.push_back({size_, number});
    size_ += count;
}

void NumberList::resolve(std::uint64_t start, std::uint64_t count, const std::function<void(const stream::Run&)>& f) const {
    if (count == 0) return;
    auto at = std::upper_bound(pieces_.begin(), pieces_.end(), start,
                               [](std::uint64_t place, const Piece& p) { return place < p.place; });
    for (--at; count > 0; ++at) {
        const std::uint64_t end = at + 1 == pieces_.end() ? size_ : (at + 1)->place;
        const std::uint64_t n = std::min(count, end - start);
        f({stream::Run::Kind::stored, at->number + (start - at->place), n});
        start += n;
        count -= n;
    }
}

} // namespace rs::store
