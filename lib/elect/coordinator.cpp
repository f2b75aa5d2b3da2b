// SPDX-License-Identifier: Apache-2.0
#include "elect/coordinator.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::elect {

namespace {

// The machine gives an ask up earlier; this one is for what nobody waits for any more.
Time limit_of(const Config& config) { return std::max(Time(config.lease), Time(2000)); }

} // namespace

std::vector<std::string> Coordinator::command(std::string_view word) const {
    return {config_.coordinate, config_.coordinator, std::string(word), config_.line};
}

void Coordinator::start(What what, std::uint32_t ticket, std::vector<std::string> argv) {
    if (task_ && !task_->ended()) {
        task_->stop(boot_time());
        others_.push_back(std::move(task_));
    }
    task_.reset();
    failed_.clear();
    what_ = what;
    ticket_ = ticket;
    waiting_ = true;
    try {
        task_ = std::make_unique<Task>(std::move(argv), TaskOptions{.limit = limit_of(config_)});
    } catch (const Error& e) {
        failed_ = e.what();
    }
}

void Coordinator::view(std::uint32_t ticket) { start(What::view, ticket, command("view")); }

void Coordinator::acquire(std::uint32_t ticket, std::uint64_t epoch, bool by_order) {
    auto argv = command(by_order ? "order" : "acquire");
    argv.insert(argv.end(), {config_.instance, cat(epoch), cat(config_.lease.count())});
    start(What::acquire, ticket, std::move(argv));
}

void Coordinator::renew(std::uint32_t ticket, std::uint64_t epoch, bool finished) {
    auto argv = command("renew");
    argv.insert(argv.end(), {config_.instance, cat(epoch), cat(config_.lease.count()),
                             finished ? "leading" : "taking"});
    epoch_ = epoch;
    start(What::renew, ticket, std::move(argv));
}

void Coordinator::release(std::uint64_t epoch) {
    auto argv = command("release");
    argv.insert(argv.end(), {config_.instance, cat(epoch)});
    try {
        others_.push_back(
            std::make_unique<Task>(std::move(argv), TaskOptions{.limit = limit_of(config_)}));
    } catch (const Error&) { // then the lease runs out
    }
}

void Coordinator::add_fds(std::vector<int>& fds) const {
    const auto add = [&](const Task& task) {
        const auto more = task.fds();
        fds.insert(fds.end(), more.begin(), more.end());
    };
    if (task_) add(*task_);
    for (const auto& other : others_) add(*other);
}

std::optional<Time> Coordinator::deadline() const {
    std::optional<Time> first = task_ ? task_->deadline() : std::nullopt;
    for (const auto& other : others_)
        if (const auto at = other->deadline(); at && (!first || *at < *first)) first = at;
    return first;
}

std::optional<Reply> Coordinator::hear(Time now) {
    std::erase_if(others_, [&](const auto& other) { return other->hear(now); });
    if (!waiting_ || (task_ && !task_->hear(now))) return std::nullopt;
    const auto said = reply();
    if (said) {
        waiting_ = false;
        task_.reset();
    }
    return said;
}

// What the end of the program means; nothing if something else has to be asked for it.
std::optional<Reply> Coordinator::reply() {
    Reply r;
    r.ticket = ticket_;
    r.complaint = task_ ? task_->complaint() : failed_;
    if (!task_ || task_->broken()) return r;
    // 75: somebody was quicker; 77: we do not lead. Which epoch it is, only another question tells.
    const bool beaten = task_->status() == 75 && what_ == What::acquire;
    if (beaten || (task_->status() == 77 && what_ == What::renew)) {
        start(beaten ? What::beaten : What::refused, ticket_, command("view"));
        return std::nullopt;
    }
    if (task_->status() != 0) return r;
    try {
        switch (what_) {
        case What::view:
            r.sight = parse_sight(task_->text());
            r.kind = Reply::Kind::seen;
            break;
        case What::acquire:
            r.epoch = parse_acquired(task_->text());
            r.kind = Reply::Kind::acquired;
            break;
        case What::renew: r.kind = Reply::Kind::proven; break;
        case What::beaten:
        case What::refused:
            r.sight = parse_sight(task_->text());
            r.epoch = r.sight.view.epoch;
            // A lease that had just run out, say. Nobody else has led since, and the next try tells.
            if (what_ == What::refused && r.epoch == epoch_ && r.sight.holder == config_.instance)
                r.complaint = "it has refused us the lease, and says that we had it last";
            else
                r.kind = Reply::Kind::lost;
            break;
        }
    } catch (const Error& e) {
        r.complaint = cat("what it says cannot be understood: ", e.what());
    }
    return r;
}

bool Coordinator::stop(Time now) {
    if (task_) {
        task_->stop(now);
        others_.push_back(std::move(task_));
    }
    waiting_ = false;
    for (const auto& other : others_) other->stop(now);
    std::erase_if(others_, [&](const auto& other) { return other->hear(now); });
    return others_.empty();
}

} // namespace rs::elect
