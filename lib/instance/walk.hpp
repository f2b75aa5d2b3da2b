// SPDX-License-Identifier: Apache-2.0
// The directories of an instance, reached without falling for a symbolic link that someone else has put there.
#pragma once

#include <optional>
#include <string>

#include "io/file.hpp"

namespace rs::instance {

// The directory `path` (relative, "" is root itself), or nothing if it is not there. A symbolic link on the way is followed
// only if root or who runs this owns it (such as srv on another disk): else, or where something is not a directory,
// Error(Exit::cant_create).
[[nodiscard]] std::optional<io::Dir> try_directory(const io::Dir& root, const std::string& path);

// The file `path`, or nothing if it is not there; links as above. Not a file: Error(Exit::cant_create).
[[nodiscard]] std::optional<std::string> try_file(const io::Dir& root, const std::string& path);

struct Parent {
    std::string directory, name;
};
// "a/b/c": a/b and c.
[[nodiscard]] Parent split(const std::string& path);

} // namespace rs::instance
