// SPDX-License-Identifier: Apache-2.0
// One thread that waits for all at once: the ends and the output of the programs, new items (inotify), the socket, the next
// time something is due.
#include "notify/worker.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <list>

#include "base/error.hpp"
#include "base/text.hpp"
#include "notify/listener.hpp"

namespace rs::notify {

namespace {

using namespace std::chrono_literals;

// Lines of what comes in pieces.
class Lines {
public:
    template <class F>
    void add(std::string_view text, const F& take) {
        rest_ += text;
        std::size_t from = 0;
        for (std::size_t end = 0; (end = rest_.find('\n', from)) != std::string::npos; from = end + 1)
            take(whole(std::string_view(rest_).substr(from, end - from)));
        rest_.erase(0, from);
        if (rest_.size() > max_line) finish(take); // no program may fill our memory with a line
    }
    template <class F>
    void finish(const F& take) {
        if (!rest_.empty()) take(std::string_view(rest_));
        rest_.clear();
    }

private:
    // ssh ends its lines as a terminal in raw mode wants it.
    static std::string_view whole(std::string_view line) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }

    static constexpr std::size_t max_line = 64 << 10;
    std::string rest_;
};

struct Running {
    Running(const Item& what, std::chrono::seconds timeout)
        : item(what), job({what.program},
                          {cat("RS_NOTIFY_SOURCE=", what.source), cat("RS_NOTIFY_NAME=", what.name),
                           cat("RS_NOTIFY_GENERATION=", what.wanted.str())},
                          timeout) {}
    Item item;
    Job job;
    Lines lines;
};

bool is_stopped(const WorkOptions& o) { return !o.stop_file.empty() && ::access(o.stop_file.c_str(), F_OK) == 0; }

bool is_due(const Item& item, UtcTime now, const WorkOptions& o) {
    return item.due(now, static_cast<std::uint64_t>(o.max_backoff.count()));
}

bool has_due(const Queue& queue, const WorkOptions& o) {
    return !is_stopped(o) && std::ranges::any_of(queue.items(), [&](const Item& item) { return is_due(item, now_utc(), o); });
}

class Worker {
public:
    Worker(Queue& queue, const WorkOptions& o) : queue_(queue), o_(o) {
        if (!o.listen.empty()) listener_ = std::make_unique<Listener>(o.listen);
        watch_ = io::Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
        const std::string path = queue.path() + "/items";
        if (!watch_ || ::inotify_add_watch(watch_.get(), path.c_str(), IN_MOVED_TO) < 0)
            fail_errno(Exit::unavailable, path, "watch");
    }

    WorkResult run() {
        for (;;) {
            if (look_ || (next_ && Clock::now() >= *next_)) start_due();
            if (o_.once && running_.empty() && !due_now_) return result_;
            wait();
            drain_watch();
            if (listener_) listener_->serve(queue_, o_.reception);
            look_after();
        }
    }

