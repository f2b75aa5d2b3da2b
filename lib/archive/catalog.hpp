// SPDX-License-Identifier: Apache-2.0
// The tree that an archive unpacks to, kept in memory until its last member was read.
//
// An archive is a list of things to do, in any order; a manifest is a sorted tree. So every member does to
// the catalog what it would do to a directory: a name again replaces what had it, a hard link is one more
// name of what its target is at that time (which keeps it when the target is replaced later), a directory that
// is never named is made. Nothing can be put below what is not a directory, links included, nor in the
// place of a directory that holds something: what unpacks to different trees with different programs
// is no backup.
//
// Memory: about 250 bytes and the path for a name, 32 for each run of chunks of a file beyond the first, and what
// attributes and link texts need. Measured: 10^6 files of one chunk with paths of 36 bytes, 300 MB. The pieces
// of replaced files are not given back.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "stream/content.hpp"

namespace rs::archive {

// What a file consists of, as ContentWriter tells it: neighbours melted together.
struct Content final : stream::ContentSink {
    struct Piece {
        stream::Extent::Kind kind = stream::Extent::Kind::data;
        stream::Run::Kind run = stream::Run::Kind::fresh; // of data
        std::uint64_t start = 0;                          // of the run; of a named one in `ids`
        std::uint64_t count = 0;                          // of chunks
        std::uint64_t bytes = 0;
    };
    std::vector<Piece> pieces;
    std::vector<chunk::ChunkId> ids; // of named runs
    std::uint64_t bytes = 0;
    std::optional<chunk::Digest> sha256;

    void data(const stream::Run& run, std::uint64_t size,
              std::span<const chunk::ChunkId> run_ids) override;
    void hole(std::uint64_t size) override { gap(stream::Extent::Kind::hole, size); }
    void zero(std::uint64_t size) override { gap(stream::Extent::Kind::zero, size); }

private:
    void gap(stream::Extent::Kind kind, std::uint64_t size);
};

class Catalog {
public:
    // What is wrong with the member that a call is about is thrown by refuse(path, why).
    using Refuse = std::function<void(std::string_view path, std::string_view why)>;
    // made: every field of a directory that is not in the archive, but its path.
    Catalog(stream::Entry made, Refuse refuse);

    // Anything but a hardlink. content: of a file.
    void put(const stream::Entry& entry, const Content& content);
    // Another name of what target is now. With content (which then is the target's, too: pax and cpio put it beside
    // any of the names), or null.
    void link(const std::string& path, const std::string& target, const chunk::Params& params,
              const Content* content);

    // Members so far that still have a name; 0: there is nothing but the root that every tree has.
    [[nodiscard]] std::uint64_t names() const { return names_.size() - (root_made_ ? 1 : 0); }

    // Everything in walk order. Of several names of one thing the first is it, the others are hardlinks to that.
    // content: of a file, else null.
    void
    visit(const std::function<void(const stream::Entry& entry, const Content* content)>& f) const;

private:
    struct Order {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const {
            return stream::compare_paths(a, b) < 0;
        }
    };
    // What few things have.
    struct Rare {
        std::string target;
        std::vector<stream::Xattr> xattrs;
        std::vector<chunk::ChunkId> ids;
        std::uint32_t major = 0, minor = 0;
    };
    // As small as it can be: there is one for each file.
    struct Thing {
        stream::Type type = stream::Type::directory;
        bool sha256_known = false;
        chunk::Params params;
        std::uint16_t mode = 0;
        std::uint32_t uid = 0, gid = 0;
        std::uint32_t owner = 0;  // names of user and group, in owners_
        std::uint32_t names = 0;  // how many it has; 0: the place is free
        std::uint32_t pieces = 0; // of content
        std::uint64_t first = 0;  // of them, in pieces_
        std::uint64_t bytes = 0;
        stream::Stamp mtime;
        chunk::Digest sha256{};
        std::unique_ptr<Rare> rare;
    };
    using Names = std::map<std::string, std::uint32_t, Order>;

    [[nodiscard]] std::uint32_t add(const stream::Entry& entry);
    void set_content(Thing& thing, const Content& content);
    // Makes the name one of that thing, and the directories above it.
    void assign(const std::string& path, std::uint32_t thing);
    // member: whose path this is the beginning of.
    void make_parents(std::string_view path, std::string_view member);
    void release(std::uint32_t thing);
    [[nodiscard]] bool holds_something(Names::const_iterator directory) const;
    [[nodiscard]] std::uint32_t owner_of(const std::string& user, const std::string& group);

    stream::Entry made_;
    Refuse refuse_;
    Names names_;
    std::deque<Thing> things_;
    std::vector<std::uint32_t> free_;   // places in things_
    std::deque<Content::Piece> pieces_; // those of replaced files stay
    std::vector<std::pair<std::string, std::string>> owners_;
    std::map<std::pair<std::string, std::string>, std::uint32_t> owner_numbers_;
    std::string last_parent_; // a directory that is there
    bool root_made_ = false;  // the root is not in the archive
};

} // namespace rs::archive
