// SPDX-License-Identifier: Apache-2.0
// Does what a queue asks for: several programs at a time, but never two for the same item.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "notify/job.hpp"
#include "notify/queue.hpp"
#include "notify/reception.hpp"

namespace rs::notify {

struct WorkOptions {
    unsigned jobs = 4;                       // programs at a time
    unsigned tries = 10;                     // of one generation, before it is given up
    std::chrono::seconds backoff{10};        // after the first failure; twice as long after each further one
    std::chrono::seconds max_backoff{3600};
    std::chrono::seconds timeout{0};         // of each run; 0: none
    std::string stop_file;                   // while it exists nothing is started; empty: no such file
    std::string listen;                      // path of a socket at which notifications come in; empty: none
    Reception reception;                     // how those are looked at
    bool once = false;                       // until nothing is due, instead of for ever
    // What happens, a line at a time, as it happens: who, and what.
    std::function<void(const std::string& who, std::string_view line)> log;
    // What a person should know: something was given up, or is damaged.
    std::function<void(const std::string&)> alarm;
};

struct WorkResult {
    std::size_t done = 0, failed = 0, given_up = 0;

    WorkResult& operator+=(const WorkResult& other) {
        done += other.done;
        failed += other.failed;
        given_up += other.given_up;
        return *this;
    }
};

// Holds the queue's worker lock meanwhile. If another holds it: with `once` nothing is returned, else it is waited for. Programs are asked with RS_NOTIFY_SOURCE,
// RS_NOTIFY_NAME and RS_NOTIFY_GENERATION in their environment. An item is done when its program ends with 0 or 1 (done, with
// something that was told). Interrupted: programs are ended, and their items are done the next time.
[[nodiscard]] std::optional<WorkResult> work(Queue& queue, const WorkOptions& options);

} // namespace rs::notify
