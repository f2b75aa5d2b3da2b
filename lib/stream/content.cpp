// SPDX-License-Identifier: Apache-2.0
#include "stream/content.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "chunk/cut.hpp"

namespace rs::stream {

namespace {
// Large enough that a read and the hand-over to the hash thread cost little, small enough for the
// second-level cache that reader and hash thread share through the third.
constexpr std::size_t buffer_bytes = 1 << 20;
// A stretch of zeros at a cut is recorded instead of hashed from this size.
constexpr std::size_t zero_run_bytes = 4096;
// Of a hole, hashed at once; then a signal is heeded.
constexpr std::uint64_t hole_piece_bytes = 64 << 20;
} // namespace

ContentWriter::ContentWriter(StreamWriter& stream, const chunk::Hasher& hasher, const HaveTable* have,
                             bool sha256, Monitor& monitor)
    : stream_(stream), hasher_(hasher), have_(have), sha256_(sha256), monitor_(monitor) {}

const HaveIndex& ContentWriter::have_index() {
    // Built when the first prediction fails: where nothing changed nobody needs it.
    if (!index_) index_ = std::make_unique<HaveIndex>(*have_);
    return *index_;
}

void ContentWriter::begin(const chunk::Params& params, const HaveEntry* old, ContentSink* sink) {
    sink_ = sink;
    params_ = params;
    offset_ = 0;
    next_ = last_ = 0;
    zeros_ = 0;
    forced_.clear();
    if (old == nullptr || have_ == nullptr) return;
    next_ = old->first_chunk;
    last_ = old->first_chunk + old->chunks;
    std::uint64_t at = old->first_chunk;
    for (std::size_t i = 0; i < old->extents.size(); ++i) {
        at += old->extents[i].chunks;
        const bool data = old->extents[i].kind == Extent::Kind::data;
        const bool hole_next = i + 1 == old->extents.size() || old->extents[i + 1].kind == Extent::Kind::hole;
        if (data && hole_next) forced_.push_back(at - 1);
    }
}

void ContentWriter::emit(const Run& run, std::uint64_t bytes, std::span<const chunk::ChunkId> ids) {
    if (sink_ != nullptr)
        sink_->data(run, bytes, ids);
    else
        stream_.data(run, bytes, ids);
    offset_ += bytes;
}

void ContentWriter::flush_zeros() {
    if (zeros_ == 0) return;
    if (sink_ != nullptr)
        sink_->zero(zeros_);
    else
        stream_.zero(zeros_);
    offset_ += zeros_;
    zeros_ = 0;
}

// How many bytes at the start of the view, which is at a cut, belong to a run of zeros.
std::size_t ContentWriter::zero_length(ByteSpan view) const {
    if (params_.method == chunk::Method::fixed) {
        const ByteSpan block = view.first(block_length(view.size()));
        return all_zero(block) ? block.size() : 0;
    }
    if (zeros_ == 0 && (view.size() < zero_run_bytes || !all_zero(view.first(zero_run_bytes)))) return 0;
    const auto stop = std::find_if(view.begin(), view.end(), [](std::byte b) { return b != std::byte{0}; });
    return static_cast<std::size_t>(stop - view.begin());
}

// Blocks count from the start of the file, also behind a hole of any size.
std::size_t ContentWriter::block_length(std::size_t available) const {
    const std::size_t block = params_.average_bytes();
    return std::min(available, block - static_cast<std::size_t>((offset_ + zeros_) % block));
}

void ContentWriter::hole(std::uint64_t bytes) {
    if (bytes == 0) return;
    flush_zeros();
    if (sink_ != nullptr)
        sink_->hole(bytes);
    else
        stream_.hole(bytes);
    offset_ += bytes;
    for (std::uint64_t left = sha256_ ? bytes : 0; left > 0;) {
        const std::uint64_t n = std::min(left, hole_piece_bytes);
        hash_.feed_zeros(n);
        hash_.wait_below(2);
        monitor_.progress(0, 0);
        left -= n;
    }
}

// Length of the chunk if the view begins with the predicted one, else 0. last: the region ends with the view.
std::size_t ContentWriter::take_predicted(ByteSpan view, bool last) {
    if (next_ >= last_) return 0;
    const std::uint32_t length = have_->lengths[next_];
    if (length == 0 || length > view.size()) return 0;
    if (params_.method == chunk::Method::fixed && length != block_length(view.size())) return 0;
    const bool ends_region = last && length == view.size();
    if (!ends_region && std::binary_search(forced_.begin(), forced_.end(), next_)) return 0;
    if (hasher_.id(view.first(length)) != have_->ids[next_]) return 0;
    emit({Run::Kind::parent, next_, 1}, length);
    ++next_;
    return length;
}

std::size_t ContentWriter::take_cut(ByteSpan view) {
    const std::size_t length =
        params_.method == chunk::Method::fixed ? block_length(view.size()) : chunk::cut(view, params_);
    const ByteSpan bytes = view.first(length);
    const chunk::ChunkId id = hasher_.id(bytes);
    if (have_ != nullptr) {
        if (const auto at = have_index().find(id); at && have_->lengths[*at] == length) {
            emit({Run::Kind::parent, *at, 1}, length);
            // From here on the old chunks are followed wherever they lead, into another file too: a copy
            // or a renamed file goes by as fast as one that stayed.
            next_ = *at + 1;
            if (next_ > last_) last_ = have_->ids.size();
            return length;
        }
        if (have_->has_loose(id)) {
            emit({Run::Kind::named, 0, 1}, length, std::span(&id, 1));
            return length;
        }
    }
    if (const auto number = sent_at_.find(id, sent_)) {
        emit({Run::Kind::fresh, *number, 1}, length);
        return length;
    }
    const std::uint64_t number = stream_.add_chunk(bytes, id);
    RS_ASSERT(number == sent_.size());
    sent_.push_back(id);
    sent_at_.add(number, sent_);
    totals_.new_bytes += length;
    ++totals_.new_chunks;
    emit({Run::Kind::fresh, number, 1}, length);
    // The usual change keeps the cuts around it: one old chunk was replaced by one new one.
    if (next_ < last_ && have_->lengths[next_] == length) ++next_;
    return length;
}

std::uint64_t ContentWriter::region(std::uint64_t length,
                                    const std::function<std::size_t(MutableSpan)>& fill) {
    const std::size_t capacity = std::max(buffer_bytes, 4 * params_.max_bytes());
    std::uint64_t taken = 0; // bytes read
    std::size_t current = 0;
    ByteSpan view;
    bool ended = length == 0;
    for (;;) {
        if (!ended && view.size() < params_.max_bytes()) {
            // The rest moves to the other buffer; the hash thread may still be reading this one.
            const std::size_t other = 1 - current;
            if (sha256_) hash_.wait_below(2);
            Buffer& buffer = buffers_[other];
            if (buffer.size() < capacity) buffer.resize(capacity);
            std::copy(view.begin(), view.end(), buffer.begin());
            std::size_t have = view.size();
            const std::size_t start = have;
            while (have < capacity && !ended) {
                const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(capacity - have, length - taken));
                const std::size_t n = fill(MutableSpan(buffer).subspan(have, want));
                have += n;
                taken += n;
                if (n == 0 || taken == length) ended = true;
            }
            if (sha256_ && have > start) hash_.feed(ByteSpan(buffer).subspan(start, have - start));
            view = ByteSpan(buffer).first(have);
            current = other;
            done_bytes_ += have - start;
            monitor_.progress(done_bytes_, expected_bytes_);
        }
        if (view.empty()) break;
        if (const std::size_t n = zero_length(view); n > 0) {
            zeros_ += n;
            view = view.subspan(n);
            continue;
        }
        flush_zeros();
        std::size_t n = take_predicted(view, ended);
        if (n == 0) n = take_cut(view.first(std::min(view.size(), params_.max_bytes())));
        view = view.subspan(n);
    }
    // Zeros at the end wait: a region that follows at once may go on with them.
    if (sha256_) hash_.wait_below(1); // the buffers are free for the next file
    totals_.read_bytes += taken;
    return taken;
}

ContentWriter::Result ContentWriter::end() {
    flush_zeros();
    Result out;
    out.bytes = offset_;
    if (sha256_) out.sha256 = hash_.finish();
    return out;
}

} // namespace rs::stream
