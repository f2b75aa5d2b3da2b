// SPDX-License-Identifier: Apache-2.0
#include "tree/beneath.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace rs::tree {

namespace {
constexpr std::size_t piece_bytes = 4000; // below PATH_MAX, which limits one look-up
} // namespace

int open_beneath(int dir, const std::string& path, int flags) {
    if (path.size() > piece_bytes) {
        const std::size_t slash = path.rfind('/', piece_bytes);
        const int inner = open_beneath(dir, path.substr(0, slash), O_PATH | O_DIRECTORY);
        if (inner < 0) return inner;
        const int fd = open_beneath(inner, path.substr(slash + 1), flags);
        const int err = errno;
        ::close(inner);
        errno = err;
        return fd;
    }
    open_how how{};
    how.flags = static_cast<unsigned long long>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    for (;;) {
        const long fd = ::syscall(SYS_openat2, dir, path.c_str(), &how, sizeof how);
        // EAGAIN: something on the way was renamed during the look-up.
        if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) return static_cast<int>(fd);
    }
}

} // namespace rs::tree
