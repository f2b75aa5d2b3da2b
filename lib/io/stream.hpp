// SPDX-License-Identifier: Apache-2.0
// Where bytes come from and go to, one way. The tools hang pipes here, the tests buffers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace rs::io {

class Source {
public:
    virtual ~Source() = default;
    // At least one byte, at most into.size(); 0 only at the end. Blocks.
    [[nodiscard]] virtual std::size_t read(MutableSpan into) = 0;
    // Named in messages: "standard input" or a path.
    [[nodiscard]] virtual const std::string& name() const = 0;
};

class Sink {
public:
    virtual ~Sink() = default;
    // All of it, in order. Blocks. Nothing is promised to be durable.
    virtual void write(ByteSpan bytes) = 0;
};

// Asks for a pipe of 1 MiB if fd is a pipe: about twice the throughput of the 64 KiB that it has at
// first (measured: 2 GB/s against 1). The kernel may refuse; then the pipe stays as it is.
void widen_pipe(int fd);

// Reads a descriptor that it does not own.
class FdSource final : public Source {
public:
    FdSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) { widen_pipe(fd); }
    [[nodiscard]] std::size_t read(MutableSpan into) override;
    [[nodiscard]] const std::string& name() const override { return name_; }

private:
    int fd_;
    std::string name_;
};

// A token bucket: `acquire(n)` sleeps so that over any stretch of time no more than
// bytes_per_second pass, give or take a burst of an eighth of a second.
class RateLimiter {
public:
    explicit RateLimiter(std::uint64_t bytes_per_second); // 0: no limit
    void acquire(std::size_t bytes);
    // Writes are cut into pieces of this size, so that a slow line is not idle for seconds.
    [[nodiscard]] std::size_t piece_bytes() const { return piece_; }

private:
    double rate_;
    std::size_t piece_;
    double debt_ = 0; // bytes already sent that the clock has not paid for yet
    std::chrono::steady_clock::time_point last_;
};

// Collects small writes into 256 KiB and writes them to a descriptor that it does not own.
class FdSink final : public Sink {
public:
    FdSink(int fd, std::string name, std::uint64_t bytes_per_second = 0);
    void write(ByteSpan bytes) override;
    // What was collected goes out; to be called at the end and wherever the reader waits for it.
    void flush();

private:
    void send(ByteSpan bytes);

    int fd_;
    std::string name_;
    RateLimiter limiter_;
    Buffer pending_;
};

class BufferSource final : public Source {
public:
    explicit BufferSource(ByteSpan bytes, std::size_t piece = SIZE_MAX, std::string name = "buffer")
        : rest_(bytes), piece_(piece), name_(std::move(name)) {}
    [[nodiscard]] std::size_t read(MutableSpan into) override;
    [[nodiscard]] const std::string& name() const override { return name_; }

private:
    ByteSpan rest_;
    std::size_t piece_;
    std::string name_;
};

class BufferSink final : public Sink {
public:
    void write(ByteSpan bytes) override { append(bytes_, bytes); }
    [[nodiscard]] const Buffer& bytes() const { return bytes_; }
    [[nodiscard]] Buffer take() { return std::move(bytes_); }

private:
    Buffer bytes_;
};

} // namespace rs::io
