// SPDX-License-Identifier: Apache-2.0
// How long ago the present epoch began or its takeover was finished, for the block time after it.
#pragma once

#include <optional>

#include "failover/machine.hpp"

namespace rs::elect {

// The age that the coordinator tells comes from clocks that can be set: one that is ahead would end each block time at
// once. So it counts only for what was so already when this process began, which nothing else tells; what began while it
// looked is as old as the clock of the machine says.
class EpochAge {
public:
    // Takes in what was seen at that time, in which since_takeover is what the coordinator tells.
    [[nodiscard]] failover::Time of(const failover::View& view, failover::Time now);

private:
    std::optional<failover::View> last_;
    failover::Time since_{0};
    bool began_here_ = false; // while we looked
};

} // namespace rs::elect
