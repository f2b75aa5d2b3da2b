// SPDX-License-Identifier: Apache-2.0
// The wish to stop: set by a signal handler, read by whatever waits.
#pragma once

#include <atomic>

namespace rs::io {

// Number of the signal that asked the process to stop, or 0. Blocking reads and writes that the signal
// interrupts then throw Interrupted instead of going on.
inline std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

} // namespace rs::io
