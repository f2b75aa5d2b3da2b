// SPDX-License-Identifier: Apache-2.0
// The asks of the machine to the coordinator, rs-failover(7): each is a run of its program, one at a time. What is asked anew
// ends the ask before it, whose answer would come too late.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "elect/answers.hpp"
#include "elect/task.hpp"

namespace rs::elect {

struct Reply {
    enum class Kind : std::uint8_t {
        seen,     // sight
        acquired, // epoch
        proven,
        lost,   // epoch: the coordinator's
        silent, // complaint
    };
    Kind kind = Kind::silent;
    std::uint32_t ticket = 0;
    Sight sight;
    std::uint64_t epoch = 0;
    std::string complaint;
};

class Coordinator {
public:
    explicit Coordinator(const Config& config) : config_(config) {}

    void view(std::uint32_t ticket);
    void acquire(std::uint32_t ticket, std::uint64_t epoch, bool by_order);
    // The lease is new then, and the phase of the takeover noted.
    void renew(std::uint32_t ticket, std::uint64_t epoch, bool finished);
    // Nobody waits for the answer.
    void release(std::uint64_t epoch);

    // An answer is waited for.
    [[nodiscard]] bool waits() const { return waiting_; }
    void add_fds(std::vector<int>& fds) const;
    [[nodiscard]] std::optional<Time> deadline() const;
    [[nodiscard]] std::optional<Reply> hear(Time now);
    // Asks all to end; true when none is left.
    bool stop(Time now);

private:
    enum class What : std::uint8_t {
        view,
        acquire,
        renew,
        beaten,  // to which epoch, when it was not acquired
        refused, // likewise, when it was not renewed
    };
    [[nodiscard]] std::vector<std::string> command(std::string_view word) const;
    void start(What what, std::uint32_t ticket, std::vector<std::string> argv);
    [[nodiscard]] std::optional<Reply> reply();

    const Config& config_;
    std::unique_ptr<Task> task_; // none while waiting: it could not be started
    std::string failed_;         // why
    bool waiting_ = false;
    What what_ = What::view;
    std::uint32_t ticket_ = 0;
    std::uint64_t epoch_ = 0;                   // that is to be renewed
    std::vector<std::unique_ptr<Task>> others_; // for whose answers nobody waits
};

} // namespace rs::elect
