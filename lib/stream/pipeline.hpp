// SPDX-License-Identifier: Apache-2.0
// Compresses segments on several threads and hands them back in the order they came in.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <variant>
#include <vector>

#include "base/workers.hpp"
#include "chunk/segment.hpp"

namespace rs::stream {

// One thread calls it; the workers are inside. Workers start with the first job.
// Memory: at most 2 * threads + 1 raw segments and their frames.
class Pipeline {
public:
    // `done` gets the items in order, on the calling thread.
    using Ready = std::variant<chunk::Segment, Buffer>;
    Pipeline(int level, unsigned threads, std::function<void(Ready&&)> done);

    // A segment to be compressed; its frame is filled in from raw.
    void compress(chunk::Segment&& segment, Buffer&& raw);
    // Something that is ready and only has to keep its place.
    void pass(Ready&& item);
    // Until everything was handed to `done`.
    void drain();
    // An empty buffer with memory that an earlier segment no longer needs.
    [[nodiscard]] Buffer spare();

private:
    struct Compressed {
        chunk::Segment segment;
        Buffer raw; // its memory is used again
    };
    using Slot = std::variant<std::future<Compressed>, Ready>;

    // Hands over what is finished at the front; waits for it while more than `keep` are queued.
    void deliver(std::size_t keep);

    std::function<void(Ready&&)> done_;
    std::deque<Slot> order_;
    std::vector<Buffer> spares_;
    std::vector<chunk::Compressor> compressors_; // one for each thread that compresses
    Workers workers_;
};

} // namespace rs::stream
