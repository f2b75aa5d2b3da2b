// SPDX-License-Identifier: Apache-2.0
#include "tree/hash_file.hpp"

#include "base/error.hpp"
#include "io/sys.hpp"

namespace rs::tree {

chunk::Digest hash_file(const Node& node, const std::string& shown) {
    const io::Fd fd(io::sys::openat(node.dir, node.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) fail_errno(Exit::no_input, shown, "open");
    chunk::Sha256 hash;
    Buffer buffer(1 << 20);
    for (;;) {
        const std::size_t n = io::read_full(fd.get(), buffer, shown);
        if (n == 0) return hash.finish();
        hash.update(ByteSpan(buffer).first(n));
    }
}

} // namespace rs::tree
