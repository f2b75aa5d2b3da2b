// SPDX-License-Identifier: Apache-2.0
#include "io/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/interrupt.hpp"
#include "io/spawn.hpp"

namespace rs::io {

Child::Child(const std::vector<std::string>& argv, int input) : name_(argv.at(0)) {
    int out[2];
    if (::pipe2(out, O_CLOEXEC) != 0) fail_errno(Exit::unavailable, name_, "make a pipe for");
    output_ = Fd(out[0]);
    const Fd child_output(out[1]);
    SpawnOptions options;
    options.input = input;
    options.output = child_output.get();
    pid_ = spawn(argv, options);
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
