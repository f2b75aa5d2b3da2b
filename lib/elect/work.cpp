// SPDX-License-Identifier: Apache-2.0
#include "elect/work.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "failover/words.hpp"

namespace rs::elect {

using namespace failover;
using namespace std::chrono_literals;

namespace {

constexpr Time first_pause = 1s, longest_pause = 30s; // between tries

std::string_view word_of(const Work& work) {
    switch (work.deed) {
    case Deed::step: return word(work.step);
    case Deed::unlock: return "unlock";
    case Deed::start: return "start";
    case Deed::freeze: return "freeze";
    case Deed::stop: return "stop";
    case Deed::branch: return "branch";
    case Deed::rejoin: return "rejoin";
    }
    return {};
}

} // namespace

std::vector<std::string> command_of(const Work& work, const std::string& dir) {
    const bool takes_over = work.deed == Deed::step || work.deed == Deed::unlock;
    std::vector<std::string> argv{cat(dir, takes_over ? "/bin/takeover" : "/bin/rejoin"), "--step",
                                  std::string(word_of(work))};
    // Before there is one, 0 is none.
    if (work.epoch != 0) argv.insert(argv.end(), {"--epoch", cat(work.epoch)});
    return argv;
}

Time limit_of(const Work& work, const Config& config) {
    if (work.deed == Deed::freeze) return 60s;
    // A whole dump, and backup servers that pull it as a branch.
    if (work.deed == Deed::rejoin) return 24h;
    if (work.deed != Deed::step) return 1h;
    switch (work.step) {
    // What cannot be told within a lease is told by time, or to nobody.
    case Step::freeze: return std::clamp(Time(config.lease), Time(2s), Time(15s));
    case Step::raise: return 60s;
    // As long as an import or a dump takes.
    case Step::lock:
    case Step::import:
    case Step::publish: return 24h;
    default: return 15min;
    }
}

std::string describe(const Work& work) {
    return work.deed == Deed::step
               ? cat("step ", word_of(work))
               : cat(word_of(work), work.deed == Deed::unlock ? " imports" : "");
}

void Lane::set_aside() {
    if (!task_) return;
    task_->stop(boot_time());
    ending_.push_back(std::move(task_));
}

void Lane::drop_steps() {
    if (!waiting_.empty() && waiting_.front().deed == Deed::step) set_aside();
    std::erase_if(waiting_, [](const Work& work) { return work.deed == Deed::step; });
    pause_ = not_before_ = Time(0);
}

void Lane::add(const Work& work) {
    if (has(work)) return;
    if (work.deed == Deed::step) {
        drop_steps();
        // Imports that were to be let run again are to be held now.
        if (!waiting_.empty() && waiting_.front().deed == Deed::unlock) set_aside();
        std::erase_if(waiting_, [](const Work& other) { return other.deed == Deed::unlock; });
    }
    if (work.deed == Deed::unlock) drop_steps();
    if (work.deed == Deed::freeze) {
        set_aside();
        waiting_.clear();
    }
    if (waiting_.empty()) pause_ = not_before_ = Time(0);
    waiting_.push_back(work);
}

bool Lane::has(const Work& work) const {
    return std::ranges::find(waiting_, work) != waiting_.end();
}

bool Lane::has_step() const {
    return std::ranges::any_of(waiting_, [](const Work& work) { return work.deed == Deed::step; });
}

void Lane::add_fds(std::vector<int>& fds) const {
    const auto add = [&](const Task& task) {
        const auto more = task.fds();
        fds.insert(fds.end(), more.begin(), more.end());
    };
    if (task_) add(*task_);
    for (const auto& task : ending_) add(*task);
}

std::optional<Time> Lane::deadline() const {
    std::optional<Time> first;
    if (task_)
        first = task_->deadline();
    else if (!waiting_.empty() && ending_.empty())
        first = not_before_;
    for (const auto& task : ending_)
        if (const auto at = task->deadline(); at && (!first || *at < *first)) first = at;
    return first;
}

void Lane::start(Time now, std::vector<Done>& done) {
    // Two of them never run at once.
    if (task_ || waiting_.empty() || !ending_.empty() || now < not_before_) return;
    Work work = waiting_.front();
    if (work.deed == Deed::freeze) work.epoch = known_();
    try {
        task_ =
            std::make_unique<Task>(command_of(work, config_.dir),
                                   TaskOptions{.limit = limit_of(work, config_), .capture = false});
    } catch (const Error& e) {
        done.push_back({work, false, e.what()});
    }
}

std::vector<Done> Lane::hear(Time now) {
    std::vector<Done> done;
    std::erase_if(ending_, [&](const auto& task) { return task->hear(now); });
    if (task_ && task_->hear(now)) {
        // 1 is done, with something that was told: a server that could not be reached, say.
        const bool ok = task_->status() <= 1 && !task_->broken();
        std::string how;
        if (task_->broken())
            how = "took too long, and was ended";
        else if (task_->status() != 0)
            how = cat(ok ? "done, with warnings: status " : "ended with status ", task_->status());
        done.push_back({waiting_.front(), ok, how});
        task_.reset();
    } else {
        start(now, done);
    }
    for (const Done& d : done) {
        if (d.ok || d.work.deed == Deed::step) {
            waiting_.pop_front();
            pause_ = not_before_ = Time(0);
        } else {
            pause_ = std::clamp(2 * pause_, first_pause, longest_pause);
            not_before_ = now + pause_;
        }
    }
    return done;
}

bool Lane::stop(Time now) {
    set_aside();
    waiting_.clear();
    for (const auto& task : ending_) task->stop(now);
    std::erase_if(ending_, [&](const auto& task) { return task->hear(now); });
    return ending_.empty();
}

} // namespace rs::elect
