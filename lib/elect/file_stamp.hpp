// SPDX-License-Identifier: Apache-2.0
// Tells whether a file has been replaced, without reading it.
#pragma once

#include <sys/stat.h>

#include "io/file.hpp"

namespace rs::elect {

class FileStamp {
public:
    // name: of a file in that directory; both outlive this.
    FileStamp(const io::Dir& dir, const char* name) : dir_(dir), name_(name) {}

    // Whether it is another one than at the last call, or has come or gone; true at the first.
    [[nodiscard]] bool changed();

private:
    const io::Dir& dir_;
    const char* name_;
    bool looked_ = false;
    ino_t inode_ = 0; // 0: there is none
    timespec time_{};
    off_t size_ = 0;
};

} // namespace rs::elect
