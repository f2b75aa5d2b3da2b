// SPDX-License-Identifier: Apache-2.0
// From generations to chunks: what is referred to, and what of it cannot be had.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/monitor.hpp"
#include "store/check.hpp"
#include "store/generation.hpp"

namespace rs::store {

struct GenerationPlace {
    std::string name;
    Generation id;
    Line line = Line::main;
    [[nodiscard]] std::string str() const; // "NAME E.C", of a branch "NAME branch/E.C"
};

// All generations of all names, in the order of names, then numbers, the main line first. Whoever looks up what they
// refer to lists them first and loads the index then: a generation that is published in between would refer to packs
// that the index does not know.
[[nodiscard]] std::vector<GenerationPlace> all_generations(const Store& store);

// Which chunks are referred to, one bit each. Blocks that generations share are read once.
class LiveSet {
public:
    LiveSet(const Index& index, ChunkReader& chunks) : index_(index), chunks_(chunks) {}
    // The generation's blocks and all they refer to. A block that cannot be read is Error(Exit::data): what it
    // refers to is not known.
    void mark(const GenerationFile& generation);
    [[nodiscard]] bool live(const PackIndex& pack, std::uint32_t position) const;
    // Something refers to a number that no index has, not even as lost: a pack without an index may hold it.
    [[nodiscard]] bool unknown() const { return unknown_; }

private:
    void set(const std::optional<Place>& place);
    void mark_block(std::uint64_t number, const std::string& what);
    const Index& index_;
    ChunkReader& chunks_;
    std::unordered_map<const PackIndex*, std::vector<bool>> bits_;
    bool unknown_ = false;
};

// Whether all that a generation refers to is there and its manifest can be read. Blocks that generations share are
// looked at once.
class Presence {
public:
    explicit Presence(ChunkReader& chunks) : chunks_(chunks) {}
    [[nodiscard]] bool whole(const GenerationFile& generation);
    [[nodiscard]] bool whole_block(std::uint64_t number);

private:
    ChunkReader& chunks_;
    std::unordered_map<std::uint64_t, bool> blocks_;
    stream::Op op_;
};

// Looks at each of these generations: its file, its blocks, the presence of every chunk. Everything that is wrong goes to
// `report`, file by file. counted(1) is called for each generation.
void find_damage(const Store& store, const std::vector<GenerationPlace>& places, ChunkReader& chunks, const std::function<void(const Finding&)>& report,
                 const std::function<void(std::uint64_t)>& counted, Monitor& monitor);

} // namespace rs::store
