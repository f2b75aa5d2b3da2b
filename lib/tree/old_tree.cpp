// SPDX-License-Identifier: Apache-2.0
#include "tree/old_tree.hpp"

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hpp"
#include "tree/beneath.hpp"
#include "tree/read_entry.hpp"

namespace rs::tree {

bool looks_like(const struct stat& st, const stream::HaveEntry& old) {
    const stream::Entry& e = old.entry;
    if (type_of(st) != e.type || (st.st_mode & 07777) != e.mode || mtime_of(st) != e.mtime) return false;
    return e.type != stream::Type::file || static_cast<std::uint64_t>(st.st_size) == old.bytes;
}

OldTree::OldTree(const io::Dir& root, const chunk::Hasher& hasher, const stream::HaveTable& table)
    : root_(root), hasher_(hasher), table_(table) {}

void OldTree::add(const stream::HaveEntry& entry) {
    if (entry.chunks == 0) return;
    File file;
    file.first = entry.first_chunk;
    file.end = entry.first_chunk + entry.chunks;
    file.path = entry.entry.path;
    std::uint64_t chunk = file.first;
    for (const stream::Extent& e : entry.extents) {
        if (e.kind == stream::Extent::Kind::data)
            chunk += e.chunks;
        else
            file.gaps.emplace_back(chunk, e.bytes);
    }
    current_ = nullptr; // pointers into the vector may move
    files_.push_back(std::move(file));
}

std::optional<io::Fd> OldTree::open_directory(const std::string& path) const {
    io::Fd fd(open_beneath(root_.get(), path.empty() ? "." : path, O_RDONLY | O_DIRECTORY));
    if (!fd) return std::nullopt;
    return fd;
}

bool OldTree::open(const File& file) {
    if (current_ == &file) return static_cast<bool>(fd_);
    current_ = &file;
    next_chunk_ = file.first;
    next_offset_ = 0;
    buffer_size_ = 0;
    fd_ = io::Fd(open_beneath(root_.get(), file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    return static_cast<bool>(fd_);
}

std::optional<ByteSpan> OldTree::read(std::uint64_t chunk) {
    const auto after = std::upper_bound(files_.begin(), files_.end(), chunk,
                                        [](std::uint64_t c, const File& f) { return c < f.first; });
    if (after == files_.begin()) return std::nullopt;
    const File& file = *(after - 1);
    if (chunk >= file.end || !open(file)) return std::nullopt;
    if (chunk < next_chunk_) {
        next_chunk_ = file.first;
        next_offset_ = 0;
    }
    // Offsets are sums of lengths and gaps; a sequential reader adds one at a time.
    auto gap = std::lower_bound(file.gaps.begin(), file.gaps.end(), next_chunk_,
                                [](const auto& g, std::uint64_t c) { return g.first < c; });
    std::uint64_t offset = next_offset_;
    for (std::uint64_t c = next_chunk_;; ++c) {
        for (; gap != file.gaps.end() && gap->first == c; ++gap) offset += gap->second;
        if (c == chunk) break;
        offset += table_.lengths[c];
    }
    const std::uint32_t length = table_.lengths[chunk];
    next_chunk_ = chunk + 1;
    next_offset_ = offset + length;
    constexpr std::size_t read_ahead = 1 << 20;
    if (offset < buffer_at_ || offset + length > buffer_at_ + buffer_size_) {
        buffer_.resize(std::max<std::size_t>(read_ahead, length));
        buffer_at_ = offset;
        buffer_size_ = io::pread_full(fd_.get(), buffer_, offset, root_.name_of(file.path));
        if (buffer_size_ < length) return std::nullopt;
    }
    const ByteSpan bytes = ByteSpan(buffer_).subspan(offset - buffer_at_, length);
    if (length == 0 || hasher_.id(bytes) != table_.ids[chunk]) return std::nullopt;
    return bytes;
}

} // namespace rs::tree
