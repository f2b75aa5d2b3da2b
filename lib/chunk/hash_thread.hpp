// SPDX-License-Identifier: Apache-2.0
// SHA-256 of one file on a thread of its own, beside the thread that reads and cuts it.
//
// SHA-256 is sequential and by far the slowest thing that an unchanged stretch needs (1.4 GB/s against
// 8 for read and XXH3), so for large files it is what everything else must run beside.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

#include "chunk/sha256.hpp"

namespace rs::chunk {

// Used by one thread. The thread inside starts with the first large piece and serves one file after another.
class HashThread {
public:
    HashThread() = default;
    ~HashThread();
    HashThread(const HashThread&) = delete;
    HashThread& operator=(const HashThread&) = delete;

    // The bytes must stay as they are until wait_below() or finish() says that they were used.
    void feed(ByteSpan bytes);
    // As many zero bytes.
    void feed_zeros(std::uint64_t count);
    // Waits until fewer than `pieces` of what was fed are still unused.
    void wait_below(std::size_t pieces);
    // The digest since the last finish().
    [[nodiscard]] Digest finish();

private:
    struct Piece {
        ByteSpan bytes;
        std::uint64_t zeros = 0;
    };
    void push(const Piece& piece);
    void run();
    void use(const Piece& piece);

    Sha256 hash_;           // used by the thread while pieces are queued, else by the caller
    std::mutex mutex_;
    std::condition_variable added_, used_;
    std::deque<Piece> pieces_;     // guarded by mutex_; the front is in use
    bool stopping_ = false;        // guarded by mutex_
    std::thread thread_;
};

} // namespace rs::chunk
