// SPDX-License-Identifier: Apache-2.0
#include "io/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/interrupt.hpp"

namespace rs::io {

Child::Child(const std::vector<std::string>& argv, int input) : name_(argv.at(0)) {
    int out[2], status[2];
    if (::pipe2(out, O_CLOEXEC) != 0) fail_errno(Exit::unavailable, name_, "make a pipe for");
    output_ = Fd(out[0]);
    Fd child_output(out[1]);
    // The second pipe carries the errno of a failed exec; a successful one closes it.
    if (::pipe2(status, O_CLOEXEC) != 0) fail_errno(Exit::unavailable, name_, "make a pipe for");
    const Fd status_read(status[0]);
    Fd status_write(status[1]);
    std::vector<char*> args;
    for (const std::string& a : argv) args.push_back(const_cast<char*>(a.c_str()));
    args.push_back(nullptr);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) fail_errno(Exit::unavailable, name_, "start");
    if (pid_ == 0) {
        // A group of its own, so that what it starts can be ended with it.
        ::setpgid(0, 0);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (const int s : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) ::signal(s, SIG_DFL);
        // Our standard input may be a stream of which nothing must get lost.
        const int given = input >= 0 ? input : ::open("/dev/null", O_RDONLY);
        if (given >= 0) ::dup2(given, STDIN_FILENO);
        if (::getppid() == parent && ::dup2(child_output.get(), STDOUT_FILENO) >= 0) ::execvp(args[0], args.data());
        const int err = errno;
        [[maybe_unused]] const ssize_t n = ::write(status_write.get(), &err, sizeof err);
        ::_exit(127);
    }
    child_output.abandon();
    status_write.abandon();
    int err = 0;
    ssize_t n = 0;
    while ((n = ::read(status_read.get(), &err, sizeof err)) < 0 && errno == EINTR) {
    }
    if (n == sizeof err) {
        reap();
        fail(Exit::unavailable, cat(printable(name_), ": cannot run it: ", std::strerror(err)));
    }
}

Child::~Child() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    reap();
}

int Child::status() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR)
        if (const int signal = stop_signal.load(); signal != 0) throw Interrupted(signal); // ~Child ends it
    pid_ = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void Child::wait(const std::string& hint) {
    const int ended = status();
    if (ended > 128)
        fail(Exit::unavailable, cat(printable(name_), ": killed by signal ", ended - 128), hint);
    if (ended != 0)
        fail(Exit::unavailable, cat(printable(name_), ": exited with status ", ended), hint);
}

int Child::reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
}

} // namespace rs::io
