// SPDX-License-Identifier: Apache-2.0
#include "stream/record.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::stream {

namespace {
constexpr std::size_t frame_header_bytes = 5;
constexpr std::size_t buffer_bytes = 1 << 20;

std::size_t limit_of(RecordType type) {
    switch (type) {
    case RecordType::header: return max_header_bytes;
    case RecordType::chunk_table:
    case RecordType::loose_table: return max_table_bytes;
    case RecordType::segment: return max_segment_record_bytes;
    case RecordType::manifest: return max_manifest_bytes + 64;
    case RecordType::trailer: return max_trailer_bytes;
    }
    return max_table_bytes; // of a later version, to be skipped
}
} // namespace

RecordWriter::RecordWriter(io::Sink& sink, const Header& header) : sink_(sink) {
    const ByteSpan start = std::as_bytes(std::span(magic));
    digest_.update(start);
    sink_.write(start);
    Buffer payload;
    Encoder out(payload);
    encode_header(out, header);
    record(RecordType::header, payload);
}

void RecordWriter::put(RecordType type, std::size_t size) {
    RS_ASSERT(size <= limit_of(type));
    Buffer head;
    Encoder out(head);
    out.u8(static_cast<std::uint8_t>(type));
    out.u32(static_cast<std::uint32_t>(size));
    digest_.update(head);
    sink_.write(head);
}

void RecordWriter::record(RecordType type, std::span<const ByteSpan> parts) {
    std::size_t size = 0;
    for (const ByteSpan part : parts) size += part.size();
    put(type, size);
    for (const ByteSpan part : parts) {
        digest_.update(part);
        sink_.write(part);
    }
}

void RecordWriter::segment(const chunk::Segment& segment) {
    RS_ASSERT(segment.ids.size() == segment.head.lengths.size());
    scratch_.clear();
    Encoder out(scratch_);
    out.u32(0); // size of what follows it, less the frame; filled in below
    chunk::encode_head(out, segment.head);
    for (const chunk::ChunkId& id : segment.ids) out.raw(id.bytes);
    Buffer size;
    Encoder(size).u32(static_cast<std::uint32_t>(scratch_.size() - 4));
    std::copy(size.begin(), size.end(), scratch_.begin());
    put(RecordType::segment, scratch_.size() + segment.frame.size());
    digest_.update(scratch_);
    sink_.write(scratch_);
    sink_.write(segment.frame);
}

void RecordWriter::finish(Trailer trailer) {
    scratch_.clear();
    Encoder out(scratch_);
    encode_trailer(out, trailer);
    put(RecordType::trailer, scratch_.size() + 32);
    digest_.update(scratch_);
    sink_.write(scratch_);
    sink_.write(digest_.finish());
}

SegmentView decode_segment(ByteSpan payload, const std::string& what) {
    Decoder in(payload, what);
    const std::uint32_t meta_bytes = in.u32();
    Decoder meta(in.raw(meta_bytes), what);
    SegmentView view;
    view.head = chunk::decode_head(meta);
    view.ids = meta.raw(16 * view.head.lengths.size());
    meta.finish();
    view.frame = in.rest();
    return view;
}

RecordReader::RecordReader(io::Source& source) : source_(source) {
    grow(buffer_bytes);
    const ByteSpan want = std::as_bytes(std::span(magic));
    // What is there is looked at before more is asked for: a short foreign file is "not a stream",
    // an empty one is truncated.
    while (end_ < want.size()) {
        const std::size_t n = source_.read(MutableSpan(buffer_.get(), capacity_).subspan(end_));
        if (n == 0) break;
        end_ += n;
        offset_ += n;
    }
    const ByteSpan got = ByteSpan(buffer_.get(), std::min(end_, want.size()));
    if (got.empty())
        fail(Exit::data, cat(source_.name(), ": empty, not a stream"),
             "the command before this one in the pipe has failed; look at its message");
    if (!equal(got.first(std::min(got.size(), version_at)), want.first(std::min(got.size(), version_at))))
        fail(Exit::data, cat(source_.name(), ": not a stream of rs-export, rs-pull or rs-import"));
    if (got.size() == want.size() && got[version_at] != want[version_at])
        fail(Exit::data,
             cat(source_.name(), ": stream version ", static_cast<unsigned>(got[version_at]),
                 ", this program reads version ", static_cast<unsigned>(want[version_at])),
             "install the same release on both sides");
    digest_.update(need(want.size()));
    const auto first = next();
    if (!first || first->type != RecordType::header)
        fail(Exit::data, cat(where(), ": the stream does not begin with a header"));
    header_ = decode_header(first->payload, where());
}

