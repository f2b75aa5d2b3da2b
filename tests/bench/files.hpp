// SPDX-License-Identifier: Apache-2.0
// System calls that throw std::system_error with the path in it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace bench {

class Fd {
public:
    Fd(const std::filesystem::path& path, int flags); // new files get mode 0644
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
    Fd& operator=(Fd&&) = delete;
    ~Fd();

    [[nodiscard]] int number() const { return fd_; }
    void write(std::span<const char> bytes);
    void write_at(std::span<const char> bytes, std::uint64_t offset);
    void close(); // reports what the destructor cannot

private:
    int fd_;
    std::filesystem::path path_;
};

// Collects rows and writes them 4 MiB at a time.
class Output {
public:
    explicit Output(Fd& file);

    // The place to write next, with Pen::spare bytes behind it; `advance` says how far it was used.
    [[nodiscard]] char* at() { return buffer_.data() + used_; }
    void advance(const char* end);
    void finish();

private:
    static constexpr std::size_t batch = 4 << 20; // bytes
    Fd& file_;
    std::vector<char> buffer_;
    std::size_t used_ = 0;
};

// Sets the time of last change, of a link itself and not of what it names.
void set_time(const std::filesystem::path& path, std::uint64_t seconds);

} // namespace bench
