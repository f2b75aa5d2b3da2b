// SPDX-License-Identifier: Apache-2.0
// Which file holds a chunk of a table, for millions of files.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace rs::tree {

// Files lie packed in groups, each path without what it has in common with the one before: a file of a usual tree is
// some 15 bytes, however long its path. A lookup decodes half a group.
class FileMap {
public:
    struct File {
        std::uint64_t first = 0, end = 0; // of its chunks in the table; never empty
        std::string path;
        // Chunk before which a gap of so many bytes lies, ascending; `end` for a gap at the end.
        std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
    };
    // Each file's chunks come after those of the files before it.
    void add(const File& file);
    // The file with the chunk, valid until the next call; null if no file has it.
    [[nodiscard]] const File* find(std::uint64_t chunk);

private:
    struct Group {
        std::uint64_t first = 0; // chunk
        std::size_t offset = 0;  // in packed_
    };
    std::vector<Group> groups_;
    Buffer packed_;
    std::size_t in_last_ = 0; // files of the last group
    std::uint64_t end_ = 0;   // of the last file
    std::string last_path_;
    File found_; // a reader mostly stays in a file
};

} // namespace rs::tree
