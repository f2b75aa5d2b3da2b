// SPDX-License-Identifier: Apache-2.0
#include "tree/hash_file.hpp"

#include "base/error.hpp"
#include "io/sys.hpp"

namespace rs::tree {

io::Fd open_to_hash(const Node& node, const std::string& shown) {
    io::Fd fd(io::sys::openat(node.dir, node.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) fail_errno(Exit::no_input, shown, "open");
    return fd;
}

chunk::Digest hash_file(const Node& node, const std::string& shown) {
    return hash_file(open_to_hash(node, shown), shown);
}

chunk::Digest hash_file(const io::Fd& file, const std::string& shown) {
    chunk::Sha256 hash;
    Buffer buffer(1 << 20);
    for (;;) {
        const std::size_t n = io::read_full(file.get(), buffer, shown);
        if (n == 0) return hash.finish();
        hash.update(ByteSpan(buffer).first(n));
    }
}

} // namespace rs::tree
