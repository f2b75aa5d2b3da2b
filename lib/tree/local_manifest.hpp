// SPDX-License-Identifier: Apache-2.0
// The manifest that an import keeps of its tree: a have stream that carries digests (rs-stream(5)).
#pragma once

#include <string>

#include "io/file.hpp"
#include "stream/have.hpp"

namespace rs::tree {

// Written beside the import: chunk table and entries come interleaved, the have stream wants the table
// first, so the entries wait in a temporary file.
class LocalManifestWriter {
public:
    LocalManifestWriter(const io::Dir& dir);
    ~LocalManifestWriter();
    // The chunks of the entries' data operations, in order.
    void chunk(const chunk::ChunkId& id, std::uint32_t length);
    void op(const stream::Op& op);
    // Writes and flushes the manifest; gives its name in `dir`. header: that of the dump; digest: of the tree.
    [[nodiscard]] std::string finish(const stream::Header& header, const chunk::Digest& digest);

private:
    void flush_block();

    const io::Dir& dir_;
    io::Fd table_, blocks_; // temporary, without names
    Buffer table_buffer_, block_buffer_;
    std::uint64_t chunks_ = 0;
    stream::ManifestWriter manifest_;
    std::string name_;
};

// Reads one; keeps the file open.
class LocalManifest {
public:
    LocalManifest(io::Fd fd, std::string path);
    [[nodiscard]] stream::HaveReader& reader() { return reader_; }

private:
    io::Fd fd_;
    io::FdSource source_;
    stream::HaveReader reader_;
};

} // namespace rs::tree
