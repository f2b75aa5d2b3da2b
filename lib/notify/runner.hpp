// SPDX-License-Identifier: Apache-2.0
// A program that is run until it succeeds, a few times at most.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "notify/feed.hpp"

namespace rs::notify {

struct RunOptions {
    std::vector<std::string> argv;
    unsigned tries = 1;                     // 1 or more
    std::chrono::seconds backoff{1};        // before the second try; twice as long before each further one
    std::chrono::seconds max_backoff{60};
    std::chrono::seconds timeout{0};        // of each try; 0: none
    bool warned = false;                    // status 1 is done, with something that was told: an exit code of ours
    std::function<void(std::string_view)> heard; // what it prints, as it comes; may be empty
};

// Statuses after which there is no other try, whatever is left of them: the call or a profile is wrong (64, 78), or another
// leads (77).
[[nodiscard]] bool is_final(int status);

// The row of all the tries; title and generation are left to the caller. A program that cannot be run has failed with status
// 127. Interrupted while it runs: it is ended, and Interrupted is thrown.
[[nodiscard]] Row run_program(const RunOptions& options);

} // namespace rs::notify
