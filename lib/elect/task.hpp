// SPDX-License-Identifier: Apache-2.0
// A program that is run beside us within a time limit, driven by whoever waits: poll() for fds() until deadline(), then hear().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "failover/death.hpp"
#include "io/fd.hpp"

namespace rs::elect {

using failover::Time;

// The clock of the machine (CLOCK_BOOTTIME): it goes on while the computer sleeps, and nobody can set it.
[[nodiscard]] Time boot_time();

struct TaskOptions {
    Time limit{0};       // of its run; 0: none
    bool capture = true; // keep what it prints; false: both go to our standard error
    std::vector<std::string> environment;
};

// It has a process group of its own, which goes when it fails or the object goes; what one that ended well has left running
// goes on: a step of a takeover may start a service.
class Task {
public:
    // Cannot be run: Error(Exit::unavailable).
    Task(std::vector<std::string> argv, const TaskOptions& options);
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    ~Task();

    // Readable when there is something to hear; below 0: closed.
    [[nodiscard]] std::vector<int> fds() const {
        return {output_.get(), errors_.get(), pidfd_.get()};
    }
    [[nodiscard]] std::optional<Time> deadline() const;

    // Reads what there is, and keeps the limit: behind it the group is asked to end, half a second later it has to. True: it has ended.
    bool hear(Time now);
    // Asks it to end, as at the limit.
    void stop(Time now);

    [[nodiscard]] bool ended() const { return status_.has_value(); }
    // When it has ended: its exit status, or 128 and the signal that ended it.
    [[nodiscard]] int status() const { return status_.value_or(-1); }
    // It had to be ended, or has said too much: what it has printed is no answer.
    [[nodiscard]] bool broken() const { return broken_; }
    [[nodiscard]] const std::string& text() const { return text_; }
    // The first line that it has said on standard error, fit to be shown.
    [[nodiscard]] std::string complaint() const;

private:
    void read(io::Fd& from, std::string& into, std::size_t most, bool strict);

    io::Fd output_, errors_, pidfd_;
    pid_t pid_ = -1;
    std::optional<Time> limit_, kill_at_;
    bool broken_ = false;
    std::string text_, said_;
    std::optional<int> status_;
};

} // namespace rs::elect
