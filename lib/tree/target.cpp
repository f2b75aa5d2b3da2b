// SPDX-License-Identifier: Apache-2.0
#include "tree/target.hpp"

#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/mounts.hpp"
#include "io/sys.hpp"
#include "tree/movable.hpp"

namespace rs::tree {

namespace {
constexpr const char* new_name = "new";
constexpr const char* previous_name = "previous";
constexpr const char* proven_name = "proven"; // the inode of the tree that was proven last
constexpr const char* pending_name = "pending"; // the inode of the tree that is about to be exchanged
constexpr const char* damaged_name = "damaged";
constexpr std::size_t max_damaged_bytes = 64 << 20;

// What is known of a tree is named by the inode of its root.
std::string tree_file(ino_t inode, std::string_view suffix) {
    return cat("tree-", static_cast<std::uint64_t>(inode), suffix);
}
std::string manifest_name(ino_t inode) { return tree_file(inode, ".rss"); }
std::string no_owners_name(ino_t inode) { return tree_file(inode, ".no-owners"); }
} // namespace

Target::Target(const std::string& path) : path_(path) {
    std::string clean = path;
    while (clean.size() > 1 && clean.back() == '/') clean.pop_back();
    const auto slash = clean.rfind('/');
    name_ = slash == std::string::npos ? clean : clean.substr(slash + 1);
    if (name_.empty() || name_ == "." || name_ == "..")
        fail(Exit::usage, cat("'", printable(path), "': not a directory that can be replaced"),
             "give it by its own name, such as /srv/backup/wiki");
    const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : clean.substr(0, slash);
    try {
        parent_ = io::open_dir(parent);
    } catch (const Error& e) {
        throw Error(Exit::cant_create, e.what(), "the directory that holds the target must exist");
    }
    state_name_ = cat(".", name_, ".rs-import");
    struct stat st;
    if (::fstatat(parent_.get(), name_.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
        fail(Exit::cant_create, cat(printable(path), ": is there and is not a directory"),
             "move it away, or choose another target");
    if (io::exists_at(parent_, state_name_)) open_state();
}

void Target::open_state() { state_ = io::open_dir_at(parent_, state_name_); }

std::optional<ino_t> Target::inode_of(const io::Dir& dir, const std::string& name) const {
    struct stat st;
    if (::fstatat(dir.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) return st.st_ino;
    if (errno == ENOENT) return std::nullopt;
    fail_errno(Exit::io, dir.name_of(name), "look at");
}

bool Target::exists() const { return inode_of(parent_, name_).has_value(); }

io::Dir Target::open() const {
    io::Dir dir = io::open_dir_at(parent_, name_);
    dir.path = path_;
    return dir;
}

io::Fd Target::open_manifest() const {
    const auto inode = inode_of(parent_, name_);
    if (!inode || !state_) return {};
    return io::try_open_at(*state_, manifest_name(*inode));
}

std::string Target::manifest_path() const {
    const auto inode = inode_of(parent_, name_);
    return inode && state_ ? state_->name_of(manifest_name(*inode)) : cat(path_, ": manifest");
}

std::optional<std::uint64_t> Target::read_inode(const std::string& file) const {
    if (!io::exists_at(*state_, file)) return std::nullopt;
    const Buffer raw = io::read_file_at(*state_, file, 64);
    std::string_view text = as_text(raw);
    if (text.ends_with('\n')) text.remove_suffix(1);
    return parse_u64(text);
}

void Target::note_no_owners() {
    const auto inode = inode_of(*state_, new_name);
    RS_ASSERT(inode.has_value());
    io::write_file_atomic(*state_, no_owners_name(*inode), {});
}

bool Target::owners_restored() const {
    const auto inode = inode_of(parent_, name_);
    return !inode || !state_ || !io::exists_at(*state_, no_owners_name(*inode));
}

void Target::lock() {
    if (lock_) return;
    struct stat st;
    if (::fstatat(parent_.get(), name_.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        st.st_dev != io::stat_fd(parent_.get(), parent_.path).st_dev)
        fail(Exit::cant_create, cat(printable(path_), ": is a mount point and cannot be exchanged"),
             "give a directory inside it as the target");
    do {
        if (!state_) {
            state_ = io::make_dir_at(parent_, state_name_);
            io::sync_dir(parent_);
        }
        lock_ = io::Lock::try_at(*state_, "lock", io::LockMode::exclusive);
        if (!lock_)
            fail(Exit::temp_fail, cat(printable(path_), ": another import is at work here"), "try again when it has ended");
        // An import that failed may have removed all of it between our opening and our locking.
        if (!io::exists_at(*state_, "lock")) state_.reset();
    } while (!state_);
    require_own_state();
    require_no_mounts();
    // What is made in it must have the attributes that the stream says, and no others.
    // Only its owner may ask for the removal, even of what is not there.
    for (const char* const acl : {"system.posix_acl_default", "system.posix_acl_access"}) {
        const bool there = ::fgetxattr(state_->get(), acl, nullptr, 0) >= 0;
        if (there ? ::fremovexattr(state_->get(), acl) != 0 : errno != ENODATA && errno != ENOTSUP)
            fail_errno(Exit::io, state_->path, cat("remove the inherited ", acl));
    }
    recover();
}

// Whoever can write there can put another tree in the place of the new one.
void Target::require_own_state() const {
    const struct stat st = io::stat_fd(state_->get(), state_->path), parent = io::stat_fd(parent_.get(), parent_.path);
    if ((st.st_uid == ::geteuid() || st.st_uid == parent.st_uid) && (st.st_mode & 022) == 0) return;
    fail(Exit::cant_create, cat(printable(state_->path), ": belongs to somebody else, or others may write there"),
         "look at what it is, and move it away");
}

// An exchange would carry along what is mounted below the old tree, to where old trees are removed.
void Target::require_no_mounts() const {
    if (!exists()) return;
    if (const auto place = io::mount_below(open()))
        fail(Exit::cant_create, cat(printable(path_), ": something is mounted on ", printable(*place), " in it"),
             "unmount it, or give a directory below it as the target");
}

void Target::abandon() {
    recover(); // the exchange itself may have been done
    if (exists() || has_previous()) return;
    // The first import: nothing is left of it.
    for (const std::string& file : io::list_dir(*state_)) io::unlink_at(*state_, file);
    if (io::sys::unlinkat(parent_.get(), state_name_.c_str(), AT_REMOVEDIR) != 0)
        fail_errno(Exit::io, parent_.name_of(state_name_), "remove");
    state_.reset();
}

// Exchanges the tree `name` of the state directory with what is at DIR, or moves it there. Gives an errno; 0 for done:
// then the modes are still to be given back.
int Target::put_in_place(const char* name) const {
    const bool present = exists();
    make_movable(*state_, std::array{Place{&*state_, name}, Place{&parent_, name_}});
    const int error = io::sys::renameat2(state_->get(), name, parent_.get(), name_.c_str(),
                                         present ? RENAME_EXCHANGE : RENAME_NOREPLACE) == 0 ? 0 : errno;
    if (error != 0) give_back_modes();
    return error;
}

void Target::give_back_modes() const {
    restore_modes(*state_, std::array{Place{&parent_, name_}, Place{&*state_, new_name}, Place{&*state_, previous_name}});
}

void Target::recover() {
    give_back_modes();
    if (io::exists_at(*state_, pending_name)) {
        const auto inode = read_inode(pending_name);
        // Killed after the exchange: what is called new is the tree that was there before.
        if (inode && inode_of(parent_, name_) == *inode) {
            finish_exchange();
            return;
        }
        io::unlink_at(*state_, pending_name);
    }
    remove_unread(new_name);
    sweep_manifests();
}

void Target::sweep_manifests() {
    const auto present = inode_of(parent_, name_), previous = inode_of(*state_, previous_name);
    for (const std::string& file : io::list_dir(*state_)) {
        if (file.starts_with(".tmp-") || file.starts_with("manifest-")) io::unlink_at(*state_, file);
        if (!file.starts_with("tree-")) continue;
        const auto of = [&](const std::optional<ino_t>& inode) { return inode && file.starts_with(tree_file(*inode, ".")); };
        if (!of(present) && !of(previous)) io::unlink_at(*state_, file);
    }
}

io::Dir Target::make_new() {
    io::remove_tree_at(*state_, new_name);
    if (io::sys::mkdirat(state_->get(), new_name, 0700) != 0)
        fail_errno(Exit::cant_create, state_->name_of(new_name), "create directory");
    io::Dir dir = io::open_dir_at(*state_, new_name);
    new_inode_ = io::stat_fd(dir.get(), dir.path).st_ino;
    return dir;
}

std::string Target::exchange(const std::string& manifest) {
    const auto inode = inode_of(*state_, new_name);
    if (!inode || *inode != new_inode_)
        fail(Exit::cant_create, cat(printable(state_->name_of(new_name)), ": was replaced while it was written"),
             "see to it that nobody else can write there");
    io::rename_at(*state_, manifest, *state_, manifest_name(*inode));
    io::write_file_atomic(*state_, pending_name, as_bytes(cat(static_cast<std::uint64_t>(*inode), "\n")));
    if (const int error = put_in_place(new_name); error == EBUSY || error == EXDEV)
        fail(Exit::cant_create, cat(printable(path_), ": is a mount point and cannot be exchanged"),
             "give a directory inside it as the target");
    else if (error != 0)
        fail_errno(Exit::cant_create, path_, "put the new tree in place", error);
    io::sync_dir(parent_);
    try {
        give_back_modes();
        finish_exchange();
    } catch (const Error& e) {
        return e.what();
    } catch (const std::bad_alloc&) {
        return "out of memory"; // short enough to need none
    }
    return {};
}

void Target::finish_exchange() {
    if (io::exists_at(*state_, new_name)) {
        const auto old = inode_of(*state_, new_name);
        if (has_previous() && read_inode(proven_name) != old) {
            remove_unread(new_name);
        } else {
            // The first one stands for proven: nobody has said that anything else is.
            io::write_file_atomic(*state_, proven_name, as_bytes(cat(static_cast<std::uint64_t>(*old), "\n")));
            remove_unread(previous_name);
            io::rename_at(*state_, new_name, *state_, previous_name);
        }
    }
    io::unlink_at(*state_, damaged_name);
    io::unlink_at(*state_, pending_name);
    io::sync_dir(*state_);
    sweep_manifests();
}

void Target::distrust() {
    const auto inode = inode_of(parent_, name_);
    if (inode && state_) io::unlink_at(*state_, manifest_name(*inode));
}

bool Target::has_previous() const { return state_ && inode_of(*state_, previous_name).has_value(); }

// A tree that somebody reads under a shared lock, as rs-export does, stays until he has done.
void Target::remove_unread(const char* name) {
    if (!io::exists_at(*state_, name)) return;
    io::Dir dir = io::open_dir_at(*state_, name);
    const std::string path = dir.path;
    const auto unread = io::Lock::try_fd(std::move(dir.fd), io::LockMode::exclusive, path);
    if (!unread)
        fail(Exit::temp_fail, cat(printable(path_), ": the tree that was here before is being read"),
             "it is removed by the next import after that");
    io::remove_tree_at(*state_, name);
}

void Target::drop_previous() {
    if (has_previous()) {
        // First out of the way in one step: half a tree must not be what a rollback brings back.
        io::rename_at(*state_, previous_name, *state_, new_name);
        io::sync_dir(*state_);
    }
    io::unlink_at(*state_, proven_name);
    remove_unread(new_name);
    sweep_manifests();
}

io::Fd Target::require_manifest() const {
    if (!exists()) fail(Exit::no_input, cat(printable(path_), ": no such directory"));
    io::Fd fd = open_manifest();
    if (!fd)
        fail(Exit::no_input, cat(printable(path_), ": was not written by rs-import"),
             "only an imported tree has a manifest to compare with");
    return fd;
}

void Target::require_imported() const {
    if (state_) return;
    fail(Exit::no_input, cat(printable(path_), exists() ? ": was not written by rs-import" : ": no such directory"),
         "it is rs-import that keeps a previous tree");
}

void Target::roll_back() {
    if (!has_previous())
        fail(Exit::no_input, cat(printable(path_), ": there is no previous tree"), "it is kept until 'rs-import --proven'");
    if (const int error = put_in_place(previous_name); error != 0)
        fail_errno(Exit::cant_create, path_, "exchange with the previous tree", error);
    give_back_modes();
    io::unlink_at(*state_, damaged_name);
    io::sync_dir(parent_);
    io::sync_dir(*state_);
}

void Target::write_damaged(const std::string& lines) {
    if (lines.size() > max_damaged_bytes) { // so much is wrong that nothing of it is worth building upon
        distrust();
        return;
    }
    io::write_file_atomic(*state_, damaged_name, as_bytes(lines));
}

std::string Target::read_damaged() const {
    if (!state_ || !io::exists_at(*state_, damaged_name)) return {};
    const Buffer raw = io::read_file_at(*state_, damaged_name, max_damaged_bytes);
    return std::string(as_text(raw));
}

} // namespace rs::tree
