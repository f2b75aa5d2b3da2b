// SPDX-License-Identifier: Apache-2.0
// Notifications that did not reach their target yet: a directory with one file for each target and id, which holds the
// target and the text. A newer one takes the place of an older one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/file.hpp"
#include "notify/notification.hpp"
#include "notify/transport.hpp"

namespace rs::notify {

class Spool {
public:
    // Made if it is not there (its parent must be).
    [[nodiscard]] static Spool open(const std::string& path);

    struct Entry {
        std::string file, target, text;
        Notification notification;
    };
    // Durable when it returns. Kept as it is: who retries needs no key. The time of its file stays what it was when the first
    // one for this target and id was kept, until the target is told.
    void keep(const std::string& target, const Notification& n, const std::string& text);
    // It reached the target: what waits for it, and is not newer, goes.
    void delivered(const std::string& target, const Notification& n);
    [[nodiscard]] std::vector<Entry> entries(std::vector<std::string>* damaged = nullptr) const;

private:
    explicit Spool(io::Dir dir) : dir_(std::move(dir)) {}
    [[nodiscard]] std::optional<Entry> load(const std::string& file) const;

    io::Dir dir_;
};

struct Undelivered {
    std::string target;
    Error why;
};

// To every target, whatever becomes of the others. With a spool, what could not be delivered now is kept there; what was
// refused is not.
[[nodiscard]] std::vector<Undelivered> send_to_all(const std::vector<std::string>& targets, const Notification& n,
                                                   const std::string& text, const TransportOptions& options, Spool* spool);
// What waits in the spool, once more.
[[nodiscard]] std::vector<Undelivered> send_again(Spool& spool, const TransportOptions& options);

} // namespace rs::notify
