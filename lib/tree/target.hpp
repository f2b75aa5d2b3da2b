// SPDX-License-Identifier: Apache-2.0
// The directory that an import replaces, and what is kept beside it.
//
// Beside DIR lives .DIR.rs-import: the new tree while it is written, the previous one until it is told to
// go, and for each tree its manifest, named by the inode of its root so that one exchange of two
// directories changes tree and manifest together. Killed anywhere, DIR is the old tree or the new.
#pragma once

#include <optional>
#include <string>

#include "io/file.hpp"
#include "io/lock.hpp"

namespace rs::tree {

class Target {
public:
    // Looks only. DIR must not be "/" or end in "..". Its parent must exist: Error(Exit::cant_create).
    explicit Target(const std::string& path);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] bool exists() const;
    // The tree that is there; Error(Exit::no_input) if none is.
    [[nodiscard]] io::Dir open() const;
    // The manifest of the tree that is there, or nothing: not imported by us, or not there.
    [[nodiscard]] io::Fd open_manifest() const;
    // The same; nothing is Error(Exit::no_input).
    [[nodiscard]] io::Fd require_manifest() const;
    [[nodiscard]] std::string manifest_path() const;

    // For changes: makes the state directory and locks it; held by another process is Error(Exit::temp_fail). Finishes
    // or takes back what a killed import left.
    void lock();
    // Under the lock, instead of exchange(): what was made for the new tree goes. So does the state directory if there
    // is no tree that it tells of.
    void abandon();

    // An empty directory for the new tree, and the directory that holds it.
    [[nodiscard]] io::Dir make_new();
    [[nodiscard]] const io::Dir& state() const { return *state_; }
    // The new tree and its manifest (a file `manifest` in state()) become what DIR is. All of it was
    // flushed before. Of the tree that was there and the previous one, the one that was proven last is kept
    // as the previous one. What could not be tidied up after the exchange is said; the next lock() does it.
    [[nodiscard]] std::string exchange(const std::string& manifest);
    // DIR will not be built upon: its manifest is wrong.
    void distrust();

    [[nodiscard]] bool has_previous() const;
    // An import has been here; else Error(Exit::no_input). For what changes nothing where nothing was imported.
    void require_imported() const;
    void drop_previous(); // proven: the previous tree goes
    void roll_back();     // the two are exchanged
    // Of the new tree: its names were not given their owners, so that a check must not compare them.
    void note_no_owners();
    [[nodiscard]] bool owners_restored() const;
    // Files of the present tree that a check found wrong; one path a line, escaped.
    void write_damaged(const std::string& lines);
    [[nodiscard]] std::string read_damaged() const;

private:
    [[nodiscard]] std::optional<ino_t> inode_of(const io::Dir& dir, const std::string& name) const;
    void open_state();
    void require_own_state() const;
    void require_no_mounts() const;
    void remove_unread(const char* name);
    void recover();
    void finish_exchange();
    [[nodiscard]] int put_in_place(const char* name) const;
    void give_back_modes() const;
    [[nodiscard]] std::optional<std::uint64_t> read_inode(const std::string& file) const;
    void sweep_manifests();

    std::string path_;   // as given, for messages
    io::Dir parent_;
    std::string name_;   // in parent_
    std::string state_name_;
    std::optional<io::Dir> state_;
    std::optional<io::Lock> lock_;
    ino_t new_inode_ = 0; // of the directory that make_new() gave
};

} // namespace rs::tree
