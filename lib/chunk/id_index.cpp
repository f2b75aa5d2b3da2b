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

std::optional<std::uint64_t> IdIndex::find(const ChunkId& id) const {
    if (slots_.empty()) return std::nullopt;
    for (std::uint64_t at = place(id); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
        if (ids_[slots_[at] - 1] == id) return slots_[at] - 1;
    return std::nullopt;
}

void IdIndex::add(const ChunkId& id) {
    RS_ASSERT(ids_.size() < UINT32_MAX - 1);
    ids_.push_back(id);
    if (ids_.size() + ids_.size() / 2 > slots_.size()) {
        slots_.assign(std::max<std::size_t>(slots_.size() * 2, 1024), 0);
        for (std::uint32_t i = 0; i < ids_.size(); ++i) insert(i);
    } else {
        insert(static_cast<std::uint32_t>(ids_.size() - 1));
    }
}

void IdIndex::insert(std::uint32_t number) {
    std::uint64_t at = place(ids_[number]);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = number + 1;
}

void IdIndex::clear() {
    ids_.clear();
    std::fill(slots_.begin(), slots_.end(), 0);
}

} // namespace rs::chunk
