// SPDX-License-Identifier: Apache-2.0
#include "elect/sighting.hpp"

namespace rs::elect {

using namespace failover;

View Sighting::take(const Sight& seen, Time asked, Time now) {
    last_ = seen;
    asked_ = asked;
    View view = seen.view;
    view.since_takeover = age_.of(view, now);
    return view;
}

const std::string& Sighting::holder() const {
    static const std::string nobody;
    return last_ ? last_->holder : nobody;
}

Predecessor Sighting::predecessor(std::uint64_t epoch, Time lease, Time now) const {
    if (!last_ || last_->view.epoch != epoch) return Predecessor::uncertain;
    // Who had it last may have it again, and has a whole lease then.
    if (!last_->view.held) return now - asked_ < lease / 2 ? Predecessor::gone : Predecessor::uncertain;
    return last_->view.finished ? Predecessor::held : Predecessor::uncertain;
}

} // namespace rs::elect
