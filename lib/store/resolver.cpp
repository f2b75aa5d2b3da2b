// SPDX-License-Identifier: Apache-2.0
#include "store/resolver.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::store {

using stream::Op;
using stream::Run;

namespace {
void for_block_references(std::uint64_t number, ChunkReader& chunks, const std::string& what,
                          const std::function<void(const Run&)>& f) {
    const ByteSpan bytes = chunks.read(number);
    const Buffer block(bytes.begin(), bytes.end()); // f may read other chunks
    stream::read_runs(stream::decode_block(block, what).refs, what, [&](const Run& run, auto) {
        if (run.kind != Run::Kind::stored) fail(Exit::data, cat(what, ": a reference that does not belong in a store"));
        f(run);
    });
}
} // namespace

void for_references(const GenerationFile& generation, ChunkReader& chunks, const std::function<void(const Run&)>& f) {
    const std::string what = cat(generation.header.name, " ", generation.id().str());
    for (const Run& run : generation.blocks) {
        f(run);
        for (std::uint64_t i = 0; i < run.count; ++i) for_block_references(run.start + i, chunks, what, f);
    }
}

NumberList flat_references(const GenerationFile& generation, ChunkReader& chunks) {
    NumberList out;
    const std::string what = cat(generation.header.name, " ", generation.id().str());
    for (const Run& blocks : generation.blocks)
        for (std::uint64_t i = 0; i < blocks.count; ++i)
            for_block_references(blocks.start + i, chunks, what, [&](const Run& run) { out.add(run.start, run.count); });
    return out;
}

Resolver::Resolver(Intake& intake, const GenerationFile* parent, std::string what)
    : intake_(intake),
      parent_(parent),
      what_(std::move(what)),
      checker_(what_),
      builder_([this](Buffer&& payload) { intake_.block(std::move(payload)); }) {
    if (parent_ != nullptr) parent_reader_.emplace(*parent_, intake_.chunks());
}

void Resolver::bad(std::string_view why) const { fail(Exit::data, cat(what_, ": ", why)); }

void Resolver::lost() const {
    fail(Exit::temp_fail, cat(what_, ": refers to a chunk that is no longer here"),
         "run it again: 'rs-pull --have' no longer promises it");
}

void Resolver::block(const stream::BlockView& view) {
    stream::ManifestReader reader(view, what_);
    while (reader.next(op_)) {
        if (!begun_ && op_.kind == Op::Kind::copy && parent_ != nullptr && op_.count == parent_->totals.entries) {
            whole_parent_ = true;
        } else {
            if (whole_parent_) copy_parent();
            take(op_);
        }
        begun_ = true;
    }
}

// What was taken for the whole of the parent generation was only its beginning.
void Resolver::copy_parent() {
    whole_parent_ = false;
    for (std::uint64_t i = 0; i < parent_->totals.entries; ++i) take_parent_entry(true);
}

void Resolver::take(const Op& op) {
    using Kind = Op::Kind;
    const bool content = op.kind == Kind::data || op.kind == Kind::hole || op.kind == Kind::zero ||
                         op.kind == Kind::end || op.kind == Kind::withdraw;
    if (content != in_file_) bad(content ? "content outside a file" : "a file does not end");
    switch (op.kind) {
    case Kind::copy:
    case Kind::skip:
        for (std::uint64_t i = 0; i < op.count; ++i) take_parent_entry(op.kind == Kind::copy);
        return;
    case Kind::entry:
        if (op.entry.type != stream::Type::file) {
            give(op);
            return;
        }
        in_file_ = true;
        file_ = op;
        pieces_.clear();
        return;
    case Kind::withdraw: in_file_ = false; return;
    case Kind::data: resolve(op); return;
    case Kind::hole:
    case Kind::zero: hold(op.kind, op.bytes); return;
    case Kind::end: end_file(op); return;
    }
}

void Resolver::hold(Op::Kind kind, std::uint64_t bytes) {
    if (pieces_.size() == stream::max_file_extents) bad("a file of more extents than the limit");
    pieces_.push_back({kind, 0, 0, 0, bytes});
}

void Resolver::end_file(const Op& end) {
    in_file_ = false;
    give(file_);
    for (const Piece& piece : pieces_) {
        part_.kind = piece.kind;
        part_.bytes = piece.bytes;
        part_.chunks = piece.chunks;
        part_.runs.clear();
        if (piece.kind == Op::Kind::data) part_.runs.push_back({Run::Kind::stored, piece.start, piece.chunks});
        give(part_);
        if (!end.sha256 && piece.kind == Op::Kind::data) digest_chunks(part_);
    }
    give(end);
}

