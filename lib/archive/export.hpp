// SPDX-License-Identifier: Apache-2.0
// A tar, cpio or zip archive to a dump stream: the tree that it would unpack to.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/generation.hpp"
#include "base/monitor.hpp"
#include "io/stream.hpp"
#include "stream/have.hpp"
#include "stream/header.hpp"
#include "stream/writer.hpp"

namespace rs::archive {

struct Options {
    bool sha256 = true;
    stream::WriterOptions writer;
    // What to leave out: asked with each directory above a member, from the top down, and then with the member
    // itself (path, is a directory); never for the root. None: nothing.
    std::function<bool(std::string_view, bool)> excluded;
    // Where a zip is kept while it is read. Empty: $TMPDIR, or else /var/tmp.
    std::string temp_dir;
};

struct ExportResult {
    Generation generation;
    std::optional<Generation> parent;
    std::uint64_t entries = 0;           // names in the tree, the root among them
    std::uint64_t unchanged_entries = 0; // equal to those of the have stream
    std::uint64_t excluded_members = 0;
    std::uint64_t files = 0;
    std::uint64_t tree_bytes = 0; // sizes of all files
    std::uint64_t read_bytes = 0; // of files in the archive, holes left out
    std::uint64_t new_bytes = 0;  // sent as new chunks, before compression
    std::uint64_t new_chunks = 0;
};

// in: any tar, cpio or zip, packed with anything that Unpacker knows; read to its end. Packed data streams through;
// only a zip is copied to temp_dir first.
// have: an open have stream, read up to its entries, or null. header: of the dump that answers it, with its
// key and its parent.
//
// The chunks go out while the archive is read, the manifest behind them all, when the tree is known: of members with one
// name the last counts, missing directories (0755, owned by the process, of the header's time) are made,
// the first of several hard links is the file. Catalog has the rules and says what memory it takes.
//
// Members that a stream cannot express are reported to the monitor and left out. Error(Exit::data): the archive
// is damaged, cut short or encrypted, holds nothing, or a member is illegal (ArchiveReader, Catalog), or is a
// hard link to what is excluded. Whatever is thrown, the stream then has no trailer and no reader publishes it.
ExportResult export_archive(io::Source& in, const Options& options, stream::HaveReader* have,
                            const stream::Header& header, io::Sink& sink, Monitor& monitor);

} // namespace rs::archive
