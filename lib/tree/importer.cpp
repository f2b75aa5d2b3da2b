// SPDX-License-Identifier: Apache-2.0
#include "tree/importer.hpp"

#include <unistd.h>

#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/sys.hpp"
#include "stream/path_set.hpp"
#include "stream/reader.hpp"
#include "stream/tree_digest.hpp"
#include "tree/beneath.hpp"
#include "tree/chunk_spool.hpp"
#include "tree/damaged.hpp"
#include "tree/local_manifest.hpp"
#include "tree/old_tree.hpp"

namespace rs::tree {

namespace {

using stream::Op;
using stream::Run;

Op extent_op(const stream::Extent& extent) {
    Op op;
    op.kind = extent.kind == stream::Extent::Kind::data   ? Op::Kind::data
              : extent.kind == stream::Extent::Kind::hole ? Op::Kind::hole
                                                          : Op::Kind::zero;
    op.bytes = extent.bytes;
    op.chunks = extent.chunks;
    return op;
}

stream::Extent::Kind extent_kind(Op::Kind kind) {
    return kind == Op::Kind::data   ? stream::Extent::Kind::data
           : kind == Op::Kind::hole ? stream::Extent::Kind::hole
                                    : stream::Extent::Kind::zero;
}

class Importer {
public:
    Importer(Target& target, const ImportOptions& options, io::Source& source, Monitor& monitor)
        : target_(target),
          options_(options),
          monitor_(monitor),
          reader_(source),
          hasher_(reader_.header().key),
          checker_(reader_.name()) {}

    ImportResult run() {
        target_.lock();
        try {
            open_parent();
            new_root_ = target_.make_new();
            manifest_.emplace(target_.state());
            spool_.emplace(target_.state(), hasher_);
            writer_.emplace(new_root_, target_.path(), options_.write, monitor_);
            receive();
            publish();
        } catch (...) {
            abandon();
            throw;
        }
        return result_;
    }

private:
    [[noreturn]] void bad(std::string_view why) const { fail(Exit::data, cat(reader_.name(), ": ", why)); }

    // The old tree changed after 'rs-import --have' told of it.
    [[noreturn]] void old_tree_changed(const std::string& path) {
        target_.distrust();
        fail(Exit::temp_fail, cat(printable(target_.path()), "/", printable(path), ": is not what the last import left"),
             "run it again: 'rs-import --have' no longer claims this tree, so all of it is sent");
    }

    // Of a directory the bit gives nobody a right; and a tree whose bits were dropped would never be what was dumped.
    void refuse_setuid(const stream::Entry& e) const {
        if (options_.setuid || e.type == stream::Type::directory || (e.mode & (S_ISUID | S_ISGID)) == 0) return;
        fail(Exit::data, cat(reader_.name(), ": ", printable(e.path), ": has a setuid or setgid bit"),
             "who imports does not want such files; leave them out of the dump");
    }

    void open_parent() {
        const auto& parent = reader_.header().parent;
        if (!parent) return;
        const auto stale = [&] {
            fail(Exit::temp_fail, cat(printable(target_.path()), ": the stream builds on generation ",
                                      parent->generation.str(), ", which is not what is here"),
                 "run it again: the delta must answer the present output of 'rs-import --have'");
        };
        io::Fd fd = target_.open_manifest();
        if (!fd) stale();
        old_manifest_ = std::make_unique<LocalManifest>(std::move(fd), target_.manifest_path());
        const stream::Header& held = old_manifest_->reader().header();
        if (!held.parent || *held.parent != *parent || held.key != reader_.header().key) stale();
        old_root_ = target_.open();
        old_tree_.emplace(old_root_, hasher_, old_manifest_->reader().table());
    }

    void receive() {
        std::uint64_t segments = 0;
        Op op;
        while (auto event = reader_.next()) {
            if (const auto* const segment = std::get_if<stream::SegmentView>(&*event)) {
                spool_->add(*segment, cat(reader_.name(), ": segment ", segments++));
            } else {
                stream::ManifestReader block(std::get<stream::BlockView>(*event), reader_.name());
                while (block.next(op)) take(op);
            }
            monitor_.progress(checker_.totals().data_bytes, reader_.header().expected_bytes);
        }
        if (in_file_) bad("the manifest ends inside a file");
        if (old_manifest_ && next_old()) bad("says nothing of some entries of the previous generation");
        checker_.finish();
        spool_->finish();
        writer_->finish();
        digest_ = tree_.finish();
        if (reader_.trailer().tree && *reader_.trailer().tree != digest_)
            bad("the tree is not the one that the sender has");
        result_.generation = reader_.header().generation;
        result_.totals = checker_.totals();
        result_.received_bytes = reader_.bytes_read();
        result_.new_chunks = spool_->chunks();
        result_.changed_while_read = reader_.trailer().changed_while_read || reader_.header().changed_while_read;
    }

