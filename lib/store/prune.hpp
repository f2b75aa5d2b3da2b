// SPDX-License-Identifier: Apache-2.0
// Removes generations by rule, then what nothing refers to any more.
#pragma once

#include <string>
#include <vector>

#include "base/monitor.hpp"
#include "store/references.hpp"
#include "store/retention.hpp"

namespace rs::store {

struct PruneOptions {
    Policy policy;
    std::string name;            // only this one, or empty: all
    bool accept_shrink = false;  // ends the freeze of the names that are pruned
    bool dry_run = false;
};

struct PlannedGeneration {
    GenerationPlace place;
    UtcTime time;
    std::uint64_t bytes = 0; // of the tree
    bool proven = false;
    Decision decision;
};

struct PruneReport {
    std::vector<PlannedGeneration> plan;
    std::vector<std::string> frozen; // names that were left alone
    std::uint64_t removed_generations = 0;
    std::uint64_t removed_packs = 0, rewritten_packs = 0;
    std::uint64_t freed_bytes = 0;   // of packs; with dry_run an estimate
};

// Generations of branches are never removed by rule. Pulls and reads go on: names are removed under the store's
// lock, chunks keep their numbers, and a pull looks again at what it refers to before it publishes. Killed at any
// point, the store is whole and the next prune goes on. Works without a free byte: the reserve is given back first. A
// generation that cannot be read stops it, Error(Exit::data): what it needs is not known.
PruneReport prune(const Store& store, const PruneOptions& options, UtcTime now, Monitor& monitor);

} // namespace rs::store
