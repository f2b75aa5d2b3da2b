// SPDX-License-Identifier: Apache-2.0
#include "notify/job.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/interrupt.hpp"
#include "io/spawn.hpp"

namespace rs::notify {

using namespace std::chrono_literals;

void Tail::add(std::string_view text) {
    text_ += text;
    if (text_.size() <= 2 * most_) return;
    lost_ += text_.size() - most_;
    text_.erase(0, text_.size() - most_);
}

std::string Tail::text() const {
    if (lost_ == 0 && text_.size() <= most_) return text_;
    const std::string_view last = std::string_view(text_).substr(text_.size() - std::min(text_.size(), most_));
    const std::size_t line = last.find('\n');
    const std::string_view shown = line == std::string_view::npos || line + 1 == last.size() ? last : last.substr(line + 1);
    return cat("[", human_bytes(lost_ + text_.size() - shown.size()), " before this left out]\n", shown);
}

Job::Job(const std::vector<std::string>& argv, const std::vector<std::string>& environment, std::chrono::seconds timeout,
         int input) {
    int out[2];
    if (::pipe2(out, O_CLOEXEC) != 0) fail_errno(Exit::unavailable, argv.at(0), "make a pipe for");
    output_ = io::Fd(out[0]);
    const io::Fd child_output(out[1]);
    // Ours is not to block: somebody it has started may hold the other end for ever.
    ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
    io::SpawnOptions options;
    options.input = input;
    options.output = options.errors = child_output.get();
    options.environment = environment;
    pid_ = io::spawn(argv, options);
    pidfd_ = io::watch_child(pid_, argv[0]);
    if (timeout > 0s) limit_ = Clock::now() + timeout;
}

Job::~Job() {
    if (pid_ > 0 && !status_) io::kill_group(pid_);
}

void Job::close_output() { output_ = io::Fd(); }

std::string Job::read() {
    std::string out;
    std::array<char, 16 << 10> piece; // NOLINT: filled by read
    while (output_ && out.size() < (1U << 20)) {
        const ssize_t n = ::read(output_.get(), piece.data(), piece.size());
        if (n > 0) {
            out.append(piece.data(), static_cast<std::size_t>(n));
        } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
            close_output();
        } else if (errno == EAGAIN) {
            break;
        }
    }
    return out;
}

void Job::stop(Clock::time_point now) {
    if (status_ || kill_at_) return;
    ::kill(-pid_, SIGTERM);
    kill_at_ = now + 1500ms;
}

void Job::keep_time(Clock::time_point now) {
    if (limit_ && now >= *limit_ && !kill_at_) {
        timed_out_ = true;
        stop(now);
    }
    if (kill_at_ && now >= *kill_at_) ::kill(-pid_, SIGKILL);
}

std::optional<Clock::time_point> Job::deadline() const {
    if (status_) return std::nullopt;
    return kill_at_ ? kill_at_ : limit_;
}

std::optional<int> Job::status() {
    if (status_) return status_;
    int raw = 0;
    const pid_t ended = ::waitpid(pid_, &raw, WNOHANG);
    if (ended != pid_) return std::nullopt;
    status_ = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    if (*status_ != 0) ::kill(-pid_, SIGKILL);
    return status_;
}

bool wait_readable(const std::vector<int>& fds, std::optional<Clock::time_point> until) {
    std::vector<pollfd> polled;
    for (const int fd : fds)
        if (fd >= 0) polled.push_back({fd, POLLIN, 0});
    for (;;) {
        if (const int signal = io::stop_signal.load(); signal != 0) throw Interrupted(signal);
        int wait = 1000; // a signal may come between the look above and the wait
        if (until) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now()).count();
            if (left <= 0) return false;
            wait = static_cast<int>(std::min<long long>(wait, left));
        }
        const int n = ::poll(polled.data(), polled.size(), wait);
        if (n > 0) return true;
        if (n < 0 && errno != EINTR) fail_errno(Exit::io, "poll", "wait");
    }
}

} // namespace rs::notify
