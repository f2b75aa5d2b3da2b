// SPDX-License-Identifier: Apache-2.0
#include "tree/read_entry.hpp"

#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "stream/format.hpp"
#include "tree/attributes.hpp"

namespace rs::tree {

namespace {

constexpr std::int64_t witness_margin_ns = 50'000'000;
constexpr std::int64_t recent_whole_seconds = 2;

stream::Stamp stamp_of(const timespec& t) {
    return {t.tv_sec, static_cast<std::uint32_t>(t.tv_nsec)};
}

std::string read_link(const Node& node, const std::string& shown) {
    std::string text(stream::max_link_bytes + 1, '\0');
    const ssize_t n = ::readlinkat(node.dir, node.name.c_str(), text.data(), text.size());
    if (n < 0) {
        if (errno == ENOENT || errno == EINVAL) throw Walk::Vanished{node.path};
        fail_errno(Exit::no_input, shown, "read link");
    }
    if (static_cast<std::size_t>(n) > stream::max_link_bytes)
        fail(Exit::no_input, cat(printable(shown), ": the link's text is longer than the limit"));
    text.resize(static_cast<std::size_t>(n));
    return text;
}

} // namespace

stream::Type type_of(const struct stat& st) {
    switch (st.st_mode & S_IFMT) {
    case S_IFDIR: return stream::Type::directory;
    case S_IFREG: return stream::Type::file;
    case S_IFLNK: return stream::Type::symlink;
    case S_IFIFO: return stream::Type::fifo;
    case S_IFCHR: return stream::Type::char_device;
    case S_IFBLK: return stream::Type::block_device;
    default: return stream::Type::socket;
    }
}

stream::Stamp mtime_of(const struct stat& st) { return stamp_of(st.st_mtim); }

ClockState clock_state(const struct stat& st, std::int64_t margin_ns) {
    timespec now;
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    const std::int64_t age_seconds = now.tv_sec - st.st_ctim.tv_sec;
    if (age_seconds > recent_whole_seconds) return ClockState::past;
    if (age_seconds < -recent_whole_seconds) return ClockState::future;
    if (st.st_ctim.tv_nsec == 0) return ClockState::recent; // perhaps a file system that counts whole seconds
    const std::int64_t age_ns = age_seconds * 1'000'000'000 + now.tv_nsec - st.st_ctim.tv_nsec;
    return age_ns > margin_ns ? ClockState::past : age_ns < -margin_ns ? ClockState::future : ClockState::recent;
}

std::optional<stream::Witness> witness_of(const struct stat& st) {
    if (clock_state(st, witness_margin_ns) != ClockState::past) return std::nullopt;
    return stream::Witness{stamp_of(st.st_ctim), st.st_ino};
}

stream::Entry read_entry(const Node& node, Owners& owners, const std::string& shown) {
    stream::Entry e;
    e.type = type_of(node.stat);
    e.path = node.path;
    e.mode = node.stat.st_mode & 07777;
    e.uid = node.stat.st_uid;
    e.gid = node.stat.st_gid;
    e.user = owners.user_name(node.stat.st_uid);
    e.group = owners.group_name(node.stat.st_gid);
    e.mtime = mtime_of(node.stat);
    e.witness = witness_of(node.stat);
    e.xattrs = node.is_root() ? read_attributes(node.dir, shown) : read_attributes(node.dir, node.name, shown);
    std::size_t attribute_bytes = 0;
    for (const stream::Xattr& x : e.xattrs) attribute_bytes += x.name.size() + x.value.size();
    if (e.xattrs.size() > stream::max_xattrs || attribute_bytes > stream::max_entry_xattr_bytes)
        fail(Exit::no_input, cat(printable(shown), ": has more extended attributes than the limit"));
    if (e.type == stream::Type::symlink) e.target = read_link(node, shown);
    if (e.type == stream::Type::char_device || e.type == stream::Type::block_device) {
        e.major = ::major(node.stat.st_rdev);
        e.minor = ::minor(node.stat.st_rdev);
    }
    return e;
}

bool unchanged(const struct stat& st, const stream::HaveEntry& earlier) {
    const stream::Entry& e = earlier.entry;
    return e.witness && e.type == type_of(st) && e.witness->inode == st.st_ino &&
           e.witness->ctime == stamp_of(st.st_ctim) && e.mtime == stamp_of(st.st_mtim) &&
           e.mode == (st.st_mode & 07777) && e.uid == st.st_uid && e.gid == st.st_gid &&
           (e.type != stream::Type::file || earlier.bytes == static_cast<std::uint64_t>(st.st_size));
}

} // namespace rs::tree
