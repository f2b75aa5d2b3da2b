// SPDX-License-Identifier: Apache-2.0
#include "tree/attributes.hpp"

#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "stream/format.hpp"

namespace rs::tree {

namespace {

// There is no lgetxattrat: the directory's descriptor is reached through /proc, the name below it is
// not followed. A name has at most 255 bytes, so the path never exceeds PATH_MAX.
std::string by_descriptor(int dir, const std::string& name) {
    return cat("/proc/self/fd/", dir, "/", name);
}

// list(buffer, size) and get(name, buffer, size) as llistxattr and lgetxattr.
template <class List, class Get>
std::vector<stream::Xattr> read_with(List&& list, Get&& get, const std::string& path) {
    char small[1024];
    ssize_t size = list(small, sizeof small);
    if (size == 0 || (size < 0 && (errno == ENOTSUP || errno == ENOSYS))) return {};
    std::string names;
    if (size > 0) {
        names.assign(small, static_cast<std::size_t>(size));
    } else {
        if (errno != ERANGE) fail_errno(Exit::no_input, path, "list attributes");
        names.resize(XATTR_LIST_MAX);
        size = list(names.data(), names.size());
        if (size < 0) fail_errno(Exit::no_input, path, "list attributes");
        names.resize(static_cast<std::size_t>(size));
    }
    std::vector<stream::Xattr> out;
    for (std::size_t at = 0; at < names.size();) {
        stream::Xattr x;
        x.name = names.c_str() + at;
        at += x.name.size() + 1;
        x.value.resize(stream::max_xattr_bytes);
        const ssize_t got = get(x.name.c_str(), x.value.data(), x.value.size());
        if (got < 0) {
            // Gone in between, or listed but readable only with rights that we lack (security.*).
            if (errno == ENODATA || errno == EPERM || errno == EACCES || errno == ENOTSUP) continue;
            fail_errno(Exit::no_input, path, cat("read attribute ", printable(x.name)));
        }
        x.value.resize(static_cast<std::size_t>(got));
        out.push_back(std::move(x));
    }
    std::sort(out.begin(), out.end());
    return out;
}

} // namespace

std::vector<stream::Xattr> read_attributes(int dir, const std::string& name, const std::string& path) {
    const std::string file = by_descriptor(dir, name);
    return read_with([&](char* b, std::size_t n) { return ::llistxattr(file.c_str(), b, n); },
                     [&](const char* x, char* b, std::size_t n) {
                         return ::lgetxattr(file.c_str(), x, b, n);
                     },
                     path);
}

std::vector<stream::Xattr> read_attributes(int fd, const std::string& path) {
    return read_with([&](char* b, std::size_t n) { return ::flistxattr(fd, b, n); },
                     [&](const char* x, char* b, std::size_t n) { return ::fgetxattr(fd, x, b, n); },
                     path);
}

std::vector<std::string> write_attributes(int dir, const std::string& name,
                                          const std::vector<stream::Xattr>& xattrs,
                                          const std::string& path) {
    std::vector<std::string> refused;
    if (xattrs.empty()) return refused;
    const std::string file = by_descriptor(dir, name);
    for (const stream::Xattr& x : xattrs) {
        if (::lsetxattr(file.c_str(), x.name.c_str(), x.value.data(), x.value.size(), 0) == 0) continue;
        if (errno != ENOTSUP && errno != EPERM && errno != EACCES && errno != E2BIG && errno != ERANGE &&
            errno != ENOSPC && errno != EDQUOT && errno != EINVAL && errno != EOVERFLOW) // ext4 calls too large ENOSPC
            fail_errno(Exit::io, path, cat("set attribute ", printable(x.name)));
        refused.push_back(x.name);
    }
    return refused;
}

} // namespace rs::tree
