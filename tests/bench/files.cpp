// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"

#include "pen.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bench {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path) {
    throw std::system_error(errno, std::generic_category(), path.string());
}

} // namespace

Fd::Fd(const std::filesystem::path& path, int flags)
    : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)), path_(path) {
    if (fd_ < 0) fail(path_);
}

Fd::~Fd() {
    if (fd_ >= 0) ::close(fd_);
}

void Fd::write(std::span<const char> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
        if (count < 0 && errno != EINTR) fail(path_);
        if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
}

void Fd::write_at(std::span<const char> bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno != EINTR) fail(path_);
        if (count > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(count));
            offset += static_cast<std::uint64_t>(count);
        }
    }
}

void Fd::close() {
    if (::close(std::exchange(fd_, -1)) != 0) fail(path_);
}

Output::Output(Fd& file) : file_(file), buffer_(batch + Pen::spare) {}

void Output::advance(const char* end) {
    used_ = static_cast<std::size_t>(end - buffer_.data());
    if (used_ < batch) return;
    finish();
}

void Output::finish() {
    file_.write({buffer_.data(), used_});
    used_ = 0;
}

void set_time(const std::filesystem::path& path, std::uint64_t seconds) {
    const timespec time{static_cast<time_t>(seconds),
                        static_cast<long>(hash_of(seconds) % 1000000000)};
    const timespec times[2] = {time, time};
    if (::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) fail(path);
}

} // namespace bench
