// SPDX-License-Identifier: Apache-2.0
// The have stream: what its writer holds, so that the other side sends only the rest.
//
// First the chunk table: length and id of every chunk that the entries of one generation refer to, in manifest
// order. A run of parent references is a slice of it, so naming unchanged data costs a few
// bytes. Then the entries, in walk order, without digests. A reader keeps the table and passes
// over the entries once, beside its own walk: memory does not grow with the number of files.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "stream/checker.hpp"
#include "stream/record.hpp"

namespace rs::stream {

// A lost chunk keeps its place in the table: it has length 0 here and must be sent again.
struct HaveTable {
    std::vector<chunk::ChunkId> ids;
    std::vector<std::uint32_t> lengths;
    // Chunks held beside the generation, sorted and unique; a stream may name them by id.
    std::vector<chunk::ChunkId> loose;
    [[nodiscard]] bool has_loose(const chunk::ChunkId& id) const;
};

// Finds the place of an id in a HaveTable. 4 to 8 bytes of memory a chunk; refers to the table.
class HaveIndex {
public:
    explicit HaveIndex(const HaveTable& table);
    // Any place that holds it and is not lost.
    [[nodiscard]] std::optional<std::uint64_t> find(const chunk::ChunkId& id) const;

private:
    const HaveTable& table_;
    std::vector<std::uint32_t> slots_; // index + 1, or 0
    [[nodiscard]] std::uint64_t place(const chunk::ChunkId& id) const { return id.mixed(seed_) & mask_; }
    std::uint64_t seed_; // of this process: whoever chooses ids cannot choose where they go
    std::uint64_t mask_ = 0;
};

class HaveWriter {
public:
    // digests: files carry their SHA-256. An import keeps its manifest so; on the wire they are left out.
    HaveWriter(io::Sink& sink, const Header& header, bool digests = false)
        : records_(sink, header), digests_(digests) {}
    // All chunks, then all loose ones, then the entries. length 0: lost, `id` is not looked at.
    void chunk(const chunk::ChunkId& id, std::uint32_t length);
    void loose(const chunk::ChunkId& id);
    // Ops of the generation in order; the runs of data ops are not written.
    void op(const Op& op);
    // A block made by pack_block(), instead of ops.
    void block(ByteSpan packed);
    void finish();

private:
    void flush_table();
    void flush_block();

    RecordWriter records_;
    bool digests_;
    ManifestWriter manifest_;
    RecordType table_type_ = RecordType::chunk_table;
    std::uint64_t table_count_ = 0;
    Buffer lengths_, ids_;
    Trailer trailer_;
};

struct HaveEntry {
    Entry entry;
    std::vector<Extent> extents;
    std::uint64_t first_chunk = 0; // of the file's chunks in the table; they follow one another
    std::uint64_t chunks = 0;
    std::uint64_t bytes = 0; // size of the file
    bool sha256_known = false;
    std::optional<chunk::Digest> sha256; // if the stream carries digests
};

class HaveReader {
public:
    // Reads header and tables. A stream that is no have stream is Error(Exit::data).
    explicit HaveReader(io::Source& source);
    [[nodiscard]] const Header& header() const { return records_.header(); }
    [[nodiscard]] const HaveTable& table() const { return table_; }
    // The next entry in walk order; false after the last, when the stream was found whole.
    [[nodiscard]] bool next(HaveEntry& out);

private:
    [[nodiscard]] bool next_op();
    void read_table(ByteSpan payload, bool loose);

    RecordReader records_;
    HaveTable table_;
    Checker checker_;
    Buffer raw_;
    std::optional<Record> record_; // a record that was read ahead
    std::optional<ManifestReader> block_;
    Op op_;
    bool have_op_ = false; // op_ is the start of the next entry
    std::uint64_t next_chunk_ = 0;
    std::uint64_t blocks_ = 0;
};

// The payload of a manifest record: codec (0 stored, 1 zstd), raw size, the bytes.
[[nodiscard]] Buffer pack_block(const ManifestBlock& block);
// raw: owns what the view points into. limit: of the raw size.
[[nodiscard]] BlockView unpack_block(ByteSpan payload, Buffer& raw, const std::string& what,
                                     std::size_t limit = max_manifest_bytes);

} // namespace rs::stream
