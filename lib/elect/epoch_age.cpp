// SPDX-License-Identifier: Apache-2.0
#include "elect/epoch_age.hpp"

#include <algorithm>

namespace rs::elect {

using namespace failover;

Time EpochAge::of(const View& view, Time now) {
    if (!last_ || last_->epoch != view.epoch || last_->finished != view.finished) {
        began_here_ = last_.has_value();
        since_ = now;
    }
    last_ = view;
    const Time seen = now - since_;
    return began_here_ ? seen : std::max(view.since_takeover, seen);
}

} // namespace rs::elect
