// SPDX-License-Identifier: Apache-2.0
#include "tree/metadata.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "tree/attributes.hpp"

namespace rs::tree {

namespace {
timespec to_timespec(const stream::Stamp& s) {
    return {static_cast<time_t>(s.seconds), static_cast<long>(s.nanoseconds)};
}
} // namespace

// Owner before mode (a change of owner clears setuid), attributes between (it clears capabilities too, and an ACL
// sets the mode's group bits), times last.
std::vector<std::string> write_metadata(int dir, const std::string& name, const stream::Entry& e, int fd,
                                        const std::optional<Owner>& owner, const std::string& path) {
    std::vector<std::string> refused;
    if (owner) {
        const int done = fd >= 0 ? ::fchown(fd, owner->first, owner->second)
                                 : ::fchownat(dir, name.c_str(), owner->first, owner->second, AT_SYMLINK_NOFOLLOW);
        if (done != 0) {
            if (errno != EPERM && errno != EINVAL) fail_errno(Exit::io, path, "set owner");
            refused.emplace_back("its owner could not be set");
        }
    }
    for (const std::string& attribute : write_attributes(dir, name, e.xattrs, path))
        if (::geteuid() == 0 || attribute.starts_with("user.") || attribute.starts_with("system."))
            refused.push_back(cat("attribute ", printable(attribute), " could not be set here"));
    if (e.type != stream::Type::symlink) {
        const int done = fd >= 0 ? ::fchmod(fd, e.mode) : ::fchmodat(dir, name.c_str(), e.mode, 0);
        if (done != 0) fail_errno(Exit::io, path, "set mode");
    }
    const timespec times[2] = {{0, UTIME_OMIT}, to_timespec(e.mtime)};
    const int done = fd >= 0 ? ::futimens(fd, times) : ::utimensat(dir, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
    if (done != 0) fail_errno(Exit::io, path, "set time");
    return refused;
}

} // namespace rs::tree
