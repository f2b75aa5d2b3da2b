// SPDX-License-Identifier: Apache-2.0
// Creates the entries of a new tree, in walk order, below one directory.
//
// Every name is created through the descriptor of its directory, which was made and opened here, so no path is ever
// resolved by name: nothing in a stream and nobody who renames things meanwhile can lead outside.
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/monitor.hpp"
#include "chunk/hash_thread.hpp"
#include "io/file.hpp"
#include "io/flush_behind.hpp"
#include "stream/entry.hpp"
#include "tree/new_directory.hpp"
#include "tree/owners.hpp"
#include "tree/small_files.hpp"

namespace rs::tree {

struct WriteOptions {
    bool owner = true;          // restore owners (as root; others never can)
    bool numeric_owner = false; // by number, names not looked at
    bool special = true;        // create devices
};

class TreeWriter {
public:
    // `root` is empty and stays open. shown: what stands for it in messages.
    TreeWriter(const io::Dir& root, std::string shown, const WriteOptions& options, Monitor& monitor);

    // The next entry but a file's content. For a file, content calls and end_file() follow.
    void entry(const stream::Entry& entry);
    void begin_file(const stream::Entry& entry);
    void data(ByteSpan bytes);
    void zero(std::uint64_t bytes);
    void hole(std::uint64_t bytes);
    // announced: its SHA-256. Another one of what was written is Error(Exit::data), of this call or a later one: a small
    // file is only handed over here.
    void end_file(const std::optional<chunk::Digest>& announced);
    // The file never was.
    void withdraw_file();

    // Takes a file over from the old tree by a hard link, if owner and attributes are what they would be here
    // (type, size, mode and time were looked at). False: they are not, or the file system cannot; nothing
    // was done then.
    [[nodiscard]] bool link_from(const stream::Entry& entry, int old_dir, const std::string& old_name,
                                 const struct stat& old);

    // Closes the directories that are open, their times and modes set. The tree is complete, though not yet flushed.
    void finish();

private:
    [[nodiscard]] NewDirectory& directory_of(const stream::Entry& entry);
    void open_directory(io::Fd fd, const stream::Entry& entry);
    void leave();
    void open_file();
    void flush();
    void wait_writes(std::size_t below);
    [[nodiscard]] std::string shown(const stream::Entry& entry) const;
    void refuse(const std::string& path, const std::string& what);
    [[nodiscard]] std::optional<Owner> owner_of(const stream::Entry& entry);

    const io::Dir& root_;
    std::string shown_;
    WriteOptions options_;
    Monitor& monitor_;
    Owners owners_;
    bool root_user_;
    std::vector<std::shared_ptr<NewDirectory>> open_; // from the root downwards

    stream::Entry file_;
    io::Fd fd_; // opened when it turns out that the file is not small
    std::uint64_t offset_ = 0; // bytes of the file so far, those in the buffer included
    std::uint64_t size_on_disk_ = 0;
    Buffer buffers_[6];
    std::size_t current_ = 0;
    io::FlushBehind flush_behind_;
    // Behind the buffers: their threads end before those go, also when something was thrown.
    chunk::HashThread hash_;
    struct Write {
        std::future<void> done;
        std::size_t bytes = 0;
    };
    std::deque<Write> writes_; // of this file, oldest first
    Workers write_thread_{1};
    std::uint64_t refused_ = 0;
    std::set<std::string> left_out_; // devices that were not made: further names of them are left out, too
    SmallFiles small_files_;
};

} // namespace rs::tree
