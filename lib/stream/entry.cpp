// SPDX-License-Identifier: Apache-2.0
#include "stream/entry.hpp"

#include <algorithm>

#include "stream/format.hpp"

namespace rs::stream {

std::string_view type_name(Type type) {
    switch (type) {
    case Type::directory: return "directory";
    case Type::file: return "file";
    case Type::symlink: return "symlink";
    case Type::hardlink: return "hardlink";
    case Type::fifo: return "fifo";
    case Type::char_device: return "char-device";
    case Type::block_device: return "block-device";
    case Type::socket: return "socket";
    }
    return "unknown";
}

int compare_paths(std::string_view a, std::string_view b) {
    const std::size_t n = std::min(a.size(), b.size());
    const auto differ = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(n), b.begin());
    const auto at = static_cast<std::size_t>(differ.first - a.begin());
    if (at == n) return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
    const auto rank = [](char c) { return c == '/' ? 0 : 1 + static_cast<unsigned char>(c); };
    return rank(a[at]) < rank(b[at]) ? -1 : 1;
}

std::string_view parent_path(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view base_name(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view path_fault(std::string_view path) {
    if (path.empty()) return {};
    if (path.size() > max_path_bytes) return "is longer than the limit";
    if (path.front() == '/') return "is absolute";
    if (path.find('\0') != std::string_view::npos) return "holds a NUL byte";
    std::size_t depth = 0;
    while (true) {
        const auto slash = path.find('/');
        const std::string_view name = path.substr(0, slash);
        if (name.empty()) return "holds an empty name";
        if (name == "." || name == "..") return "holds . or ..";
        if (name.size() > max_name_bytes) return "holds a name longer than the limit";
        if (++depth > max_depth) return "is deeper than the limit";
        if (slash == std::string_view::npos) return {};
        path.remove_prefix(slash + 1);
    }
}

bool same_metadata(const Entry& a, const Entry& b) {
    if (a.type != b.type || a.path != b.path || a.target != b.target) return false;
    if (a.type == Type::hardlink) return true;
    return a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && a.user == b.user &&
           a.group == b.group && a.mtime == b.mtime && a.xattrs == b.xattrs && a.major == b.major &&
           a.minor == b.minor;
}

} // namespace rs::stream
