// SPDX-License-Identifier: Apache-2.0
// A directory tree in walk order: a directory, then what is in it, names sorted by their bytes.
//
// No path is followed twice by name: each directory is opened once, below its parent's descriptor, without
// following links, and everything in it is looked at through that descriptor.
// Memory: the names of the directories on the way down, and some 200 bytes and the path for each directory.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/file.hpp"

namespace rs::tree {

struct Node {
    std::string path;   // relative to the root; the root itself is ""
    int dir = -1;       // descriptor of the directory that holds it; of the root: the root itself
    std::string name;   // in `dir`; of the root: "."
    struct stat stat {};
    [[nodiscard]] bool is_root() const { return path.empty(); }
};

struct WalkOptions {
    // True: leave this name out, and what is below it. Called with the path and whether it is a directory.
    std::function<bool(std::string_view, bool)> excluded;
    bool one_file_system = false; // directories that are mount points are kept, but empty
};

class Walk {
public:
    // `root` stays owned by the caller and must be open for reading.
    Walk(const io::Dir& root, WalkOptions options);
    // The next name; false at the end. The node and its descriptor are valid until the next call.
    // A name that goes away during the walk is reported by Vanished.
    [[nodiscard]] bool next(Node& node);
    // At the end: a directory in which a name came or went since it was listed, or nothing. A name that moved from where
    // the walk was still to come to where it had been is in no listing.
    [[nodiscard]] std::optional<std::string> changed_directory() const;

    // A name that was listed is gone, or a directory was replaced: the tree changes while it is read.
    struct Vanished {
        std::string path;
    };

private:
    struct Frame {
        io::Fd fd;
        std::vector<std::string> names;
        std::size_t at = 0;
        std::size_t prefix = 0; // length of the path with its slash
    };
    struct Listed {
        std::string path;
        std::uint64_t hash = 0; // of the names
        struct stat stat {};
    };
    void enter();

    const io::Dir& root_;
    WalkOptions options_;
    std::vector<Frame> frames_;
    std::vector<Listed> listed_;
    std::string path_;     // prefix of the current frame, then the name
    struct stat last_ {};  // of the node given last
    std::string last_name_;
    dev_t device_ = 0;
    bool started_ = false;
    bool descend_ = false; // the last node is a directory to go into
};

} // namespace rs::tree
