// SPDX-License-Identifier: Apache-2.0
// Writes entries as a tar, cpio or zip archive, for everybody who does not have our tools.
//
// tar is pax (POSIX.1-2001): nothing is lost but sockets, which it has no type for; ACLs are in the form that GNU
// tar --acls and bsdtar take, attributes in that of --xattrs, holes in that of GNU tar (1.0), shrunk to whole
// blocks of 512 bytes. (Names of attributes that are not printable ASCII are written in the code of URLs, which
// rs-export takes back and others do not; and in the second before 1970 there are no fractions.)
// cpio is newc, zip is deflate. These two keep neither attributes nor nanoseconds nor holes; cpio has
// no owner names, no file of 4 GiB or more and no time outside of 1970 to 2106; zip only files,
// directories and symbolic links, no hard links, and times from 1980 to 2038. What is left out or changed
// is reported to the monitor, except for nanoseconds, owner names and holes.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "archive/charset.hpp"
#include "base/monitor.hpp"
#include "io/stream.hpp"
#include "stream/entry.hpp"

namespace rs::archive {

enum class Format { tar, cpio, zip };

// "tar", "cpio" or "zip".
[[nodiscard]] std::optional<Format> parse_format(std::string_view name);

// False for zip: every name of a file has to be given as a file, with its content.
[[nodiscard]] bool has_hard_links(Format format);

// One call of begin() for each entry of a manifest in its order; for a file data() and end() follow. What the sink or
// the monitor throws comes out of the call that was under way, and the archive cannot be gone on with. An archive
// that was not finished lacks its end: the destructor writes nothing.
// Memory: 256 KiB; for zip about 100 bytes and the path per entry; and what expect_link() says.
class ArchiveWriter {
public:
    // Both must outlive the object.
    ArchiveWriter(io::Sink& sink, Format format, Monitor& monitor);
    ~ArchiveWriter();
    ArchiveWriter(const ArchiveWriter&) = delete;
    ArchiveWriter& operator=(const ArchiveWriter&) = delete;

    // Before the first begin(), once for each hardlink that will come, with its target: a cpio tells the number of names
    // with the first of them, and both formats repeat its attributes with the others. Memory: the target's
    // entry, from its begin() on. Not needed for a format without hard links.
    void expect_link(const std::string& target);

    // extents: those of a file, `size` bytes together. False: the format has no room for this entry; that was
    // reported (but for the root, which no zip has), and data() and end() do nothing until the next begin(). A hardlink to what was not expected, or
    // has not come before, is Error(Exit::data).
    bool begin(const stream::Entry& entry, std::uint64_t size = 0,
               std::span<const stream::Extent> extents = {});
    // The bytes of the data extents, in pieces of any size. Holes and zeros in between are added here.
    void data(ByteSpan bytes);
    // All data was given.
    void end();

    // The archive is whole after it. Reports what was lost of many entries.
    void finish();

private:
    struct Handle; // libarchive's object
    struct Raw;    // an entry of libarchive's
    struct Linked {
        stream::Entry entry;
        std::uint32_t names = 1;
        std::uint64_t number = 0; // of its inode in a cpio; 0: it has not come yet
        bool left_out = false;
    };

    [[nodiscard]] bool write_header(const stream::Entry& entry, const Linked* first,
                                    std::uint64_t size);
    void set_names(const Raw& to, const stream::Entry& entry, const Linked* first) const;
    void set_time(const Raw& to, const stream::Stamp& time);
    void set_attributes(const Raw& to, const stream::Entry& entry);
    void set_holes(const Raw& to, std::uint64_t size) const;
    [[nodiscard]] std::string_view unfit(const stream::Entry& entry, const Linked* first,
                                         std::uint64_t size) const;
    void put(ByteSpan bytes);
    void pass_gaps();
    void check(int result, const std::string& path);

    io::Sink& sink_;
    Format format_;
    Monitor& monitor_;
    Charset utf8_, bytes_;
    std::exception_ptr error_; // thrown by the sink, below libarchive; nothing is written any more
    bool abandoned_ = false;
    std::unique_ptr<Handle> handle_;
    bool finished_ = false;
    std::unordered_map<std::string, Linked> linked_; // by the first name
    std::uint64_t last_number_ = 0;

    bool in_file_ = false; // between begin() of a file that fits and end()
    std::string path_;
    std::vector<stream::Extent> extents_;
    std::size_t extent_ = 0;         // the present one
    std::uint64_t extent_bytes_ = 0; // what is left of it

    std::uint64_t lost_attributes_ = 0, lost_times_ = 0; // entries
};

} // namespace rs::archive
