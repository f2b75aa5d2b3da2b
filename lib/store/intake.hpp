// SPDX-License-Identifier: Apache-2.0
// What arrives in a transfer goes into packs here: every chunk verified, none stored twice.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "chunk/id_index.hpp"
#include "store/generation.hpp"
#include "store/number_list.hpp"
#include "store/store.hpp"
#include "stream/record.hpp"

namespace rs::store {

struct IntakeTotals {
    std::uint64_t new_chunks = 0, new_bytes = 0; // of files
    std::uint64_t stored_bytes = 0;              // frames written, manifests included
    std::uint64_t healed_chunks = 0;
};

// Numbers are given at once, packs become durable one by one in the transfer's directory, and nothing is visible to
// others before publish(). Memory: 40 bytes for each chunk in the open pack, 12 for each of the store.
class Intake {
public:
    // index: of the store, as it is or was a while ago. their_key: that of the ids in the stream.
    Intake(const Store& store, Index&& index, const std::string& name, const chunk::Key& their_key);
    ~Intake(); // not published: whole packs are kept for the next transfer of the name

    // Verifies every chunk of the segment; a wrong one is Error(Exit::data).
    void segment(const stream::SegmentView& view, const std::string& what);
    // Numbers of the stream's chunks, in the order of arrival.
    [[nodiscard]] const NumberList& fresh() const { return fresh_; }

    // A manifest block; gives its place in blocks(), whose number is known after flush().
    void block(Buffer&& payload);
    [[nodiscard]] std::vector<stream::Run> blocks() const;
    // Closes packs: everything is durable, though not visible.
    void flush();

    // The chunk with this number, stored or just arrived; nothing if it is lost or unknown.
    struct Chunk {
        chunk::ChunkId id;
        std::uint32_t length = 0;
    };
    [[nodiscard]] std::optional<Chunk> find(std::uint64_t number) const;
    [[nodiscard]] std::optional<std::uint64_t> find(const chunk::ChunkId& id) const;

    [[nodiscard]] Index& index() { return index_; }
    [[nodiscard]] ChunkReader& chunks() { return chunks_; }
    [[nodiscard]] const chunk::Hasher& hasher() const { return hasher_; }
    [[nodiscard]] const IntakeTotals& totals() const { return totals_; }

    // Under the store's exclusive lock: makes the packs visible, those of an earlier transfer too. What of them
    // nobody refers to is for prune to find.
    void publish();
    // Nothing of this transfer is wanted; packs of an earlier one are still kept.
    void discard() { keep_ = !adopted_.empty(); }

private:
    PackWriter& pack_with_room(std::size_t chunks);
    void store_segment(const stream::SegmentView& view);
    void close_pack();
    void flush_blocks();
    [[nodiscard]] std::optional<std::uint64_t> find_arrived(const chunk::ChunkId& id) const;
    std::uint64_t settle(const chunk::ChunkId& id, std::uint64_t own);
    // The number under which the chunk is here and all is well; nothing if it is not, or if the same chunk was lost
    // under another number: then it is stored once more, and heals that one.
    [[nodiscard]] std::optional<std::uint64_t> settled(const chunk::ChunkId& id) const;

    const Store& store_;
    chunk::Hasher hasher_, their_hasher_;
    bool same_key_;
    Index index_;
    ChunkReader chunks_;
    std::shared_ptr<io::Dir> dir_;
    bool keep_ = true;
    std::vector<std::shared_ptr<PackIndex>> adopted_, own_;

    std::unique_ptr<PackWriter> pack_;
    // Of the open pack: where what has arrived is, and lost numbers by its own ones and the other way.
    chunk::IdIndex arrived_;
    std::unordered_map<std::uint64_t, std::uint64_t> healed_, healed_as_;
    NumberList fresh_;
    std::vector<std::uint64_t> numbers_; // of the segment at hand

    chunk::Decompressor decompressor_;
    chunk::Compressor compressor_{chunk::default_level};
    Buffer memory_, ids_; // memory_ begins with the segment
    chunk::SegmentHead meta_;
    std::vector<chunk::ChunkId> meta_ids_;
    Buffer meta_raw_;
    std::vector<std::size_t> meta_places_;
    std::vector<std::uint64_t> blocks_;
    IntakeTotals totals_;
};

} // namespace rs::store
