// SPDX-License-Identifier: Apache-2.0
// The digest of a generation: SHA-256 over what a restore gives back, whatever store or stream it is in.
#pragma once

#include "chunk/sha256.hpp"
#include "stream/manifest.hpp"

namespace rs::stream {

// Not covered: witnesses, chunk sizes and cut points, so that two stores that hold the same tree
// agree. A file without a SHA-256 is covered by its chunks instead (rs-stream(5), TREE DIGEST).
class TreeDigest {
public:
    // Every operation in order: copied entries resolved, withdrawn ones left out.
    void feed(const Op& op);
    // Must be called for each chunk of a data op of a file that will end without SHA-256, after the op. It
    // is harmless for other files: only the digest that the end op decides on is used.
    void chunk(const chunk::ChunkId& id, std::uint64_t length);
    [[nodiscard]] chunk::Digest finish() { return hash_.finish(); }

private:
    chunk::Sha256 hash_;
    chunk::Sha256 chunks_;
    Extent last_; // extents melted over block borders
    Buffer scratch_;
    void flush_extent();
};

} // namespace rs::stream
