// SPDX-License-Identifier: Apache-2.0
#include "io/spawn.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/fd.hpp"

namespace rs::io {

namespace {

// In the child: never returns. `status_fd` takes the errno of what failed.
[[noreturn]] void become(char* const* argv, char* const* environment, const SpawnOptions& o, pid_t parent, int status_fd) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const int s : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) ::signal(s, SIG_DFL);
    // Our own standard input may be a stream of which nothing must get lost.
    const int input = o.input >= 0 ? o.input : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (::getppid() == parent && input >= 0 && ::dup2(input, STDIN_FILENO) >= 0 &&
        (o.errors < 0 || ::dup2(o.errors, STDERR_FILENO) >= 0) && (o.output < 0 || ::dup2(o.output, STDOUT_FILENO) >= 0))
        ::execvpe(argv[0], argv, environment);
    const int err = errno;
    [[maybe_unused]] const ssize_t n = ::write(status_fd, &err, sizeof err);
    ::_exit(127);
}

} // namespace

pid_t spawn(const std::vector<std::string>& argv, const SpawnOptions& options) {
    const std::string& name = argv.at(0);
    int status[2];
    // It carries the errno of a failed exec; a successful one closes it.
    if (::pipe2(status, O_CLOEXEC) != 0) fail_errno(Exit::unavailable, name, "make a pipe for");
    const Fd status_read(status[0]);
    Fd status_write(status[1]);
    std::vector<char*> args, environment;
    for (const std::string& a : argv) args.push_back(const_cast<char*>(a.c_str()));
    args.push_back(nullptr);
    // The first of two of the same name is the one that counts.
    for (const std::string& e : options.environment) environment.push_back(const_cast<char*>(e.c_str()));
    for (char** e = environ; *e != nullptr; ++e) environment.push_back(*e);
    environment.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) fail_errno(Exit::unavailable, name, "start");
    if (pid == 0) become(args.data(), environment.data(), options, parent, status_write.get());
    status_write.abandon();
    int err = 0;
    ssize_t n = 0;
    while ((n = ::read(status_read.get(), &err, sizeof err)) < 0 && errno == EINTR) {
    }
    if (n != sizeof err) return pid;
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    fail(Exit::unavailable, cat(printable(name), ": cannot run it: ", std::strerror(err)));
}

void kill_group(pid_t pid) {
    ::kill(-pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

Fd watch_child(pid_t pid, const std::string& name) {
    // Not through the C library: glibc 2.36 has it, older ones do not.
    Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (fd) return fd;
    const int err = errno;
    kill_group(pid);
    fail_errno(Exit::unavailable, name, "watch", err);
}

} // namespace rs::io