    void publish() {
        const std::string manifest = manifest_->finish(reader_.header(), digest_);
        spool_.reset(); // what it holds need not be flushed
        // One flush of the file system instead of one for each file: 60,000 of those take minutes.
        if (io::sys::syncfs(new_root_.get()) != 0) fail_errno(Exit::io, target_.path(), "flush to disk");
        if (!options_.write.owner || ::geteuid() != 0) target_.note_no_owners();
        if (const std::string left = target_.exchange(manifest); !left.empty())
            monitor_.warn(cat("the new tree is in place, but not all was tidied up: ", left));
    }

    void abandon() noexcept {
        writer_.reset(); // its threads may still be creating files
        try {
            target_.abandon();
        } catch (const std::exception&) {
            // The next import removes it.
        }
    }

    // ---- operations ----

    void take(const Op& op) {
        using Kind = Op::Kind;
        const bool content = op.kind == Kind::data || op.kind == Kind::hole || op.kind == Kind::zero ||
                             op.kind == Kind::end || op.kind == Kind::withdraw;
        if (content != in_file_) bad(content ? "content outside a file" : "a file does not end");
        switch (op.kind) {
        case Kind::copy:
            for (std::uint64_t i = 0; i < op.count; ++i) copy_old();
            return;
        case Kind::skip:
            for (std::uint64_t i = 0; i < op.count; ++i)
                if (!next_old()) bad("refers to more entries than the previous generation has");
            return;
        case Kind::entry:
            checker_.feed(op);
            refuse_setuid(op.entry);
            hold_entry(op);
            if (op.entry.type == stream::Type::file) {
                in_file_ = true;
                writer_->begin_file(op.entry);
            } else {
                check_link(op.entry);
                writer_->entry(op.entry);
                keep();
            }
            return;
        case Kind::data:
            checker_.feed(op);
            write_data(op);
            hold_extent(op);
            return;
        case Kind::hole:
        case Kind::zero:
            checker_.feed(op);
            if (op.kind == Kind::hole)
                writer_->hole(op.bytes);
            else
                writer_->zero(op.bytes);
            hold_extent(op);
            return;
        case Kind::withdraw:
            checker_.feed(op);
            in_file_ = false;
            writer_->withdraw_file();
            return;
        case Kind::end: {
            checker_.feed(op);
            in_file_ = false;
            writer_->end_file(op.sha256);
            keep_file(op);
            return;
        }
        }
    }

    // A link leads to a first name; that it is there and no directory is seen when the link is made.
    void check_link(const stream::Entry& e) {
        if (e.type != stream::Type::hardlink) return;
        const auto hash = [&](const std::string& path) { return hasher_.id(as_bytes(path)).prefix(); };
        if (links_.contains(hash(e.target)))
            bad(cat("entry ", printable(e.path), ": is a hard link to ", printable(e.target), ", which is itself a hard link"));
        links_.insert(hash(e.path));
    }

    void hold_entry(const Op& op) {
        held_ = op;
        extents_.clear();
        file_chunks_.clear();
    }

    void hold_extent(const Op& op) {
        if (extents_.size() == stream::max_file_extents) bad("a file of more extents than the limit");
        extents_.push_back({extent_kind(op.kind), op.bytes, op.kind == Op::Kind::data ? op.chunks : 0});
    }

    // The entry is settled: into the digest and the manifest with it.
    void keep() {
        tree_.feed(held_);
        manifest_->op(held_);
    }

    void keep_file(const Op& end) {
        keep();
        if (!end.sha256)
            for (const auto& [id, length] : file_chunks_) tree_.chunk(id, length);
        for (const stream::Extent& extent : extents_) {
            const Op op = extent_op(extent);
            tree_.feed(op);
            manifest_->op(op);
        }
        tree_.feed(end);
        manifest_->op(end);
        for (const auto& [id, length] : file_chunks_) manifest_->chunk(id, length);
    }

