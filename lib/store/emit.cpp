// SPDX-License-Identifier: Apache-2.0
#include "store/emit.hpp"

#include <map>
#include <unordered_map>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::store {

namespace {

using stream::Op;
using stream::Run;

// A file of the generation: its operations, one after another.
struct File {
    stream::Entry entry;
    std::vector<Op> content;
    Op end;
};

class Emitter {
public:
    Emitter(const Store& store, const GenerationFile& generation, stream::HaveReader* have, io::Sink& sink,
            const stream::WriterOptions& options, Monitor& monitor)
        : generation_(generation),
          hasher_(store.config().key),
          index_(store.load_index()),
          chunks_(store, index_, hasher_, 16),
          have_(have != nullptr && have->header().key == store.config().key ? have : nullptr),
          header_(make_header(store)),
          writer_(sink, header_, options),
          monitor_(monitor) {}

    EmitResult run() {
        if (have_ != nullptr && !have_->table().ids.empty()) have_index_.emplace(have_->table());
        plan();
        GenerationReader reader(generation_, chunks_);
        Op op;
        advance();
        while (reader.next(op)) {
            skip_before(op.entry.path);
            const bool matched = old_valid_ && old_.entry.path == op.entry.path;
            if (op.entry.type == stream::Type::file)
                emit_file(op.entry, reader, matched);
            else
                emit_other(op.entry, matched);
            if (matched) advance();
            monitor_.progress(done_bytes_, generation_.totals.data_bytes);
        }
        for (; old_valid_; advance()) writer_.skip(1);
        writer_.finish(generation_.header.changed_while_read, generation_.digest);
        result_.sent_chunks = writer_.totals().chunks;
        result_.sent_bytes = writer_.totals().chunk_bytes;
        return result_;
    }

private:
    stream::Header make_header(const Store& store) const {
        stream::Header h = generation_.header;
        h.purpose = stream::Purpose::dump;
        h.key = store.config().key;
        h.store = store.config().id;
        h.parent.reset();
        if (have_ != nullptr) h.parent = have_->header().parent;
        h.expected_bytes = generation_.totals.data_bytes;
        return h;
    }

    // ---- what the other side has ----

    void advance() { old_valid_ = have_ != nullptr && have_->header().parent && have_->next(old_); }

    void skip_before(std::string_view path) {
        while (old_valid_ && stream::compare_paths(old_.entry.path, path) < 0) {
            writer_.skip(1);
            advance();
        }
    }

    // The place of a stored chunk in the have stream's table, or nothing.
    [[nodiscard]] std::optional<std::uint64_t> theirs(const chunk::ChunkId& id) const {
        if (!have_index_) return std::nullopt;
        return have_index_->find(id);
    }

    // Which chunks must be sent, counted by segment: decides which segments go out whole.
    void plan() {
        chunks_.read_for(what());
        const auto count = [&](const Run& run) {
            for (std::uint64_t i = 0; i < run.count; ++i) {
                const auto place = index_.find(run.start + i);
                if (!place) lost(run.start + i);
                const chunk::ChunkId id = place->pack->id(place->position);
                if (theirs(id) || (have_ != nullptr && have_->table().has_loose(id))) continue;
                Segment& s = segments_[{place->pack, place->pack->segment_of(place->position)}];
                s.needed_bytes += place->pack->length(place->position);
            }
        };
        for (const Run& blocks : generation_.blocks)
            for (std::uint64_t i = 0; i < blocks.count; ++i) {
                const ByteSpan bytes = chunks_.read(blocks.start + i);
                stream::read_runs(stream::decode_block(bytes, what()).refs, what(), [&](const Run& run, auto) { count(run); });
            }
        for (auto& [key, s] : segments_) {
            std::uint64_t raw = 0;
            const auto& [pack, number] = key;
            for (std::uint32_t i = pack->segments()[number].first_position; i < pack->segment_end(number); ++i)
                raw += pack->length(i);
            // A chunk that is referred to several times counts several times; that only sends more as it is.
            s.whole = !pack->segments()[number].damaged && s.needed_bytes * 2 >= raw;
        }
    }

    [[nodiscard]] std::string what() const { return cat(generation_.header.name, " ", generation_.id().str()); }

    [[noreturn]] void lost(std::uint64_t number) const {
        fail(Exit::data, cat(what(), ": chunk ", number, " was lost"),
             "'rs-store repair' names the damaged files; the next pull heals what the source still has");
    }

    // ---- entries ----

    void emit_other(const stream::Entry& entry, bool matched) {
        if (matched && stream::same_metadata(entry, old_.entry)) {
            writer_.copy(1);
            ++result_.copied_entries;
            return;
        }
        if (matched) writer_.skip(1);
        writer_.entry(entry);
        ++result_.sent_entries;
    }

