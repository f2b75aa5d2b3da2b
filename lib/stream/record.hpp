// SPDX-License-Identifier: Apache-2.0
// Records: the framing of a stream, and the digest that ends it.
//
// The digest (SHA-256) covers every byte before it but the frames of segments. Those are covered by the
// chunk ids, which a receiver checks before it keeps a chunk; hashing them again would
// cost as much as the whole rest of a first transfer's receiving side.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "chunk/segment.hpp"
#include "io/stream.hpp"
#include "stream/format.hpp"
#include "stream/header.hpp"

namespace rs::stream {

class RecordWriter {
public:
    // Writes the magic and the header at once.
    RecordWriter(io::Sink& sink, const Header& header);
    void record(RecordType type, ByteSpan payload) { record(type, {&payload, 1}); }
    // The parts of the payload, one after another.
    void record(RecordType type, std::span<const ByteSpan> parts);
    void segment(const chunk::Segment& segment);
    // The trailer with the digest: the stream is whole after it.
    void finish(Trailer trailer);

private:
    void put(RecordType type, std::size_t size);

    io::Sink& sink_;
    chunk::Sha256 digest_;
    Buffer scratch_;
};

struct Record {
    RecordType type{};
    ByteSpan payload; // valid until the next call; of a segment: meta and frame
};

// A segment as it is in a record: views into the payload.
struct SegmentView {
    chunk::SegmentHead head;
    ByteSpan ids;   // 16 bytes each
    ByteSpan frame;
    [[nodiscard]] chunk::ChunkId id(std::size_t i) const {
        chunk::ChunkId out;
        std::memcpy(out.bytes.data(), ids.data() + 16 * i, 16);
        return out;
    }
};
[[nodiscard]] SegmentView decode_segment(ByteSpan payload, const std::string& what);

// Reads magic and header in the constructor. Every failure names the source and the byte offset.
// Memory: the largest record so far.
class RecordReader {
public:
    explicit RecordReader(io::Source& source);
    [[nodiscard]] const Header& header() const { return header_; }
    // The next record, records that may be skipped left out. After the trailer (whose digest was then
    // found right, and no byte follows it) comes nothing. End of file before it is Error(Exit::data).
    [[nodiscard]] std::optional<Record> next();
    [[nodiscard]] const Trailer& trailer() const;
    [[nodiscard]] const std::string& name() const { return source_.name(); }
    [[nodiscard]] std::uint64_t bytes_read() const { return offset_ - (end_ - begin_); }

private:
    ByteSpan need(std::size_t size); // that many bytes, or Error(Exit::data): truncated
    [[nodiscard]] std::string where() const;

    void grow(std::size_t capacity);

    io::Source& source_;
    // Not a Buffer: memory that is neither cleared nor filled is never taken from the system.
    std::unique_ptr<std::byte[]> buffer_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0, end_ = 0; // what is read but not used
    std::uint64_t offset_ = 0;        // bytes taken from the source
    chunk::Sha256 digest_;
    Header header_;
    std::optional<Trailer> trailer_;
};

} // namespace rs::stream
