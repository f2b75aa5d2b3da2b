// SPDX-License-Identifier: Apache-2.0
// Which paths a manifest has had, by 64 bits of a keyed hash: 16 to 32 bytes a path, whatever its length.
#pragma once

#include <cstdint>
#include <vector>

namespace rs::stream {

class PathSet {
public:
    void insert(std::uint64_t hash) {
        if (2 * (used_ + 1) > slots_.size()) grow();
        std::uint64_t& slot = find(hash | 1);
        if (slot == 0) ++used_;
        slot = hash | 1; // 0 is an empty slot
    }
    [[nodiscard]] bool contains(std::uint64_t hash) { return !slots_.empty() && find(hash | 1) != 0; }

private:
    std::uint64_t& find(std::uint64_t value) {
        std::size_t at = (value >> 1) & (slots_.size() - 1);
        while (slots_[at] != 0 && slots_[at] != value) at = (at + 1) & (slots_.size() - 1);
        return slots_[at];
    }
    void grow() {
        std::vector<std::uint64_t> old(slots_.empty() ? 1024 : slots_.size() * 2, 0);
        old.swap(slots_);
        for (const std::uint64_t value : old)
            if (value != 0) find(value) = value;
    }

    std::vector<std::uint64_t> slots_;
    std::size_t used_ = 0;
};

} // namespace rs::stream
