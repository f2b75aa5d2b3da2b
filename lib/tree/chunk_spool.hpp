// SPDX-License-Identifier: Apache-2.0
// New chunks of a stream on the import side: the last segments decompressed in memory, all of them as they came in a
// temporary file, because a stream may refer to any earlier chunk again.
//
// Segments are decompressed and verified on a thread of their own, beside the one that reads the stream and writes
// files: a stream refers to a segment only after it, mostly after some more have come.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "chunk/id.hpp"
#include "io/file.hpp"
#include "stream/record.hpp"

namespace rs::tree {

// Used by one thread. Memory: `kept` segments (1 MiB, at most 5), their frames while they wait, and 20 bytes a chunk.
class ChunkSpool {
public:
    ChunkSpool(const io::Dir& dir, const chunk::Hasher& hasher);
    ~ChunkSpool();
    ChunkSpool(const ChunkSpool&) = delete;
    ChunkSpool& operator=(const ChunkSpool&) = delete;

    // Every chunk's id is verified: a wrong one is Error(Exit::data), of this call, of a later one or of finish().
    void add(const stream::SegmentView& view, const std::string& what);
    [[nodiscard]] std::uint64_t chunks() const { return ids_.size(); }
    [[nodiscard]] const chunk::ChunkId& id(std::uint64_t number) const { return ids_[number]; }
    [[nodiscard]] std::uint32_t length(std::uint64_t number) const { return lengths_[number]; }
    // As many of the chunks from `number` on as lie behind it in one piece, at most `count`; n: how many. Valid until
    // the next call of any function.
    [[nodiscard]] ByteSpan read_run(std::uint64_t number, std::uint64_t count, std::uint64_t& n);
    // All that was added has been verified.
    void finish();

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
        Buffer raw;                         // the worker's until `ready`
        std::vector<std::uint32_t> offsets; // of each chunk
        bool ready = true;                  // guarded by mutex_
        std::exception_ptr error;           // guarded by mutex_
    };
    struct Job {
        Kept* kept = nullptr;
        chunk::SegmentHead head;
        std::vector<chunk::ChunkId> ids;
        Buffer frame;
        std::string what;
    };
    Kept& slot();
    Kept& load(std::size_t segment);
    void await(Kept& kept);
    void index(Kept& kept, std::size_t segment);
    void work();
    void unpack(const Job& job);

    const chunk::Hasher& hasher_;
    std::string path_;
    io::Fd file_;
    std::uint64_t end_ = 0;
    std::vector<Segment> segments_;
    std::vector<chunk::ChunkId> ids_;
    std::vector<std::uint32_t> lengths_;
    std::vector<Kept> kept_;
    std::uint64_t clock_ = 0;
    chunk::Decompressor decompressor_; // for segments that are read again
    Buffer frame_;

    chunk::Decompressor worker_decompressor_;
    std::mutex mutex_;
    std::condition_variable added_, done_;
    std::deque<Job> jobs_; // guarded by mutex_
    bool stopping_ = false; // guarded by mutex_
    std::thread worker_;
};

} // namespace rs::tree
