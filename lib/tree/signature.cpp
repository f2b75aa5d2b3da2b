// SPDX-License-Identifier: Apache-2.0
#include "tree/signature.hpp"

#include <sys/stat.h>

#include <deque>
#include <future>
#include <map>
#include <memory>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/workers.hpp"
#include "io/sys.hpp"
#include "tree/damaged.hpp"
#include "tree/hash_file.hpp"
#include "tree/local_manifest.hpp"

namespace rs::tree {

namespace {

void write_line(const std::string& path, const chunk::Digest& digest, io::Sink& sink) {
    const std::string escaped = escape_line(path);
    sink.write(as_bytes(cat(escaped == path ? "" : "\\", to_hex(as_text(digest)), "  ./", escaped, "\n")));
}

// Files whose digests are being computed, in the order of their lines.
class Signing {
public:
    Signing(unsigned threads, io::Sink& sink, Monitor& monitor) : sink_(sink), monitor_(monitor), workers_(threads) {}

    void add(const Node& node, const std::string& shown) {
        // Enough that no thread waits, and few open files.
        while (lines_.size() >= 4 * std::size_t{workers_.count()}) write_first();
        const bool linked = node.stat.st_nlink > 1;
        const std::pair inode(node.stat.st_dev, node.stat.st_ino);
        std::shared_future<chunk::Digest> digest;
        if (const auto known = linked ? inodes_.find(inode) : inodes_.end(); known != inodes_.end()) {
            digest = known->second;
        } else {
            // A job is copied into what can be shared; a descriptor cannot.
            auto file = std::make_shared<io::Fd>(open_to_hash(node, shown));
            digest = workers_.submit([file, shown](unsigned) { return hash_file(*file, shown); }).share();
            if (linked) inodes_.emplace(inode, digest);
        }
        lines_.push_back({node.path, static_cast<std::uint64_t>(node.stat.st_size), std::move(digest)});
    }

    void finish() {
        while (!lines_.empty()) write_first();
    }

private:
    struct Line {
        std::string path;
        std::uint64_t bytes = 0;
        std::shared_future<chunk::Digest> digest;
    };

    void write_first() {
        const Line line = std::move(lines_.front());
        lines_.pop_front();
        write_line(line.path, line.digest.get(), sink_);
        done_ += line.bytes;
        monitor_.progress(done_, 0);
    }

    io::Sink& sink_;
    Monitor& monitor_;
    std::uint64_t done_ = 0;
    std::deque<Line> lines_;
    std::map<std::pair<dev_t, ino_t>, std::shared_future<chunk::Digest>> inodes_;
    Workers workers_; // the last one: its jobs end before what they use
};

} // namespace

void write_signature(const Target& target, io::Sink& sink) {
    std::set<std::string> wanted; // first names of hard links, whose digests the later names need
    {
        LocalManifest first(target.require_manifest(), target.manifest_path());
        stream::HaveEntry e;
        while (first.reader().next(e))
            if (e.entry.type == stream::Type::hardlink) wanted.insert(e.entry.target);
    }
    LocalManifest manifest(target.require_manifest(), target.manifest_path());
    std::map<std::string, chunk::Digest> known;
    stream::HaveEntry e;
    while (manifest.reader().next(e)) {
        std::optional<chunk::Digest> digest;
        if (e.entry.type == stream::Type::file) {
            if (!e.sha256)
                fail(Exit::data, cat(printable(e.entry.path), ": was exported without its SHA-256"),
                     "export it without --no-sha256");
            digest = e.sha256;
            if (wanted.contains(e.entry.path)) known[e.entry.path] = *digest;
        } else if (e.entry.type == stream::Type::hardlink) {
            const auto at = known.find(e.entry.target);
            if (at != known.end()) digest = at->second;
        }
        if (digest) write_line(e.entry.path, *digest, sink);
    }
}

void sign_tree(const io::Dir& root, const WalkOptions& options, unsigned threads, io::Sink& sink, Monitor& monitor) {
    Signing signing(threads, sink, monitor);
    Walk walk(root, options);
    Node node;
    try {
        while (walk.next(node))
            if (S_ISREG(node.stat.st_mode)) signing.add(node, root.name_of(node.path));
    } catch (const Walk::Vanished& gone) {
        fail(Exit::warned, cat(printable(root.name_of(gone.path)), ": vanished while the tree was read"), "run it again");
    }
    if (const auto changed = walk.changed_directory())
        fail(Exit::warned, cat(printable(root.name_of(*changed)), ": names came or went while the tree was read"), "run it again");
    signing.finish();
}

} // namespace rs::tree
