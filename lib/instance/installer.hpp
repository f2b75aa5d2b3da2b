// SPDX-License-Identifier: Apache-2.0
// Makes the tree of an instance what a plan says.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "instance/batch.hpp"
#include "instance/plan.hpp"
#include "instance/record.hpp"
#include "io/file.hpp"
#include "io/lock.hpp"

namespace rs::instance {

struct Change {
    enum class What : char { create = '+', update = '~', remove = '-' } what = What::create;
    std::string path;
    Kind kind = Kind::file;
    bool mode_only = false; // of an update
};

// Only what differs is written, each file whole or not at all. What an earlier installation has put there and the plan
// lacks is removed: files and links; directories if they are empty; nothing below srv. What nobody here has installed
// stays, and is an error if it is in the way: Error(Exit::cant_create).
//
// A crash leaves a tree in which each file is the old or the new one; the next install() completes it, since what may be
// there is recorded before it is.
class Installer {
public:
    // plan.root() must be a directory that is there. Held by another installer: Error(Exit::temp_fail).
    explicit Installer(const Plan& plan);

    // What install() would do, in its order.
    [[nodiscard]] std::vector<Change> changes() const;
    // `told` hears of each change when it is done, in that order.
    void install(const std::function<void(const Change&)>& told);

    [[nodiscard]] const io::Dir& root() const { return root_; }

private:
    [[nodiscard]] std::optional<Change> needed(const std::string& path, const Entry& entry) const;
    [[nodiscard]] std::vector<Change> removals() const;
    void make(const std::string& path, const Entry& entry, bool mode_only, Batch& batch);
    [[nodiscard]] bool remove(const Change& change) const;
    void sweep(const io::Dir& dir) const;

    const Plan& plan_;
    io::Dir root_;
    io::Lock lock_;
    Record before_;
    std::set<std::string> swept_; // directories
};

} // namespace rs::instance
