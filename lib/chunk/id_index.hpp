// SPDX-License-Identifier: Apache-2.0
// Ids in the order they were added, and the place of each.
#pragma once

#include <optional>
#include <vector>

#include "chunk/id.hpp"

namespace rs::chunk {

// About 22 bytes an id, at most 2^32 - 2 of them.
class IdIndex {
public:
    IdIndex();
    // How many were added before the first that is equal, or nothing.
    [[nodiscard]] std::optional<std::uint64_t> find(const ChunkId& id) const;
    void add(const ChunkId& id);
    // Empty again; the memory is kept.
    void clear();

private:
    [[nodiscard]] std::uint64_t place(const ChunkId& id) const { return id.mixed(seed_) & (slots_.size() - 1); }
    void insert(std::uint32_t number);

    std::uint64_t seed_; // of this object: whoever chooses ids cannot choose where they go
    std::vector<ChunkId> ids_;
    std::vector<std::uint32_t> slots_; // number + 1, or 0; open addressing
};

} // namespace rs::chunk
