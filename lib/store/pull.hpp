// SPDX-License-Identifier: Apache-2.0
// A dump stream into a store, as a new generation: all or nothing.
#pragma once

#include <string>

#include "base/monitor.hpp"
#include "io/stream.hpp"
#include "store/generation.hpp"
#include "store/store.hpp"

namespace rs::store {

struct PullOptions {
    std::string name;
    bool branch = false;          // keep a fenced generation beside the main line
    std::uint64_t lowest_epoch = 0; // an older generation is refused, as if that epoch had begun
    bool accept_shrink = false;   // a small one is not suspicious
    unsigned shrink_percent = 50; // suspicious below (100 - this) % of the median of the last five
    // A copy from another store of ours: the line is given and epochs are not looked at.
    std::optional<Line> copied_line;
};

struct PullResult {
    Generation generation;
    Line line = Line::main;
    bool already_there = false; // with the same content; nothing was changed
    bool suspicious = false;    // retention is frozen
    bool changed_while_read = false;
    stream::TreeTotals totals;
    std::uint64_t received_bytes = 0; // length of the stream
    std::uint64_t new_chunks = 0, new_bytes = 0, stored_bytes = 0;
    std::uint64_t healed_chunks = 0;
};

// Reads the stream to its end, verifies every chunk, publishes last. Errors: Exit::data for a stream that
// is damaged or no stream, and for a known number with other content; Exit::fenced for an old epoch;
// Exit::temp_fail when the generation that a delta builds on has gone. Whatever happens, the
// generations that were there stay as they were, and whole packs that had arrived are kept, so that the
// next pull need not be sent them again. Memory: about 30 bytes a new chunk and 12 a stored one.
PullResult pull(const Store& store, const PullOptions& options, io::Source& source, Monitor& monitor);

// Writes what the store holds of a name as a have stream. An unknown name: an empty one with the store's key.
// The parent is the newest generation of the main line whose manifest can be read.
void write_have(const Store& store, const std::string& name, io::Sink& sink, Monitor& monitor);

// Retention of a name is frozen while this file is there (rs-store(5)).
inline constexpr const char* frozen_name = "frozen";

} // namespace rs::store
