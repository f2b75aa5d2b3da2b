// SPDX-License-Identifier: Apache-2.0
// What this instance does to itself: the steps of a takeover (DIR/bin/takeover) and of coming back from having led
// (DIR/bin/rejoin), one program at a time, in order. Each can be killed and run again.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "elect/config.hpp"
#include "elect/task.hpp"

namespace rs::elect {

enum class Deed : std::uint8_t {
    step,   // of a takeover; Step::publish is one, too
    unlock, // the import lock, when there is no takeover
    start,  // the service
    freeze, // and the next three: was the leader
    stop,
    branch,
    rejoin,
};

struct Work {
    Deed deed = Deed::step;
    failover::Step step = failover::Step::done;
    std::uint64_t epoch = 0; // 0: none; of freeze always, see Lane

    bool operator==(const Work&) const = default;
};

[[nodiscard]] std::vector<std::string> command_of(const Work& work, const std::string& dir);
// How long it may take; 0: as long as it takes.
[[nodiscard]] Time limit_of(const Work& work, const Config& config);
[[nodiscard]] std::string describe(const Work& work);

struct Done {
    Work work;
    bool ok = false;
    std::string how; // it ended, if not just well
};

// Steps are tried once: the machine has them tried again. All else is tried until it is done.
class Lane {
public:
    // known: the highest epoch that was heard of, with which freeze is begun: with a lower one it would be refused for ever.
    Lane(const Config& config, std::function<std::uint64_t()> known)
        : config_(config), known_(std::move(known)) {}

    // A step takes the place of one before it; freeze that of everything.
    void add(const Work& work);
    // Steps end, and none begins.
    void drop_steps();

    [[nodiscard]] bool has(const Work& work) const;
    [[nodiscard]] bool has_step() const;
    void add_fds(std::vector<int>& fds) const;
    [[nodiscard]] std::optional<Time> deadline() const;
    [[nodiscard]] std::vector<Done> hear(Time now);
    // Asks what runs to end; true when nothing is left.
    bool stop(Time now);

private:
    void start(Time now, std::vector<Done>& done);
    void set_aside();

    const Config& config_;
    const std::function<std::uint64_t()> known_;
    std::deque<Work> waiting_; // the first one is the one that runs, if any does
    std::unique_ptr<Task> task_;
    std::vector<std::unique_ptr<Task>> ending_;
    Time pause_{0}, not_before_{0};
};

} // namespace rs::elect