    void emit_file(const stream::Entry& entry, GenerationReader& reader, bool matched) {
        File file;
        file.entry = entry;
        for (;;) {
            Op op;
            if (!reader.next(op)) fail(Exit::data, cat(what(), ": the manifest ends inside a file"));
            if (op.kind == Op::Kind::end) {
                file.end = std::move(op);
                break;
            }
            if (op.kind == Op::Kind::data) done_bytes_ += op.bytes;
            file.content.push_back(std::move(op));
        }
        if (matched && stream::same_metadata(file.entry, old_.entry) && same_content(file)) {
            writer_.copy(1);
            ++result_.copied_entries;
            return;
        }
        if (matched) writer_.skip(1);
        writer_.entry(file.entry);
        ++result_.sent_entries;
        for (const Op& op : file.content) {
            if (op.kind == Op::Kind::hole) writer_.hole(op.bytes);
            if (op.kind == Op::Kind::zero) writer_.zero(op.bytes);
            if (op.kind == Op::Kind::data)
                for (const Run& run : op.runs) emit_run(run);
        }
        writer_.end(file.end.sha256);
    }

    // The other side's file has the same chunks, none of them lost, and the same gaps. That it still has the file itself is
    // known by its SHA-256 or, without one, by its witness.
    [[nodiscard]] bool same_content(const File& file) const {
        if (old_.sha256_known != file.end.sha256.has_value()) return false;
        if (!old_.sha256_known && old_.entry.witness != file.entry.witness) return false;
        std::uint64_t at = old_.first_chunk;
        const std::uint64_t end = at + old_.chunks;
        std::size_t extent = 0;
        std::uint64_t left = extent < old_.extents.size() ? old_.extents[extent].bytes : 0;
        for (const Op& op : file.content) {
            if (extent == old_.extents.size() || op.bytes > left) return false;
            const auto kind = old_.extents[extent].kind;
            const bool same_kind = (kind == stream::Extent::Kind::data && op.kind == Op::Kind::data) ||
                                   (kind == stream::Extent::Kind::hole && op.kind == Op::Kind::hole) ||
                                   (kind == stream::Extent::Kind::zero && op.kind == Op::Kind::zero);
            if (!same_kind) return false;
            for (const Run& run : op.runs)
                for (std::uint64_t i = 0; op.kind == Op::Kind::data && i < run.count; ++i, ++at) {
                    const auto place = index_.find(run.start + i);
                    if (at == end || !place || have_->table().lengths[at] == 0 ||
                        have_->table().ids[at] != place->pack->id(place->position))
                        return false;
                }
            left -= op.bytes;
            if (left == 0 && ++extent < old_.extents.size()) left = old_.extents[extent].bytes;
        }
        return at == end && extent == old_.extents.size();
    }

    void emit_run(const Run& run) {
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const std::uint64_t number = run.start + i;
            const auto place = index_.find(number);
            if (!place) lost(number);
            const chunk::ChunkId id = place->pack->id(place->position);
            const std::uint32_t length = place->pack->length(place->position);
            if (const auto at = theirs(id))
                writer_.data({Run::Kind::parent, *at, 1}, length);
            else if (have_ != nullptr && have_->table().has_loose(id))
                writer_.data({Run::Kind::named, 0, 1}, length, std::span(&id, 1));
            else
                writer_.data({Run::Kind::fresh, send(number, *place, id), 1}, length);
        }
    }

    // The stream's number of the chunk, which is sent now if it was not before.
    std::uint64_t send(std::uint64_t number, const Place& place, const chunk::ChunkId& id) {
        const std::uint32_t segment_number = place.pack->segment_of(place.position);
        // A prune that moved it since has made other segments: then it goes alone.
        const auto known = segments_.find({place.pack, segment_number});
        if (known != segments_.end() && known->second.whole) {
            Segment& s = known->second;
            if (!s.sent) {
                s.first = writer_.add_segment(chunks_.read_segment(*place.pack, segment_number));
                s.sent = true;
            }
            return s.first + (place.position - place.pack->segments()[segment_number].first_position);
        }
        const auto [at, fresh] = single_.try_emplace(number, 0);
        if (fresh) at->second = writer_.add_chunk(chunks_.read(number), id);
        return at->second;
    }

    struct Segment {
        std::uint64_t needed_bytes = 0;
        bool whole = false;
        bool sent = false;
        std::uint64_t first = 0; // the stream's number of its first chunk
    };

    const GenerationFile& generation_;
    chunk::Hasher hasher_;
    Index index_;
    ChunkReader chunks_;
    stream::HaveReader* have_;
    stream::Header header_;
    stream::StreamWriter writer_;
    Monitor& monitor_;
    std::optional<stream::HaveIndex> have_index_;
    stream::HaveEntry old_;
    bool old_valid_ = false;
    std::map<std::pair<const PackIndex*, std::uint32_t>, Segment> segments_;
    std::unordered_map<std::uint64_t, std::uint64_t> single_; // stored number to the stream's
    std::uint64_t done_bytes_ = 0;
    EmitResult result_;
};

} // namespace

EmitResult emit(const Store& store, const GenerationFile& generation, stream::HaveReader* have, io::Sink& sink,
                const stream::WriterOptions& options, Monitor& monitor) {
    try {
        return Emitter(store, generation, have, sink, options, monitor).run();
    } catch (const ChunkReader::PackGone&) {
        fail(Exit::temp_fail, cat(generation.header.name, " ", generation.id().str(), ": a prune has moved its chunks"),
             "run it again");
    }
}

} // namespace rs::store
