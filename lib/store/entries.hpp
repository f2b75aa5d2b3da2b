// SPDX-License-Identifier: Apache-2.0
// A generation entry by entry, for whoever lists, compares or restores it.
#pragma once

#include <optional>
#include <vector>

#include "store/generation.hpp"

namespace rs::store {

struct EntryView {
    stream::Entry entry;
    // Of a file: its extents, the chunks of all data extents in order, its size and its digest.
    std::vector<stream::Extent> extents;
    std::vector<stream::Run> runs;
    std::uint64_t bytes = 0;
    std::optional<chunk::Digest> sha256;
};

class EntryReader {
public:
    EntryReader(const GenerationFile& generation, ChunkReader& chunks) : reader_(generation, chunks) {}
    // False at the end. Damage is Error(Exit::data).
    [[nodiscard]] bool next(EntryView& out);

private:
    GenerationReader reader_;
    stream::Op op_;
};

// Both files have the same bytes: equal digests, or the same chunks where there is none.
[[nodiscard]] bool same_content(const EntryView& a, const EntryView& b);

// Everything needed to read generations of a store.
struct StoreReader {
    explicit StoreReader(const Store& store) : index(store.load_index()), hasher(store.config().key), chunks(store, index, hasher) {}
    Index index;
    chunk::Hasher hasher;
    ChunkReader chunks;
};

} // namespace rs::store
