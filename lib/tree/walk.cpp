// SPDX-License-Identifier: Apache-2.0
#include "tree/walk.hpp"

#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "chunk/id.hpp"
#include "io/sys.hpp"
#include "stream/entry.hpp"
#include "stream/format.hpp"
#include "tree/beneath.hpp"
#include "tree/read_entry.hpp"

namespace rs::tree {

namespace {
std::uint64_t hash_of(const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all.append(name).push_back('\0');
    return chunk::checksum(as_bytes(all));
}
} // namespace

Walk::Walk(const io::Dir& root, WalkOptions options) : root_(root), options_(std::move(options)) {}

// Opens the directory that was given last and makes it the current one.
void Walk::enter() {
    Frame frame;
    const std::string shown = path_.empty() ? root_.path : root_.name_of(path_);
    if (frames_.empty()) {
        frame.fd = io::Fd(io::sys::openat(root_.get(), ".", O_RDONLY | O_DIRECTORY));
    } else {
        frame.fd = io::Fd(io::sys::openat(frames_.back().fd.get(), last_name_.c_str(),
                                          O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        if (!frame.fd && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) throw Vanished{path_};
    }
    if (!frame.fd) fail_errno(Exit::no_input, shown, "open directory");
    const struct stat now = io::stat_fd(frame.fd.get(), shown);
    if (now.st_ino != last_.st_ino || now.st_dev != last_.st_dev) throw Vanished{path_};
    frame.names = io::list_dir(frame.fd.get(), shown);
    listed_.push_back({path_, hash_of(frame.names), now});
    if (!path_.empty()) path_ += '/';
    frame.prefix = path_.size();
    frames_.push_back(std::move(frame));
}

std::optional<std::string> Walk::changed_directory() const {
    for (const Listed& l : listed_) {
        const io::Fd fd(open_beneath(root_.get(), l.path.empty() ? "." : l.path, O_RDONLY | O_DIRECTORY));
        if (!fd) return l.path;
        const std::string shown = l.path.empty() ? root_.path : root_.name_of(l.path);
        const struct stat now = io::stat_fd(fd.get(), shown);
        if (now.st_ino != l.stat.st_ino || now.st_dev != l.stat.st_dev) return l.path;
        const bool same_times = now.st_mtim.tv_sec == l.stat.st_mtim.tv_sec && now.st_mtim.tv_nsec == l.stat.st_mtim.tv_nsec &&
                                now.st_ctim.tv_sec == l.stat.st_ctim.tv_sec && now.st_ctim.tv_nsec == l.stat.st_ctim.tv_nsec;
        // A file that was replaced by another one of its name was noticed when it was read.
        if (same_times && clock_state(l.stat, read_margin_ns) == ClockState::past) continue;
        if (hash_of(io::list_dir(fd.get(), shown)) != l.hash) return l.path;
    }
    return std::nullopt;
}

bool Walk::next(Node& node) {
    if (!started_) {
        started_ = true;
        last_ = io::stat_fd(root_.get(), root_.path);
        device_ = last_.st_dev;
        node.path.clear();
        node.dir = root_.get();
        node.name.assign(1, '.');
        node.stat = last_;
        descend_ = true;
        return true;
    }
    if (descend_) {
        descend_ = false;
        enter();
    }
    while (!frames_.empty()) {
        Frame& frame = frames_.back();
        if (frame.at == frame.names.size()) {
            frames_.pop_back();
            continue;
        }
        const std::string& name = frame.names[frame.at++];
        path_.resize(frame.prefix);
        path_ += name;
        struct stat st;
        if (::fstatat(frame.fd.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno == ENOENT) throw Vanished{path_};
            fail_errno(Exit::no_input, root_.name_of(path_), "look at");
        }
        const bool directory = S_ISDIR(st.st_mode);
        if (options_.excluded && options_.excluded(path_, directory)) continue;
        if (const auto fault = stream::path_fault(path_); !fault.empty())
            fail(Exit::no_input, cat(printable(root_.name_of(path_)), ": the path ", fault));
        node.path = path_;
        node.dir = frame.fd.get();
        node.name = name;
        node.stat = st;
        last_ = st;
        last_name_ = name;
        descend_ = directory && !(options_.one_file_system && st.st_dev != device_);
        return true;
    }
    return false;
}

} // namespace rs::tree
