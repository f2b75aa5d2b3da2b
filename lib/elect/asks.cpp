// SPDX-License-Identifier: Apache-2.0
#include "elect/asks.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::elect {

void Asks::ask(Question question, std::size_t index, const std::string& who,
               std::vector<std::string> words, Time limit, const std::string& about) {
    for (const Running& r : running_)
        if (r.answer.question == question && r.answer.index == index && r.answer.about == about)
            return;
    words.insert(words.begin(), {config_.dir + "/bin/ask", who});
    Running& r = running_.emplace_back();
    r.answer = {.question = question, .index = index, .who = who, .about = about};
    try {
        r.task = std::make_unique<Task>(
            words,
            TaskOptions{.limit = limit, .environment = {cat("RS_ASK_LIMIT=", limit.count())}});
    } catch (const Error& e) {
        r.answer.complaint = e.what();
    }
}

void Asks::bids() {
    for (std::size_t i = 0; i < config_.peers.size(); ++i)
        ask(Question::bid, i, config_.peers[i].name, {"bid"}, limit_);
}

void Asks::proofs() {
    for (std::size_t i = 0; i < config_.servers.size(); ++i)
        ask(Question::proofs, i, config_.servers[i], {"proofs"}, limit_);
}

void Asks::observers(const std::string& leader, bool unless_self) {
    if (!unless_self) ask(Question::alive, 0, leader, {"alive"}, limit_, leader);
    // It waits for the leader itself, and has to be able to say that it does not answer.
    for (std::size_t i = 0; i + 1 < config_.observers(); ++i)
        ask(Question::observe, i, config_.servers[i], {"observe", leader}, 2 * limit_, leader);
}

void Asks::add_fds(std::vector<int>& fds) const {
    for (const Running& r : running_) {
        if (!r.task) continue;
        const auto more = r.task->fds();
        fds.insert(fds.end(), more.begin(), more.end());
    }
}

std::optional<Time> Asks::deadline() const {
    std::optional<Time> first;
    for (const Running& r : running_)
        if (const auto at = r.task ? r.task->deadline() : std::nullopt;
            at && (!first || *at < *first))
            first = at;
    return first;
}

std::vector<Answer> Asks::hear(Time now) {
    std::vector<Answer> answers;
    for (auto r = running_.begin(); r != running_.end();) {
        if (r->task && !r->task->hear(now)) {
            ++r;
            continue;
        }
        if (r->task) {
            r->answer.status = r->task->status();
            // 69 is what the asking itself ends with; a signal, or a program that is not there, is no answer either.
            r->answer.reached =
                !r->task->broken() && r->answer.status != 69 && r->answer.status < 126;
            r->answer.text = r->task->text();
            r->answer.complaint =
                r->task->broken() ? "no answer in time, or too long a one" : r->task->complaint();
        }
        answers.push_back(std::move(r->answer));
        r = running_.erase(r);
    }
    return answers;
}

} // namespace rs::elect
