// SPDX-License-Identifier: Apache-2.0
// Files and directories: opening, whole reads and writes, and the one way to create a file that
// appears whole or not at all. All functions throw Error with the path in front.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "io/fd.hpp"

namespace rs::io {

// A directory held open, with the path it was opened by (for messages only).
struct Dir {
    Fd fd;
    std::string path;

    [[nodiscard]] int get() const { return fd.get(); }
    [[nodiscard]] std::string name_of(std::string_view entry) const;
};

// Missing: Exit::no_input. Not a directory: Exit::no_input as well.
[[nodiscard]] Dir open_dir(const std::string& path);
[[nodiscard]] Dir open_dir_at(const Dir& parent, const std::string& name);
// Creates it (mode 0700) if it is not there.
[[nodiscard]] Dir make_dir_at(const Dir& parent, const std::string& name);

// For reading. open_at: missing is Exit::no_input; try_open_at: missing gives an empty Fd.
[[nodiscard]] Fd open_file(const std::string& path);
[[nodiscard]] Fd open_at(const Dir& dir, const std::string& name);
[[nodiscard]] Fd try_open_at(const Dir& dir, const std::string& name);

[[nodiscard]] bool exists_at(const Dir& dir, const std::string& name);
[[nodiscard]] struct stat stat_fd(int fd, std::string_view path);

// Names in a directory but "." and "..", sorted by bytes.
[[nodiscard]] std::vector<std::string> list_dir(const Dir& dir);
// The same for a descriptor that is positioned anywhere; `path` for messages.
[[nodiscard]] std::vector<std::string> list_dir(int fd, std::string_view path);

// Loops over short reads and EINTR. read_full gives fewer bytes than asked only at end of file.
[[nodiscard]] std::size_t read_some(int fd, MutableSpan into, std::string_view path);
[[nodiscard]] std::size_t read_full(int fd, MutableSpan into, std::string_view path);
// Exactly into.size() bytes from offset; a shorter file is Exit::data ("truncated").
void pread_exact(int fd, MutableSpan into, std::uint64_t offset, std::string_view path);
// Fewer bytes than asked only at end of file.
[[nodiscard]] std::size_t pread_full(int fd, MutableSpan into, std::uint64_t offset, std::string_view path);
void write_all(int fd, ByteSpan bytes, std::string_view path);
void pwrite_all(int fd, ByteSpan bytes, std::uint64_t offset, std::string_view path);

// The whole file; larger than limit bytes is Exit::data.
[[nodiscard]] Buffer read_file(int fd, std::size_t limit, std::string_view path);
[[nodiscard]] Buffer read_file_at(const Dir& dir, const std::string& name, std::size_t limit);

void sync_fd(int fd, std::string_view path);
void sync_dir(const Dir& dir);
void close_checked(Fd fd, std::string_view path);

void rename_at(const Dir& from_dir, const std::string& from, const Dir& to_dir,
               const std::string& to);
// The same, but an existing target is an outcome: false, nothing changed.
[[nodiscard]] bool rename_new_at(const Dir& from_dir, const std::string& from, const Dir& to_dir,
                                 const std::string& to);
// Removes a file; a missing one is no error.
void unlink_at(const Dir& dir, const std::string& name);
// Removes whatever has this name, a whole tree included; missing is no error. Never follows
// a symbolic link, never crosses into what is mounted below: that is Error(Exit::io). Directories without write
// permission are given it first.
void remove_tree_at(const Dir& dir, const std::string& name);

// Writes `bytes` as `dir/name`: temporary name, write, fsync, rename, fsync of the directory. After
// it returns the file is durable; if it throws, the old file (or none) is there, or, if only the
// last fsync failed, the new one. Mode 0600 less the umask unless given.
void write_file_atomic(const Dir& dir, const std::string& name, ByteSpan bytes,
                       mode_t mode = 0600);

// A random name that nobody else uses: prefix and 16 hexadecimal digits.
[[nodiscard]] std::string random_name(std::string_view prefix);

// Random bytes from the kernel.
void random_bytes(MutableSpan out);

} // namespace rs::io
