// SPDX-License-Identifier: Apache-2.0
// Is everything that the store promises there?
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/monitor.hpp"
#include "store/generation.hpp"

namespace rs::store {

struct Finding {
    std::string object; // a file of the store, or "NAME E.C" or "NAME E.C: path"
    std::string what;
};

struct CheckOptions {
    bool read_data = false;                 // also decompress every segment and verify every chunk
    std::optional<std::uint64_t> budget_seconds; // with read_data: stop then, and go on there the next time
};

struct CheckReport {
    std::uint64_t generations = 0, packs = 0, chunks = 0;
    std::uint64_t read_bytes = 0;      // of packs
    std::uint64_t verified_chunks = 0;
    std::uint64_t findings = 0;
    bool complete = true;              // the budget was enough to come to the end
    std::uint64_t read_through = 0;    // serial of the last pack that was read whole; where the next run goes on
};

// Always: configuration, indexes (structure and SHA-256), packs there and of the right size, generation files, every
// manifest block readable and well-formed, every reference answered, no foreign file. Everything wrong goes
// to `report`; nothing is changed but the mark of how far a check with a budget came.
CheckReport check(const Store& store, const CheckOptions& options, const std::function<void(const Finding&)>& report,
                  Monitor& monitor);

struct RepairOptions {
    bool set_aside = false; // generations of which a block of the manifest is lost, too; else a later pull may heal them
};

struct RepairReport {
    std::uint64_t rebuilt_indexes = 0;
    std::uint64_t mended_packs = 0;      // header or end were damaged
    std::uint64_t lost_chunks = 0;       // newly found
    std::uint64_t damaged_generations = 0, damaged_files = 0;
    std::uint64_t set_aside = 0; // of the damaged generations
};

// Reads every pack, gives those with a damaged header or end new ones, writes new indexes that no longer claim what
// cannot be read, sets aside generation files that cannot be read, and names every generation and file that is
// damaged. Nothing that can still be read is dropped. The next pull sends lost chunks again
// where its source has them.
RepairReport repair(const Store& store, const RepairOptions& options, const std::function<void(const Finding&)>& report, Monitor& monitor);

} // namespace rs::store
