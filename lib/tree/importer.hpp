// SPDX-License-Identifier: Apache-2.0
// A dump stream into a directory: all of it or nothing.
#pragma once

#include <string>

#include "base/generation.hpp"
#include "base/monitor.hpp"
#include "io/stream.hpp"
#include "stream/checker.hpp"
#include "tree/target.hpp"
#include "tree/tree_writer.hpp"

namespace rs::tree {

struct ImportOptions {
    WriteOptions write;
    bool setuid = true;         // else a stream with files that have setuid or setgid bits is refused: Error(Exit::data)
    bool link_unchanged = true; // else unchanged files are copied, so that trees share no inode
};

struct ImportResult {
    Generation generation;
    stream::TreeTotals totals;
    std::uint64_t kept_entries = 0;   // taken over from the previous tree
    std::uint64_t written_bytes = 0;  // of files that were written
    std::uint64_t received_bytes = 0; // length of the stream
    std::uint64_t new_chunks = 0;
    bool changed_while_read = false;
};

// Reads the stream to its end into a directory beside the target, verifies every chunk and every file's SHA-256,
// flushes, and exchanges the two. Whatever fails before leaves the target as it was: Exit::data for a damaged or
// hostile stream, Exit::temp_fail when the stream builds on another generation than the target
// holds or when another import is at work. Memory: see ChunkSpool; with a delta also the paths of the old files.
ImportResult import_stream(Target& target, const ImportOptions& options, io::Source& source, Monitor& monitor);

// Writes what the target holds as a have stream: the manifest of the last import, files left unclaimed that no
// longer look as they were written. A missing directory, or one that we did not write: an empty have.
void write_have(const Target& target, io::Sink& sink, Monitor& monitor);

} // namespace rs::tree
