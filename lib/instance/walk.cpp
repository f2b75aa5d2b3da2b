// SPDX-License-Identifier: Apache-2.0
#include "instance/walk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/sys.hpp"

namespace rs::instance {

namespace {

constexpr std::size_t max_file_bytes = 256 << 20;

// Empty if it is not there. flags: O_DIRECTORY, or O_NONBLOCK for what may be a file.
io::Fd step(const io::Dir& in, const std::string& name, int flags) {
    io::Fd fd(io::sys::openat(in.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags));
    if (fd || errno == ENOENT) return fd;
    struct stat st{};
    if ((errno == ELOOP || errno == ENOTDIR) && ::fstatat(in.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) {
        if (!S_ISLNK(st.st_mode))
            fail(Exit::cant_create, cat(printable(in.name_of(name)), ": in the way: not a directory"), "move it away");
        if (st.st_uid != 0 && st.st_uid != ::geteuid())
            fail(Exit::cant_create, cat(printable(in.name_of(name)), ": a symbolic link of someone else: not followed"));
        fd = io::Fd(io::sys::openat(in.get(), name.c_str(), O_RDONLY | O_CLOEXEC | flags));
        if (fd || (errno == ENOENT && (flags & O_DIRECTORY) == 0)) return fd;
    }
    fail_errno(Exit::cant_create, in.name_of(name), "open");
}

} // namespace

std::optional<io::Dir> try_directory(const io::Dir& root, const std::string& path) {
    io::Fd copy(::fcntl(root.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) fail_errno(Exit::io, root.path, "open again");
    io::Dir at{std::move(copy), root.path};
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string name = path.substr(begin, end - begin);
        io::Fd next = step(at, name, O_DIRECTORY);
        if (!next) return std::nullopt;
        at = io::Dir{std::move(next), at.name_of(name)};
        begin = end + 1;
    }
    return at;
}

std::optional<std::string> try_file(const io::Dir& root, const std::string& path) {
    const Parent in = split(path);
    const auto dir = try_directory(root, in.directory);
    const io::Fd fd = dir ? step(*dir, in.name, O_NONBLOCK) : io::Fd();
    if (!fd) return std::nullopt;
    const std::string shown = dir->name_of(in.name);
    if (!S_ISREG(io::stat_fd(fd.get(), shown).st_mode)) fail(Exit::cant_create, cat(printable(shown), ": in the way: not a file"), "move it away");
    return std::string(as_text(io::read_file(fd.get(), max_file_bytes, shown)));
}

Parent split(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? Parent{"", path} : Parent{path.substr(0, slash), path.substr(slash + 1)};
}

} // namespace rs::instance
