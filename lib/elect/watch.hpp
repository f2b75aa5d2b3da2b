// SPDX-License-Identifier: Apache-2.0
// The service beside each instance: it drives the machine (failover/machine.hpp), and is its clock, its memory, and its hands.
// Whatever the machine wants is done by programs with limits; nothing here waits for any of them, so that time goes on for it.
#pragma once

#include <functional>
#include <string>

#include "elect/config.hpp"
#include "io/file.hpp"

namespace rs::elect {

// Until the process is asked to stop: then it ends what runs within a second, and throws Interrupted. print: gets each line
// of the log. Another one watches this instance: gives false after a second.
[[nodiscard]] bool watch(const Config& config,
                         const std::function<void(const std::string&)>& print);

// Whether a process watches the instance with this state directory.
[[nodiscard]] bool watched(const io::Dir& state);

} // namespace rs::elect
