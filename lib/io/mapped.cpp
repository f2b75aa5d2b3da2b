// SPDX-License-Identifier: Apache-2.0
#include "io/mapped.hpp"

#include <sys/mman.h>

#include <utility>

#include "io/file.hpp"

namespace rs::io {

Mapped::Mapped(int fd, const std::string& path) {
    const struct stat st = stat_fd(fd, path);
    if (st.st_size == 0) return;
    void* const at = ::mmap(nullptr, static_cast<std::size_t>(st.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) fail_errno(Exit::io, path, "map");
    data_ = static_cast<const std::byte*>(at);
    size_ = static_cast<std::size_t>(st.st_size);
}

Mapped::Mapped(Mapped&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapped& Mapped::operator=(Mapped&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

Mapped::~Mapped() {
    if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

} // namespace rs::io
