// SPDX-License-Identifier: Apache-2.0
#include "io/flush_behind.hpp"

#include <fcntl.h>

#include <chrono>

#include "io/file.hpp"

namespace rs::io {

namespace {
// A flush has a price of its own (a millisecond or more, and a commit of the file system's journal); who writes less
// has nothing to win.
constexpr std::uint64_t step_bytes = 32 << 20;
} // namespace

void FlushBehind::wrote(int fd, std::uint64_t bytes, const std::string& path) {
    waiting_bytes_ += bytes;
    if (waiting_bytes_ < step_bytes) return;
    // If the disk is slower than we are, the next flush takes all that has gathered.
    if (flush_.valid() && flush_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
    settle();
    Fd file(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!file) return; // only a help: the flush at the end does it all
    waiting_bytes_ = 0;
    flush_ = thread_.submit([file = std::move(file), path](unsigned) { sync_fd(file.get(), path); }).share();
}

void FlushBehind::settle() {
    if (flush_.valid()) flush_.get(); // throws each time that it is asked
}

} // namespace rs::io
