// SPDX-License-Identifier: Apache-2.0
#include "stream/have.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/file.hpp"

namespace rs::stream {

namespace {
// Below this zstd's own overhead and the call cost more than is saved.
constexpr std::size_t compress_from_bytes = 256;
// Chunks in one table record: at 20 bytes each a third of what is read at once, so that neither side needs fresh memory
// for the next one.
constexpr std::uint64_t table_chunks = 16'384;
constexpr std::size_t first_room = 1 << 20;
constexpr std::size_t max_table_chunks = std::size_t{1} << 31;
} // namespace

bool HaveTable::has_loose(const chunk::ChunkId& id) const {
    return std::binary_search(loose.begin(), loose.end(), id);
}

HaveIndex::HaveIndex(const HaveTable& table) : table_(table) {
    io::random_bytes(std::as_writable_bytes(std::span(&seed_, 1)));
    std::size_t size = 16;
    while (size < table.ids.size() + table.ids.size() / 2) size *= 2;
    slots_.resize(size);
    mask_ = size - 1;
    for (std::size_t i = 0; i < table.ids.size(); ++i) {
        if (table.lengths[i] == 0) continue;
        std::uint64_t at = place(table.ids[i]);
        while (slots_[at] != 0 && table.ids[slots_[at] - 1] != table.ids[i]) at = (at + 1) & mask_;
        if (slots_[at] == 0) slots_[at] = static_cast<std::uint32_t>(i + 1);
    }
}

std::optional<std::uint64_t> HaveIndex::find(const chunk::ChunkId& id) const {
    for (std::uint64_t at = place(id); slots_[at] != 0; at = (at + 1) & mask_)
        if (table_.ids[slots_[at] - 1] == id) return slots_[at] - 1;
    return std::nullopt;
}

Buffer pack_block(const ManifestBlock& block) {
    Buffer raw;
    encode_block(raw, block);
    Buffer out;
    Encoder encoder(out);
    if (raw.size() >= compress_from_bytes) {
        thread_local chunk::Compressor compressor(1);
        const Buffer packed = compressor.compress(raw);
        if (packed.size() < raw.size()) {
            encoder.u8(1);
            encoder.varint(raw.size());
            encoder.raw(packed);
            return out;
        }
    }
    encoder.u8(0);
    encoder.varint(raw.size());
    encoder.raw(raw);
    return out;
}

BlockView unpack_block(ByteSpan payload, Buffer& raw, const std::string& what, std::size_t limit) {
    Decoder in(payload, what);
    const std::uint8_t codec = in.u8();
    const std::uint64_t size = in.varint(limit, "size of a manifest block");
    if (codec > 1) in.bad(cat("unknown codec ", codec));
    raw.resize(size);
    if (codec == 0) {
        const ByteSpan bytes = in.raw(size);
        std::copy(bytes.begin(), bytes.end(), raw.begin());
        in.finish();
    } else {
        thread_local chunk::Decompressor decompressor;
        decompressor.decompress(in.rest(), raw, what);
    }
    return decode_block(raw, what, limit);
}

void HaveWriter::chunk(const chunk::ChunkId& id, std::uint32_t length) {
    RS_ASSERT(table_type_ == RecordType::chunk_table);
    Encoder(lengths_).varint(length);
    if (length != 0) append(ids_, id.bytes);
    if (++table_count_ == table_chunks) flush_table();
}

void HaveWriter::loose(const chunk::ChunkId& id) {
    if (table_type_ == RecordType::chunk_table) flush_table();
    table_type_ = RecordType::loose_table;
    append(ids_, id.bytes);
    if (++table_count_ == table_chunks) flush_table();
}

void HaveWriter::flush_table() {
    if (table_count_ == 0) return;
    Buffer count;
    Encoder(count).varint(table_count_);
    records_.record(table_type_, std::array<ByteSpan, 3>{count, lengths_, ids_});
    table_count_ = 0;
    lengths_.clear();
    ids_.clear();
}

void HaveWriter::op(const Op& op) {
    if (manifest_.size() >= manifest_target_bytes) flush_block();
    switch (op.kind) {
    case Op::Kind::entry: manifest_.entry(op.entry); break;
    case Op::Kind::data: manifest_.data(Run{Run::Kind::stored, 0, op.chunks}, op.bytes); break;
    case Op::Kind::hole: manifest_.hole(op.bytes); break;
    case Op::Kind::zero: manifest_.zero(op.bytes); break;
    case Op::Kind::end:
        manifest_.end(digests_ ? op.sha256 : std::nullopt, op.sha256.has_value() || op.sha256_known);
        break;
    case Op::Kind::withdraw:
    case Op::Kind::copy:
    case Op::Kind::skip: RS_ASSERT(false); // of a dump only
    }
}

void HaveWriter::flush_block() {
    if (manifest_.empty()) return;
    flush_table();
    ManifestBlock block = manifest_.take();
    block.refs.clear(); // the table says it: the chunks of all entries, in order
    records_.record(RecordType::manifest, pack_block(block));
    ++trailer_.blocks;
}

void HaveWriter::block(ByteSpan packed) {
    flush_table();
    records_.record(RecordType::manifest, packed);
    ++trailer_.blocks;
}

void HaveWriter::finish() {
    flush_table();
    flush_block();
    records_.finish(trailer_);
}

HaveReader::HaveReader(io::Source& source) : records_(source), checker_(records_.name()) {
    if (header().purpose != Purpose::have)
        fail(Exit::data, cat(records_.name(), ": a dump, not a have stream"),
             "give --have the output of 'rs-pull --have' or 'rs-import --have'");
    while ((record_ = records_.next())) {
        if (record_->type == RecordType::chunk_table && table_.loose.empty())
            read_table(record_->payload, false);
        else if (record_->type == RecordType::loose_table)
            read_table(record_->payload, true);
        else
            break;
    }
    std::sort(table_.loose.begin(), table_.loose.end());
    table_.loose.erase(std::unique(table_.loose.begin(), table_.loose.end()), table_.loose.end());
}

void HaveReader::read_table(ByteSpan payload, bool loose) {
    Decoder in(payload, cat(records_.name(), ": chunk table"));
    const std::uint64_t count = in.varint(payload.size(), "number of chunks");
    if (table_.ids.size() + table_.loose.size() + count > max_table_chunks) in.bad("more chunks than the limit");
    if (loose) {
        for (std::uint64_t i = 0; i < count; ++i) table_.loose.push_back({in.array<16>()});
    } else {
        const std::size_t first = table_.lengths.size();
        if (first == 0 && count == table_chunks) {
            // More will come. Room that stays empty costs nothing; without it each doubling copies all into fresh memory.
            table_.lengths.reserve(first_room);
            table_.ids.reserve(first_room);
        }
        table_.lengths.resize(first + count);
        table_.ids.resize(first + count);
        std::size_t present = 0;
        for (std::size_t i = first; i < first + count; ++i) {
            table_.lengths[i] = static_cast<std::uint32_t>(in.varint(chunk::max_chunk_bytes, "chunk length"));
            if (table_.lengths[i] != 0) ++present;
        }
        const ByteSpan ids = in.raw(sizeof(chunk::ChunkId) * present);
        for (std::size_t i = first, at = 0; i < first + count; ++i) {
            if (table_.lengths[i] == 0) continue;
            std::memcpy(table_.ids[i].bytes.data(), ids.data() + at, sizeof(chunk::ChunkId));
            at += sizeof(chunk::ChunkId);
        }
    }
    in.finish();
}

bool HaveReader::next_op() {
    for (;;) {
        if (block_ && block_->next(op_)) {
            checker_.feed(op_);
            return true;
        }
        block_.reset();
        if (!record_) return false;
        if (record_->type != RecordType::manifest)
            fail(Exit::data, cat(records_.name(), ": a record that does not belong in a have stream"));
        if (!header().parent) fail(Exit::data, cat(records_.name(), ": entries without the generation that they are of"));
        ++blocks_;
        block_.emplace(unpack_block(record_->payload, raw_, records_.name()), records_.name(), true);
        record_ = records_.next();
    }
}

bool HaveReader::next(HaveEntry& out) {
    if (!have_op_ && !next_op()) {
        if (records_.trailer().blocks != blocks_)
            fail(Exit::data, cat(records_.name(), ": the counts in the trailer are not those of the stream"));
        if (checker_.totals().entries > 0) checker_.finish();
        if (next_chunk_ != table_.ids.size())
            fail(Exit::data, cat(records_.name(), ": entries and chunk table do not match"));
        return false;
    }
    have_op_ = false;
    std::swap(out.entry, op_.entry);
    out.extents.clear();
    out.first_chunk = next_chunk_;
    out.chunks = 0;
    out.bytes = 0;
    out.sha256_known = false;
    out.sha256.reset();
    if (out.entry.type != Type::file) return true;
    for (;;) {
        if (!next_op()) fail(Exit::data, cat(records_.name(), ": ends inside a file"));
        if (op_.kind == Op::Kind::end) break;
        if (op_.kind == Op::Kind::withdraw)
            fail(Exit::data, cat(records_.name(), ": an operation that does not belong in a have stream"));
        out.bytes += op_.bytes;
        const auto kind = op_.kind == Op::Kind::data ? Extent::Kind::data
                          : op_.kind == Op::Kind::hole ? Extent::Kind::hole
                                                       : Extent::Kind::zero;
        const std::uint64_t chunks = kind == Extent::Kind::data ? op_.chunks : 0; // of a gap it is left over
        if (!out.extents.empty() && out.extents.back().kind == kind) {
            out.extents.back().bytes += op_.bytes;
            out.extents.back().chunks += chunks;
        } else {
            out.extents.push_back({kind, op_.bytes, chunks});
        }
        out.chunks += chunks;
    }
    out.sha256_known = op_.sha256_known;
    out.sha256 = op_.sha256;
    if (out.chunks > table_.ids.size() - next_chunk_)
        fail(Exit::data, cat(records_.name(), ": entries and chunk table do not match"));
    next_chunk_ += out.chunks;
    return true;
}

} // namespace rs::stream
