// SPDX-License-Identifier: Apache-2.0
#include "stream/writer.hpp"

#include "base/error.hpp"
#include "stream/have.hpp"

namespace rs::stream {

StreamWriter::StreamWriter(io::Sink& sink, const Header& header, const WriterOptions& options)
    : records_(sink, header),
      pipeline_(options.level, options.threads, [this](Pipeline::Ready&& item) { write(std::move(item)); }) {}

void StreamWriter::write(Pipeline::Ready&& item) {
    if (const auto* const segment = std::get_if<chunk::Segment>(&item))
        records_.segment(*segment);
    else
        records_.record(RecordType::manifest, std::get<Buffer>(item));
}

std::uint64_t StreamWriter::add_chunk(ByteSpan bytes, const chunk::ChunkId& id) {
    RS_ASSERT(!bytes.empty() && bytes.size() <= chunk::max_chunk_bytes);
    if (open_.ids.empty() && raw_.capacity() == 0) raw_ = pipeline_.spare();
    append(raw_, bytes);
    open_.head.lengths.push_back(static_cast<std::uint32_t>(bytes.size()));
    open_.ids.push_back(id);
    ++trailer_.chunks;
    trailer_.chunk_bytes += bytes.size();
    const std::uint64_t number = next_chunk_++;
    refers_to_open_ = true;
    // Full: close it now. The run for this chunk is named after this call and may still go into the
    // same block, because blocks are sealed only behind closed segments.
    if (raw_.size() >= chunk::segment_target_bytes || open_.ids.size() >= chunk::max_segment_chunks)
        close_segment();
    return number;
}

std::uint64_t StreamWriter::add_segment(chunk::Segment&& segment) {
    close_segment();
    const std::uint64_t first = next_chunk_;
    next_chunk_ += segment.ids.size();
    ++trailer_.segments;
    trailer_.chunks += segment.ids.size();
    trailer_.chunk_bytes += segment.head.raw_bytes;
    pipeline_.pass(std::move(segment));
    if (++segments_since_block_ >= segments_per_block && !manifest_.empty()) seal_block();
    return first;
}

void StreamWriter::close_segment() {
    if (open_.ids.empty()) return;
    open_.head.raw_bytes = raw_.size();
    ++trailer_.segments;
    pipeline_.compress(std::move(open_), std::move(raw_));
    open_ = {};
    raw_ = {};
    refers_to_open_ = false;
    for (Buffer& block : waiting_) pipeline_.pass(std::move(block));
    waiting_.clear();
    if (++segments_since_block_ >= segments_per_block && !manifest_.empty()) seal_block();
}

void StreamWriter::seal_block() {
    if (manifest_.empty()) return;
    Buffer block = pack_block(manifest_.take());
    ++trailer_.blocks;
    segments_since_block_ = 0;
    // It may refer to chunks of the open segment; then it has to wait until that one is out.
    if (refers_to_open_)
        waiting_.push_back(std::move(block));
    else
        pipeline_.pass(std::move(block));
}

void StreamWriter::entry(const Entry& entry) {
    maybe_seal();
    manifest_.entry(entry);
}

void StreamWriter::data(const Run& run, std::uint64_t bytes, std::span<const chunk::ChunkId> ids) {
    maybe_seal();
    manifest_.data(run, bytes, ids);
}

void StreamWriter::hole(std::uint64_t bytes) {
    maybe_seal();
    manifest_.hole(bytes);
}

void StreamWriter::zero(std::uint64_t bytes) {
    maybe_seal();
    manifest_.zero(bytes);
}

void StreamWriter::end(const std::optional<chunk::Digest>& sha256) { manifest_.end(sha256); }

void StreamWriter::withdraw() { manifest_.withdraw(); }

void StreamWriter::copy(std::uint64_t entries) { manifest_.copy(entries); }
void StreamWriter::skip(std::uint64_t entries) { manifest_.skip(entries); }

Trailer StreamWriter::finish(bool changed_while_read, const std::optional<chunk::Digest>& tree) {
    close_segment();
    seal_block();
    pipeline_.drain();
    trailer_.changed_while_read = changed_while_read;
    trailer_.tree = tree;
    records_.finish(trailer_);
    return trailer_;
}

} // namespace rs::stream
