// SPDX-License-Identifier: Apache-2.0
// One run of a program: what it prints, how it ends, and its end if that does not come by itself.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "io/fd.hpp"

namespace rs::notify {

using Clock = std::chrono::steady_clock; // no jump of the wall clock ends a program, or keeps it

// The end of a text that may be long.
class Tail {
public:
    explicit Tail(std::size_t most_bytes) : most_(most_bytes) {}
    void add(std::string_view text);
    // The last bytes, from the beginning of a line on if some are missing, which is said.
    [[nodiscard]] std::string text() const;

private:
    std::size_t most_, lost_ = 0;
    std::string text_;
};

// Output and errors are one, in the order in which they were written. When the object goes, the
// program and its process group are killed.
//
// It is driven by whoever waits: poll() for output() and ended() to be readable, until deadline().
class Job {
public:
    // timeout: of its run; 0: none. input: its standard input; below 0: /dev/null. Cannot be run: Error(Exit::unavailable).
    Job(const std::vector<std::string>& argv, const std::vector<std::string>& environment, std::chrono::seconds timeout,
        int input = -1);
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    ~Job();

    [[nodiscard]] int output() const { return output_.get(); } // below 0 when it has closed it
    [[nodiscard]] int ended() const { return pidfd_.get(); }

    // What it has printed by now.
    [[nodiscard]] std::string read();
    // To be called when time has passed: from the deadline on its group is asked to end (SIGTERM), 1.5 seconds later it has
    // to (SIGKILL), so that a limit of n seconds is kept by n + 2.
    void keep_time(Clock::time_point now);
    [[nodiscard]] std::optional<Clock::time_point> deadline() const;
    [[nodiscard]] bool timed_out() const { return timed_out_; }
    // Its exit status, or 128 and the signal that ended it; nothing while it runs. What it has started and left behind
    // is killed if it failed, and goes on if not: an exporter may start a service again.
    [[nodiscard]] std::optional<int> status();
    // Asks it to end now, as at the deadline.
    void stop(Clock::time_point now);

private:
    void close_output();

    io::Fd output_, pidfd_;
    pid_t pid_ = -1;
    std::optional<Clock::time_point> limit_, kill_at_;
    bool timed_out_ = false;
    std::optional<int> status_;
};

// Until a descriptor is readable (-1: none), or the time has come. False: the time has come. Throws Interrupted if the process was asked
// to stop.
bool wait_readable(const std::vector<int>& fds, std::optional<Clock::time_point> until);

} // namespace rs::notify
