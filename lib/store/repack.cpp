// SPDX-License-Identifier: Apache-2.0
#include "store/repack.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::store {

namespace {

struct Share {
    std::uint64_t live = 0, all = 0; // raw bytes
};

Share share_of(const PackIndex& pack, std::uint32_t segment, const LiveSet& live) {
    Share s;
    for (std::uint32_t p = pack.segments()[segment].first_position; p < pack.segment_end(segment); ++p) {
        s.all += pack.length(p);
        if (live.live(pack, p)) s.live += pack.length(p);
    }
    return s;
}

// A segment with less dead in it is copied as it is.
bool mostly_live(const Share& s) { return s.live * 4 >= s.all * 3; }

constexpr std::uint64_t small_pack_bytes[] = {64 << 10, 1 << 20, 16 << 20}; // the classes of crowded()
constexpr std::uint32_t small_pack_chunks = pack_target_chunks / 8; // what 16 MiB are to a whole pack
constexpr std::size_t many_packs = 16;
// Below this the frame of a segment, its head and its place in the index cost more than a new one.
constexpr std::uint64_t small_segment_bytes = 128 << 10;

// Numbers that lead to each position.
std::vector<std::vector<std::uint64_t>> numbers_of(const PackIndex& pack) {
    std::vector<std::vector<std::uint64_t>> out(pack.chunks());
    for (const NumberRun& r : pack.runs())
        for (std::uint32_t i = 0; i < r.count; ++i) out[r.position + i].push_back(r.number + i);
    return out;
}

} // namespace

std::uint64_t dead_bytes(const PackIndex& pack, const LiveSet& live) {
    std::uint64_t needed = 0;
    bool lives = false;
    for (std::uint32_t s = 0; s < pack.segments().size(); ++s) {
        const Share share = share_of(pack, s, live);
        if (share.all == 0 || share.live == 0) continue;
        lives = true; // also where its share is less than a byte
        needed += pack.segments()[s].stored_bytes() * share.live / share.all;
    }
    if (!lives) return pack.pack_bytes();
    return pack.pack_bytes() - std::clamp<std::uint64_t>(needed, 1, pack.pack_bytes());
}

bool worth_rewriting(const PackIndex& pack, std::uint64_t dead) { return dead * 3 > pack.pack_bytes(); }

bool movable(const PackIndex& pack, const LiveSet& live) {
    for (std::uint32_t p = 0; p < pack.chunks(); ++p)
        if (pack.lost(p) && live.live(pack, p)) return false;
    return true;
}

std::set<const PackIndex*> crowded(const std::vector<std::shared_ptr<PackIndex>>& packs) {
    std::set<const PackIndex*> out;
    std::uint64_t from = 0;
    for (const std::uint64_t below : small_pack_bytes) {
        std::set<const PackIndex*> group;
        for (const auto& pack : packs)
            if (pack->pack_bytes() >= from && pack->pack_bytes() < below && pack->chunks() < small_pack_chunks)
                group.insert(pack.get());
        if (group.size() >= many_packs) out.merge(group);
        from = below;
    }
    return out;
}

Repacker::Repacker(const Store& store, ChunkReader& chunks, const LiveSet& live)
    : store_(store), chunks_(chunks), live_(live) {}

Repacker::~Repacker() {
    pack_.reset();
    if (!dir_) return;
    try {
        store_.end_transfer(*dir_, false);
    } catch (const std::exception&) {
        // The next command's sweep does it.
    }
}

std::uint64_t Repacker::put(const chunk::SegmentHead& head, ByteSpan ids, ByteSpan frame, SegmentKind kind) {
    try {
        return writer(head.lengths.size()).add(head, ids, frame, kind);
    } catch (...) {
        give_up();
        throw;
    }
}

PackWriter& Repacker::writer(std::size_t chunks) {
    if (pack_ && !pack_->takes(chunks)) close();
    if (!dir_) dir_ = std::make_shared<io::Dir>(store_.make_transfer_dir(""));
    if (!pack_) {
        pack_ = store_.new_pack(dir_);
        pack_->only_aliases();
    }
    return *pack_;
}

