// SPDX-License-Identifier: Apache-2.0
// An entry of a tree: everything about one name but the bytes of a file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "chunk/params.hpp"
#include "chunk/sha256.hpp"

namespace rs::stream {

enum class Type : std::uint8_t {
    directory = 1,
    file = 2,
    symlink = 3,
    hardlink = 4, // another name of an earlier entry that is neither directory nor hardlink
    fifo = 5,
    char_device = 6,
    block_device = 7,
    socket = 8,
};

[[nodiscard]] std::string_view type_name(Type type);

// Seconds since 1970 UTC, negative before; nanoseconds 0 to 999,999,999.
struct Stamp {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
    auto operator<=>(const Stamp&) const = default;
};

struct Xattr {
    std::string name;
    std::string value;
    auto operator<=>(const Xattr&) const = default;
};

// What the source's file system said of the name when it was read. Equal again: not changed since, so
// that the file need not be opened. Never restored.
struct Witness {
    Stamp ctime;
    std::uint64_t inode = 0;
    bool operator==(const Witness&) const = default;
};

// `path` is relative to the root of the tree, without leading or trailing slash; the root itself is "".
// A hardlink has only `path` and `target`.
struct Entry {
    Type type = Type::file;
    std::string path;
    std::uint32_t mode = 0; // permission bits, at most 07777
    std::uint64_t uid = 0, gid = 0;
    std::string user, group; // names of the owner where it was read, or empty
    Stamp mtime;
    std::vector<Xattr> xattrs; // sorted by name; POSIX ACLs are the system.posix_acl_* ones
    std::string target;        // of a symlink: its text; of a hardlink: the path of the first name
    std::uint32_t major = 0, minor = 0;
    std::optional<Witness> witness;
    chunk::Params params; // of a file: how it was cut, for whoever reads it next time

    bool operator==(const Entry&) const = default;
};

// A restore gives the same name with the same metadata for both: witnesses and how files were cut do not count, and a hard link
// has no metadata of its own.
[[nodiscard]] bool same_metadata(const Entry& a, const Entry& b);

// A stretch of a file. Extents follow one another without gaps and add up to the size of the file; no two
// neighbours have the same kind.
struct Extent {
    enum class Kind : std::uint8_t {
        data,
        hole, // not allocated at the source; a hole again where the target can have one
        zero, // allocated, all bytes zero
    };
    Kind kind = Kind::data;
    std::uint64_t bytes = 0;
    std::uint64_t chunks = 0; // of data: how many
    bool operator==(const Extent&) const = default;
};

// The order of entries: that of a walk that visits a directory before what is in it and names by their
// bytes. It is the order of the paths with "/" below every other byte.
[[nodiscard]] int compare_paths(std::string_view a, std::string_view b);

// The path of the directory that holds it ("" for a name at the top).
[[nodiscard]] std::string_view parent_path(std::string_view path);
[[nodiscard]] std::string_view base_name(std::string_view path);

// Why a path may not stand in a manifest ("holds ..", "is absolute", ...), or empty if it may.
[[nodiscard]] std::string_view path_fault(std::string_view path);

} // namespace rs::stream
