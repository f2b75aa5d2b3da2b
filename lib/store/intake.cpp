// SPDX-License-Identifier: Apache-2.0
#include "store/intake.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::store {

namespace {
constexpr std::uint64_t unknown = UINT64_MAX;
}

Intake::Intake(const Store& store, Index&& index, const std::string& name, const chunk::Key& their_key)
    : store_(store),
      hasher_(store.config().key),
      their_hasher_(their_key),
      same_key_(their_key == store.config().key),
      index_(std::move(index)),
      chunks_(store, index_, hasher_),
      dir_(std::make_shared<io::Dir>(store.make_transfer_dir(name))) {
    store.refresh_index(index_);
    adopted_ = store.adopt_partial(name, dir_);
    for (const auto& pack : adopted_) index_.add(pack);
}

Intake::~Intake() {
    try {
        if (keep_) close_pack();
    } catch (const std::exception&) {
        // The error that brought us here matters more; a pack without an index is swept away.
    }
    try {
        store_.end_transfer(*dir_, keep_);
    } catch (const std::exception&) {
        // The next command's sweep does it.
    }
}

std::optional<Intake::Chunk> Intake::find(std::uint64_t number) const {
    if (pack_) {
        std::uint64_t own = number;
        if (const auto again = healed_.find(number); again != healed_.end()) own = again->second;
        if (own >> position_bits == pack_->serial()) return Chunk{pack_->id(own), pack_->length(own)};
    }
    const auto place = index_.find(number);
    if (!place) return std::nullopt;
    return Chunk{place->pack->id(place->position), place->pack->length(place->position)};
}

std::optional<std::uint64_t> Intake::find(const chunk::ChunkId& id) const {
    if (const auto here = find_arrived(id)) return here;
    return index_.find(id);
}

std::optional<std::uint64_t> Intake::find_arrived(const chunk::ChunkId& id) const {
    if (!pack_) return std::nullopt;
    const auto position = arrived_.find(id, pack_->ids());
    if (!position) return std::nullopt;
    const std::uint64_t own = chunk_number(pack_->serial(), *position);
    const auto healed = healed_as_.find(own);
    return healed == healed_as_.end() ? own : healed->second;
}

PackWriter& Intake::pack_with_room(std::size_t chunks) {
    if (pack_ && !pack_->takes(chunks)) close_pack();
    if (!pack_) pack_ = store_.new_pack(dir_);
    return *pack_;
}

void Intake::close_pack() {
    if (!pack_) return;
    std::unique_ptr<PackWriter> closing = std::move(pack_); // whatever comes of it, it is not tried again
    arrived_.clear();
    healed_.clear();
    healed_as_.clear();
    own_.push_back(closing->finish());
    closing.reset();
    // From here on the index answers for its chunks.
    index_.add(own_.back());
}

std::optional<std::uint64_t> Intake::settled(const chunk::ChunkId& id) const {
    const auto known = find(id);
    if (!known) return std::nullopt;
    for (const std::uint64_t lost : index_.lost_numbers(id))
        if (!find(lost)) return std::nullopt;
    return known;
}

// The number of a chunk that was just stored as `own`: the one it had before it was lost, if so.
std::uint64_t Intake::settle(const chunk::ChunkId& id, std::uint64_t own) {
    std::uint64_t number = own;
    for (const std::uint64_t lost : index_.lost_numbers(id)) {
        if (find(lost)) continue; // it was healed already
        pack_->alias(lost, own);
        healed_.emplace(lost, own);
        number = lost;
        ++totals_.healed_chunks;
    }
    if (number != own) healed_as_.emplace(own, number);
    arrived_.add(own & (max_positions - 1), pack_->ids());
    return number;
}

