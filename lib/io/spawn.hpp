// SPDX-License-Identifier: Apache-2.0
// The start of another program.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "io/fd.hpp"

namespace rs::io {

struct SpawnOptions {
    int input = -1;                       // its standard input; below 0: /dev/null
    int output = -1;                      // its standard output; below 0: ours
    int errors = -1;                      // its standard error; below 0: ours
    std::vector<std::string> environment; // "NAME=VALUE", besides our own
};

// It has a process group of its own (so that what it starts can be ended with it), the usual signals, no descriptor of ours
// but those three, and dies with the thread that has started it. argv[0] is looked up in PATH unless it has a slash.
// Gives its number; the caller waits for it. Cannot be run: Error(Exit::unavailable).
[[nodiscard]] pid_t spawn(const std::vector<std::string>& argv, const SpawnOptions& options);

// Kills the group of a child that spawn() has given and nobody has waited for, and waits for the child.
void kill_group(pid_t pid);

// A descriptor that is readable when that child has ended. If there is none the child is killed: Error(Exit::unavailable) with `name`.
[[nodiscard]] Fd watch_child(pid_t pid, const std::string& name);

} // namespace rs::io
