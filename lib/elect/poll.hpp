// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "elect/task.hpp"

namespace rs::elect {

// Waits until one of the descriptors is readable (those below 0 are none), or the time has come, a second at most.
// Throws Interrupted if the process was asked to stop.
void wait_for(const std::vector<int>& fds, Time until);

} // namespace rs::elect
