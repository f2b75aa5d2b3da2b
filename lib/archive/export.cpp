// SPDX-License-Identifier: Apache-2.0
#include "archive/export.hpp"

#include <unistd.h>

#include <algorithm>

#include "archive/catalog.hpp"
#include "archive/names.hpp"
#include "archive/reader.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "stream/content.hpp"

namespace rs::archive {

namespace {

constexpr std::uint64_t members_per_report = 256;
constexpr std::uint64_t hole_bytes_per_report = 64 << 20;

stream::Entry made_directory(const stream::Stamp& time) {
    stream::Entry e;
    e.type = stream::Type::directory;
    e.mode = 0755;
    e.uid = ::geteuid();
    e.gid = ::getegid();
    e.user = user_name(::geteuid());
    e.group = group_name(::getegid());
    e.mtime = time;
    return e;
}

// True if both are the same extents of the same chunks, and the other side still has them all. A chunk is compared
// by its id: where two files have one in common, it may have been found in the other one.
bool same_content(const Content& ours, const stream::HaveEntry& theirs,
                  const stream::HaveTable& table) {
    if (ours.bytes != theirs.bytes) return false;
    if (ours.sha256 && theirs.sha256 && *ours.sha256 != *theirs.sha256) return false;
    auto extent = theirs.extents.begin();
    std::uint64_t chunk = theirs.first_chunk;
    std::uint64_t left = 0; // of the extent
    for (const Content::Piece& piece : ours.pieces) {
        if (left == 0) {
            if (extent == theirs.extents.end()) return false;
            left = extent->bytes;
        }
        if (extent->kind != piece.kind || piece.bytes > left) return false;
        left -= piece.bytes;
        if (left == 0) ++extent;
        if (piece.kind != stream::Extent::Kind::data) continue;
        if (piece.run != stream::Run::Kind::parent ||
            piece.count > theirs.first_chunk + theirs.chunks - chunk)
            return false;
        for (std::uint64_t i = 0; i < piece.count; ++i, ++chunk)
            if (table.lengths[chunk] == 0 || table.ids[chunk] != table.ids[piece.start + i])
                return false;
    }
    return left == 0 && extent == theirs.extents.end() &&
           chunk == theirs.first_chunk + theirs.chunks;
}

class ArchiveExport {
public:
    ArchiveExport(io::Source& in, const Options& options, stream::HaveReader* have,
                  const stream::Header& header, io::Sink& sink, Monitor& monitor)
        : options_(options), have_(have), hasher_(header.key),
          reader_(in, {header.time, options.temp_dir}, monitor),
          catalog_(made_directory(header.time),
                   [this](std::string_view path, std::string_view why) { reader_.bad(path, why); }),
          writer_(sink, header, options.writer),
          content_(writer_, hasher_, have != nullptr ? &have->table() : nullptr, options.sha256,
                   monitor),
          monitor_(monitor), name_(printable(in.name())) {
        RS_ASSERT(have == nullptr || have->header().key == header.key);
        result_.generation = header.generation;
        if (header.parent) result_.parent = header.parent->generation;
    }

    ExportResult run() {
        Member member;
        while (reader_.next(member)) {
            if (members_++ % members_per_report == 0)
                monitor_.progress(content_.totals().read_bytes, 0);
            take(member);
        }
        if (catalog_.names() == 0)
            fail(Exit::data,
                 cat(name_, ": an archive without members",
                     members_ > 0 ? " that are not excluded" : ""),
                 "nothing is published; an empty archive is not taken for a good one");
        catalog_.visit(
            [this](const stream::Entry& e, const Content* content) { write(e, content); });
        finish_have();
        writer_.finish(false, std::nullopt);
        result_.read_bytes = content_.totals().read_bytes;
        result_.new_bytes = content_.totals().new_bytes;
        result_.new_chunks = content_.totals().new_chunks;
        return result_;
    }

private:
    [[nodiscard]] bool excluded(const std::string& path, bool is_directory) {
        if (!options_.excluded || path.empty()) return false;
        const std::string_view parent = stream::parent_path(path);
        if (parent != last_parent_) {
            last_parent_ = parent;
            last_parent_excluded_ = false;
            for (std::size_t end = 0; !last_parent_excluded_ && end < parent.size(); ++end) {
                end = std::min(parent.find('/', end), parent.size());
                last_parent_excluded_ = options_.excluded(parent.substr(0, end), true);
            }
        }
        return last_parent_excluded_ || options_.excluded(path, is_directory);
    }

