// SPDX-License-Identifier: Apache-2.0
#include "tree/new_directory.hpp"

namespace rs::tree {

std::vector<std::string> NewDirectory::release() {
    if (--holders_ != 0) return {};
    return write_metadata(fd_.get(), ".", entry_, fd_.get(), owner_, path_);
}

} // namespace rs::tree
