// SPDX-License-Identifier: Apache-2.0
#include "store/pack_writer.hpp"

#include <algorithm>

#include "base/codec.hpp"
#include "base/text.hpp"
#include "io/sys.hpp"

namespace rs::store {

namespace {
// All of it or nothing: who gives up for want of memory still keeps the pack for the next transfer.
void note(IndexContent& content, const SegmentPlace& place, const chunk::SegmentHead& head, ByteSpan ids) {
    const std::size_t segments = content.segments.size();
    try {
        content.segments.push_back(place);
        content.lengths.insert(content.lengths.end(), head.lengths.begin(), head.lengths.end());
        for (std::size_t i = 0; i < head.lengths.size(); ++i) {
            chunk::ChunkId id;
            std::memcpy(id.bytes.data(), ids.data() + 16 * i, 16);
            content.ids.push_back(id);
        }
    } catch (...) {
        content.segments.resize(segments);
        content.lengths.resize(place.first_position);
        content.ids.resize(place.first_position);
        throw;
    }
}
} // namespace

PackWriter::PackWriter(std::shared_ptr<io::Dir> dir, std::uint64_t serial, const StoreId& store)
    : dir_(std::move(dir)), name_(pack_name(serial)) {
    content_.serial = serial;
    fd_ = io::Fd(io::sys::openat(dir_->get(), name_.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
    if (!fd_) fail_errno(Exit::cant_create, dir_->name_of(name_), "create");
    const Buffer header = encode_pack_header(serial, store);
    io::write_all(fd_.get(), header, dir_->name_of(name_));
    offset_ = header.size();
}

bool PackWriter::takes(std::size_t chunks) const {
    return content_.ids.empty() || (offset_ < pack_target_bytes && content_.ids.size() + chunks <= pack_target_chunks);
}

std::uint64_t PackWriter::add(const chunk::SegmentHead& head, ByteSpan ids, ByteSpan frame, SegmentKind kind) {
    RS_ASSERT(content_.ids.size() + head.lengths.size() <= max_positions && ids.size() == head.lengths.size() * 16);
    SegmentPlace place;
    place.offset = offset_;
    place.first_position = static_cast<std::uint32_t>(content_.ids.size());
    place.kind = kind;
    place.frame_bytes = static_cast<std::uint32_t>(frame.size());
    scratch_.assign(segment_header_bytes, std::byte{0});
    Encoder body(scratch_);
    chunk::encode_head(body, head);
    place.head_bytes = static_cast<std::uint32_t>(scratch_.size() - segment_header_bytes);
    append(scratch_, frame);
    // The checksum covers kind, head and frame; its own place and the sizes follow from them.
    scratch_[segment_header_bytes - 1] = std::byte{static_cast<std::uint8_t>(kind)};
    const std::uint64_t sum = chunk::checksum(ByteSpan(scratch_).subspan(segment_header_bytes - 1));
    Buffer front;
    Encoder f(front);
    f.u32(place.head_bytes);
    f.u32(place.frame_bytes);
    f.u64(sum);
    std::copy(front.begin(), front.end(), scratch_.begin());
    // At its place, wherever a write that failed before has left the file.
    io::pwrite_all(fd_.get(), scratch_, offset_, dir_->name_of(name_));
    note(content_, place, head, ids);
    offset_ += scratch_.size();
    flush_behind_.wrote(fd_.get(), scratch_.size(), dir_->name_of(name_));
    return chunk_number(content_.serial, place.first_position);
}

void PackWriter::alias(std::uint64_t number, std::uint64_t own) {
    const auto position = static_cast<std::uint32_t>(own & (max_positions - 1));
    aliases_.push_back({number, position, 1});
}

Buffer encode_pack_header(std::uint64_t serial, const StoreId& store) {
    Buffer out;
    Encoder e(out);
    e.raw(std::as_bytes(std::span(pack_magic)));
    e.u64(serial);
    e.raw(store);
    return out;
}

Buffer encode_pack_end(const std::vector<NumberRun>& runs) {
    Buffer table;
    Encoder t(table);
    t.varint(runs.size());
    for (const NumberRun& r : runs) {
        t.varint(r.number);
        t.varint(r.position);
        t.varint(r.count);
    }
    Buffer out;
    Encoder e(out);
    e.u32(pack_end_mark);
    e.u32(static_cast<std::uint32_t>(table.size()));
    e.u64(chunk::checksum(table));
    e.raw(table);
    return out;
}

bool accounts_for_all(const PackIndex& pack) {
    std::uint64_t end = pack_header_bytes;
    if (!pack.segments().empty()) end = pack.segments().back().offset + pack.segments().back().stored_bytes();
    return end + encode_pack_end(pack.runs()).size() == pack.pack_bytes();
}

std::shared_ptr<PackIndex> PackWriter::finish() {
    RS_ASSERT(static_cast<bool>(fd_)); // a flush that failed is never tried again
    if (natural_ && !content_.ids.empty())
        content_.runs.push_back({chunk_number(content_.serial, 0), 0, static_cast<std::uint32_t>(content_.ids.size())});
    std::sort(aliases_.begin(), aliases_.end(),
              [](const NumberRun& a, const NumberRun& b) { return a.number < b.number; });
    for (const NumberRun& a : aliases_) content_.runs.push_back(a);
    std::sort(content_.runs.begin(), content_.runs.end(),
              [](const NumberRun& a, const NumberRun& b) { return a.number < b.number; });
    std::vector<NumberRun> melted;
    for (const NumberRun& r : content_.runs) {
        if (!melted.empty() && melted.back().number + melted.back().count == r.number &&
            melted.back().position + melted.back().count == r.position)
            melted.back().count += r.count;
        else if (melted.empty() || melted.back().number + melted.back().count <= r.number)
            melted.push_back(r);
    }
    content_.runs = std::move(melted);

    const std::string path = dir_->name_of(name_);
    const Buffer end = encode_pack_end(content_.runs);
    content_.pack_bytes = offset_ + end.size();
    io::pwrite_all(fd_.get(), end, offset_, path);
    if (static_cast<std::uint64_t>(io::stat_fd(fd_.get(), path).st_size) != content_.pack_bytes &&
        io::sys::ftruncate(fd_.get(), static_cast<off_t>(content_.pack_bytes)) != 0)
        fail_errno(Exit::io, path, "set size");
    flush_behind_.settle();
    io::sync_fd(fd_.get(), path);
    io::close_checked(std::move(fd_), path);
    io::write_file_atomic(*dir_, index_name(content_.serial), content_.encode());
    const io::Fd index = io::open_at(*dir_, index_name(content_.serial));
    auto opened = std::make_shared<PackIndex>(index.get(), dir_->name_of(index_name(content_.serial)), false);
    opened->pack_dir = dir_;
    return opened;
}

} // namespace rs::store
