// SPDX-License-Identifier: Apache-2.0
// Makes a second store hold what the first one holds.
#pragma once

#include <functional>

#include "base/monitor.hpp"
#include "store/references.hpp"

namespace rs::store {

struct CopyReport {
    std::uint64_t generations = 0;         // that were copied
    std::uint64_t already_there = 0;
    std::uint64_t new_bytes = 0;           // chunks that the second store did not have
};

// Every generation of every name (or of one) that `to` lacks goes through a stream of its own, the older first, then
// proofs and the marks of the names. Both stores should have one key (`rs-store init --like`), so that
// chunks are recognised; it works without. done() is called for each copied generation with an
// empty text, and with the error for each that cannot be read; the others are copied all the same.
// `as`: what `name` is called in `to`, if not the same.
CopyReport copy(const Store& from, const Store& to, const std::string& name, const std::string& as,
                const std::function<void(const GenerationPlace&, const std::string& error)>& done, Monitor& monitor);

} // namespace rs::store
