// SPDX-License-Identifier: Apache-2.0
#include "io/mounts.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "io/sys.hpp"

namespace rs::io {

namespace {
constexpr std::size_t max_mountinfo_bytes = 64 << 20;
constexpr int fields_before_place = 4; // proc(5): ids, device and root come before the mount point
} // namespace

std::optional<std::string> mount_below(const Dir& dir) {
    std::string top(4096, '\0');
    const ssize_t n = ::readlink(cat("/proc/self/fd/", dir.get()).c_str(), top.data(), top.size());
    const Fd file(sys::openat(AT_FDCWD, "/proc/self/mountinfo", O_RDONLY));
    if (n <= 0 || !file) return std::nullopt;
    top.resize(static_cast<std::size_t>(n));
    const Buffer raw = read_file(file.get(), max_mountinfo_bytes, "/proc/self/mountinfo");
    std::string_view rest = as_text(raw);
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        for (int i = 0; i < fields_before_place; ++i) line.remove_prefix(std::min(line.size(), line.find(' ') + 1));
        const std::string place = unescape_octal(line.substr(0, line.find(' ')));
        if (place.size() > top.size() && place.starts_with(top) && place[top.size()] == '/') return place;
    }
    return std::nullopt;
}

} // namespace rs::io