void Repacker::close() {
    if (!pack_) return;
    const std::unique_ptr<PackWriter> closing = std::move(pack_); // whatever comes of it, it is not tried again
    done_.push_back(closing->finish());
    written_ += closing->bytes();
}

// Nothing that was written counts. What could not be written once is not believed later either.
void Repacker::give_up() {
    broken_ = true;
    pack_.reset();
    done_.clear();
    copied_.clear();
    for (Pending& p : pending_) p = {};
    written_ = 0;
}

void Repacker::add(const PackIndex& pack) {
    const auto numbers = numbers_of(pack);
    std::vector<bool>& copied = copied_[&pack];
    copied.resize(pack.chunks());
    for (std::uint32_t s = 0; s < pack.segments().size(); ++s) {
        const SegmentPlace& place = pack.segments()[s];
        const Share share = share_of(pack, s, live_);
        if (share.live == 0) continue;
        if (mostly_live(share) && share.all >= small_segment_bytes && !place.damaged) {
            const chunk::Segment segment = chunks_.read_segment(pack, s);
            Buffer ids;
            for (const chunk::ChunkId& id : segment.ids) append(ids, id.bytes);
            const std::uint64_t first = put(segment.head, ids, segment.frame, place.kind);
            for (std::uint32_t p = place.first_position; p < pack.segment_end(s); ++p) {
                for (const std::uint64_t n : numbers[p]) pack_->alias(n, first + (p - place.first_position));
                copied[p] = true;
            }
            continue;
        }
        for (std::uint32_t p = place.first_position; p < pack.segment_end(s); ++p) {
            if (!live_.live(pack, p) || numbers[p].empty()) continue;
            const ByteSpan bytes = chunks_.read(numbers[p].front());
            Pending& to = pending_[static_cast<std::size_t>(place.kind)];
            // All numbers of the position follow it.
            for (const std::uint64_t n : numbers[p]) {
                to.numbers.push_back(n);
                to.ids.push_back(pack.id(p));
                to.head.lengths.push_back(n == numbers[p].front() ? pack.length(p) : 0);
            }
            append(to.raw, bytes);
            copied[p] = true;
            if (to.raw.size() >= chunk::segment_target_bytes) flush(place.kind);
        }
    }
}

void Repacker::flush(SegmentKind kind) {
    Pending& from = pending_[static_cast<std::size_t>(kind)];
    if (from.raw.empty()) return;
    // Further numbers of one chunk were noted with length 0.
    chunk::SegmentHead head;
    Buffer ids;
    for (std::size_t i = 0; i < from.ids.size(); ++i) {
        if (from.head.lengths[i] == 0) continue;
        head.lengths.push_back(from.head.lengths[i]);
        append(ids, from.ids[i].bytes);
    }
    head.raw_bytes = from.raw.size();
    const Buffer frame = compressor_.compress(from.raw);
    std::uint64_t own = put(head, ids, frame, kind);
    for (std::size_t i = 0; i < from.numbers.size(); ++i) {
        if (i > 0 && from.head.lengths[i] != 0) ++own;
        pack_->alias(from.numbers[i], own);
    }
    from = {};
}

void Repacker::forget(const PackIndex& pack) {
    copied_.erase(&pack);
}

void Repacker::finish() {
    try {
        flush(SegmentKind::data);
        flush(SegmentKind::manifest);
        close();
    } catch (...) {
        give_up();
        throw;
    }
}

bool Repacker::covers(const PackIndex& pack) const {
    const auto copied = copied_.find(&pack);
    for (std::uint32_t p = 0; p < pack.chunks(); ++p)
        if (live_.live(pack, p) && (copied == copied_.end() || !copied->second[p])) return false;
    return true;
}

void Repacker::publish() {
    if (done_.empty()) return;
    for (const auto& pack : done_)
        io::rename_at(*dir_, pack_name(pack->serial()), *store_.packs(), pack_name(pack->serial()));
    io::sync_dir(*store_.packs());
    for (const auto& pack : done_)
        io::rename_at(*dir_, index_name(pack->serial()), store_.indexes(), index_name(pack->serial()));
    io::sync_dir(store_.indexes());
}

} // namespace rs::store
