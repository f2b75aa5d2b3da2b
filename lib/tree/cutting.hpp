// SPDX-License-Identifier: Apache-2.0
// Which way of cutting suits a file.
#pragma once

#include <sys/stat.h>

#include <string>

#include "chunk/params.hpp"

namespace rs::tree {

// Fixed blocks for what is rewritten in place: disk images (sparse files, partition tables, ext, XFS and
// QCOW2 signatures), SQLite databases and InnoDB tablespaces. There a change never moves what
// follows, and a block is the smallest thing that changes. Everything else is cut by content. A file
// that was cut before keeps its method: changing it costs sending the file anew.
// Reads the first KiBs of files of 64 KiB and more, the offset of fd moves.
[[nodiscard]] chunk::Params choose_cutting(int fd, const struct stat& st, const chunk::Params* earlier,
                                           const std::string& path);

// SEEK_HOLE finds a hole before the end. Moves the offset of fd.
[[nodiscard]] bool has_holes(int fd, const struct stat& st);

} // namespace rs::tree
