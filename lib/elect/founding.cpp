// SPDX-License-Identifier: Apache-2.0
#include "elect/founding.hpp"

#include <algorithm>

#include "elect/held.hpp"

namespace rs::elect {

void Founding::go_on(Coordinator& coordinator, Time now) {
    if (asked_ || now < at_) return;
    asked_ = true;
    if (acquires_)
        coordinator.acquire(0, after_, after_ != 0);
    else
        coordinator.view(0);
}

std::optional<Founding::Outcome> Founding::heard(const Reply& r, Time now) {
    asked_ = false;
    at_ = now + pause_;
    const bool acquired = acquires_;
    acquires_ = false;
    // A line that is older than its coordinator goes on where it is: epochs never go down.
    const std::uint64_t present = std::max<std::uint64_t>(1, read_epoch(state_));
    const bool seen = r.kind == Reply::Kind::seen;
    const std::uint64_t epoch = seen ? r.sight.view.epoch : r.epoch;
    const bool ours = r.kind == Reply::Kind::acquired ||
                      // We had acquired it, and were killed before that was on the disk.
                      (seen && epoch != 0 && epoch <= present && r.sight.holder == config_.instance);
    if ((seen && epoch == 0) || (ours && epoch < present)) {
        acquires_ = true;
        after_ = epoch;
        at_ = Time(0);
        return std::nullopt;
    }
    if (ours) return Outcome{epoch};
    if (seen || (acquired && r.kind == Reply::Kind::lost)) return Outcome{};
    return std::nullopt;
}

} // namespace rs::elect
