// SPDX-License-Identifier: Apache-2.0
// A list of chunk numbers, kept as runs: they mostly follow one another.
#pragma once

#include <functional>
#include <vector>

#include "stream/manifest.hpp"

namespace rs::store {

// Memory: 16 bytes a run.
class NumberList {
public:
    // `count` numbers from `number` on; at least 1.
    void add(std::uint64_t number, std::uint64_t count = 1);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    // Calls f(run of stored numbers) for `count` of them from place `start` on; both within size().
    void resolve(std::uint64_t start, std::uint64_t count, const std::function<void(const stream::Run&)>& f) const;

private:
    struct Piece {
        std::uint64_t place = 0; // of its first number in the list
        std::uint64_t number = 0;
    };
    std::vector<Piece> pieces_;
    std::uint64_t size_ = 0;
};

} // namespace rs::store
