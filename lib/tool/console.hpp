// SPDX-License-Identifier: Apache-2.0
// Messages and progress for people, on stderr; and the end that signals ask for.
#pragma once

#include <chrono>
#include <string>

#include "base/monitor.hpp"

namespace rs::tool {

class Console final : public Monitor {
public:
    explicit Console(std::string name) : name_(std::move(name)) {}

    void set(int verbose, bool quiet);
    void warn(const std::string& message) override;
    void note(const std::string& message) override;
    // Shown on a terminal at most five times a second. Throws Interrupted after SIGINT, SIGTERM or SIGHUP.
    void progress(std::uint64_t done_bytes, std::uint64_t total_bytes) override;

    void error(const std::string& message, const std::string& hint);
    [[nodiscard]] std::uint64_t warnings() const { return warnings_; }
    // Removes a progress line so that something else can be printed.
    void clear();

private:
    std::string name_;
    int verbose_ = 0;
    bool quiet_ = false, terminal_ = false, shown_ = false;
    std::uint64_t warnings_ = 0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now(), last_ = start_;
};

// SIGPIPE is ignored; SIGINT, SIGTERM and SIGHUP are noted and read by progress().
void install_signals();
// The signal that asked us to stop, or 0.
[[nodiscard]] int pending_signal();

} // namespace rs::tool
