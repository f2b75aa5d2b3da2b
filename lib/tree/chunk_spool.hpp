// SPDX-License-Identifier: Apache-2.0
// New chunks of a stream on the import side: the last segments decompressed in memory, all of them as they came in a
// temporary file, because a stream may refer to any earlier chunk again.
//
// A segment that is asked for after it has left memory is decompressed once more, and then kept decompressed in a
// second file: where the dumps of a hundred days have changed a row here and there, a file is put together from the
// segments of all of them in turn.
//
// Segments are decompressed and verified on threads of their own, beside the one that reads the stream and writes
// files: a stream refers to a segment only after it, mostly after some more have come.
#pragma once

#include <future>
#include <vector>

#include "base/workers.hpp"
#include "chunk/id.hpp"
#include "io/file.hpp"
#include "stream/record.hpp"

namespace rs::tree {

// Used by one thread. Memory: 16 segments (1 MiB, at most 5), their frames while they wait, and 24 bytes a chunk.
class ChunkSpool {
public:
    ChunkSpool(const io::Dir& dir, const chunk::Hasher& hasher);

    // Every chunk's id is verified: a wrong one is Error(Exit::data), of this call, of a later one or of finish().
    void add(const stream::SegmentView& view, const std::string& what);
    [[nodiscard]] std::uint64_t chunks() const { return ids_.size(); }
    [[nodiscard]] const chunk::ChunkId& id(std::uint64_t number) const { return ids_[number]; }
    [[nodiscard]] std::uint32_t length(std::uint64_t number) const {
        return static_cast<std::uint32_t>(starts_[number + 1] - starts_[number]);
    }
    // As many of the chunks from `number` on as lie behind it in one piece, at most `count`; n: how many. Valid until
    // the next call of any function.
    [[nodiscard]] ByteSpan read_run(std::uint64_t number, std::uint64_t count, std::uint64_t& n);
    // All that was added has been verified.
    void finish();

private:
    struct Segment {
        std::uint64_t first = 0;  // number of its first chunk
        std::uint64_t offset = 0; // of its frame in frames_
        std::uint32_t frame_bytes = 0;
        bool unpacked = false;    // in raw_ too, where its chunks start (starts_)
    };
    struct Kept {
        std::size_t segment = SIZE_MAX;
        std::uint64_t used = 0;
        Buffer memory;           // begins with the segment; the worker's until `ready`
        std::future<void> ready; // if nobody has waited for it yet
    };
    static void await(Kept& kept);
    Kept& slot();
    // The segment in memory; null if it is not and raw_ has it.
    const Kept* load(std::size_t segment);
    [[nodiscard]] std::uint64_t end_of(std::size_t segment) const; // one past its last chunk
    void verify(ByteSpan raw, const chunk::SegmentHead& head, const std::vector<chunk::ChunkId>& ids,
                const std::string& what) const;

    const chunk::Hasher& hasher_;
    const io::Dir& dir_;
    std::string path_;
    io::Fd frames_, raw_;
    std::uint64_t end_ = 0; // of frames_
    std::vector<Segment> segments_;
    std::vector<chunk::ChunkId> ids_;
    std::vector<std::uint64_t> starts_{0}; // of each chunk in all decompressed bytes, and their end
    std::vector<Kept> kept_;
    std::uint64_t clock_ = 0;
    Buffer buffer_; // a frame or chunks that were read again
    chunk::Decompressor decompressor_;
    std::vector<chunk::Decompressor> decompressors_; // one for each worker
    Workers workers_;
};

} // namespace rs::tree
