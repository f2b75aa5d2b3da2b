// SPDX-License-Identifier: Apache-2.0
#include "tree/verify.hpp"

#include <sys/sysmacros.h>
#include <unistd.h>

#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "chunk/hash_thread.hpp"
#include "io/sys.hpp"
#include "stream/format.hpp"
#include "tree/attributes.hpp"
#include "tree/damaged.hpp"
#include "tree/local_manifest.hpp"
#include "tree/read_entry.hpp"
#include "tree/walk.hpp"

namespace rs::tree {

namespace {

class Checking {
public:
    Checking(Target& target, const std::function<void(const Difference&)>& report, Monitor& monitor)
        : manifest_(target.require_manifest(), target.manifest_path()),
          root_(target.open()),
          owners_restored_(target.owners_restored() && ::geteuid() == 0),
          report_(report),
          monitor_(monitor),
          hasher_(manifest_.reader().header().key) {}

    CheckResult run() {
        result_.generation = manifest_.reader().header().generation;
        Walk walk(root_, {});
        Node node;
        stream::HaveEntry want;
        bool have = manifest_.reader().next(want), more = false;
        try {
            more = walk.next(node);
            while (have || more) {
                const int order = !have ? 1 : !more ? -1 : stream::compare_paths(want.entry.path, node.path);
                if (order < 0) {
                    differ(want.entry.path, "missing");
                } else if (order > 0) {
                    differ(node.path, "not part of the generation");
                } else {
                    compare(want, node);
                }
                if (order <= 0) have = manifest_.reader().next(want);
                if (order >= 0) more = walk.next(node);
            }
        } catch (const Walk::Vanished& gone) {
            fail(Exit::temp_fail, cat(printable(root_.name_of(gone.path)), ": vanished while the tree was checked"), "run it again");
        }
        return result_;
    }

    [[nodiscard]] const std::string& damaged() const { return damaged_; }

private:
    void differ(const std::string& path, const std::string& what) {
        ++result_.differences;
        if (path != last_damaged_) damaged_ += escape_line(path) + '\n';
        last_damaged_ = path;
        report_({path, what});
    }

    void compare(const stream::HaveEntry& want, const Node& node) {
        ++result_.entries;
        const stream::Entry& e = want.entry;
        if (e.type == stream::Type::hardlink) {
            compare_link(e, node);
            return;
        }
        if (type_of(node.stat) != e.type) {
            differ(e.path, cat("is a ", stream::type_name(type_of(node.stat)), ", not a ", stream::type_name(e.type)));
            return;
        }
        if (node.stat.st_nlink > 1) inodes_.emplace(e.path, node.stat.st_ino);
        if (e.type != stream::Type::symlink && (node.stat.st_mode & 07777) != e.mode) differ(e.path, "mode differs");
        // A directory's time changes with what a later import or a service does in it.
        if (mtime_of(node.stat) != e.mtime && e.type != stream::Type::directory) differ(e.path, "time differs");
        if (owners_restored_ && (node.stat.st_uid != owners_.user_number(e.user, static_cast<uid_t>(e.uid)) ||
                                 node.stat.st_gid != owners_.group_number(e.group, static_cast<gid_t>(e.gid))))
            differ(e.path, "owner differs");
        const std::string shown = node.is_root() ? root_.path : root_.name_of(node.path);
        const auto xattrs = node.is_root() ? read_attributes(node.dir, shown) : read_attributes(node.dir, node.name, shown);
        if (xattrs != e.xattrs) differ(e.path, "attributes differ");
        const bool device = e.type == stream::Type::char_device || e.type == stream::Type::block_device;
        if (device && (::major(node.stat.st_rdev) != e.major || ::minor(node.stat.st_rdev) != e.minor))
            differ(e.path, "device number differs");
        if (e.type == stream::Type::symlink) {
            const stream::Entry now = read_entry(node, owners_, root_.name_of(node.path));
            if (now.target != e.target) differ(e.path, "points elsewhere");
        }
        if (e.type != stream::Type::file) return;
        try {
            compare_content(want, node);
        } catch (const Error& error) {
            // A place that the disk cannot read is a difference; the others are looked at all the same.
            if (error.code() != Exit::io) throw;
            static_cast<void>(hash_.finish());
            differ(e.path, error.what());
        }
    }

    void compare_link(const stream::Entry& e, const Node& node) {
        const auto first = inodes_.find(e.target);
        if (first == inodes_.end() || first->second != node.stat.st_ino)
            differ(e.path, cat("is not the same file as ", printable(e.target)));
    }

    void compare_content(const stream::HaveEntry& want, const Node& node) {
        if (static_cast<std::uint64_t>(node.stat.st_size) != want.bytes) {
            differ(want.entry.path, cat("has ", node.stat.st_size, " bytes, not ", want.bytes));
            return;
        }
        const std::string path = root_.name_of(node.path);
        const io::Fd fd(io::sys::openat(node.dir, node.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
        if (!fd) fail_errno(Exit::no_input, path, "open");
        if (!want.sha256) {
            if (!same_chunks(want, fd.get(), path)) differ(want.entry.path, "its chunks differ");
            return;
        }
        std::uint64_t at = 0;
        for (std::size_t turn = 0;; turn = 1 - turn) {
            Buffer& buffer = buffers_[turn];
            buffer.resize(1 << 20);
            hash_.wait_below(2);
            const std::size_t n = io::pread_full(fd.get(), buffer, at, path);
            if (n == 0) break;
            hash_.feed(ByteSpan(buffer).first(n));
            at += n;
            result_.checked_bytes += n;
            monitor_.progress(result_.checked_bytes, 0);
        }
        if (hash_.finish() != *want.sha256) differ(want.entry.path, "SHA-256 differs");
    }

    bool same_chunks(const stream::HaveEntry& want, int fd, const std::string& path) {
        const stream::HaveTable& table = manifest_.reader().table();
        std::uint64_t chunk = want.first_chunk, at = 0;
        Buffer& buffer = buffers_[0];
        for (const stream::Extent& extent : want.extents) {
            std::uint64_t left = extent.bytes;
            while (left > 0) {
                const std::uint64_t n = extent.kind == stream::Extent::Kind::data ? table.lengths[chunk]
                                                                                 : std::min<std::uint64_t>(left, 1 << 20);
                if (n > left) return false;
                buffer.resize(n);
                if (io::pread_full(fd, buffer, at, path) != n) return false;
                if (extent.kind == stream::Extent::Kind::data ? hasher_.id(buffer) != table.ids[chunk++] : !all_zero(buffer))
                    return false;
                at += n;
                left -= n;
                result_.checked_bytes += n;
            }
        }
        return true;
    }

    LocalManifest manifest_;
    io::Dir root_;
    bool owners_restored_;
    const std::function<void(const Difference&)>& report_;
    Monitor& monitor_;
    chunk::Hasher hasher_;
    Buffer buffers_[2];
    chunk::HashThread hash_; // behind the buffers: it ends before they go, also when something was thrown
    Owners owners_;
    std::map<std::string, ino_t> inodes_; // of names that others are links to
    std::string damaged_, last_damaged_ = "/";
    CheckResult result_;
};

} // namespace

CheckResult check_tree(Target& target, const std::function<void(const Difference&)>& report, Monitor& monitor) {
    Checking checking(target, report, monitor);
    const CheckResult result = checking.run();
    if (result.differences > 0 || !target.read_damaged().empty()) {
        try {
            target.write_damaged(checking.damaged());
        } catch (const Error& e) {
            monitor.note(cat("the list of what differs could not be kept: ", e.what()));
        }
    }
    return result;
}

} // namespace rs::tree
