// SPDX-License-Identifier: Apache-2.0
// All pack indexes of a store together: number to place, id to number.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "store/pack_index.hpp"

namespace rs::store {

struct Place {
    const PackIndex* pack = nullptr;
    std::uint32_t position = 0;
};

class Index {
public:
    // Packs may be added at any time; an id or number that is already known keeps its first place,
    // unless it is lost there.
    void add(std::shared_ptr<PackIndex> pack);
    // Places in a removed pack stay valid as long as the index: its file is still mapped.
    void remove(std::uint64_t serial);

    // Where the chunk with this number is; nothing if no pack has it or it is lost.
    [[nodiscard]] std::optional<Place> find(std::uint64_t number) const;
    // Also a place where it is lost: some pack knows of it.
    [[nodiscard]] std::optional<Place> find_even_lost(std::uint64_t number) const;

    // A number whose chunk has this id and is not lost. The first few calls look through all ids: a transfer that
    // brings nothing new asks for no more. The next one builds a table of 6 to 12 bytes a chunk; packs added
    // later are in it at once.
    [[nodiscard]] std::optional<std::uint64_t> find(const chunk::ChunkId& id) const;
    // Numbers of chunks with this id that were lost when they were first asked for: what a new copy heals. A pack that
    // was added since may hold some of them.
    [[nodiscard]] const std::vector<std::uint64_t>& lost_numbers(const chunk::ChunkId& id) const;

    [[nodiscard]] const std::vector<std::shared_ptr<PackIndex>>& packs() const { return packs_; }
    [[nodiscard]] std::uint64_t chunks() const;

private:
    struct Span {
        std::uint64_t number = 0;
        std::uint64_t count = 0;
        std::uint32_t position = 0;
        const PackIndex* pack = nullptr;
        std::uint64_t max_end = 0; // of this span and all before it
        [[nodiscard]] bool holds(std::uint64_t n) const { return n - number < count; }
    };
    void build_spans() const;
    void build_table() const;
    [[nodiscard]] std::optional<std::uint64_t> scan(const chunk::ChunkId& id) const;
    void insert(std::uint64_t number, const chunk::ChunkId& id) const;
    void insert_pack(const PackIndex& pack) const;
    void note_lost(const PackIndex& pack) const;

    std::vector<std::shared_ptr<PackIndex>> packs_;
    std::vector<std::shared_ptr<PackIndex>> removed_;
    // Sorted by number. Spans overlap where a lost chunk was healed and while prune moves chunks.
    mutable std::vector<Span> spans_;
    mutable bool spans_valid_ = false;
    mutable std::size_t last_ = 0; // span of the last find: the next one is mostly there too
    // Open addressing. A slot is number + 1 and, above bit 60, four bits of the id; or 0.
    mutable std::vector<std::uint64_t> slots_;
    mutable std::uint64_t used_ = 0;
    mutable bool table_ = false;
    mutable unsigned scans_ = 0; // before there is a table
    mutable bool lost_known_ = false;
    mutable std::unordered_map<chunk::ChunkId, std::vector<std::uint64_t>> lost_;
};

} // namespace rs::store
