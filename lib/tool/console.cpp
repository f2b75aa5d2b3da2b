// SPDX-License-Identifier: Apache-2.0
#include "tool/console.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/interrupt.hpp"

namespace rs::tool {

namespace {

extern "C" void note_signal(int number) { io::stop_signal.store(number); }

} // namespace

void install_signals() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        ::sigaction(number, nullptr, &before);
        // nohup and shells that start us in the background have decided already.
        if (before.sa_handler == SIG_IGN) continue;
        struct sigaction action {};
        action.sa_handler = note_signal;
        // Not restarted: a read that waits for a pipe comes back, and its loop asks for the signal. The second
        // signal ends the process at once.
        action.sa_flags = static_cast<int>(SA_RESETHAND); // 1 << 31 where it is unsigned
        ::sigaction(number, &action, nullptr);
    }
}

int pending_signal() { return io::stop_signal.load(); }

void Console::set(int verbose, bool quiet) {
    verbose_ = verbose;
    quiet_ = quiet;
    terminal_ = !quiet && ::isatty(STDERR_FILENO) != 0;
}

void Console::clear() {
    if (!shown_) return;
    std::fputs("\r\033[K", stderr);
    shown_ = false;
}

void Console::warn(const std::string& message) {
    ++warnings_;
    clear();
    std::fprintf(stderr, "%s: warning: %s\n", name_.c_str(), message.c_str());
}

void Console::note(const std::string& message) {
    if (verbose_ == 0) return;
    clear();
    std::fprintf(stderr, "%s: %s\n", name_.c_str(), message.c_str());
}

void Console::error(const std::string& message, const std::string& hint) {
    clear();
    std::fprintf(stderr, "%s: error: %s\n", name_.c_str(), message.c_str());
    if (!hint.empty()) std::fprintf(stderr, "%s: hint: %s\n", name_.c_str(), hint.c_str());
}

void Console::progress(std::uint64_t done, std::uint64_t total) {
    if (const int number = pending_signal(); number != 0) throw Interrupted(number);
    if (!terminal_ || (done == 0 && total == 0)) return; // only asked whether to go on
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(200)) return;
    last_ = now;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const double rate = static_cast<double>(done) / seconds;
    std::string line = cat(human_bytes(done), ", ", human_bytes(static_cast<std::uint64_t>(rate)), "/s");
    if (total > done && rate > 0) {
        const double left = static_cast<double>(total - done) / rate;
        line = cat(line, ", ", done * 100 / total, "%, ", human_seconds(left), " left");
    }
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
    shown_ = true;
}

} // namespace rs::tool
