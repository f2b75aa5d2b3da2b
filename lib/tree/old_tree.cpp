// SPDX-License-Identifier: Apache-2.0
#include "tree/old_tree.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "tree/beneath.hpp"
#include "tree/read_entry.hpp"

namespace rs::tree {

namespace {
constexpr std::size_t far_read_bytes = 1 << 20;
constexpr std::size_t near_read_bytes = 16 << 10;

// What the last import left is not there any more. Any other failure says nothing about it.
bool is_gone(int error) {
    return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EXDEV || error == ENXIO ||
           error == EACCES || error == EPERM;
}
} // namespace

bool looks_like(const struct stat& st, const stream::HaveEntry& old) {
    const stream::Entry& e = old.entry;
    if (type_of(st) != e.type || (st.st_mode & 07777) != e.mode || mtime_of(st) != e.mtime) return false;
    return e.type != stream::Type::file || static_cast<std::uint64_t>(st.st_size) == old.bytes;
}

OldTree::OldTree(const io::Dir& root, const chunk::Hasher& hasher, const stream::HaveTable& table)
    : root_(root), hasher_(hasher), table_(table) {}

void OldTree::add(const stream::HaveEntry& entry) {
    if (entry.chunks == 0) return;
    FileMap::File& file = added_;
    file.first = entry.first_chunk;
    file.end = entry.first_chunk + entry.chunks;
    file.path = entry.entry.path;
    file.gaps.clear();
    std::uint64_t chunk = file.first;
    for (const stream::Extent& e : entry.extents) {
        if (e.kind == stream::Extent::Kind::data)
            chunk += e.chunks;
        else
            file.gaps.emplace_back(chunk, e.bytes);
    }
    files_.add(file);
}

std::optional<io::Fd> OldTree::open_directory(const std::string& path) const {
    io::Fd fd(open_beneath(root_.get(), path.empty() ? "." : path, O_RDONLY | O_DIRECTORY));
    if (!fd && is_gone(errno)) return std::nullopt;
    if (!fd) fail_errno(Exit::io, root_.name_of(path), "open directory");
    return fd;
}

OldTree::Open& OldTree::open(const FileMap::File& file) {
    Open* oldest = &open_[0];
    for (Open& o : open_) {
        if (o.first == file.first) {
            o.used = ++clock_;
            return o;
        }
        if (o.used < oldest->used) oldest = &o;
    }
    oldest->first = file.first;
    oldest->used = ++clock_;
    oldest->fd = io::Fd(open_beneath(root_.get(), file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    if (!oldest->fd && !is_gone(errno)) {
        oldest->first = Open().first;
        fail_errno(Exit::io, root_.name_of(file.path), "open");
    }
    oldest->offsets.clear();
    std::uint64_t offset = 0;
    auto gap = file.gaps.begin();
    for (std::uint64_t c = file.first; c < file.end; ++c) {
        for (; gap != file.gaps.end() && gap->first == c; ++gap) offset += gap->second;
        oldest->offsets.push_back(offset);
        offset += table_.lengths[c];
    }
    return *oldest;
}

std::optional<ByteSpan> OldTree::read(std::uint64_t chunk) {
    const FileMap::File* const holder = files_.find(chunk);
    if (holder == nullptr) return std::nullopt;
    const FileMap::File& file = *holder;
    const Open& from = open(file);
    const std::uint32_t length = table_.lengths[chunk];
    if (!from.fd || length == 0) return std::nullopt;
    const std::uint64_t offset = from.offsets[chunk - file.first];
    const std::uint64_t buffer_end = buffer_at_ + buffer_size_;
    if (buffer_file_ != file.first || offset < buffer_at_ || offset + length > buffer_end) {
        // Much at a time where reading goes on, little where it has jumped.
        const bool goes_on = buffer_file_ == file.first && offset >= buffer_at_ && offset <= buffer_end;
        buffer_.resize(std::max<std::size_t>(goes_on ? far_read_bytes : near_read_bytes, length));
        buffer_file_ = file.first;
        buffer_at_ = offset;
        buffer_size_ = io::pread_full(from.fd.get(), buffer_, offset, root_.name_of(file.path));
        if (buffer_size_ < length) return std::nullopt;
    }
    const ByteSpan bytes = ByteSpan(buffer_).subspan(offset - buffer_at_, length);
    if (hasher_.id(bytes) != table_.ids[chunk]) return std::nullopt;
    return bytes;
}

} // namespace rs::tree
