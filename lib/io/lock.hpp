// SPDX-License-Identifier: Apache-2.0
// Kernel locks on open files (flock(2)). They vanish with the process that holds them, so there
// is no such thing as a stale lock, and the content of the file is never looked at.
#pragma once

#include <optional>
#include <string>

#include "io/file.hpp"

namespace rs::io {

enum class LockMode { shared, exclusive };

class Lock {
public:
    // Locks the open file, waiting up to wait_seconds; 0 tries once. Nothing: held by another.
    [[nodiscard]] static std::optional<Lock> try_fd(Fd fd, LockMode mode, std::string_view path,
                                                    unsigned wait_seconds = 0);
    // Locks dir/name (created if missing), for as long as it takes.
    [[nodiscard]] static Lock wait_at(const Dir& dir, const std::string& name, LockMode mode);
    [[nodiscard]] static std::optional<Lock> try_at(const Dir& dir, const std::string& name,
                                                    LockMode mode);

    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    explicit Lock(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_; // closing it is the unlock
};

} // namespace rs::io
