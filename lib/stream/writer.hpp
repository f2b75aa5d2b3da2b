// SPDX-License-Identifier: Apache-2.0
// Writes a dump stream: chunks gathered into segments, entries into blocks, in an order in which a block
// refers only to chunks before it.
#pragma once

#include <deque>
#include <optional>

#include "stream/pipeline.hpp"
#include "stream/record.hpp"
#include "stream/manifest.hpp"

namespace rs::stream {

struct WriterOptions {
    int level = chunk::default_level;
    unsigned threads = 1;
};

class StreamWriter {
public:
    StreamWriter(io::Sink& sink, const Header& header, const WriterOptions& options);

    // A new chunk; its bytes are copied. Gives the number that a fresh run refers to it by.
    std::uint64_t add_chunk(ByteSpan bytes, const chunk::ChunkId& id);
    // A segment as a store keeps it. Gives the number of its first chunk; the others follow.
    std::uint64_t add_segment(chunk::Segment&& segment);

    // Operations of the manifest, as in ManifestWriter.
    void entry(const Entry& entry);
    void data(const Run& run, std::uint64_t bytes, std::span<const chunk::ChunkId> ids = {});
    void hole(std::uint64_t bytes);
    void zero(std::uint64_t bytes);
    void end(const std::optional<chunk::Digest>& sha256);
    void withdraw();
    void copy(std::uint64_t entries);
    void skip(std::uint64_t entries);

    // The stream is whole after it. Gives what was written.
    Trailer finish(bool changed_while_read, const std::optional<chunk::Digest>& tree);

    [[nodiscard]] const Trailer& totals() const { return trailer_; }

private:
    void close_segment();
    void seal_block();
    void maybe_seal() {
        if (manifest_.size() >= manifest_target_bytes) seal_block();
    }
    void write(Pipeline::Ready&& item);

    RecordWriter records_;
    ManifestWriter manifest_;
    chunk::Segment open_;
    Buffer raw_; // bytes of the open segment
    std::deque<Buffer> waiting_; // blocks that refer to the open segment
    std::size_t segments_since_block_ = 0;
    bool refers_to_open_ = false;
    std::uint64_t next_chunk_ = 0;
    Trailer trailer_;
    Pipeline pipeline_; // last: its destructor joins threads before the rest goes
};

} // namespace rs::stream
