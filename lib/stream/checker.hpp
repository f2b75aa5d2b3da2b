// SPDX-License-Identifier: Apache-2.0
// What a whole manifest must be, whoever wrote it: rs-stream(5), "A reader MUST refuse".
#pragma once

#include <string>
#include <vector>

#include "stream/manifest.hpp"

namespace rs::stream {

struct TreeTotals {
    std::uint64_t entries = 0;
    std::uint64_t files = 0;
    std::uint64_t directories = 0;
    std::uint64_t bytes = 0;      // sizes of all files, holes included
    std::uint64_t data_bytes = 0; // without holes and zeros
    std::uint64_t chunks = 0;     // references, repeated ones counted each time
    std::uint64_t files_without_sha256 = 0;
    bool operator==(const TreeTotals&) const = default;
};

// Fed with every operation of a manifest, copied entries resolved. Throws Error(Exit::data): the first entry
// is the root directory; paths are legal and ascend; each is in a directory that is there; a hardlink
// points to an earlier path; attributes are sorted; a file's extents are followed by its end.
// Memory: the path of one entry.
class Checker {
public:
    explicit Checker(std::string what) : what_(std::move(what)) {}
    void feed(const Op& op);
    // The manifest ends here.
    void finish() const;
    [[nodiscard]] const TreeTotals& totals() const { return totals_; }

private:
    void check_entry(const Entry& entry);
    [[noreturn]] void bad(std::string_view why) const;

    std::string what_;
    TreeTotals totals_;
    std::string last_;      // path of the last entry
    std::string directory_; // deepest directory that an entry may now be in, as a path
    bool in_file_ = false;
    std::string before_file_;  // last_ before the file, should it be withdrawn
    TreeTotals totals_before_file_;
    std::uint64_t file_bytes_ = 0;
};

} // namespace rs::stream