    void write_data(const Op& op) {
        std::uint64_t bytes = 0;
        for (const Run& run : op.runs) {
            switch (run.kind) {
            case Run::Kind::fresh:
                if (run.start > spool_->chunks() || run.count > spool_->chunks() - run.start)
                    bad("refers to a chunk that has not come");
                for (std::uint64_t i = 0; i < run.count;) {
                    std::uint64_t n = 0;
                    const ByteSpan piece = spool_->read_run(run.start + i, run.count - i, n);
                    writer_->data(piece);
                    bytes += piece.size();
                    for (std::uint64_t k = 0; k < n; ++k)
                        file_chunks_.emplace_back(spool_->id(run.start + i + k), spool_->length(run.start + i + k));
                    i += n;
                }
                break;
            case Run::Kind::parent: bytes += write_old(run); break;
            case Run::Kind::stored:
            case Run::Kind::named: bad("names chunks in a way that only a store understands");
            }
        }
        if (bytes != op.bytes) bad("an extent does not have the length of its chunks");
        result_.written_bytes += bytes;
    }

    std::uint64_t write_old(const Run& run) {
        if (!old_tree_) bad("refers to a previous generation where there is none");
        const stream::HaveTable& table = old_manifest_->reader().table();
        if (run.start > table.ids.size() || run.count > table.ids.size() - run.start)
            bad("refers to a chunk that the previous generation does not have");
        std::uint64_t bytes = 0;
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const std::uint64_t chunk = run.start + i;
            while (chunk >= known_chunks_ && read_ahead()) {
            }
            const auto data = old_tree_->read(chunk);
            if (!data) old_tree_changed(held_.entry.path);
            writer_->data(*data);
            bytes += data->size();
            file_chunks_.emplace_back(table.ids[chunk], table.lengths[chunk]);
        }
        return bytes;
    }

    // ---- the previous tree ----

    // Its next entry in walk order into old_; false at the end. A file that is met is known to old_tree_ from then on.
    bool next_old() {
        if (!old_manifest_) bad("refers to a previous generation where there is none");
        if (!ahead_.empty()) {
            old_ = std::move(ahead_.front());
            ahead_.pop_front();
            return true;
        }
        return read_old(old_);
    }

    bool read_old(stream::HaveEntry& into) {
        if (!old_manifest_->reader().next(into)) return false;
        old_tree_->add(into);
        known_chunks_ = into.first_chunk + into.chunks;
        return true;
    }

    // A reference may lead to a file that the merge has not reached: a renamed one.
    bool read_ahead() {
        stream::HaveEntry entry;
        if (!read_old(entry)) return false;
        ahead_.push_back(std::move(entry));
        return true;
    }

    void copy_old() {
        if (!next_old()) bad("refers to more entries than the previous generation has");
        Op op;
        op.kind = Op::Kind::entry;
        op.entry = old_.entry;
        checker_.feed(op);
        ++result_.kept_entries;
        monitor_.progress(0, 0);
        const stream::Entry& e = old_.entry;
        hold_entry(op);
        if (e.type != stream::Type::file) {
            check_link(e);
            writer_->entry(e);
            keep();
            return;
        }
        for (const stream::Extent& extent : old_.extents) {
            const Op part = extent_op(extent);
            checker_.feed(part);
            hold_extent(part);
        }
        Op part;
        part.kind = Op::Kind::end;
        part.sha256 = old_.sha256;
        checker_.feed(part);
        take_over(e);
        const stream::HaveTable& table = old_manifest_->reader().table();
        for (std::uint64_t i = 0; i < old_.chunks; ++i)
            file_chunks_.emplace_back(table.ids[old_.first_chunk + i], table.lengths[old_.first_chunk + i]);
        keep_file(part);
    }

