// SPDX-License-Identifier: Apache-2.0
// What the coordinator said last of the line, and what follows from it.
#pragma once

#include <optional>
#include <string>

#include "elect/answers.hpp"
#include "elect/epoch_age.hpp"

namespace rs::elect {

class Sighting {
public:
    // Takes in what was asked for at `asked` and is heard now. Gives what the machine is told: the same, but for how old the
    // epoch is (epoch_age.hpp).
    [[nodiscard]] failover::View take(const Sight& seen, failover::Time asked, failover::Time now);

    // Nothing: it has not answered yet.
    [[nodiscard]] const std::optional<Sight>& last() const { return last_; }
    // Who leads, or did last; empty: not known.
    [[nodiscard]] const std::string& holder() const;

    // Of the one from whom `epoch` is taken over by an order, with or without its lease. It may have ended or come since it was
    // seen; but one who may have the lease, and of whom this is not known for certain, is waited for as if it had it.
    [[nodiscard]] failover::Predecessor predecessor(std::uint64_t epoch, failover::Time lease,
                                                    failover::Time now) const;

private:
    std::optional<Sight> last_;
    failover::Time asked_{0};
    EpochAge age_;
};

} // namespace rs::elect
