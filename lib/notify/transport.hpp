// SPDX-License-Identifier: Apache-2.0
// How a notification reaches who is told.
//
//   ssh://[USER@]HOST[:PORT]/   ssh(1), whose other end runs what it is bound to: rs-notify accept
//   exec:PROGRAM [ARG...]       a program that reads it from standard input; words as in a shell, nothing expanded
//   unix:PATH                   a socket that a worker listens at
//   queue:DIR                   the queue itself, on this machine, with its own callbacks
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "notify/notification.hpp"

namespace rs::notify {

struct TransportOptions {
    std::vector<std::string> ssh{"ssh"};  // the command, and options that go in front of all others
    std::chrono::seconds timeout{60};     // of each delivery
};

// Error(Exit::usage) if the text is none of these.
void check_target(const std::string& target);

// Gives it to the target. Returns when it is there for good, else Error: Exit::data if it was refused, Exit::unavailable
// if it could not be delivered now. `text` is what format_notification() gave.
void deliver(const std::string& target, const std::string& text, const TransportOptions& options);

} // namespace rs::notify
