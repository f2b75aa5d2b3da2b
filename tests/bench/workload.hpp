// SPDX-License-Identifier: Apache-2.0
// The three workloads of `make bench`, and the measuring of a pipeline.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace bench {

// Writes the dump of the given round whole, beside the old one, and renames it into place. About
// `bytes` long. Round 0 is the base; in each later round 1% of the rows are changed, inserted or
// deleted, in runs of neighbours whose number is 1,195 for 700 MB.
void write_dump(const std::filesystem::path& file, std::uint64_t bytes, std::uint64_t seed,
                unsigned round);

// If `root` is missing or empty: makes the tree of round 0 and takes it through all rounds to the
// given one. Else `root` must be at round - 1, and is changed in place: 0.5% of the files changed,
// renamed, added, removed.
void write_tree(const std::filesystem::path& root, std::uint64_t files, std::uint64_t seed,
                unsigned round);

// If `file` is missing: makes the image of round 0 and takes it through all rounds to the given
// one. Else it must be at round - 1, and as many 4 KiB blocks as are 0.5% of the image are
// overwritten in place: allocated ones, in runs of up to 10 at random places.
void write_image(const std::filesystem::path& file, std::uint64_t bytes, std::uint64_t seed,
                 unsigned round);

// Takes so much memory, writes to all of it and gives it back.
void touch(std::uint64_t bytes);

// Runs the commands, separated by "|" arguments, as one pipeline with stdin from /dev/null, waits
// for all of them, and writes to `report` one line of JSON: the wall time in seconds from the
// start of the first to the end of the last, and for each process its status (128 + signal if
// killed), CPU seconds, and peak memory in KiB, with its children's. It exists because a process
// inherits the peak memory of its parent's image across fork and exec: a child of an interpreter
// cannot be seen to use less than the interpreter, and this program is about as small as one can
// be.
void measure(const std::filesystem::path& report, const std::vector<std::string>& words);

} // namespace bench