    // Asks all to end, and waits until they have.
    void stop() {
        for (Running& r : running_) r.job.stop(Clock::now());
        while (!running_.empty()) {
            // Whoever has asked us to stop has asked once: wait_readable would throw again.
            ::usleep(10'000);
            for (auto r = running_.begin(); r != running_.end();) {
                hear(*r);
                r->job.keep_time(Clock::now());
                r = r->job.status() ? running_.erase(r) : std::next(r);
            }
        }
    }

private:
    void say(const Item& item, std::string_view line) const {
        if (o_.log) o_.log(item.key(), line);
    }
    void alarm(const std::string& what) const {
        if (o_.alarm) o_.alarm(what);
    }

    [[nodiscard]] bool is_running(const Item& item) const {
        return std::ranges::any_of(running_, [&](const Running& r) { return r.item.key() == item.key(); });
    }

    // Starts what is due as far as there is room; notes when to look again. Reads all items: not for each line that is printed.
    void start_due() {
        look_ = false;
        due_now_ = false;
        next_.reset();
        if (is_stopped(o_)) return;
        std::vector<std::string> damaged;
        const UtcTime now = now_utc();
        for (const Item& item : queue_.items(&damaged)) {
            if (!item.waiting() || is_running(item)) continue;
            if (!is_due(item, now, o_)) {
                const auto at = Clock::now() + std::chrono::seconds(item.retry.seconds - now.seconds + 1);
                next_ = next_ ? std::min(*next_, at) : at;
                continue;
            }
            if (running_.size() >= o_.jobs) {
                due_now_ = true;
                break;
            }
            start(item);
        }
        for (const std::string& path : damaged)
            if (complained_.insert(path).second) alarm(cat(printable(path), ": damaged; what it asked for is done when it is told again"));
    }

    void start(const Item& item) {
        say(item, cat("starts for ", item.wanted.str()));
        try {
            running_.emplace_back(item, o_.timeout);
        } catch (const Error& e) {
            say(item, e.what());
            if (::access(item.program.c_str(), F_OK) != 0 && errno == ENOENT) {
                alarm(cat(item.key(), ": ", printable(item.program), " has gone; nothing is asked of it any more"));
                queue_.remove(item);
                return;
            }
            note_end(item, 127);
        }
    }

    void wait() {
        std::vector<int> fds{watch_.get()};
        if (listener_) fds.push_back(listener_->fd());
        // A file that stops us may come and go without our being told.
        auto until = std::optional(Clock::now() + (o_.stop_file.empty() ? 60s : 2s));
        if (next_ && *next_ < *until) until = next_;
        for (const Running& r : running_) {
            fds.insert(fds.end(), {r.job.output(), r.job.ended()});
            if (const auto deadline = r.job.deadline(); deadline && *deadline < *until) until = deadline;
        }
        if (!wait_readable(fds, until)) look_ = true;
    }

    void drain_watch() {
        alignas(inotify_event) std::array<char, 4096> events; // NOLINT: filled by read
        while (::read(watch_.get(), events.data(), events.size()) > 0) look_ = true;
    }

    void hear(Running& r) {
        r.lines.add(r.job.read(), [&](std::string_view line) { say(r.item, line); });
    }

    void look_after() {
        for (auto r = running_.begin(); r != running_.end();) {
            hear(*r);
            r->job.keep_time(Clock::now());
            const auto status = r->job.status();
            if (!status) {
                ++r;
                continue;
            }
            hear(*r);
            r->lines.finish([&](std::string_view line) { say(r->item, line); });
            if (r->job.timed_out()) say(r->item, cat("ended after ", o_.timeout.count(), " s, which is the limit"));
            const Item item = r->item;
            running_.erase(r++);
            note_end(item, *status);
        }
    }

    void note_end(const Item& item, int status) {
        look_ = true;
        // 1 is done, with something that was told.
        const bool done = status == 0 || status == 1;
        std::optional<std::uint64_t> retry_after;
        if (!done && item.tries + 1 < o_.tries) {
            auto pause = o_.backoff;
            for (unsigned i = 0; i < item.tries && pause < o_.max_backoff; ++i) pause *= 2;
            retry_after = static_cast<std::uint64_t>(std::min(pause, o_.max_backoff).count());
        }
        const Item now = queue_.finish(item, done ? 0 : status, retry_after);
        if (done) {
            ++result_.done;
            say(item, cat("has ", item.wanted.str(), status == 0 ? ": done" : ": done, with warnings"));
            return;
        }
        ++result_.failed;
        say(item, cat("failed with status ", status));
        if (now.given_up) {
            ++result_.given_up;
            alarm(cat(item.key(), ": given up after ", count_of(now.tries, "try"), " of ", item.wanted.str(), ": status ", status));
        }
    }

    Queue& queue_;
    const WorkOptions& o_;
    std::unique_ptr<Listener> listener_;
    io::Fd watch_;
    std::list<Running> running_;
    std::set<std::string> complained_;
    bool look_ = true, due_now_ = false;
    std::optional<Clock::time_point> next_;
    WorkResult result_;
};

} // namespace

std::optional<WorkResult> work(Queue& queue, const WorkOptions& o) {
    WorkResult sum;
    for (bool first = true;; first = false) {
        {
            // A service takes over from whoever works just now.
            const auto lock = o.once ? queue.try_work() : std::optional(queue.wait_work());
            if (!lock) return first ? std::nullopt : std::optional(sum); // the other one will see to it
            Worker worker(queue, o);
            try {
                sum += worker.run();
            } catch (const Interrupted&) {
                worker.stop();
                throw;
            }
        }
        // Something may have come after the last look, and whoever brought it found us working.
        if (!has_due(queue, o)) return sum;
    }
}

} // namespace rs::notify
