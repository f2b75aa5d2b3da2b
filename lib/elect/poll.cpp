// SPDX-License-Identifier: Apache-2.0
#include "elect/poll.hpp"

#include <poll.h>

#include <algorithm>

#include "base/error.hpp"
#include "io/interrupt.hpp"

namespace rs::elect {

namespace {

void stop_if_asked() {
    if (const int signal = io::stop_signal.load(); signal != 0) throw Interrupted(signal);
}

} // namespace

void wait_for(const std::vector<int>& fds, Time until) {
    stop_if_asked();
    std::vector<pollfd> polled;
    for (const int fd : fds)
        if (fd >= 0) polled.push_back({fd, POLLIN, 0});
    // A signal may come between the look above and the wait: it is seen at the end of it.
    const auto wait = std::clamp<std::int64_t>((until - boot_time()).count(), 0, 1000);
    if (::poll(polled.data(), polled.size(), static_cast<int>(wait)) < 0 && errno != EINTR)
        fail_errno(Exit::io, "poll", "wait");
    stop_if_asked();
}

} // namespace rs::elect
