// SPDX-License-Identifier: Apache-2.0
#include "store/pack_index.hpp"

#include <algorithm>

#include "base/codec.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "chunk/params.hpp"
#include "chunk/sha256.hpp"

namespace rs::store {

namespace {
constexpr std::size_t header_bytes = 8 + 8 + 8 + 4 + 4 + 4;
constexpr std::size_t run_bytes = 8 + 4 + 4;
constexpr std::size_t segment_bytes = 8 + 4 + 4 + 4 + 4;
constexpr std::uint32_t flag_damaged = 0x100;
constexpr std::size_t name_digits = 10; // hexadecimal, of max_serial
} // namespace

std::string pack_name(std::uint64_t serial) {
    char buf[24];
    std::snprintf(buf, sizeof buf, "%010llx.pack", static_cast<unsigned long long>(serial));
    return buf;
}

std::string index_name(std::uint64_t serial) {
    char buf[24];
    std::snprintf(buf, sizeof buf, "%010llx.idx", static_cast<unsigned long long>(serial));
    return buf;
}

std::optional<std::uint64_t> serial_in_name(std::string_view name, std::string_view suffix) {
    if (name.size() != name_digits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
    std::uint64_t serial = 0;
    for (const char c : name.substr(0, name_digits)) {
        const bool digit = c >= '0' && c <= '9';
        if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
        serial = serial << 4 | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
    }
    return serial;
}

Buffer IndexContent::encode() const {
    RS_ASSERT(ids.size() == lengths.size() && (lost.empty() || lost.size() == ids.size()));
    Buffer out;
    out.reserve(header_bytes + runs.size() * run_bytes + segments.size() * segment_bytes + ids.size() * 20 + 32);
    Encoder e(out);
    e.raw(std::as_bytes(std::span(index_magic)));
    e.u64(serial);
    e.u64(pack_bytes);
    e.u32(static_cast<std::uint32_t>(runs.size()));
    e.u32(static_cast<std::uint32_t>(segments.size()));
    e.u32(static_cast<std::uint32_t>(ids.size()));
    for (const NumberRun& r : runs) {
        e.u64(r.number);
        e.u32(r.position);
        e.u32(r.count);
    }
    for (const SegmentPlace& s : segments) {
        e.u64(s.offset);
        e.u32(s.head_bytes);
        e.u32(s.frame_bytes);
        e.u32(s.first_position);
        e.u32(static_cast<std::uint32_t>(s.kind) | (s.damaged ? flag_damaged : 0));
    }
    for (std::size_t i = 0; i < lengths.size(); ++i)
        e.u32(lengths[i] | (!lost.empty() && lost[i] ? 0x80000000U : 0U));
    for (const chunk::ChunkId& id : ids) e.raw(id.bytes);
    e.raw(chunk::sha256(out));
    return out;
}

PackIndex::PackIndex(int fd, const std::string& path, bool verify) : map_(fd, path) {
    const ByteSpan all = map_.bytes();
    const ByteSpan magic = std::as_bytes(std::span(index_magic));
    if (all.size() < header_bytes + 32 || !equal(all.first(7), magic.first(7)))
        fail(Exit::data, cat(printable(path), ": not an index of a store"));
    if (all[7] != magic[7])
        fail(Exit::data, cat(printable(path), ": index version ", static_cast<unsigned>(all[7]),
                             ", this program reads version ", static_cast<unsigned>(magic[7])));
    if (verify && !equal(chunk::sha256(all.first(all.size() - 32)), all.last(32)))
        fail(Exit::data, cat(printable(path), ": digest mismatch"));
    Decoder in(all.subspan(8, all.size() - 8 - 32), printable(path));
    serial_ = in.u64();
    pack_bytes_ = in.u64();
    const std::uint64_t runs = in.u32(), segments = in.u32();
    chunks_ = in.u32();
    if (serial_ > max_serial || chunks_ > max_positions ||
        in.remaining() != runs * run_bytes + segments * segment_bytes + std::uint64_t{chunks_} * 20)
        in.bad("its size does not match its counts");
    runs_.resize(runs);
    for (std::size_t i = 0; i < runs_.size(); ++i) {
        NumberRun& r = runs_[i];
        r.number = in.u64();
        r.position = in.u32();
        r.count = in.u32();
        const bool after = i == 0 || (r.number >= runs_[i - 1].number + runs_[i - 1].count);
        if (r.count == 0 || !after || r.position > chunks_ || r.count > chunks_ - r.position ||
            r.number > chunk_number(max_serial, 0))
            in.bad("a run of numbers is out of order or out of range");
    }
    segments_.resize(segments);
    for (std::size_t i = 0; i < segments_.size(); ++i) {
        SegmentPlace& s = segments_[i];
        s.offset = in.u64();
        s.head_bytes = in.u32();
        s.frame_bytes = in.u32();
        s.first_position = in.u32();
        const std::uint32_t kind = in.u32();
        s.kind = static_cast<SegmentKind>(kind & 0xff);
        s.damaged = (kind & flag_damaged) != 0;
        const bool first = i == 0;
        if ((kind & ~flag_damaged) > 1 || (first && s.first_position != 0) || s.first_position >= chunks_ ||
            (!first && s.first_position <= segments_[i - 1].first_position) || s.offset > pack_bytes_ ||
            s.stored_bytes() > pack_bytes_ - s.offset)
            in.bad("a segment is out of order or out of range");
    }
    if (chunks_ > 0 && segments_.empty()) in.bad("chunks without a segment");
    lengths_ = in.raw(std::size_t{chunks_} * 4);
    ids_ = in.raw(std::size_t{chunks_} * 16);
}

std::uint32_t PackIndex::word(std::uint32_t position) const {
    RS_ASSERT(position < chunks_);
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i)
        value |= static_cast<std::uint32_t>(lengths_[std::size_t{position} * 4 + i]) << (8 * i);
    return value;
}

chunk::ChunkId PackIndex::id(std::uint32_t position) const {
    RS_ASSERT(position < chunks_);
    chunk::ChunkId out;
    std::memcpy(out.bytes.data(), ids_.data() + std::size_t{position} * 16, 16);
    return out;
}

std::uint32_t PackIndex::segment_of(std::uint32_t position) const {
    const auto after = std::upper_bound(segments_.begin(), segments_.end(), position,
                                        [](std::uint32_t p, const SegmentPlace& s) { return p < s.first_position; });
    return static_cast<std::uint32_t>(after - segments_.begin() - 1);
}

std::uint32_t PackIndex::segment_end(std::uint32_t segment) const {
    return segment + 1 < segments_.size() ? segments_[segment + 1].first_position : chunks_;
}

IndexContent PackIndex::content() const {
    IndexContent out;
    out.serial = serial_;
    out.pack_bytes = pack_bytes_;
    out.runs = runs_;
    out.segments = segments_;
    out.lost.resize(chunks_);
    for (std::uint32_t i = 0; i < chunks_; ++i) {
        out.lengths.push_back(length(i));
        out.lost[i] = lost(i);
        out.ids.push_back(id(i));
    }
    return out;
}

} // namespace rs::store
