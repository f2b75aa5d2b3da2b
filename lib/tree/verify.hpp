// SPDX-License-Identifier: Apache-2.0
// An imported tree against its manifest.
#pragma once

#include <functional>
#include <string>

#include "base/generation.hpp"
#include "base/monitor.hpp"
#include "tree/target.hpp"

namespace rs::tree {

struct Difference {
    std::string path;
    std::string what; // "missing", "SHA-256 differs", ...
};

struct CheckResult {
    Generation generation;
    std::uint64_t entries = 0;
    std::uint64_t checked_bytes = 0;
    std::uint64_t differences = 0;
};

// Compares names, types, modes, owners (as root, if the import restored them), attributes, sizes, times, links,
// device numbers and every file's SHA-256 (chunk ids where there is none). What differs is noted beside the tree, so that the next --have does not claim it, where
// the caller may write there. A tree that we did not import is Error(Exit::no_input).
CheckResult check_tree(Target& target, const std::function<void(const Difference&)>& report, Monitor& monitor);

} // namespace rs::tree
