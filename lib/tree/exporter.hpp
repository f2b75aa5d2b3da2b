// SPDX-License-Identifier: Apache-2.0
// A directory, or the output of a command, to a dump stream.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/monitor.hpp"
#include "io/file.hpp"
#include "stream/content.hpp"
#include "stream/have.hpp"
#include "tree/walk.hpp"

namespace rs::tree {

struct ExportOptions {
    WalkOptions walk;
    bool sha256 = true;
    bool allow_changed = false; // go on when a file changes under our hands; the stream says so
    stream::WriterOptions writer;
    // Else one after the newest of the have stream, or 1.1.
    std::optional<Generation> generation;
    // The first or next number in this epoch; a have stream of a later one is Error(Exit::fenced).
    std::optional<std::uint64_t> epoch;
    std::string host, instance, name;
};

struct ExportResult {
    Generation generation;
    std::optional<Generation> parent;
    std::uint64_t entries = 0;
    std::uint64_t unchanged_entries = 0; // not opened
    std::uint64_t files = 0;
    std::uint64_t tree_bytes = 0;        // sizes of all files
    std::uint64_t read_bytes = 0;
    std::uint64_t new_bytes = 0;         // sent as new chunks, before compression
    std::uint64_t new_chunks = 0;
    std::vector<std::string> changed;    // files that changed while they were read (allow_changed)
};

// have: an open have stream, read up to its entries, or null. Throws Error; then the stream has no
// trailer and no reader publishes it. A file that changes while it is read is tried three times, then
// it is Error(Exit::warned), or listed in the result with allow_changed.
ExportResult export_directory(const io::Dir& root, const ExportOptions& options,
                              stream::HaveReader* have, io::Sink& sink, Monitor& monitor);

// Runs argv (no shell) and sends its standard output as a file `name` in a directory of its own. A
// status other than 0, a signal or an empty output is Error(Exit::unavailable). The child's standard
// input is /dev/null, and it dies with us.
ExportResult export_command(const std::string& name, const std::vector<std::string>& argv,
                            const ExportOptions& options, stream::HaveReader* have, io::Sink& sink,
                            Monitor& monitor);

// The header of a dump that answers `have`, with the number from the options.
[[nodiscard]] stream::Header dump_header(const ExportOptions& options, const stream::HaveReader* have);

} // namespace rs::tree
