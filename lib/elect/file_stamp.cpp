// SPDX-License-Identifier: Apache-2.0
#include "elect/file_stamp.hpp"

#include <fcntl.h>

#include <utility>

namespace rs::elect {

bool FileStamp::changed() {
    struct stat there {};
    if (::fstatat(dir_.get(), name_, &there, AT_SYMLINK_NOFOLLOW) != 0) there = {};
    const bool same = std::exchange(looked_, true) && there.st_ino == inode_ && there.st_mtim.tv_sec == time_.tv_sec &&
                      there.st_mtim.tv_nsec == time_.tv_nsec && there.st_size == size_;
    inode_ = there.st_ino;
    time_ = there.st_mtim;
    size_ = there.st_size;
    return !same;
}

} // namespace rs::elect
