// SPDX-License-Identifier: Apache-2.0
#include "tree/exporter.hpp"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "chunk/params.hpp"
#include "io/sys.hpp"
#include "tree/cutting.hpp"
#include "tree/parent_merge.hpp"
#include "tree/read_entry.hpp"

namespace rs::tree {

namespace {

constexpr int tries = 3;
constexpr int settle_tries = 350; // of 10 ms; so many only where times are whole seconds

bool same_state(const struct stat& a, const struct stat& b) {
    return a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_size == b.st_size &&
           a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec &&
           a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

class DirectoryExport {
public:
    DirectoryExport(const io::Dir& root, const ExportOptions& options, stream::HaveReader* have,
                    io::Sink& sink, Monitor& monitor)
        : root_(root),
          options_(options),
          header_(dump_header(options, have)),
          hasher_(header_.key),
          writer_(sink, header_, options.writer),
          content_(writer_, hasher_, have != nullptr ? &have->table() : nullptr, options.sha256, monitor),
          merge_(have, writer_),
          monitor_(monitor) {}

    ExportResult run() {
        result_.generation = header_.generation;
        if (header_.parent) result_.parent = header_.parent->generation;
        try {
            Walk walk(root_, options_.walk);
            Node node;
            while (walk.next(node)) visit(node);
            if (const auto changed = walk.changed_directory()) directory_changed(*changed);
        } catch (const Walk::Vanished& gone) {
            // Unlike a changed file this cannot be tried again: the walk has passed by. What else was
            // in that directory is unknown, so the dump is not whole, whatever is allowed.
            fail(Exit::warned, cat(printable(root_.name_of(gone.path)), ": vanished while the tree was read"),
                 "dump into a fresh directory and swap it in when it is whole");
        }
        merge_.finish();
        writer_.finish(!result_.changed.empty(), std::nullopt);
        result_.read_bytes = content_.totals().read_bytes;
        result_.new_bytes = content_.totals().new_bytes;
        result_.new_chunks = content_.totals().new_chunks;
        return std::move(result_);
    }

private:
    [[nodiscard]] std::string shown(const Node& node) const {
        return node.is_root() ? root_.path : root_.name_of(node.path);
    }

    void directory_changed(const std::string& path) {
        const std::string shown = printable(path.empty() ? root_.path : root_.name_of(path));
        if (!options_.allow_changed)
            fail(Exit::warned, cat(shown, ": names came or went while the tree was read"),
                 "stop what writes there, dump into a fresh directory, or use --allow-changed");
        monitor_.warn(cat(shown, ": names came or went while the tree was read"));
        result_.changed.push_back(path.empty() ? "." : path);
    }

    void visit(const Node& node) {
        ++result_.entries;
        monitor_.progress(0, 0);
        const stream::HaveEntry* const old = merge_.advance(node.path);
        const bool linked = node.stat.st_nlink > 1 && !S_ISDIR(node.stat.st_mode);
        if (linked) {
            const auto [first, fresh] = first_names_.try_emplace({node.stat.st_dev, node.stat.st_ino}, node.path);
            if (!fresh) {
                visit_link(node, first->second, old);
                return;
            }
        }
        const bool file = S_ISREG(node.stat.st_mode);
        if (file) {
            ++result_.files;
            result_.tree_bytes += static_cast<std::uint64_t>(node.stat.st_size);
        }
        if (old != nullptr && unchanged(node.stat, *old) && (!file || usable(*old))) {
            merge_.copy();
            ++result_.unchanged_entries;
            if (file) content_.pass(old->bytes);
            return;
        }
        merge_.replace();
        if (file)
            visit_file(node, old);
        else
            writer_.entry(read_entry(node, owners_, shown(node)));
    }

    void visit_link(const Node& node, const std::string& first, const stream::HaveEntry* old) {
        if (old != nullptr && old->entry.type == stream::Type::hardlink && old->entry.target == first) {
            merge_.copy();
            ++result_.unchanged_entries;
            return;
        }
        merge_.replace();
        stream::Entry e;
        e.type = stream::Type::hardlink;
        e.path = node.path;
        e.target = first;
        writer_.entry(e);
    }

    // The other side still has all of its chunks, and its digest if we want one.
    [[nodiscard]] bool usable(const stream::HaveEntry& old) const {
        if (options_.sha256 && !old.sha256_known) return false;
        return merge_.none_lost(old);
    }

    void visit_file(const Node& node, const stream::HaveEntry* old) {
        if (old != nullptr && old->entry.type != stream::Type::file) old = nullptr;
        for (int attempt = 1;; ++attempt) {
            const Read read = read_file(node, old);
            if (!read.stable && attempt < tries) {
                monitor_.note(cat(printable(shown(node)), ": changed while it was read, trying again"));
                writer_.withdraw();
                continue;
            }
            if (!read.stable && !options_.allow_changed)
                fail(Exit::warned, cat(printable(shown(node)), ": changed while it was read, ", tries, " times"),
                     "stop what writes there, dump into a fresh directory, or use --allow-changed");
            if (!read.stable) {
                monitor_.warn(cat(printable(shown(node)), ": changed while it was read; kept as it came"));
                result_.changed.push_back(node.path);
            }
            writer_.end(read.sha256);
            return;
        }
    }

    struct Read {
        bool stable = false; // the same before and after
        std::optional<chunk::Digest> sha256;
    };

    // A change within the same tick of the clock as the last one does not show in the times. So a file that was
    // changed a moment ago is read when the clock has gone on: what was dumped just before costs one such wait in all.
    struct stat settled_stat(int fd, const std::string& path) {
        struct stat st = io::stat_fd(fd, path);
        for (int i = 0; i < settle_tries && clock_state(st, read_margin_ns) == ClockState::recent; ++i) {
            monitor_.progress(0, 0);
            const timespec pause{0, 10'000'000};
            ::nanosleep(&pause, nullptr);
            st = io::stat_fd(fd, path);
            if (st.st_ctim.tv_nsec != 0 && i >= 10) break; // it changes all the time
        }
        return st;
    }

    // Writes the entry and its content, but not the end.
    Read read_file(const Node& node, const stream::HaveEntry* old) {
        const std::string path = shown(node);
        // O_NONBLOCK: should the name have become a fifo since, the open must not wait for a writer.
        const io::Fd fd(io::sys::openat(node.dir, node.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
        if (!fd && (errno == ENOENT || errno == ELOOP)) throw Walk::Vanished{node.path};
        if (!fd) fail_errno(Exit::no_input, path, "open");
        Node now = node;
        now.stat = settled_stat(fd.get(), path);
        if (!S_ISREG(now.stat.st_mode)) throw Walk::Vanished{node.path};
        stream::Entry e = read_entry(now, owners_, path);
        e.params = choose_cutting(fd.get(), now.stat, old != nullptr ? &old->entry.params : nullptr, path);
        writer_.entry(e);
        content_.begin(e.params, old);
        const bool whole = read_regions(fd.get(), now.stat, path);
        Read out;
        out.sha256 = content_.end().sha256;
        struct stat by_name;
        // Another file has this name now: those that are still names of the first one are not links to it.
        if (now.stat.st_ino != node.stat.st_ino || now.stat.st_dev != node.stat.st_dev)
            first_names_.erase({node.stat.st_dev, node.stat.st_ino});
        out.stable = whole && clock_state(now.stat, read_margin_ns) != ClockState::recent && same_state(now.stat, io::stat_fd(fd.get(), path)) &&
                     ::fstatat(node.dir, node.name.c_str(), &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
                     same_state(now.stat, by_name);
        return out;
    }

    // False: the file ended before its size.
    bool read_regions(int fd, const struct stat& st, const std::string& path) {
        const auto size = static_cast<std::uint64_t>(st.st_size);
        const bool sparse = has_holes(fd, st);
        std::uint64_t at = 0;
        while (at < size) {
            std::uint64_t data = at, end = size;
            if (sparse) {
                const off_t start = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
                if (start < 0 && errno == ENXIO)
                    data = size;
                else if (start >= 0)
                    data = std::min<std::uint64_t>(static_cast<std::uint64_t>(start), size);
                if (data < size) {
                    const off_t stop = ::lseek(fd, static_cast<off_t>(data), SEEK_HOLE);
                    if (stop > static_cast<off_t>(data)) end = std::min<std::uint64_t>(static_cast<std::uint64_t>(stop), size);
                }
            }
            content_.hole(data - at);
            if (data == size) return true;
            std::uint64_t offset = data;
            const std::uint64_t taken = content_.region(end - data, [&](MutableSpan into) {
                const std::size_t n = io::pread_full(fd, into, offset, path);
                offset += n;
                return n;
            });
            if (taken < end - data) return false;
            at = end;
        }
        return true;
    }

    const io::Dir& root_;
    const ExportOptions& options_;
    const stream::Header header_;
    const chunk::Hasher hasher_;
    stream::StreamWriter writer_;
    stream::ContentWriter content_;
    ParentMerge merge_;
    Monitor& monitor_;
    Owners owners_;
    std::map<std::pair<dev_t, ino_t>, std::string> first_names_; // of files with several names
    ExportResult result_;
};

} // namespace

stream::Header dump_header(const ExportOptions& options, const stream::HaveReader* have) {
    stream::Header h;
    h.purpose = stream::Purpose::dump;
    h.generation = options.generation.value_or(Generation{options.epoch.value_or(1), 1});
    const UtcTime now = now_utc();
    h.time = {now.seconds, now.nanoseconds};
    h.host = options.host;
    h.instance = options.instance;
    h.name = options.name;
    if (have == nullptr) {
        io::random_bytes(h.key);
        return h;
    }
    const stream::Header& theirs = have->header();
    h.key = theirs.key;
    h.parent = theirs.parent;
    if (options.epoch && theirs.generation.epoch > *options.epoch)
        fail(Exit::fenced, cat("epoch ", *options.epoch, ": fenced: epoch ", theirs.generation.epoch, " has begun"),
             "another instance leads now; with --generation a dump can still be kept as a branch");
    const bool goes_on = !options.epoch || theirs.generation.epoch == *options.epoch;
    if (!options.generation && theirs.generation && goes_on)
        h.generation = {theirs.generation.epoch, theirs.generation.counter + 1};
    if (theirs.parent && theirs.generation < theirs.parent->generation)
        fail(Exit::data,
             cat("the have stream tells of generation ", theirs.parent->generation.str(), " and knows only ",
                 theirs.generation.str()),
             "it was damaged on its way; run it again");
    // The same one once more is no more than that: the other side compares, and keeps what it has.
    if (theirs.parent && h.generation < theirs.parent->generation)
        fail(Exit::usage, cat("generation ", h.generation.str(), " comes before ",
                              theirs.parent->generation.str(), ", which the other side has"),
             "leave out --generation, or give a higher number");
    return h;
}

ExportResult export_directory(const io::Dir& root, const ExportOptions& options, stream::HaveReader* have,
                              io::Sink& sink, Monitor& monitor) {
    return DirectoryExport(root, options, have, sink, monitor).run();
}

} // namespace rs::tree
