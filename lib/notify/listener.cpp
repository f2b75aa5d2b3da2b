// SPDX-License-Identifier: Apache-2.0
#include "notify/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/text.hpp"
#include "notify/job.hpp"

namespace rs::notify {

using namespace std::chrono_literals;

Listener::Listener(std::string path) : path_(std::move(path)), fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    if (!fd_) fail_errno(Exit::cant_create, path_, "make the socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.empty() || path_.size() >= sizeof address.sun_path)
        fail(Exit::usage, cat(printable(path_), ": not the path of a socket: ", sizeof address.sun_path - 1, " bytes at most"));
    std::memcpy(address.sun_path, path_.c_str(), path_.size());
    struct stat there {};
    if (::lstat(path_.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) ::unlink(path_.c_str());
    // Its mode is that of bind(2): there is no moment at which others could connect.
    const mode_t before = ::umask(0177);
    const int bound = ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::umask(before);
    if (bound != 0 || ::listen(fd_.get(), 128) != 0) fail_errno(Exit::cant_create, path_, "listen at");
}

Listener::~Listener() { ::unlink(path_.c_str()); }

void Listener::serve(Queue& queue, const Reception& reception) {
    const io::Fd peer(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!peer) return; // it has gone again
    const auto until = Clock::now() + 5s;
    std::string text;
    for (char piece[max_notification_bytes + 1]; text.size() <= max_notification_bytes;) {
        if (!wait_readable({peer.get()}, until)) return;
        const ssize_t n = ::read(peer.get(), piece, sizeof piece);
        if (n == 0) break;
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) return;
        text.append(piece, static_cast<std::size_t>(n));
    }
    int status = 0;
    const std::string answer = answer_to(queue, text, reception, status);
    // Whoever does not read its answer does without: the kernel takes so little at once.
    [[maybe_unused]] const ssize_t sent = ::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

std::string answer_to(Queue& queue, std::string_view text, const Reception& reception, int& status) {
    Notification n;
    try {
        const Answer answer = receive(queue, text, reception, &n);
        status = 0;
        return cat(answer == Answer::accepted ? "accepted " : "known ", n.id(), " ", n.generation.str(), "\n");
    } catch (const Interrupted&) {
        throw;
    } catch (const Error& e) {
        status = static_cast<int>(e.code());
        return cat(e.code() == Exit::data ? "refused " : "failed ", printable(e.what()), "\n");
    }
}

} // namespace rs::notify