void Resolver::reference(std::uint64_t number, std::uint64_t count, std::uint64_t& bytes) {
    const bool goes_on = !pieces_.empty() && pieces_.back().kind == Op::Kind::data &&
                         pieces_.back().start + pieces_.back().chunks == number;
    if (!goes_on) {
        hold(Op::Kind::data, 0);
        pieces_.back().start = number;
    }
    Piece& last = pieces_.back();
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto chunk = intake_.find(number + i);
        if (!chunk) lost();
        sum += chunk->length;
    }
    last.chunks += count;
    last.bytes += sum;
    bytes += sum;
}

void Resolver::resolve(const Op& op) {
    std::uint64_t bytes = 0;
    for (const Run& run : op.runs) {
        switch (run.kind) {
        case Run::Kind::stored: bad("numbers of a store in a stream");
        case Run::Kind::fresh: {
            const NumberList& fresh = intake_.fresh();
            if (run.start > fresh.size() || run.count > fresh.size() - run.start)
                bad("refers to a chunk that has not come");
            fresh.resolve(run.start, run.count, [&](const Run& r) { reference(r.start, r.count, bytes); });
            break;
        }
        case Run::Kind::parent:
            if (parent_ == nullptr) bad("refers to a parent generation where there is none");
            if (!flat_) flat_ = flat_references(*parent_, intake_.chunks());
            if (run.start > flat_->size() || run.count > flat_->size() - run.start)
                bad("refers to a chunk that the parent generation does not have");
            flat_->resolve(run.start, run.count, [&](const Run& r) { reference(r.start, r.count, bytes); });
            break;
        case Run::Kind::named:
            for (std::uint64_t i = 0; i < run.count; ++i) {
                const auto number = intake_.find(op.ids[run.start + i]);
                if (!number) lost();
                reference(*number, 1, bytes);
            }
            break;
        }
    }
    if (bytes != op.bytes) bad("an extent does not have the length of its chunks");
}

void Resolver::take_parent_entry(bool copy) {
    if (!parent_reader_) bad("refers to a parent generation where there is none");
    if (!parent_reader_->next(parent_op_)) bad("refers to more entries than the parent generation has");
    if (parent_op_.kind != Op::Kind::entry) bad("the parent generation is damaged");
    if (parent_op_.entry.type != stream::Type::file) {
        if (copy) give(parent_op_);
        return;
    }
    file_ = parent_op_;
    pieces_.clear();
    std::uint64_t ignored = 0;
    for (;;) {
        if (!parent_reader_->next(parent_op_)) bad("the parent generation is damaged");
        if (parent_op_.kind == Op::Kind::end) break;
        if (!copy) continue;
        if (parent_op_.kind != Op::Kind::data) {
            hold(parent_op_.kind, parent_op_.bytes);
            continue;
        }
        for (const Run& run : parent_op_.runs) reference(run.start, run.count, ignored);
    }
    if (copy) end_file(parent_op_);
}

void Resolver::digest_chunks(const Op& op) {
    for (const Run& run : op.runs)
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const auto chunk = intake_.find(run.start + i);
            if (!chunk) lost();
            tree_.chunk(chunk->id, chunk->length);
        }
}

void Resolver::give(const Op& op) {
    checker_.feed(op);
    if (op.kind == Op::Kind::entry) check_link(op.entry);
    tree_.feed(op);
    builder_.feed(op);
}

// A hard link leads to a name that can have further ones; a generation that cannot be imported is not kept.
void Resolver::check_link(const stream::Entry& entry) {
    if (entry.type == stream::Type::directory) return;
    const auto hash = [&](const std::string& path) { return intake_.hasher().id(as_bytes(path)).prefix(); };
    if (entry.type != stream::Type::hardlink)
        files_.insert(hash(entry.path));
    else if (!files_.contains(hash(entry.target)))
        bad(cat("entry ", printable(entry.path), ": is a hard link to ", printable(entry.target),
                ", which is not a file of this tree"));
}

void Resolver::finish() {
    if (in_file_) bad("the manifest ends inside a file");
    if (whole_parent_) {
        for_references(*parent_, intake_.chunks(), [&](const Run& run) {
            for (std::uint64_t i = 0; i < run.count; ++i)
                if (!intake_.find(run.start + i)) lost();
        });
        digest_ = parent_->digest;
        return;
    }
    if (parent_reader_ && parent_reader_->next(parent_op_)) bad("says nothing of some entries of the parent generation");
    checker_.finish();
    builder_.finish();
    digest_ = tree_.finish();
}

} // namespace rs::store
