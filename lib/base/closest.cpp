// SPDX-License-Identifier: Apache-2.0
#include "base/closest.hpp"

#include <algorithm>
#include <vector>

namespace rs {

namespace {

constexpr std::size_t max_name = 64; // longer ones are no slips of the finger

// Three rows of the table are enough: a swap looks two back.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1,
                               last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

} // namespace

void Closest::consider(std::string_view candidate) {
    if (wrong_.size() > max_name || candidate.size() > max_name || candidate == wrong_) return;
    const std::size_t d = distance(wrong_, candidate);
    if (d > distance_ || (d == distance_ && candidate >= best_) || d > (std::min(wrong_.size(), candidate.size()) + 1) / 3) return;
    distance_ = d;
    best_ = candidate;
}

} // namespace rs