    // A file that stays: linked, or copied and verified.
    void take_over(const stream::Entry& e) {
        const std::string parent(stream::parent_path(e.path)), name(stream::base_name(e.path));
        if (!old_dir_ || parent != old_dir_path_) {
            auto fd = old_tree_->open_directory(parent);
            if (!fd) old_tree_changed(e.path);
            old_dir_ = std::move(*fd);
            old_dir_path_ = parent;
        }
        struct stat st;
        if (::fstatat(old_dir_.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 || !looks_like(st, old_))
            old_tree_changed(e.path);
        if (options_.link_unchanged && writer_->link_from(e, old_dir_.get(), name, st)) return;
        writer_->begin_file(e);
        std::uint64_t chunk = old_.first_chunk;
        for (const stream::Extent& extent : old_.extents) {
            if (extent.kind == stream::Extent::Kind::hole) writer_->hole(extent.bytes);
            if (extent.kind == stream::Extent::Kind::zero) writer_->zero(extent.bytes);
            for (std::uint64_t i = 0; extent.kind == stream::Extent::Kind::data && i < extent.chunks; ++i) {
                if (i % 256 == 0) monitor_.progress(0, 0);
                const auto data = old_tree_->read(chunk++);
                if (!data) old_tree_changed(e.path);
                writer_->data(*data);
            }
        }
        writer_->end_file(old_.sha256); // each chunk was verified when it was read
        result_.written_bytes += old_.bytes;
    }

    Target& target_;
    const ImportOptions& options_;
    Monitor& monitor_;
    stream::StreamReader reader_;
    chunk::Hasher hasher_;
    stream::Checker checker_;
    stream::TreeDigest tree_;
    io::Dir new_root_, old_root_;
    std::unique_ptr<LocalManifest> old_manifest_;
    std::optional<OldTree> old_tree_;
    std::optional<LocalManifestWriter> manifest_;
    std::optional<ChunkSpool> spool_;
    std::optional<TreeWriter> writer_;
    stream::PathSet links_; // paths of hard links

    bool in_file_ = false;
    Op held_; // the entry at hand
    std::vector<stream::Extent> extents_; // and its extents
    std::vector<std::pair<chunk::ChunkId, std::uint32_t>> file_chunks_;
    stream::HaveEntry old_;
    std::deque<stream::HaveEntry> ahead_;
    std::uint64_t known_chunks_ = 0; // chunks of the table whose files were met
    io::Fd old_dir_;
    std::string old_dir_path_;
    chunk::Digest digest_{};
    ImportResult result_;
};

} // namespace

ImportResult import_stream(Target& target, const ImportOptions& options, io::Source& source, Monitor& monitor) {
    return Importer(target, options, source, monitor).run();
}

namespace {

void write_empty_have(io::Sink& sink) {
    stream::Header header;
    header.purpose = stream::Purpose::have;
    io::random_bytes(header.key);
    stream::HaveWriter(sink, header).finish();
}

// What can still be had where the manifest says: chunks of the table, and files in their order.
struct Claims {
    std::vector<bool> chunks, files;
};

Claims claims(const Target& target, io::Fd manifest_fd, const io::Dir& root, Monitor& monitor) {
    LocalManifest manifest(std::move(manifest_fd), target.manifest_path());
    const std::set<std::string> damaged = parse_damaged(target.read_damaged());
    Claims out;
    out.chunks.resize(manifest.reader().table().ids.size());
    io::Fd dir;
    std::string dir_path;
    stream::HaveEntry e;
    std::uint64_t gone = 0;
    while (manifest.reader().next(e)) {
        if (e.entry.type != stream::Type::file) continue;
        monitor.progress(0, 0);
        const std::string parent(stream::parent_path(e.entry.path)), name(stream::base_name(e.entry.path));
        if (!dir || parent != dir_path) {
            dir = io::Fd(open_beneath(root.get(), parent.empty() ? "." : parent, O_PATH | O_DIRECTORY));
            dir_path = parent;
        }
        struct stat st;
        const bool good = dir && ::fstatat(dir.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                          looks_like(st, e) && !damaged.contains(e.entry.path);
        if (!good) ++gone;
        out.files.push_back(good);
        for (std::uint64_t i = 0; i < e.chunks; ++i) out.chunks[e.first_chunk + i] = good;
    }
    if (gone > 0) monitor.note(cat(count_of(gone, "file"), " of ", printable(target.path()), " changed since the import"));
    return out;
}

} // namespace

void write_have(const Target& target, io::Sink& sink, Monitor& monitor) {
    io::Fd fd = target.open_manifest();
    if (!fd) {
        write_empty_have(sink);
        return;
    }
    const io::Dir root = target.open();
    // Both passes read one file, whatever an import does meanwhile.
    const Claims good = claims(target, io::Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)), root, monitor);
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) fail_errno(Exit::io, target.manifest_path(), "read again");
    LocalManifest manifest(std::move(fd), target.manifest_path());
    stream::HaveReader& reader = manifest.reader();
    stream::HaveWriter writer(sink, reader.header());
    const stream::HaveTable& table = reader.table();
    for (std::size_t i = 0; i < table.ids.size(); ++i) writer.chunk(table.ids[i], good.chunks[i] ? table.lengths[i] : 0);
    stream::HaveEntry e;
    for (std::size_t file = 0; reader.next(e);) {
        Op op;
        op.kind = Op::Kind::entry;
        op.entry = e.entry;
        // A file without a chunk that could be left unclaimed is not taken for unchanged either.
        const bool claimed = e.entry.type != stream::Type::file || good.files[file++];
        if (!claimed) op.entry.witness.reset();
        writer.op(op);
        if (e.entry.type != stream::Type::file) continue;
        for (const stream::Extent& extent : e.extents) writer.op(extent_op(extent));
        op.kind = Op::Kind::end;
        if (claimed) op.sha256 = e.sha256;
        writer.op(op);
    }
    writer.finish();
}

} // namespace rs::tree
