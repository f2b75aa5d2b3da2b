// SPDX-License-Identifier: Apache-2.0
// Moves the live chunks of mostly dead packs into new ones. Numbers stay.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "store/references.hpp"

namespace rs::store {

// Bytes of a pack that no live chunk needs: whole segments count as stored, part of a segment in proportion. All of the
// pack if nothing in it lives.
[[nodiscard]] std::uint64_t dead_bytes(const PackIndex& pack, const LiveSet& live);
// More than a third is dead: rewriting it costs twice what it frees, at most.
[[nodiscard]] bool worth_rewriting(const PackIndex& pack, std::uint64_t dead);
// False if something that lives in it is lost: its place has to stay until a pull brings it again.
[[nodiscard]] bool movable(const PackIndex& pack, const LiveSet& live);
// Of small packs those to be put together. Every pull leaves one, and every command reads all of their indexes: 200
// services that are pulled each hour make 4,800 a day. Packs are sorted into three classes, below 64 KiB, 1 MiB and
// 16 MiB; where 16 have come together they make one. One of many chunks is none of them, however few its bytes.
// `packs` are those that may be rewritten: one that has to stay must not count, else its neighbours would be rewritten
// each time.
[[nodiscard]] std::set<const PackIndex*> crowded(const std::vector<std::shared_ptr<PackIndex>>& packs);

class Repacker {
public:
    Repacker(const Store& store, ChunkReader& chunks, const LiveSet& live);
    ~Repacker();
    // Copies what lives in the pack: segments that live for the most part as they are, chunks of others, and of segments
    // that are small, gathered into new ones. Throws for damage, and for a full or failing disk; then broken() says
    // that nothing was moved.
    void add(const PackIndex& pack);
    // Something could not be written: all that was added is forgotten, and publish() does nothing.
    [[nodiscard]] bool broken() const { return broken_; }
    // What was added of the pack does not count.
    void forget(const PackIndex& pack);
    // New packs are durable beside the store.
    void finish();
    // Every chunk that now lives in `pack` was copied.
    [[nodiscard]] bool covers(const PackIndex& pack) const;
    // Under the store's exclusive lock.
    void publish();
    [[nodiscard]] std::uint64_t written_bytes() const { return written_; }

private:
    std::uint64_t put(const chunk::SegmentHead& head, ByteSpan ids, ByteSpan frame, SegmentKind kind);
    PackWriter& writer(std::size_t chunks);
    void give_up();
    void close();
    void flush(SegmentKind kind);

    struct Pending {
        chunk::SegmentHead head;
        std::vector<chunk::ChunkId> ids;
        std::vector<std::uint64_t> numbers;
        Buffer raw;
    };

    const Store& store_;
    ChunkReader& chunks_;
    const LiveSet& live_;
    std::shared_ptr<io::Dir> dir_;
    std::unique_ptr<PackWriter> pack_;
    std::vector<std::shared_ptr<PackIndex>> done_;
    Pending pending_[2]; // by SegmentKind
    std::map<const PackIndex*, std::vector<bool>> copied_; // by position
    chunk::Compressor compressor_{chunk::default_level};
    std::uint64_t written_ = 0;
    bool broken_ = false;
};

} // namespace rs::store
