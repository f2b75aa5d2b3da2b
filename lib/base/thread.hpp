// SPDX-License-Identifier: Apache-2.0
// A thread of its own for a job; that there is none left is an error as any other.
#pragma once

#include <system_error>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs {

// No more threads may be started: Error(Exit::temp_fail).
template <typename Job>
[[nodiscard]] std::thread start_thread(Job&& job) {
    try {
        return std::thread(std::forward<Job>(job));
    } catch (const std::system_error& e) {
        fail(Exit::temp_fail, cat("cannot start a thread: ", e.code().message()),
             "the limit of processes and threads is reached (ulimit -u, TasksMax)");
    }
}

} // namespace rs
