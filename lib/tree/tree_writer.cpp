// SPDX-License-Identifier: Apache-2.0
#include "tree/tree_writer.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/sys.hpp"
#include "tree/attributes.hpp"
#include "tree/beneath.hpp"
#include "tree/metadata.hpp"

namespace rs::tree {

namespace {
constexpr std::size_t buffer_bytes = 1 << 20;
constexpr std::uint64_t hole_piece_bytes = 64 << 20; // hashed at once; then a signal is heeded
constexpr std::uint64_t max_warnings = 20; // of one kind; then only counted

constexpr nlink_t max_shared_names = 10'000;
} // namespace

TreeWriter::TreeWriter(const io::Dir& root, std::string shown, const WriteOptions& options, Monitor& monitor)
    : root_(root), shown_(std::move(shown)), options_(options), monitor_(monitor), root_user_(::geteuid() == 0) {
    for (Buffer& b : buffers_) b.reserve(buffer_bytes);
}

std::string TreeWriter::shown(const stream::Entry& entry) const {
    return entry.path.empty() ? shown_ : cat(shown_, "/", entry.path);
}

void TreeWriter::refuse(const std::string& path, const std::string& what) {
    ++refused_;
    if (refused_ <= max_warnings) monitor_.warn(cat(printable(path), ": ", what));
    if (refused_ == max_warnings + 1) monitor_.warn("more names could not be given all that they had");
}

// The directory that holds the entry; directories that the walk has left are completed.
NewDirectory& TreeWriter::directory_of(const stream::Entry& entry) {
    const std::string_view parent = stream::parent_path(entry.path);
    while (open_.size() > 1 && open_.back()->entry().path != parent) leave();
    RS_ASSERT(!open_.empty() && open_.back()->entry().path == parent); // the Checker saw to it
    return *open_.back();
}

void TreeWriter::open_directory(io::Fd fd, const stream::Entry& e) {
    if (!fd) fail_errno(Exit::cant_create, shown(e), "open directory");
    open_.push_back(std::make_shared<NewDirectory>(std::move(fd), e, owner_of(e), shown(e)));
}

void TreeWriter::leave() {
    const std::shared_ptr<NewDirectory> last = std::move(open_.back());
    open_.pop_back();
    for (const std::string& what : last->release()) refuse(shown(last->entry()), what);
}

void TreeWriter::finish() {
    while (!open_.empty()) leave();
    small_files_.finish();
    for (const Refused& r : small_files_.take_refused()) refuse(r.path, r.what);
    flush_behind_.settle();
}

std::optional<Owner> TreeWriter::owner_of(const stream::Entry& e) {
    if (!root_user_ || !options_.owner) return std::nullopt;
    const auto uid = static_cast<uid_t>(e.uid);
    const auto gid = static_cast<gid_t>(e.gid);
    if (options_.numeric_owner) return Owner{uid, gid};
    return Owner{owners_.user_number(e.user, uid), owners_.group_number(e.group, gid)};
}

void TreeWriter::entry(const stream::Entry& e) {
    using stream::Type;
    if (e.path.empty()) {
        open_directory(io::Fd(io::sys::openat(root_.get(), ".", O_RDONLY | O_DIRECTORY)), e);
        return;
    }
    const int dir = directory_of(e).get();
    const std::string name(stream::base_name(e.path));
    const auto check = [&](int result) {
        if (result != 0) fail_errno(Exit::cant_create, shown(e), cat("create ", stream::type_name(e.type)));
    };
    switch (e.type) {
    case Type::directory: {
        check(io::sys::mkdirat(dir, name.c_str(), 0700));
        open_directory(io::Fd(io::sys::openat(dir, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)), e);
        return;
    }
    case Type::hardlink: {
        if (left_out_.contains(e.target)) return;
        small_files_.finish(); // its first name is among them, perhaps
        const std::string parent(stream::parent_path(e.target));
        const io::Fd from(open_beneath(root_.get(), parent.empty() ? "." : parent, O_PATH | O_DIRECTORY));
        const std::string first(stream::base_name(e.target));
        struct stat st;
        if (!from || ::fstatat(from.get(), first.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(st.st_mode))
            fail(Exit::data, cat(printable(shown(e)), ": is a hard link to ", printable(e.target),
                                 ", which is not a file of this tree"));
        check(io::sys::linkat(from.get(), first.c_str(), dir, name.c_str(), 0));
        return;
    }
    case Type::symlink: check(io::sys::symlinkat(e.target.c_str(), dir, name.c_str())); break;
    case Type::fifo: check(io::sys::mknodat(dir, name.c_str(), S_IFIFO | 0600, 0)); break;
    case Type::socket: check(io::sys::mknodat(dir, name.c_str(), S_IFSOCK | 0600, 0)); break;
    case Type::char_device:
    case Type::block_device: {
        if (!options_.special) {
            left_out_.insert(e.path);
            refuse(shown(e), "a device, left out");
            return;
        }
        const mode_t kind = e.type == Type::char_device ? S_IFCHR : S_IFBLK;
        if (io::sys::mknodat(dir, name.c_str(), kind | 0600, ::makedev(e.major, e.minor)) == 0) break;
        if (errno != EPERM) check(-1);
        left_out_.insert(e.path);
        refuse(shown(e), "a device cannot be made here, left out");
        return;
    }
    case Type::file: RS_ASSERT(false);
    }
    for (const std::string& what : write_metadata(dir, name, e, -1, owner_of(e), shown(e))) refuse(shown(e), what);
}

void TreeWriter::begin_file(const stream::Entry& e) {
    static_cast<void>(directory_of(e));
    file_ = e;
    offset_ = size_on_disk_ = 0;
    buffers_[current_].clear();
}

void TreeWriter::open_file() {
    const std::string name(stream::base_name(file_.path));
    fd_ = io::Fd(io::sys::openat(open_.back()->get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    if (!fd_) fail_errno(Exit::cant_create, shown(file_), "create");
    flush_behind_.next_file();
}

// The buffer is hashed and written at the same time, each on a thread of its own, while the next one fills: to copy into
// the page cache takes as long as SHA-256 does.
void TreeWriter::flush() {
    if (!fd_) open_file();
    const Buffer& buffer = buffers_[current_];
    if (buffer.empty()) return;
    hash_.feed(buffer);
    writes_.push_back({write_thread_.submit([&buffer, fd = fd_.get(), at = offset_ - buffer.size(),
                                             path = shown(file_)](unsigned) { io::pwrite_all(fd, buffer, at, path); }),
                       buffer.size()});
    size_on_disk_ = offset_;
    current_ = (current_ + 1) % std::size(buffers_);
    hash_.wait_below(std::size(buffers_)); // then the next buffer is free
    wait_writes(std::size(buffers_));
    buffers_[current_].clear();
}

// Waits until fewer than `below` writes are on their way.
void TreeWriter::wait_writes(std::size_t below) {
    while (writes_.size() >= std::max<std::size_t>(below, 1)) {
        Write first = std::move(writes_.front());
        writes_.pop_front();
        first.done.get();
        flush_behind_.wrote(fd_.get(), first.bytes, shown(file_));
    }
}

void TreeWriter::data(ByteSpan bytes) {
    while (!bytes.empty()) {
        Buffer& buffer = buffers_[current_];
        const std::size_t n = std::min(bytes.size(), buffer_bytes - buffer.size());
        append(buffer, bytes.first(n));
        offset_ += n;
        bytes = bytes.subspan(n);
        if (buffer.size() == buffer_bytes) flush();
    }
}

void TreeWriter::hole(std::uint64_t bytes) {
    flush();
    // A size that the file system cannot have is refused before hours are spent on hashing its zeros.
    if (bytes > hole_piece_bytes && io::sys::ftruncate(fd_.get(), static_cast<off_t>(offset_ + bytes)) != 0)
        fail_errno(Exit::io, shown(file_), "set size");
    for (std::uint64_t left = bytes; left > 0;) {
        const std::uint64_t n = std::min(left, hole_piece_bytes);
        hash_.feed_zeros(n);
        hash_.wait_below(std::size(buffers_));
        monitor_.progress(0, 0);
        left -= n;
    }
    offset_ += bytes;
}

void TreeWriter::zero(std::uint64_t bytes) {
    // Written, not set aside with fallocate(2): SEEK_HOLE takes unwritten blocks for a hole, and the source's
    // were none.
    static const Buffer zeros(64 << 10);
    for (std::uint64_t left = bytes; left > 0;) {
        const std::size_t n = std::min<std::uint64_t>(left, zeros.size());
        data(ByteSpan(zeros).first(n));
        left -= n;
    }
}

void TreeWriter::end_file(const std::optional<chunk::Digest>& announced) {
    const std::string path = shown(file_);
    if (!fd_) {
        const Buffer& content = buffers_[current_];
        small_files_.create({open_.back(), file_, owner_of(file_), announced, Buffer(content.begin(), content.end()), path,
                             shown(open_.back()->entry())});
        for (const Refused& r : small_files_.take_refused()) refuse(r.path, r.what);
        return;
    }
    flush();
    wait_writes(1);
    check_written(hash_.finish(), announced, path);
    if (size_on_disk_ != offset_ && io::sys::ftruncate(fd_.get(), static_cast<off_t>(offset_)) != 0)
        fail_errno(Exit::io, path, "set size");
    for (const std::string& what : write_metadata(open_.back()->get(), std::string(stream::base_name(file_.path)), file_,
                                                  fd_.get(), owner_of(file_), path))
        refuse(path, what);
    io::close_checked(std::move(fd_), path);
}

void TreeWriter::withdraw_file() {
    if (!fd_) return; // nothing was created
    wait_writes(1);
    static_cast<void>(hash_.finish());
    fd_ = io::Fd();
    io::sys::unlinkat(open_.back()->get(), std::string(stream::base_name(file_.path)).c_str(), 0);
}

bool TreeWriter::link_from(const stream::Entry& e, int old_dir, const std::string& old_name, const struct stat& old) {
    if (root_user_ && owner_of(e).value_or(Owner{::geteuid(), ::getegid()}) != Owner{old.st_uid, old.st_gid}) return false;
    // Both trees and further names share the inode; file systems have 32,000 and more names for one.
    if (old.st_nlink > max_shared_names) return false;
    if (read_attributes(old_dir, old_name, shown(e)) != e.xattrs) return false;
    const int dir = directory_of(e).get();
    const std::string name(stream::base_name(e.path));
    if (io::sys::linkat(old_dir, old_name.c_str(), dir, name.c_str(), 0) == 0) return true;
    // EPERM: a file system without hard links, or one that protects other people's files.
    if (errno != EMLINK && errno != EPERM && errno != EXDEV && errno != EOPNOTSUPP)
        fail_errno(Exit::cant_create, shown(e), "link from the previous tree");
    return false;
}

} // namespace rs::tree
