// SPDX-License-Identifier: Apache-2.0
// A socket at which notifications come in: one for each connection, answered with a line.
//   accepted ID GENERATION | known ID GENERATION | refused WHY | failed WHY
#pragma once

#include <string>

#include "io/fd.hpp"
#include "notify/reception.hpp"

namespace rs::notify {

class Listener {
public:
    // A socket that is left of another is replaced. For its owner only (0600).
    explicit Listener(std::string path);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener(); // removes it

    [[nodiscard]] int fd() const { return fd_.get(); } // readable: somebody has come
    // Serves who has come, within 5 seconds.
    void serve(Queue& queue, const Reception& reception);

private:
    std::string path_;
    io::Fd fd_;
};

// The answer to a notification, with its end of line: for whoever carries it.
[[nodiscard]] std::string answer_to(Queue& queue, std::string_view text, const Reception& reception, int& status);

} // namespace rs::notify