    void take(Member& member) {
        stream::Entry& e = member.entry;
        if (excluded(e.path, e.type == stream::Type::directory)) {
            ++result_.excluded_members;
            return;
        }
        const bool link = e.type == stream::Type::hardlink;
        if (link && excluded(e.target, false))
            reader_.bad(e.path, cat("a hard link to ", printable(e.target), ", which is excluded"),
                        "exclude both names or none");
        Content content;
        if (member.has_data) {
            e.params = chunk::choose_params(chunk::Method::content, member.data_bytes);
            read_content(e.params, content);
        }
        if (link)
            catalog_.link(e.path, e.target, e.params, member.has_data ? &content : nullptr);
        else
            catalog_.put(e, content);
    }

    void read_content(const chunk::Params& params, Content& out) {
        content_.begin(params, nullptr, &out);
        auto block = reader_.data();
        std::uint64_t at = 0;
        while (block) {
            pass_hole(block->offset - at);
            at = block->offset;
            // One region for all blocks without a hole between them.
            content_.region(UINT64_MAX, [&](MutableSpan into) -> std::size_t {
                if (block && block->bytes.empty()) block = reader_.data();
                if (!block || block->offset != at) return 0;
                const std::size_t n = std::min(into.size(), block->bytes.size());
                std::copy_n(block->bytes.begin(), n, into.begin());
                block->bytes = block->bytes.subspan(n);
                block->offset += n;
                at += n;
                return n;
            });
        }
        pass_hole(reader_.file_bytes() - at);
        out.sha256 = content_.end().sha256;
    }

    // A few bytes of an archive may say that there are exabytes of nothing, all of which go into the SHA-256: waits
    // for it from time to time, so that somebody can interrupt us.
    void pass_hole(std::uint64_t bytes) {
        while (options_.sha256 && bytes > hole_bytes_per_report) {
            content_.hole(hole_bytes_per_report);
            bytes -= hole_bytes_per_report;
            content_.region(0, [](MutableSpan) { return std::size_t{0}; });
            monitor_.progress(content_.totals().read_bytes, 0);
        }
        content_.hole(bytes);
    }

    void read_have() { have_valid_ = have_ != nullptr && have_->next(theirs_); }

    // What the other side has of this path, or null; what it has of paths before goes.
    [[nodiscard]] const stream::HaveEntry* find_have(const std::string& path) {
        if (!have_started_ || have_matched_) read_have();
        have_started_ = true;
        have_matched_ = false;
        for (; have_valid_; read_have()) {
            const int order = stream::compare_paths(theirs_.entry.path, path);
            if (order > 0) break;
            have_matched_ = order == 0;
            if (have_matched_) return &theirs_;
            writer_.skip(1);
        }
        return nullptr;
    }

    void finish_have() {
        if (!have_started_ || have_matched_) read_have();
        for (; have_valid_; read_have()) writer_.skip(1);
    }

    void write(const stream::Entry& e, const Content* content) {
        if (result_.entries++ % members_per_report == 0)
            monitor_.progress(content_.totals().read_bytes, 0);
        if (content != nullptr) {
            ++result_.files;
            result_.tree_bytes += content->bytes;
        }
        const stream::HaveEntry* const theirs = find_have(e.path);
        if (theirs != nullptr && stream::same_metadata(e, theirs->entry) &&
            (content == nullptr || ((theirs->sha256_known || !options_.sha256) &&
                                    same_content(*content, *theirs, have_->table())))) {
            writer_.copy(1);
            ++result_.unchanged_entries;
            return;
        }
        if (theirs != nullptr) writer_.skip(1);
        writer_.entry(e);
        if (content == nullptr) return;
        for (const Content::Piece& piece : content->pieces) {
            const bool named = piece.run == stream::Run::Kind::named;
            switch (piece.kind) {
            case stream::Extent::Kind::data:
                writer_.data({piece.run, named ? 0 : piece.start, piece.count}, piece.bytes,
                             named ? std::span(content->ids).subspan(piece.start, piece.count)
                                   : std::span<const chunk::ChunkId>());
                break;
            case stream::Extent::Kind::hole: writer_.hole(piece.bytes); break;
            case stream::Extent::Kind::zero: writer_.zero(piece.bytes); break;
            }
        }
        writer_.end(content->sha256);
    }

    const Options& options_;
    stream::HaveReader* have_;
    const chunk::Hasher hasher_;
    ArchiveReader reader_; // before writer_: what is no archive leaves no byte of a stream
    Catalog catalog_;
    stream::StreamWriter writer_;
    stream::ContentWriter content_;
    Monitor& monitor_;
    std::string name_;
    std::uint64_t members_ = 0;
    std::string last_parent_; // of the last member, and what was said of it
    bool last_parent_excluded_ = false;
    stream::HaveEntry theirs_; // read last
    bool have_started_ = false, have_valid_ = false, have_matched_ = false;
    ExportResult result_;
};

} // namespace

ExportResult export_archive(io::Source& in, const Options& options, stream::HaveReader* have,
                            const stream::Header& header, io::Sink& sink, Monitor& monitor) {
    return ArchiveExport(in, options, have, header, sink, monitor).run();
}

} // namespace rs::archive
