// SPDX-License-Identifier: Apache-2.0
// Writes one pack and its index.
#pragma once

#include <memory>
#include <string>

#include "chunk/segment.hpp"
#include "io/file.hpp"
#include "io/flush_behind.hpp"
#include "store/pack_index.hpp"

namespace rs::store {

using StoreId = std::array<std::byte, 16>;

class PackWriter {
public:
    // Creates `dir`/SERIAL.pack, which must not exist. The serial is the caller's alone.
    PackWriter(std::shared_ptr<io::Dir> dir, std::uint64_t serial, const StoreId& store);

    // Appends a segment as it is. Gives the number of its first chunk; the others follow. Nothing is durable
    // before finish().
    std::uint64_t add(const chunk::SegmentHead& head, ByteSpan ids, ByteSpan frame, SegmentKind kind);
    // The chunk that add() numbered `own` is known by `number` too: a lost chunk that came again, or one
    // that prune moves here.
    void alias(std::uint64_t number, std::uint64_t own);
    // Only numbers given to alias() lead into this pack (prune).
    void only_aliases() { natural_ = false; }

    [[nodiscard]] std::uint64_t serial() const { return content_.serial; }
    [[nodiscard]] std::uint64_t bytes() const { return offset_; }
    [[nodiscard]] std::size_t chunks() const { return content_.ids.size(); }
    // A segment of so many chunks is for this pack; otherwise it is time for the next one. An empty pack takes any.
    [[nodiscard]] bool takes(std::size_t chunks) const;
    [[nodiscard]] const std::vector<chunk::ChunkId>& ids() const { return content_.ids; } // by position
    // Of a chunk that add() numbered.
    [[nodiscard]] const chunk::ChunkId& id(std::uint64_t own) const { return content_.ids.at(own & (max_positions - 1)); }
    [[nodiscard]] std::uint32_t length(std::uint64_t own) const { return content_.lengths.at(own & (max_positions - 1)); }

    // Writes the end, flushes the pack, writes and flushes the index beside it. Both are then durable under
    // their names in `dir`. Gives the opened index.
    [[nodiscard]] std::shared_ptr<PackIndex> finish();

private:
    std::shared_ptr<io::Dir> dir_;
    std::string name_;
    io::Fd fd_;
    IndexContent content_;
    std::vector<NumberRun> aliases_;
    bool natural_ = true;
    std::uint64_t offset_ = 0;
    Buffer scratch_;
    io::FlushBehind flush_behind_;
};

// What a pack begins and ends with.
[[nodiscard]] Buffer encode_pack_header(std::uint64_t serial, const StoreId& store);
[[nodiscard]] Buffer encode_pack_end(const std::vector<NumberRun>& runs);
// Its segments and its end are all that is in the pack, as its index tells it.
[[nodiscard]] bool accounts_for_all(const PackIndex& pack);

} // namespace rs::store
