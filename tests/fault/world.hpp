// SPDX-License-Identifier: Apache-2.0
// A small but whole world for tests that harm it some hundred thousand times: three states of a tree, a store, an
// imported tree, and the streams between them. All of it in memory where /dev/shm can be written.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "store/store.hpp"

namespace rs::fault {

// A new directory that goes away with all that is in it.
class Scratch {
public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

// The files of a directory and what is in them, to be put back later. Times and owners are not part of it.
class Snapshot {
public:
    using Files = std::map<std::string, std::string>; // by path; a directory's path ends in a slash
    explicit Snapshot(const std::string& root);
    // Puts it back, here or elsewhere.
    void restore(const std::string& root) const;
    void restore() const { restore(root_); }
    [[nodiscard]] const Files& files() const { return files_; }
    [[nodiscard]] bool operator==(const Snapshot& other) const { return files_ == other.files_; }

private:
    std::string root_;
    Files files_;
};

// Everything that a dump carries of a tree, as text: two trees are the same if their images are.
[[nodiscard]] std::string image_of(const std::string& root);

void put_file(const std::string& path, std::string_view content);
void remove_all(const std::string& path);

// Writes state `number` (1 to 3) of the tree to `path`, which must not exist.
void make_tree(const std::string& path, unsigned number);

// The name that all generations have in the store.
inline constexpr const char* name = "demo";

// The tools, as functions from bytes to bytes. have: empty for none.
[[nodiscard]] Buffer export_tree(const std::string& path, ByteSpan have,
                                 const std::string& generation = {});
void pull(const std::string& store, ByteSpan stream);
void import(const std::string& target, ByteSpan stream);
[[nodiscard]] Buffer emit(const std::string& store, const std::string& generation,
                          ByteSpan have = {});
[[nodiscard]] Buffer store_have(const std::string& store);
[[nodiscard]] Buffer target_have(const std::string& target);
// What a check that reads everything finds, one line each; that it is no store is a line, too.
[[nodiscard]] std::string check(const std::string& store);
// What is left when a stream is imported where nothing was.
[[nodiscard]] std::string image_of_stream(const Scratch& scratch, ByteSpan stream);

struct World {
    World();
    Scratch scratch;
    std::string trees[4]; // paths; [0] is none
    std::string images[4];
    std::string store;   // path; holds generations 1.1 and 1.2
    std::string target;  // path; holds 1.2
    Buffer have;         // of the store
    Buffer whole, delta; // dumps of 1.3
};

// Counts and says what is wrong; the status of the program.
class Verdict {
public:
    explicit Verdict(std::string section) : section_(std::move(section)) {}
    void wrong(const std::string& where, const std::string& what);
    void count(const std::string& what) { ++counts_[what]; }
    // Counts, and says where if $RS_SHOW is set.
    void example(const std::string& what, const std::string& where);
    void require(bool good, const std::string& where, const std::string& what) {
        if (!good) wrong(where, what);
    }
    // Prints the counts. Gives whether nothing was wrong.
    [[nodiscard]] bool finish();
    [[nodiscard]] std::uint64_t wrongs() const { return wrongs_; }

private:
    std::string section_;
    std::map<std::string, std::uint64_t> counts_;
    std::uint64_t wrongs_ = 0;
};

} // namespace rs::fault
