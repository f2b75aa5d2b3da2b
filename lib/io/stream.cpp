// SPDX-License-Identifier: Apache-2.0
#include "io/stream.hpp"

#include <fcntl.h>

#include <algorithm>
#include <thread>

#include "base/error.hpp"
#include "io/file.hpp"
#include "io/interrupt.hpp"

namespace rs::io {

namespace {
constexpr int pipe_bytes = 1 << 20;
constexpr std::size_t sink_bytes = 256 << 10;
// From here on a system call more costs less than copying the bytes: a segment's frame goes out as it is.
constexpr std::size_t copied_bytes = 64 << 10;
} // namespace

void widen_pipe(int fd) {
    if (::fcntl(fd, F_GETPIPE_SZ) < pipe_bytes) ::fcntl(fd, F_SETPIPE_SZ, pipe_bytes);
}

std::size_t FdSource::read(MutableSpan into) { return read_some(fd_, into, name_); }

RateLimiter::RateLimiter(std::uint64_t bytes_per_second)
    : rate_(static_cast<double>(bytes_per_second)),
      piece_(bytes_per_second == 0
                 ? SIZE_MAX
                 : std::clamp<std::size_t>(static_cast<std::size_t>(bytes_per_second / 8), 512,
                                           sink_bytes)),
      last_(std::chrono::steady_clock::now()) {}

void RateLimiter::acquire(std::size_t bytes) {
    if (rate_ <= 0) return;
    const auto now = std::chrono::steady_clock::now();
    debt_ -= rate_ * std::chrono::duration<double>(now - last_).count();
    // Time in which nothing was sent is not saved up: what follows is no faster for it.
    if (debt_ < 0) debt_ = 0;
    last_ = now;
    if (debt_ > 0) std::this_thread::sleep_for(std::chrono::duration<double>(debt_ / rate_));
    debt_ += static_cast<double>(bytes);
}

FdSink::FdSink(int fd, std::string name, std::uint64_t bytes_per_second)
    : fd_(fd), name_(std::move(name)), limiter_(bytes_per_second) {
    widen_pipe(fd);
    pending_.reserve(sink_bytes);
}

void FdSink::write(ByteSpan bytes) {
    const bool alone = bytes.size() >= copied_bytes;
    if (alone || pending_.size() + bytes.size() > sink_bytes) flush();
    if (alone)
        send(bytes);
    else
        append(pending_, bytes);
}

void FdSink::flush() {
    send(pending_);
    pending_.clear();
}

void FdSink::send(ByteSpan bytes) {
    while (!bytes.empty()) {
        // A slow line must not keep a signal waiting for the rest of a segment.
        if (const int signal = stop_signal.load(); signal != 0) throw Interrupted(signal);
        const ByteSpan piece = bytes.first(std::min(bytes.size(), limiter_.piece_bytes()));
        limiter_.acquire(piece.size());
        write_all(fd_, piece, name_);
        bytes = bytes.subspan(piece.size());
    }
}

std::size_t BufferSource::read(MutableSpan into) {
    const std::size_t n = std::min({into.size(), rest_.size(), piece_});
    std::copy_n(rest_.begin(), n, into.begin()); // both may be empty, which memcpy does not allow
    rest_ = rest_.subspan(n);
    return n;
}

} // namespace rs::io
