// SPDX-License-Identifier: Apache-2.0
// A notification that has come from somewhere: is it one, may it be, and who hears of it.
#pragma once

#include <string>

#include "notify/queue.hpp"

namespace rs::notify {

struct Reception {
    const Key* key = nullptr; // none, and no `keys`: whoever can reach us is believed
    std::string keys;         // a directory with the key of each source, in a file of its name; instead of one key for all
    std::string callbacks;    // the directory; empty: that of the queue
    std::string from;         // the only source that is heard, or empty: any
};

// Queues it. What is not accepted is counted and thrown: Error(Exit::data). `n`, if not null, becomes what it says.
[[nodiscard]] Answer receive(Queue& queue, std::string_view text, const Reception& r, Notification* n = nullptr);

} // namespace rs::notify
