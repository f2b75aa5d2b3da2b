// SPDX-License-Identifier: Apache-2.0
// Compresses segments on several threads and hands them back in the order they came in.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "chunk/segment.hpp"

namespace rs::stream {

// One thread calls it; the workers are inside. Workers start with the first job.
// Memory: at most 2 * threads + 1 raw segments and their frames.
class Pipeline {
public:
    // `done` gets the items in order, on the calling thread.
    using Ready = std::variant<chunk::Segment, Buffer>;
    Pipeline(int level, unsigned threads, std::function<void(Ready&&)> done);
    ~Pipeline();
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    // A segment to be compressed; its frame is filled in from raw.
    void compress(chunk::Segment&& segment, Buffer&& raw);
    // Something that is ready and only has to keep its place.
    void pass(Ready&& item);
    // Until everything was handed to `done`.
    void drain();
    // An empty buffer with memory that an earlier segment no longer needs.
    [[nodiscard]] Buffer spare();

private:
    struct Job {
        chunk::Segment segment;
        Buffer raw;
        bool finished = false; // guarded by mutex_
        std::exception_ptr error;
    };
    using Slot = std::variant<std::shared_ptr<Job>, Ready>;

    void work();
    // Hands over what is finished at the front; waits for it while more than `keep` are queued.
    void deliver(std::size_t keep);

    int level_;
    unsigned threads_;
    std::function<void(Ready&&)> done_;
    std::deque<Slot> order_;                 // calling thread only
    std::vector<Buffer> spares_;             // calling thread only
    std::mutex mutex_;
    std::condition_variable job_added_, job_finished_;
    std::deque<std::shared_ptr<Job>> jobs_;  // guarded by mutex_
    bool stopping_ = false;                  // guarded by mutex_
    std::vector<std::thread> workers_;
};

} // namespace rs::stream