std::string RecordReader::where() const {
    return cat(source_.name(), ": byte ", offset_ - (end_ - begin_));
}

void RecordReader::grow(std::size_t capacity) {
    auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
    if (end_ > 0) std::memcpy(larger.get(), buffer_.get(), end_);
    buffer_ = std::move(larger);
    capacity_ = capacity;
}

ByteSpan RecordReader::need(std::size_t size) {
    if (end_ - begin_ < size) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
        while (end_ < size) {
            // Memory grows with what has arrived, never with what a length promises.
            if (end_ == capacity_) grow(std::min(capacity_ * 2, size + buffer_bytes));
            const std::size_t n = source_.read(MutableSpan(buffer_.get(), capacity_).subspan(end_));
            if (n == 0)
                fail(Exit::data, cat(source_.name(), ": truncated at byte ", offset_),
                     "the sender failed or the line was cut; nothing was published; run it again");
            end_ += n;
            offset_ += n;
        }
    }
    const ByteSpan out(buffer_.get() + begin_, size);
    begin_ += size;
    return out;
}

std::optional<Record> RecordReader::next() {
    if (trailer_) return std::nullopt;
    for (;;) {
        Decoder head(need(frame_header_bytes), "record");
        digest_.update(head.rest());
        const std::uint8_t raw_type = head.u8();
        const std::uint32_t size = head.u32();
        const auto type = static_cast<RecordType>(raw_type);
        const bool known = std::string_view("HCLSMZ").find(static_cast<char>(raw_type)) != std::string_view::npos;
        if (!known && (raw_type < 'a' || raw_type > 'z'))
            fail(Exit::data, cat(where(), ": unknown record type ", raw_type));
        if (size > limit_of(type)) fail(Exit::data, cat(where(), ": a record of ", size, " bytes exceeds its limit"));
        const ByteSpan payload = need(size);
        if (!known) {
            digest_.update(payload);
            continue;
        }
        if (type == RecordType::segment) {
            const std::uint32_t meta = payload.size() < 4 ? 0 : Decoder(payload, "segment").u32();
            if (payload.size() < 4 || meta > payload.size() - 4)
                fail(Exit::data, cat(where(), ": segment: ends too early"));
            digest_.update(payload.first(4 + std::size_t{meta}));
            return Record{type, payload};
        }
        if (type != RecordType::trailer) {
            digest_.update(payload);
            return Record{type, payload};
        }
        if (payload.size() < 32) fail(Exit::data, cat(where(), ": trailer: ends too early"));
        digest_.update(payload.first(payload.size() - 32));
        if (!equal(digest_.finish(), payload.last(32)))
            fail(Exit::data, cat(where(), ": digest mismatch: the stream was damaged on its way"));
        Decoder in(payload.first(payload.size() - 32), where());
        const Trailer trailer = decode_trailer(in);
        in.finish();
        std::byte extra;
        if (begin_ != end_ || source_.read(MutableSpan(&extra, 1)) != 0)
            fail(Exit::data, cat(where(), ": bytes after the end of the stream"));
        trailer_ = trailer; // only now: whoever asks again after a failure must not be told of a good end
        return std::nullopt;
    }
}

const Trailer& RecordReader::trailer() const {
    RS_ASSERT(trailer_.has_value());
    return *trailer_;
}

} // namespace rs::stream
