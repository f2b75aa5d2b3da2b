// SPDX-License-Identifier: Apache-2.0
// A file mapped for reading. Only for files that are never changed once they have their name: one
// that shrinks under the map would end the process.
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace rs::io {

class Mapped {
public:
    Mapped() = default;
    // Maps the whole file; fd may be closed afterwards.
    Mapped(int fd, const std::string& path);
    Mapped(Mapped&& other) noexcept;
    Mapped& operator=(Mapped&& other) noexcept;
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;
    ~Mapped();
    [[nodiscard]] ByteSpan bytes() const { return {data_, size_}; }

private:
    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace rs::io
