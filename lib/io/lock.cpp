// SPDX-License-Identifier: Apache-2.0
#include "io/lock.hpp"

#include <sys/file.h>
#include <time.h>

#include "base/text.hpp"
#include "io/interrupt.hpp"
#include "io/sys.hpp"

namespace rs::io {

namespace {

Fd open_lock_file(const Dir& dir, const std::string& name) {
    // A reader of a store on a read-only file system may still take a shared lock.
    Fd fd(sys::openat(dir.get(), name.c_str(), O_RDONLY | O_NOFOLLOW));
    if (!fd && errno == ENOENT)
        fd = Fd(sys::openat(dir.get(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    if (!fd) fail_errno(Exit::cant_create, dir.name_of(name), "open lock");
    return fd;
}

void stop_if_asked() {
    if (const int signal = stop_signal.load(); signal != 0) throw Interrupted(signal);
}

// False: somebody else holds it.
bool lock_now(int fd, int operation, std::string_view path) {
    while (::flock(fd, operation) != 0) {
        if (errno == EWOULDBLOCK) return false;
        if (errno != EINTR) fail_errno(Exit::io, path, "lock");
        stop_if_asked();
    }
    return true;
}

int operation_of(LockMode mode) { return mode == LockMode::shared ? LOCK_SH : LOCK_EX; }

} // namespace

std::optional<Lock> Lock::try_fd(Fd fd, LockMode mode, std::string_view path,
                                 unsigned wait_seconds) {
    // Polling: flock has no time-out of its own, and an alarm would need a signal handler here.
    for (unsigned tries = 0;; ++tries) {
        if (lock_now(fd.get(), operation_of(mode) | LOCK_NB, path)) return Lock(std::move(fd));
        if (tries >= wait_seconds * 20) return std::nullopt;
        stop_if_asked();
        const timespec pause{0, 50'000'000};
        ::nanosleep(&pause, nullptr);
    }
}

Lock Lock::wait_at(const Dir& dir, const std::string& name, LockMode mode) {
    Fd fd = open_lock_file(dir, name);
    if (!lock_now(fd.get(), operation_of(mode), dir.name_of(name)))
        fail(Exit::software, cat(printable(dir.name_of(name)), ": a waiting lock came back busy"));
    return Lock(std::move(fd));
}

std::optional<Lock> Lock::try_at(const Dir& dir, const std::string& name, LockMode mode) {
    return try_fd(open_lock_file(dir, name), mode, dir.name_of(name));
}

} // namespace rs::io
