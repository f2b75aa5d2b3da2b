// SPDX-License-Identifier: Apache-2.0
// Questions to the other instances and the backup servers, all at once: DIR/bin/ask WHO WORD..., each in a process of its own
// with a limit. Its environment says how long it has: RS_ASK_LIMIT, in milliseconds.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "elect/config.hpp"
#include "elect/task.hpp"

namespace rs::elect {

enum class Question : std::uint8_t {
    bid,     // of a peer: index in Config::peers
    alive,   // of the leader, by ourselves: index 0
    observe, // of the leader, by a server: index in Config::servers
    proofs,  // of a server
};

struct Answer {
    Question question = Question::bid;
    std::size_t index = 0;
    std::string who;      // who was asked
    std::string about;    // the leader, for alive and observe
    bool reached = false; // false: it could not be, or has not answered in time
    int status = 0;
    std::string text; // what it printed
    std::string complaint;
};

class Asks {
public:
    explicit Asks(const Config& config) : config_(config), limit_(ask_limit(config)) {}

    // Asks, unless that is being asked already.
    void bids();
    void proofs();
    // Whether the leader is reached: this instance and all servers are asked. `unless_self`: not this instance.
    void observers(const std::string& leader, bool unless_self);

    [[nodiscard]] bool busy() const { return !running_.empty(); }
    void add_fds(std::vector<int>& fds) const;
    [[nodiscard]] std::optional<Time> deadline() const;
    // The answers that have come, also of those who did not answer.
    [[nodiscard]] std::vector<Answer> hear(Time now);

private:
    struct Running {
        Answer answer;
        std::unique_ptr<Task> task; // none: could not be started
    };

    void ask(Question question, std::size_t index, const std::string& who,
             std::vector<std::string> words, Time limit, const std::string& about = {});

    const Config& config_;
    Time limit_;
    std::list<Running> running_;
};

} // namespace rs::elect
