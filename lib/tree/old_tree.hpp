// SPDX-License-Identifier: Apache-2.0
// The tree that is there, as the source of what a delta does not send.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "chunk/id.hpp"
#include "io/file.hpp"
#include "stream/have.hpp"
#include "tree/file_map.hpp"

namespace rs::tree {

// True if what the file system says of a name is what the entry says, so that its content can be trusted
// as far as a check by type, size, mode and time goes.
[[nodiscard]] bool looks_like(const struct stat& st, const stream::HaveEntry& entry);

// Reads chunks of the manifest's table from the files that hold them. Every chunk's id is verified.
class OldTree {
public:
    // table: that of the tree's manifest.
    OldTree(const io::Dir& root, const chunk::Hasher& hasher, const stream::HaveTable& table);

    // Files in walk order, as they are met: what later reads look for first. Memory: some 15 bytes a file (FileMap), and
    // 8 bytes a chunk of the files that are open.
    void add(const stream::HaveEntry& entry);
    // The chunk's bytes, valid until the next call. What is not there as the table says is nothing.
    [[nodiscard]] std::optional<ByteSpan> read(std::uint64_t chunk);
    // A directory of the tree, opened without following links; nothing if it is not there.
    [[nodiscard]] std::optional<io::Fd> open_directory(const std::string& path) const;
    [[nodiscard]] const io::Dir& root() const { return root_; }

private:
    // A file that is being read: where each of its chunks begins.
    struct Open {
        std::uint64_t first = UINT64_MAX;
        io::Fd fd;
        std::vector<std::uint64_t> offsets;
        std::uint64_t used = 0;
    };
    [[nodiscard]] Open& open(const FileMap::File& file);

    const io::Dir& root_;
    const chunk::Hasher& hasher_;
    const stream::HaveTable& table_;
    FileMap files_; // those with chunks
    FileMap::File added_;
    // A few, because a renamed or copied file leads back and forth.
    std::array<Open, 4> open_;
    std::uint64_t clock_ = 0;
    Buffer buffer_;
    std::uint64_t buffer_file_ = UINT64_MAX; // first chunk of the file whose bytes are in the buffer
    std::uint64_t buffer_at_ = 0;
    std::size_t buffer_size_ = 0;
};

} // namespace rs::tree
