// SPDX-License-Identifier: Apache-2.0
// Reads a tar, cpio or zip, packed or not: its members in the order in which they stand there.
//
// No other format of libarchive's is let in: mtree names files of this machine to be read, ar and LHA
// have no end by which a cut archive could be told from a whole one, and the rest keeps no Unix attributes.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "archive/charset.hpp"
#include "archive/names.hpp"
#include "archive/unpack.hpp"
#include "base/monitor.hpp"
#include "io/fd.hpp"
#include "stream/entry.hpp"

namespace rs::archive {

struct Member {
    // The path is one of a manifest (path_fault finds nothing), "" for the root. A hardlink has only path and
    // target, which is such a path too. A file's params are not set.
    stream::Entry entry;
    // What the archive says that data() will give; of a file with holes: where there is no hole.
    std::uint64_t data_bytes = 0;
    // A file, or a hardlink that brings the content of its target along (pax, cpio).
    bool has_data = false;
};

// Everything that is wrong with the archive is Error(Exit::data): cut short, damaged, encrypted, no archive at
// all, a tar without its end mark (with which every writer ends it: without, it was stopped), a path
// with "..", a number that no manifest can hold. What is wrong with a member names it.
class ArchiveReader {
public:
    struct Options {
        stream::Stamp default_time; // of members whose time is not given
        // Where a zip is kept while it is read, in a file without a name: its directory is at its end.
        // Empty: $TMPDIR, or else /var/tmp.
        std::string temp_dir;
    };

    // Both must outlive the object. Blocks. No byte at all, or none below the compression: Error(Exit::data).
    ArchiveReader(io::Source& in, Options options, Monitor& monitor);
    ~ArchiveReader();
    ArchiveReader(const ArchiveReader&) = delete;
    ArchiveReader& operator=(const ArchiveReader&) = delete;

    // False after the last one. Then the source was read to its end, and the archive was found whole.
    [[nodiscard]] bool next(Member& out);

    // The present member's data, to be asked for if it has some. Blocks ascend and do not overlap; what lies between
    // them is a hole. At the end: nothing, and file_bytes() is the size with the last hole.
    struct Block {
        std::uint64_t offset = 0;
        ByteSpan bytes; // at least one; valid until the next call of anything
    };
    [[nodiscard]] std::optional<Block> data();
    [[nodiscard]] std::uint64_t file_bytes() const { return file_bytes_; }

    // Throws Error(Exit::data) that names the archive and the path, which may be one of a hostile archive.
    [[noreturn]] void bad(std::string_view path, std::string_view why, std::string hint = {}) const;

private:
    struct Handle; // libarchive's object
    struct Raw;    // an entry of libarchive's

    void open_stream();
    void open_spooled(const std::string& temp_dir);
    void check(int result);
    void check_end(std::uint64_t before);
    [[nodiscard]] std::uint64_t position() const;

    [[nodiscard]] std::string path_of(const char* raw, const char* what);
    void read_entry(const Raw& from, Member& out);
    void read_attributes(const Raw& from, stream::Entry& out);
    void read_acl(const Raw& from, int type, stream::Entry& out);
    void warn(const std::string& what);
    void warn_once(const std::string& what);

    std::string name_; // of the source
    Options options_;
    Monitor& monitor_;
    Unpacker unpacker_;
    ByteSpan piece_;              // the last one that libarchive was given
    std::uint64_t piece_end_ = 0; // where it ends
    bool piece_pending_ = true;   // it was read ahead, and not yet given
    io::Fd spool_;
    Charset charset_;
    std::exception_ptr error_; // thrown below libarchive
    std::unique_ptr<Handle> handle_;
    std::unordered_set<std::string> warned_;
    std::uint64_t warnings_ = 0;
    Numbers numbers_;

    bool started_ = false;
    std::uint64_t members_ = 0;
    std::string path_; // of the present member
    std::uint64_t file_bytes_ = 0;
    std::uint64_t data_end_ = 0;
    bool data_ended_ = false;
};

} // namespace rs::archive
