// SPDX-License-Identifier: Apache-2.0
#include "chunk/hash_thread.hpp"

#include <algorithm>
#include <chrono>

namespace rs::chunk {

namespace {
// Waking the other thread costs some microseconds, in which 10 KiB can be hashed. While it works nobody has to wake it,
// and to wait for it would cost more.
constexpr std::size_t hand_over_bytes = 128 << 10;
} // namespace

void HashThread::use_zeros(std::uint64_t count) {
    static const Buffer zeros(64 << 10);
    for (std::uint64_t left = count; left > 0;) {
        const std::size_t n = std::min<std::uint64_t>(left, zeros.size());
        hash_.update(ByteSpan(zeros).first(n));
        left -= n;
    }
}

void HashThread::feed(ByteSpan bytes) {
    if (bytes.size() < hand_over_bytes && idle()) {
        hash_.update(bytes);
        return;
    }
    pieces_.push_back(thread_.submit([this, bytes](unsigned) { hash_.update(bytes); }));
}

void HashThread::feed_zeros(std::uint64_t count) {
    if (count < hand_over_bytes && idle()) {
        use_zeros(count);
        return;
    }
    pieces_.push_back(thread_.submit([this, count](unsigned) { use_zeros(count); }));
}

bool HashThread::idle() {
    while (!pieces_.empty() && pieces_.front().wait_for(std::chrono::seconds(0)) == std::future_status::ready)
        wait_below(pieces_.size());
    return pieces_.empty();
}

void HashThread::wait_below(std::size_t pieces) {
    while (pieces_.size() >= std::max<std::size_t>(pieces, 1)) {
        std::future<void> first = std::move(pieces_.front());
        pieces_.pop_front(); // also if it failed
        first.get();
    }
}

Digest HashThread::finish() {
    wait_below(1);
    return hash_.finish();
}

} // namespace rs::chunk
