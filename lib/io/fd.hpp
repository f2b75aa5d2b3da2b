// SPDX-License-Identifier: Apache-2.0
// A descriptor that has one owner.
#pragma once

#include <utility>

namespace rs::io {

class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            abandon();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { abandon(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
    // Gives up ownership.
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    // Closes without a look at the result: for descriptors that were only read, or whose
    // content is not wanted any more. What was written is closed by a commit that can fail.
    void abandon() noexcept;

private:
    int fd_ = -1;
};

} // namespace rs::io
