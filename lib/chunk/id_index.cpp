// SPDX-License-Identifier: Apache-2.0
#include "chunk/id_index.hpp"

#include <algorithm>
#include <random>

#include "base/error.hpp"

namespace rs::chunk {

IdIndex::IdIndex() {
    std::random_device device;
    seed_ = std::uint64_t{device()} << 32 | device();
}

std::optional<std::uint64_t> IdIndex::find(const ChunkId& id, std::span<const ChunkId> ids) const {
    if (slots_.empty()) return std::nullopt;
    for (std::uint64_t at = slot(id); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
        if (ids[slots_[at] - 1] == id) return slots_[at] - 1;
    return std::nullopt;
}

void IdIndex::add(std::size_t place, std::span<const ChunkId> ids) {
    RS_ASSERT(place < ids.size() && place < UINT32_MAX - 1);
    if (used_ + used_ / 2 >= slots_.size()) {
        std::vector<std::uint32_t> old(std::max<std::size_t>(slots_.size() * 2, 1024), 0);
        old.swap(slots_);
        for (const std::uint32_t value : old)
            if (value != 0) insert(value, ids[value - 1]);
    }
    insert(static_cast<std::uint32_t>(place + 1), ids[place]);
    ++used_;
}

void IdIndex::insert(std::uint32_t value, const ChunkId& id) {
    std::uint64_t at = slot(id);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = value;
}

void IdIndex::clear() {
    slots_ = {};
    used_ = 0;
}

} // namespace rs::chunk
