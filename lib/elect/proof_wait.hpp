// SPDX-License-Identifier: Apache-2.0
// What goes on only when it is known which proofs the servers have: an order to take over, and a takeover whose step lock has
// ended, since the import that ended with it may have brought something newer.
#pragma once

#include "failover/machine.hpp"

namespace rs::elect {

class ProofWait {
public:
    // limit: so long two rounds of questions last at most; an order that comes before the coordinator has answered for the first
    // time waits for that, too: it is one to take over the epoch that there is. known: nobody has to be asked.
    void begin_lock_ended(failover::Time now, failover::Time limit, bool known);
    void begin_order(failover::Time now, failover::Time limit, bool known, bool seen);

    [[nodiscard]] bool waits() const { return lock_ended_ || ordered_; }
    [[nodiscard]] bool ordered() const { return ordered_; }

    enum class Next { wait, ask, go_on };
    // busy: somebody has not answered yet; seen: the coordinator has answered once. ask: all servers, for their proofs.
    [[nodiscard]] Next next(failover::Time now, bool busy, bool seen);

    struct Due {
        bool lock_ended = false, ordered = false;
    };
    // What was waiting, and waits no longer.
    [[nodiscard]] Due take();

private:
    void begin(failover::Time until, bool known);

    bool lock_ended_ = false, ordered_ = false, asked_ = false;
    failover::Time until_{0};
};

} // namespace rs::elect
