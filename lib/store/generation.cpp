// SPDX-License-Identifier: Apache-2.0
#include "store/generation.hpp"

#include <algorithm>

#include "base/codec.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "stream/format.hpp"
#include "stream/have.hpp"

namespace rs::store {

namespace {
constexpr std::uint64_t flag_suspicious = 1;
constexpr std::string_view suffix = ".gen";
// One block in 32 entries on average: with 0.5% of the files of a tree changed, a seventh of the
// blocks are new, and one block's worth of metadata travels with each change.
constexpr std::uint64_t cut_mask = 31;
constexpr std::size_t max_entries_per_block = 256;
constexpr std::size_t max_block_bytes = 64 << 10;
} // namespace

std::string generation_name(const Generation& id) { return cat(id.str(), suffix); }

Buffer GenerationFile::encode() const {
    Buffer out;
    Encoder e(out);
    e.raw(std::as_bytes(std::span(generation_magic)));
    Buffer head;
    Encoder h(head);
    stream::encode_header(h, header);
    e.bytes(head);
    for (const std::uint64_t n : {totals.entries, totals.files, totals.directories, totals.bytes, totals.data_bytes,
                                  totals.chunks, totals.files_without_sha256, new_chunks, new_bytes, stored_bytes,
                                  suspicious ? flag_suspicious : 0})
        e.varint(n);
    e.raw(digest);
    // The same packing as on the wire: refs in front, no operations.
    stream::ManifestWriter writer;
    for (const stream::Run& run : blocks) writer.data(run, run.count);
    stream::ManifestBlock list = writer.take();
    list.ops.clear();
    e.raw(stream::pack_block(list));
    e.raw(chunk::sha256(out));
    return out;
}

GenerationFile GenerationFile::decode(ByteSpan bytes, const std::string& path) {
    const std::string what = printable(path);
    const ByteSpan magic = std::as_bytes(std::span(generation_magic));
    if (bytes.size() < magic.size() + 32 || !equal(bytes.first(7), magic.first(7)))
        fail(Exit::data, cat(what, ": not a generation of a store"));
    if (bytes[7] != magic[7])
        fail(Exit::data, cat(what, ": generation version ", static_cast<unsigned>(bytes[7]),
                             ", this program reads version ", static_cast<unsigned>(magic[7])));
    if (!equal(chunk::sha256(bytes.first(bytes.size() - 32)), bytes.last(32)))
        fail(Exit::data, cat(what, ": digest mismatch"));
    Decoder in(bytes.subspan(8, bytes.size() - 40), what);
    GenerationFile g;
    g.header = stream::decode_header(in.bytes(stream::max_header_bytes, "size of the header"), what);
    std::uint64_t flags = 0;
    for (std::uint64_t* const n : {&g.totals.entries, &g.totals.files, &g.totals.directories, &g.totals.bytes,
                                   &g.totals.data_bytes, &g.totals.chunks, &g.totals.files_without_sha256,
                                   &g.new_chunks, &g.new_bytes, &g.stored_bytes, &flags})
        *n = in.varint();
    if (flags > flag_suspicious) in.bad("unknown flags");
    g.suspicious = flags != 0;
    g.digest = in.array<32>();
    Buffer raw;
    const stream::BlockView view = stream::unpack_block(in.rest(), raw, what, max_generation_file_bytes);
    stream::read_runs(view.refs, what, [&](const stream::Run& run, auto) {
        if (run.kind != stream::Run::Kind::stored) fail(Exit::data, cat(what, ": an illegal list of blocks"));
        g.blocks.push_back(run);
    });
    return g;
}

std::vector<Generation> list_generations(const io::Dir& name_dir, Line line) {
    std::vector<Generation> out;
    if (line == Line::branch && !io::exists_at(name_dir, "branch")) return out;
    const std::vector<std::string> files =
        line == Line::main ? io::list_dir(name_dir) : io::list_dir(io::open_dir_at(name_dir, "branch"));
    for (const std::string& file : files) {
        if (!file.ends_with(suffix)) continue;
        const auto id = Generation::parse(std::string_view(file).substr(0, file.size() - suffix.size()));
        if (id) out.push_back(*id);
    }
    std::sort(out.begin(), out.end());
    return out;
}

bool is_there(const io::Dir& name_dir, const Generation& id, Line line) {
    const std::string name = generation_name(id);
    if (line == Line::main) return io::exists_at(name_dir, name);
    return io::exists_at(name_dir, "branch") && io::exists_at(io::open_dir_at(name_dir, "branch"), name);
}

std::optional<GenerationFile> try_load_generation(const io::Dir& name_dir, const Generation& id, Line line) {
    const auto load = [&](const io::Dir& dir) -> std::optional<GenerationFile> {
        const std::string name = generation_name(id);
        const io::Fd fd = io::try_open_at(dir, name);
        if (!fd) return std::nullopt;
        const Buffer raw = io::read_file(fd.get(), max_generation_file_bytes, dir.name_of(name));
        GenerationFile g = GenerationFile::decode(raw, dir.name_of(name));
        if (g.id() != id) fail(Exit::data, cat(printable(dir.name_of(name)), ": is generation ", g.id().str()));
        g.line = line;
        return g;
    };
    if (line == Line::main) return load(name_dir);
    if (!io::exists_at(name_dir, "branch")) return std::nullopt;
    return load(io::open_dir_at(name_dir, "branch"));
}

ChunkReader::ChunkReader(const Store& store, Index& index, const chunk::Hasher& hasher, std::size_t cached_segments)
    : store_(store), index_(index), hasher_(hasher), cache_(std::max<std::size_t>(cached_segments, 1)) {}

int ChunkReader::pack_fd(const PackIndex& pack) {
    for (const auto& [p, fd] : open_)
        if (p == &pack) return fd.get();
    io::Fd fd = io::try_open_at(*pack.pack_dir, pack_name(pack.serial()));
    if (!fd) throw PackGone{&pack};
    if (open_.size() >= 16) open_.erase(open_.begin());
    open_.emplace_back(&pack, std::move(fd));
    return open_.back().second.get();
}

chunk::Segment ChunkReader::read_segment(const PackIndex& pack, std::uint32_t number) {
    const SegmentPlace& place = pack.segments()[number];
    const std::string path = pack.pack_dir->name_of(pack_name(pack.serial()));
    const MutableSpan raw = room(stored_, place.stored_bytes());
    const int fd = pack_fd(pack);
    try {
        io::pread_exact(fd, raw, place.offset, path);
    } catch (const Error& e) {
        // What the disk cannot read is lost like what it reads wrong: the rest of the store goes on.
        if (e.code() != Exit::io) throw;
        throw Error(Exit::data, e.what(), "the disk fails: copy the store to another one, then run 'rs-store repair' there");
    }
    const std::string what = cat(printable(path), ": segment at byte ", place.offset);
    chunk::Segment out;
    for (std::uint32_t i = place.first_position; i < pack.segment_end(number); ++i) {
        out.head.lengths.push_back(pack.length(i));
        out.head.raw_bytes += pack.length(i);
        out.ids.push_back(pack.id(i));
    }
    if (out.head.raw_bytes > chunk::max_segment_bytes) fail(Exit::data, cat(what, ": larger than its limit"));
    const ByteSpan frame = raw.subspan(segment_header_bytes + place.head_bytes);
    out.frame.assign(frame.begin(), frame.end());
    // Of a damaged one the index is believed, and each chunk's id: a repair has seen to it that they can be had so.
    if (place.damaged) return out;
    Decoder in(raw, what);
    const std::uint32_t head_bytes = in.u32(), frame_bytes = in.u32();
    const std::uint64_t sum = in.u64();
    if (head_bytes != place.head_bytes || frame_bytes != place.frame_bytes) in.bad("is not what the index says");
    if (chunk::checksum(in.rest()) != sum) in.bad("checksum mismatch");
    if (in.u8() != static_cast<std::uint8_t>(place.kind)) in.bad("is not of the kind that the index says");
    Decoder head(in.raw(head_bytes), what);
    if (chunk::decode_head(head).lengths != out.head.lengths) in.bad("is not what the index says");
    head.finish();
    return out;
}

ChunkReader::Cached& ChunkReader::load(const PackIndex& pack, std::uint32_t segment) {
    Cached* oldest = &cache_[0];
    for (Cached& c : cache_) {
        if (c.pack == &pack && c.segment == segment) {
            c.used = ++clock_;
            return c;
        }
        if (c.used < oldest->used) oldest = &c;
    }
    const chunk::Segment s = read_segment(pack, segment);
    oldest->pack = nullptr;
    decompressor_.decompress(s.frame, room(oldest->memory, s.head.raw_bytes),
                             cat(printable(pack.pack_dir->name_of(pack_name(pack.serial()))), ": segment at byte ",
                                 pack.segments()[segment].offset));
    oldest->offsets.clear();
    std::uint32_t at = 0;
    for (const std::uint32_t length : s.head.lengths) {
        oldest->offsets.push_back(at);
        at += length;
    }
    oldest->pack = &pack;
    oldest->segment = segment;
    oldest->used = ++clock_;
    return *oldest;
}

ByteSpan ChunkReader::read(std::uint64_t number) {
    try {
        return read_now(number);
    } catch (const PackGone& gone) {
        // A prune has moved its chunks to another pack; their numbers lead there.
        store_.refresh_index(index_);
        try {
            return read_now(number);
        } catch (const PackGone&) {
            fail(Exit::data, cat(printable(gone.pack->pack_dir->name_of(pack_name(gone.pack->serial()))), ": the pack is missing"),
                 "'rs-store repair' names what is lost");
        }
    }
}

ByteSpan ChunkReader::read_now(std::uint64_t number) {
    const auto place = index_.find(number);
    if (!place)
        fail(Exit::data, cat(subject_, subject_.empty() ? "" : ": ", "chunk ", number, ": lost"),
             "'rs-store repair' names what it belongs to; the next pull may heal it");
    const PackIndex& pack = *place->pack;
    const std::uint32_t segment = pack.segment_of(place->position);
    const Cached& cached = load(pack, segment);
    const ByteSpan bytes = ByteSpan(cached.memory).subspan(
        cached.offsets[place->position - pack.segments()[segment].first_position], pack.length(place->position));
    if (hasher_.id(bytes) != pack.id(place->position))
        fail(Exit::data, cat(printable(pack.pack_dir->name_of(pack_name(pack.serial()))), ": chunk ", place->position,
                             " in the segment at byte ", pack.segments()[segment].offset, ": its bytes do not have its id"));
    return bytes;
}

GenerationReader::GenerationReader(const GenerationFile& generation, ChunkReader& chunks)
    : generation_(generation),
      chunks_(chunks),
      what_(cat(generation.header.name, " ", generation.id().str())) {
    chunks_.read_for(what_);
}

bool GenerationReader::next(stream::Op& op) {
    for (;;) {
        if (reader_ && reader_->next(op)) {
            if (op.kind == stream::Op::Kind::data)
                for (const stream::Run& run : op.runs)
                    if (run.kind != stream::Run::Kind::stored) fail(Exit::data, cat(what_, ": a reference that does not belong in a store"));
            return true;
        }
        reader_.reset();
        if (run_ == generation_.blocks.size()) return false;
        const stream::Run& run = generation_.blocks[run_];
        const ByteSpan bytes = chunks_.read(run.start + in_run_);
        block_.assign(bytes.begin(), bytes.end());
        if (++in_run_ == run.count) {
            ++run_;
            in_run_ = 0;
        }
        reader_.emplace(stream::decode_block(block_, what_), what_);
    }
}

void BlockBuilder::flush() {
    if (writer_.empty()) return;
    Buffer payload;
    stream::encode_block(payload, writer_.take());
    entries_ = 0;
    done_(std::move(payload));
}

void BlockBuilder::feed(const stream::Op& op) {
    using Kind = stream::Op::Kind;
    if (writer_.size() >= max_block_bytes) flush();
    switch (op.kind) {
    case Kind::entry:
        if (entries_ > 0 && (entries_ >= max_entries_per_block || (chunk::checksum(as_bytes(op.entry.path)) & cut_mask) == 0))
            flush();
        ++entries_;
        writer_.entry(op.entry);
        return;
    case Kind::data: {
        // The lengths of the single runs are not known here; only their sum is written.
        std::uint64_t bytes = op.bytes;
        for (std::size_t i = 0; i < op.runs.size(); ++i) {
            const std::uint64_t share = i + 1 == op.runs.size() ? bytes : op.runs[i].count;
            writer_.data(op.runs[i], share);
            bytes -= share;
        }
        return;
    }
    case Kind::hole: writer_.hole(op.bytes); return;
    case Kind::zero: writer_.zero(op.bytes); return;
    case Kind::end: writer_.end(op.sha256); return;
    case Kind::withdraw:
    case Kind::copy:
    case Kind::skip: RS_ASSERT(false); // resolved before they come here
    }
}

void BlockBuilder::finish() { flush(); }

} // namespace rs::store
