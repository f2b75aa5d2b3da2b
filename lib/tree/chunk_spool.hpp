// SPDX-License-Identifier: Apache-2.0
// New chunks of a stream on the import side: the last segments decompressed in memory, all of them as they came in a
// temporary file, because a stream may refer to any earlier chunk again.
#pragma once

#include <vector>

#include "chunk/id.hpp"
#include "io/file.hpp"
#include "stream/record.hpp"

namespace rs::tree {

// Memory: `kept` segments (1 MiB, at most 5) and 20 bytes a chunk.
class ChunkSpool {
public:
    ChunkSpool(const io::Dir& dir, const chunk::Hasher& hasher);
    // Every chunk's id is verified here: a wrong one is Error(Exit::data).
    void add(const stream::SegmentView& view, const std::string& what);
    [[nodiscard]] std::uint64_t chunks() const { return ids_.size(); }
    [[nodiscard]] const chunk::ChunkId& id(std::uint64_t number) const { return ids_[number]; }
    [[nodiscard]] std::uint32_t length(std::uint64_t number) const { return lengths_[number]; }
    // Valid until the next call of any function.
    [[nodiscard]] ByteSpan read(std::uint64_t number);
    // As many of the chunks from `number` on as lie behind it in one piece, at most `count`; n: how many.
    [[nodiscard]] ByteSpan read_run(std::uint64_t number, std::uint64_t count, std::uint64_t& n);

private:
    struct Segment {
        std::uint64_t first = 0;  // number of its first chunk
        std::uint64_t offset = 0; // of its frame in the file
        std::uint32_t frame_bytes = 0;
        std::uint32_t raw_bytes = 0;
    };
    struct Kept {
        std::size_t segment = SIZE_MAX;
        std::uint64_t used = 0;
        Buffer raw;
        std::vector<std::uint32_t> offsets;
    };
    Kept& slot();
    Kept& load(std::size_t segment);
    void index(Kept& kept, std::size_t segment);

    const chunk::Hasher& hasher_;
    std::string path_;
    io::Fd file_;
    std::uint64_t end_ = 0;
    std::vector<Segment> segments_;
    std::vector<chunk::ChunkId> ids_;
    std::vector<std::uint32_t> lengths_;
    std::vector<Kept> kept_;
    std::uint64_t clock_ = 0;
    chunk::Decompressor decompressor_;
    Buffer frame_;
};

} // namespace rs::tree
