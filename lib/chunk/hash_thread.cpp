// SPDX-License-Identifier: Apache-2.0
#include "chunk/hash_thread.hpp"

#include <algorithm>

namespace rs::chunk {

namespace {
// Waking the other thread costs some microseconds, in which 10 KiB can be hashed.
constexpr std::size_t hand_over_bytes = 128 << 10;
} // namespace

HashThread::~HashThread() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    added_.notify_one();
    thread_.join();
}

void HashThread::use(const Piece& piece) {
    hash_.update(piece.bytes);
    static const Buffer zeros(64 << 10);
    for (std::uint64_t left = piece.zeros; left > 0;) {
        const std::size_t n = std::min<std::uint64_t>(left, zeros.size());
        hash_.update(ByteSpan(zeros).first(n));
        left -= n;
    }
}

void HashThread::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        added_.wait(lock, [&] { return stopping_ || !pieces_.empty(); });
        if (stopping_) return;
        const Piece piece = pieces_.front();
        lock.unlock();
        use(piece);
        lock.lock();
        pieces_.pop_front();
        used_.notify_one();
    }
}

void HashThread::push(const Piece& piece) {
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    {
        const std::lock_guard lock(mutex_);
        pieces_.push_back(piece);
    }
    added_.notify_one();
}

void HashThread::feed(ByteSpan bytes) {
    if (bytes.size() < hand_over_bytes) {
        wait_below(1);
        hash_.update(bytes);
        return;
    }
    push({bytes, 0});
}

void HashThread::feed_zeros(std::uint64_t count) {
    if (count < hand_over_bytes) {
        wait_below(1);
        use({{}, count});
        return;
    }
    push({{}, count});
}

void HashThread::wait_below(std::size_t pieces) {
    if (!thread_.joinable()) return;
    std::unique_lock lock(mutex_);
    used_.wait(lock, [&] { return pieces_.size() < pieces; });
}

Digest HashThread::finish() {
    wait_below(1);
    return hash_.finish();
}

} // namespace rs::chunk
