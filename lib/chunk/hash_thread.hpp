// SPDX-License-Identifier: Apache-2.0
// SHA-256 of one file on a thread of its own, beside the thread that reads and cuts it.
//
// SHA-256 is sequential and by far the slowest thing that an unchanged stretch needs (1.4 GB/s against
// 8 for read and XXH3), so for large files it is what everything else must run beside.
#pragma once

#include <cstdint>
#include <deque>
#include <future>

#include "base/workers.hpp"
#include "chunk/sha256.hpp"

namespace rs::chunk {

// Used by one thread. The thread inside starts with the first large piece and serves one file after another.
class HashThread {
public:
    // The bytes must stay as they are until wait_below() or finish() says that they were used.
    void feed(ByteSpan bytes);
    // As many zero bytes.
    void feed_zeros(std::uint64_t count);
    // Waits until fewer than `pieces` of what was fed are still unused.
    void wait_below(std::size_t pieces);
    // The digest since the last finish().
    [[nodiscard]] Digest finish();

private:
    // All that was fed has been used.
    [[nodiscard]] bool idle();
    void use_zeros(std::uint64_t count);

    Sha256 hash_;                          // the thread's while pieces are queued, else the caller's
    std::deque<std::future<void>> pieces_; // in the order they were fed
    Workers thread_{1};
};

} // namespace rs::chunk
