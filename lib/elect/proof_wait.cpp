// SPDX-License-Identifier: Apache-2.0
#include "elect/proof_wait.hpp"

namespace rs::elect {

using namespace failover;
using namespace std::chrono_literals;

namespace {

constexpr Time first_sight = 10s;

}

void ProofWait::begin_lock_ended(Time now, Time limit, bool known) {
    lock_ended_ = true;
    begin(now + limit, known);
}

void ProofWait::begin_order(Time now, Time limit, bool known, bool seen) {
    ordered_ = true;
    begin(now + limit + (seen ? Time(0) : first_sight), known);
}

void ProofWait::begin(Time until, bool known) {
    until_ = until;
    asked_ = known;
}

ProofWait::Next ProofWait::next(Time now, bool busy, bool seen) {
    if (!asked_ && !busy) {
        asked_ = true;
        return Next::ask;
    }
    return (asked_ && !busy && seen) || now >= until_ ? Next::go_on : Next::wait;
}

ProofWait::Due ProofWait::take() {
    const Due due{lock_ended_, ordered_};
    lock_ended_ = ordered_ = false;
    return due;
}

} // namespace rs::elect
