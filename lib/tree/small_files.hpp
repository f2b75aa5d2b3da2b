// SPDX-License-Identifier: Apache-2.0
// Creates the small files of a new tree on threads of their own.
//
// A tree of many files is bound by the kernel's work for each (create, write, owner, mode, time: 80 us on the
// benchmark's tree, three times what decompressing and hashing its 11 KB takes), which threads share.
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <optional>

#include "base/workers.hpp"
#include "chunk/sha256.hpp"
#include "tree/new_directory.hpp"

namespace rs::tree {

// The SHA-256 of what was written to a file is not the one that was announced: Error(Exit::data).
void check_written(const chunk::Digest& written, const std::optional<chunk::Digest>& announced, const std::string& path);

// What could not be set: of which path, in words.
struct Refused {
    std::string path, what;
};

// Used by one thread. Memory: 8 MiB of content of the 32 files that wait.
class SmallFiles {
public:
    struct File {
        std::shared_ptr<NewDirectory> directory; // held for it
        stream::Entry entry;
        std::optional<Owner> owner;
        std::optional<chunk::Digest> sha256; // announced
        Buffer content;
        std::string path, directory_path;    // in messages
    };
    SmallFiles();

    // Creates it soon. Errors of files before it are thrown here or by take_refused() or finish().
    void create(File&& file);
    // All that were given are there.
    void finish();
    // What could not be set since the last call.
    [[nodiscard]] std::vector<Refused> take_refused();

private:
    using Outcome = std::vector<Refused>;
    static Outcome make(const File& file, chunk::Sha256& hash);
    void settle_front();

    struct Waiting {
        std::future<Outcome> outcome;
        std::size_t bytes = 0;
    };
    std::deque<Waiting> waiting_;
    std::size_t waiting_bytes_ = 0;
    std::vector<Refused> refused_;
    std::vector<chunk::Sha256> hashes_; // one for each worker
    Workers workers_;
};

} // namespace rs::tree
