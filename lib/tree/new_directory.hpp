// SPDX-License-Identifier: Apache-2.0
// A directory of a new tree while names are created in it.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "io/fd.hpp"
#include "stream/entry.hpp"
#include "tree/metadata.hpp"

namespace rs::tree {

// Its own time and mode must wait until the last name is in it, on whichever thread that is created: the walk holds the
// directory once, and each file that another thread creates holds it once more.
class NewDirectory {
public:
    // path: what stands for it in messages.
    NewDirectory(io::Fd fd, stream::Entry entry, std::optional<Owner> owner, std::string path)
        : fd_(std::move(fd)), entry_(std::move(entry)), owner_(owner), path_(std::move(path)) {}

    [[nodiscard]] int get() const { return fd_.get(); }
    [[nodiscard]] const stream::Entry& entry() const { return entry_; }

    void hold() { ++holders_; }
    // The last one completes it, and gets what could not be set, as write_metadata() gives it.
    [[nodiscard]] std::vector<std::string> release();

private:
    io::Fd fd_;
    stream::Entry entry_;
    std::optional<Owner> owner_;
    std::string path_;
    std::atomic<unsigned> holders_{1};
};

} // namespace rs::tree