void Intake::segment(const stream::SegmentView& view, const std::string& what) {
    const MutableSpan raw = room(memory_, view.head.raw_bytes);
    decompressor_.decompress(view.frame, raw, what);
    ids_.clear();
    numbers_.clear();
    std::size_t at = 0;
    bool any_new = false;
    for (std::size_t i = 0; i < view.head.lengths.size(); ++i) {
        const ByteSpan bytes = raw.subspan(at, view.head.lengths[i]);
        at += bytes.size();
        chunk::ChunkId id = their_hasher_.id(bytes);
        if (id != view.id(i))
            fail(Exit::data, cat(what, ": chunk ", i, " does not have its id: damaged on its way"));
        if (!same_key_) id = hasher_.id(bytes);
        append(ids_, id.bytes);
        const auto known = settled(id);
        any_new = any_new || !known;
        numbers_.push_back(known.value_or(unknown));
    }
    if (any_new) store_segment(view);
    for (const std::uint64_t number : numbers_) fresh_.add(number);
}

// With all its chunks, also those that are known already; gives numbers to the others.
void Intake::store_segment(const stream::SegmentView& view) {
    PackWriter& pack = pack_with_room(numbers_.size());
    const std::uint64_t first = pack.add(view.head, ids_, view.frame, SegmentKind::data);
    totals_.stored_bytes += view.frame.size();
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
        if (numbers_[i] != unknown) continue;
        const chunk::ChunkId& id = pack.id(first + i);
        if (const auto twice = find_arrived(id)) {
            numbers_[i] = *twice;
            continue;
        }
        numbers_[i] = settle(id, first + i);
        ++totals_.new_chunks;
        totals_.new_bytes += view.head.lengths[i];
    }
}

void Intake::block(Buffer&& payload) {
    const chunk::ChunkId id = hasher_.id(payload);
    if (const auto known = settled(id)) {
        blocks_.push_back(*known);
        return;
    }
    // It gets its number when its segment is written; the list keeps the place.
    meta_places_.push_back(blocks_.size());
    blocks_.push_back(unknown);
    meta_.lengths.push_back(static_cast<std::uint32_t>(payload.size()));
    meta_ids_.push_back(id);
    append(meta_raw_, payload);
    if (meta_raw_.size() >= chunk::segment_target_bytes) flush_blocks();
}

void Intake::flush_blocks() {
    if (meta_ids_.empty()) return;
    meta_.raw_bytes = meta_raw_.size();
    const Buffer frame = compressor_.compress(meta_raw_);
    PackWriter& pack = pack_with_room(meta_ids_.size());
    ids_.clear();
    for (const chunk::ChunkId& id : meta_ids_) append(ids_, id.bytes);
    const std::uint64_t first = pack.add(meta_, ids_, frame, SegmentKind::manifest);
    for (std::size_t i = 0; i < meta_ids_.size(); ++i) blocks_[meta_places_[i]] = settle(meta_ids_[i], first + i);
    totals_.stored_bytes += frame.size();
    meta_ = {};
    meta_ids_.clear();
    meta_raw_.clear();
    meta_places_.clear();
}

void Intake::flush() {
    flush_blocks();
    close_pack();
}

std::vector<stream::Run> Intake::blocks() const {
    std::vector<stream::Run> out;
    for (const std::uint64_t number : blocks_) {
        RS_ASSERT(number != unknown);
        if (!out.empty() && out.back().start + out.back().count == number)
            ++out.back().count;
        else
            out.push_back({stream::Run::Kind::stored, number, 1});
    }
    return out;
}

void Intake::publish() {
    RS_ASSERT(!pack_);
    std::vector<std::shared_ptr<PackIndex>> going = own_;
    going.insert(going.end(), adopted_.begin(), adopted_.end());
    if (!going.empty()) {
        // Numbers are never given twice, not even after the highest pack and its index were lost.
        std::uint64_t next = 0;
        for (const auto& pack : going) next = std::max(next, pack->serial() + 1);
        store_.raise_serial_floor(next);
        // Packs first and flushed: an index never names a pack that a crash could take away.
        for (const auto& pack : going)
            io::rename_at(*dir_, pack_name(pack->serial()), *store_.packs(), pack_name(pack->serial()));
        io::sync_dir(*store_.packs());
        for (const auto& pack : going) {
            io::rename_at(*dir_, index_name(pack->serial()), store_.indexes(), index_name(pack->serial()));
            pack->pack_dir = store_.packs();
        }
        io::sync_dir(store_.indexes());
    }
    keep_ = false;
}

} // namespace rs::store
