// SPDX-License-Identifier: Apache-2.0
// Files that appear together: many cost hardly more to make durable than one.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "io/file.hpp"

namespace rs::instance {

// What temporary names begin with; 16 hexadecimal digits follow.
constexpr std::string_view temporary_mark = ".tmp-";

class Batch {
public:
    Batch() = default;
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    // Removes what was added and not committed.
    ~Batch();

    // Writes a file beside `name`, that will take its place. Readable to others than its owner only when all of it is there.
    void add(io::Dir dir, const std::string& name, ByteSpan content, mode_t mode);
    // As many as are held open at a time.
    [[nodiscard]] bool full() const { return files_.size() >= max_files; }
    // Each of them is in its place, whole, and durable. If it throws, some may be.
    void commit();

private:
    static constexpr std::size_t max_files = 128;
    struct File {
        io::Dir dir;
        std::string name, temporary; // temporary: empty once it is in its place
        io::Fd fd;
    };
    std::vector<File> files_;
};

} // namespace rs::instance
