// SPDX-License-Identifier: Apache-2.0
#include "elect/task.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "elect/answers.hpp"
#include "io/spawn.hpp"

namespace rs::elect {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_said = 1024; // bytes of its standard error that are kept

// A pipe whose reading end does not block: somebody that it has started may hold the other one for ever.
void make_pipe(io::Fd& read, io::Fd& write, const std::string& name) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail_errno(Exit::unavailable, name, "make a pipe for");
    read = io::Fd(ends[0]);
    write = io::Fd(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

} // namespace

Time boot_time() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return Time(std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000);
}

Task::Task(std::vector<std::string> argv, const TaskOptions& o) {
    io::SpawnOptions options;
    options.environment = o.environment;
    io::Fd output, errors;
    if (o.capture) {
        make_pipe(output_, output, argv.at(0));
        make_pipe(errors_, errors, argv[0]);
        options.output = output.get();
        options.errors = errors.get();
    } else {
        options.output = STDERR_FILENO;
    }
    pid_ = io::spawn(argv, options);
    pidfd_ = io::watch_child(pid_, argv[0]);
    if (o.limit > 0ms) limit_ = boot_time() + o.limit;
}

Task::~Task() {
    if (pid_ > 0 && !status_) io::kill_group(pid_);
}

std::optional<Time> Task::deadline() const {
    if (status_) return std::nullopt;
    return kill_at_ ? kill_at_ : limit_;
}

void Task::read(io::Fd& from, std::string& into, std::size_t most, bool strict) {
    std::array<char, 4096> piece; // NOLINT: filled by read
    while (from) {
        const ssize_t n = ::read(from.get(), piece.data(), piece.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            from = io::Fd();
            return;
        }
        into.append(piece.data(), std::min(static_cast<std::size_t>(n), most - into.size()));
        if (!strict || into.size() < most) continue;
        // More than any answer has: nothing of it is one.
        broken_ = true;
        from = io::Fd();
        ::kill(-pid_, SIGKILL);
    }
}

void Task::stop(Time now) {
    if (status_ || kill_at_) return;
    broken_ = true;
    ::kill(-pid_, SIGTERM);
    kill_at_ = now + 500ms;
}

bool Task::hear(Time now) {
    if (status_) return true;
    // What it had printed when it ended is in the pipes then.
    int raw = 0;
    const bool over = ::waitpid(pid_, &raw, WNOHANG) == pid_;
    read(output_, text_, max_answer_bytes, true);
    read(errors_, said_, most_said, false);
    if (over) {
        status_ = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
        if (*status_ != 0 || broken_) ::kill(-pid_, SIGKILL);
        return true;
    }
    if (limit_ && now >= *limit_) stop(now);
    if (kill_at_ && now >= *kill_at_) {
        ::kill(-pid_, SIGKILL);
        // One that waits for a disk does not end by that, and is not to be waited for without a pause.
        kill_at_ = now + 1s;
    }
    return false;
}

std::string Task::complaint() const {
    std::string_view line = std::string_view(said_).substr(0, said_.find('\n'));
    // "NAME: error: " in front is what every program of ours says.
    constexpr std::string_view mark = ": error: ";
    if (const std::size_t at = line.find(mark); at != std::string_view::npos)
        line.remove_prefix(at + mark.size());
    return printable_line(line);
}

} // namespace rs::elect
