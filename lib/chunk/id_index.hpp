// SPDX-License-Identifier: Apache-2.0
// Where an id is in an array of ids that grows.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "chunk/id.hpp"

namespace rs::chunk {

// The array is the caller's; it is given with each call, and keeps what it had. 6 to 12 bytes for each id that was added,
// at most 2^32 - 2 of them.
class IdIndex {
public:
    IdIndex();
    // The place of one that was added and is equal, or nothing.
    [[nodiscard]] std::optional<std::uint64_t> find(const ChunkId& id, std::span<const ChunkId> ids) const;
    // Adds ids[place]; not all need be added.
    void add(std::size_t place, std::span<const ChunkId> ids);
    // Empty again.
    void clear();

private:
    [[nodiscard]] std::uint64_t slot(const ChunkId& id) const { return id.mixed(seed_) & (slots_.size() - 1); }
    void insert(std::uint32_t value, const ChunkId& id);

    std::uint64_t seed_; // of this object: whoever chooses ids cannot choose where they go
    std::vector<std::uint32_t> slots_; // place + 1, or 0; open addressing
    std::size_t used_ = 0;
};

} // namespace rs::chunk
