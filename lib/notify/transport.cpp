// SPDX-License-Identifier: Apache-2.0
#include "notify/transport.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/shell.hpp"
#include "base/ssh_url.hpp"
#include "base/text.hpp"
#include "io/file.hpp"
#include "notify/job.hpp"
#include "notify/reception.hpp"

namespace rs::notify {

namespace {

SshUrl ssh_url(const std::string& target) {
    const auto url = parse_ssh_url(target);
    if (!url) fail(Exit::usage, cat(printable(target), ": not ssh://[USER@]HOST[:PORT]/"));
    return *url;
}

// A file without a name that holds the text: standard input of a program that may not read it.
io::Fd as_file(const std::string& text) {
    io::Fd fd(::memfd_create("notification", MFD_CLOEXEC));
    if (!fd) fail_errno(Exit::unavailable, "notification", "keep");
    io::write_all(fd.get(), as_bytes(text), "notification");
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) fail_errno(Exit::unavailable, "notification", "keep");
    return fd;
}

void run(const std::string& target, const std::vector<std::string>& argv, const std::string& text, std::chrono::seconds timeout) {
    const io::Fd input = as_file(text);
    Job job(argv, {}, timeout, input.get());
    Tail tail(1024);
    while (!job.status()) {
        static_cast<void>(wait_readable({job.output(), job.ended()}, job.deadline()));
        tail.add(job.read());
        job.keep_time(Clock::now());
    }
    tail.add(job.read());
    const int status = *job.status();
    if (status == 0) return;
    std::string said = tail.text();
    while (!said.empty() && said.back() == '\n') said.pop_back();
    if (const std::size_t line = said.rfind('\n'); line != std::string::npos) said.erase(0, line + 1);
    const std::string why = job.timed_out() ? cat("no answer within ", timeout.count(), " s") : cat("status ", status);
    fail(status == static_cast<int>(Exit::data) ? Exit::data : Exit::unavailable,
         cat(printable(target), ": ", why, said.empty() ? "" : ": ", printable_line(said)));
}

void over_socket(const std::string& target, const std::string& path, const std::string& text, std::chrono::seconds timeout) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) fail(Exit::usage, cat(printable(target), ": not the path of a socket"));
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const io::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) fail_errno(Exit::unavailable, target, "make a socket for");
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail_errno(Exit::unavailable, target, "connect to");
    if (::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()) || ::shutdown(fd.get(), SHUT_WR) != 0)
        fail_errno(Exit::unavailable, target, "send to");
    const auto until = Clock::now() + timeout;
    std::string answer;
    for (char piece[256];;) {
        if (!wait_readable({fd.get()}, until)) fail(Exit::unavailable, cat(printable(target), ": no answer within ", timeout.count(), " s"));
        const ssize_t n = ::read(fd.get(), piece, sizeof piece);
        if (n < 0) fail_errno(Exit::unavailable, target, "read the answer of");
        if (n == 0 || answer.size() > 4096) break;
        answer.append(piece, static_cast<std::size_t>(n));
    }
    if (answer.starts_with("accepted ") || answer.starts_with("known ")) return;
    const bool refused = answer.starts_with("refused ");
    while (!answer.empty() && answer.back() == '\n') answer.pop_back();
    fail(refused ? Exit::data : Exit::unavailable, cat(printable(target), ": ", answer.empty() ? "no answer" : printable(answer)));
}

bool take_prefix(const std::string& target, std::string_view prefix, std::string& rest) {
    if (!target.starts_with(prefix)) return false;
    rest = target.substr(prefix.size());
    return true;
}

} // namespace

void check_target(const std::string& target) {
    std::string rest;
    if (is_ssh(target)) {
        static_cast<void>(ssh_url(target));
    } else if (take_prefix(target, "exec:", rest)) {
        if (shell_words(rest).empty()) fail(Exit::usage, cat(printable(target), ": no program"));
    } else if (!((take_prefix(target, "unix:", rest) || take_prefix(target, "queue:", rest)) && !rest.empty())) {
        fail(Exit::usage, cat(printable(target), ": nothing that can be told"), "it is ssh://HOST/, exec:PROGRAM, unix:PATH or queue:DIR");
    }
}

void deliver(const std::string& target, const std::string& text, const TransportOptions& options) {
    check_target(target);
    std::string rest;
    if (is_ssh(target)) {
        const SshUrl url = ssh_url(target);
        std::vector<std::string> argv = options.ssh;
        if (!url.port.empty()) argv.insert(argv.end(), {"-p", url.port});
        // The other end is bound to one program; what is asked for is for those that are not.
        argv.insert(argv.end(), {"-oBatchMode=yes", "--", url.destination(), "notify-accept"});
        run(target, argv, text, options.timeout);
    } else if (take_prefix(target, "exec:", rest)) {
        run(target, shell_words(rest), text, options.timeout);
    } else if (take_prefix(target, "unix:", rest)) {
        over_socket(target, rest, text, options.timeout);
    } else if (take_prefix(target, "queue:", rest)) {
        Queue queue = Queue::open(rest);
        static_cast<void>(receive(queue, text, {}));
    }
}

} // namespace rs::notify
