// SPDX-License-Identifier: Apache-2.0
#include "instance/installer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "instance/batch.hpp"
#include "instance/walk.hpp"
#include "io/sys.hpp"

namespace rs::instance {

namespace {

constexpr const char* lock_name = ".rs-lock";
constexpr std::size_t max_file_bytes = 256 << 20;

bool data_below(const std::string& path) { return path == "srv" || path.starts_with("srv/"); }

io::Lock locked(const io::Dir& root) {
    auto lock = io::Lock::try_at(root, lock_name, io::LockMode::exclusive);
    if (!lock)
        fail(Exit::temp_fail, cat(printable(root.path), ": another rs-render installs here"), "try again when it has ended");
    return std::move(*lock);
}

std::optional<struct stat> look(const io::Dir& dir, const std::string& name) {
    struct stat st{};
    if (::fstatat(dir.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) return st;
    if (errno == ENOENT) return std::nullopt;
    fail_errno(Exit::cant_create, dir.name_of(name), "look at");
}

std::string target_of(const io::Dir& dir, const std::string& name, const struct stat& st) {
    std::string target(static_cast<std::size_t>(st.st_size) + 1, '\0');
    const ssize_t n = ::readlinkat(dir.get(), name.c_str(), target.data(), target.size());
    if (n < 0) fail_errno(Exit::io, dir.name_of(name), "read link");
    target.resize(static_cast<std::size_t>(n));
    return target;
}

bool same_content(const io::Dir& dir, const std::string& name, const struct stat& st, const std::string& content) {
    if (static_cast<std::size_t>(st.st_size) != content.size()) return false;
    return as_text(io::read_file_at(dir, name, max_file_bytes)) == content;
}

void set_mode(const io::Dir& dir, const std::string& name, mode_t mode, int flags) {
    const io::Fd fd(io::sys::openat(dir.get(), name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags));
    if (!fd || ::fchmod(fd.get(), mode) != 0) fail_errno(Exit::cant_create, dir.name_of(name), "set the mode of");
}

} // namespace

Installer::Installer(const Plan& plan)
    : plan_(plan), root_(io::open_dir(plan.root())), lock_(locked(root_)), before_(read_record(root_)) {}

std::optional<Change> Installer::needed(const std::string& path, const Entry& entry) const {
    const Change create{Change::What::create, path, entry.kind, false};
    const Parent at = split(path);
    const std::string& name = at.name;
    const auto dir = try_directory(root_, at.directory);
    const auto st = dir ? look(*dir, name) : std::nullopt;
    if (!st) return create;
    const auto in_the_way = [&](std::string_view what) {
        fail(Exit::cant_create, cat(printable(dir->name_of(name)), ": in the way: ", what), "move it away");
    };
    Change update{Change::What::update, path, entry.kind, false};
    switch (entry.kind) {
    case Kind::directory: {
        const auto there = try_directory(*dir, name); // a link to one is one
        if (!there) in_the_way("a link that leads nowhere");
        update.mode_only = true;
        const bool right = (io::stat_fd(there->get(), there->path).st_mode & 07777) == entry.mode;
        // Below srv the mode is the administrator's once the directory is there.
        return right || plan_.any_mode(path) || data_below(path) || S_ISLNK(st->st_mode) ? std::nullopt
                                                                                         : std::optional(update);
    }
    case Kind::link:
    case Kind::file:
        if (S_ISDIR(st->st_mode)) in_the_way("a directory");
        if (entry.kind == Kind::link && S_ISLNK(st->st_mode) && target_of(*dir, name, *st) == entry.content)
            return std::nullopt;
        if (entry.kind == Kind::file && S_ISREG(st->st_mode) && same_content(*dir, name, *st, entry.content)) {
            if ((st->st_mode & 07777) == entry.mode) return std::nullopt;
            update.mode_only = true;
            return update;
        }
        if (!before_.contains(path)) in_the_way("no installation has put it there, and it differs");
        return update;
    }
    return std::nullopt;
}

std::vector<Change> Installer::removals() const {
    std::vector<Change> out;
    std::set<std::string> going;
    // From the end: what is below goes first, and then its directory may be empty.
    for (auto at = before_.rbegin(); at != before_.rend(); ++at) {
        const auto& [path, kind] = *at;
        if (plan_.entries().contains(path) || data_below(path)) continue;
        const auto [parent, name] = split(path);
        const auto dir = try_directory(root_, parent);
        const auto st = dir ? look(*dir, name) : std::nullopt;
        if (!st || S_ISDIR(st->st_mode) != (kind == Kind::directory)) continue; // someone has made it his own
        if (kind == Kind::directory) {
            const auto names = io::list_dir(io::open_dir_at(*dir, name));
            if (!std::all_of(names.begin(), names.end(), [&, &above = path](const std::string& n) {
                    return going.contains(cat(above, "/", n)) || n.starts_with(temporary_mark);
                }))
                continue;
        }
        going.insert(path);
        out.push_back({Change::What::remove, path, kind, false});
    }
    return out;
}

std::vector<Change> Installer::changes() const {
    std::vector<Change> out;
    for (const auto& [path, entry] : plan_.entries())
        if (const auto change = needed(path, entry)) out.push_back(*change);
    const std::vector<Change> removed = removals();
    out.insert(out.end(), removed.begin(), removed.end());
    return out;
}

void Installer::install(const std::function<void(const Change&)>& told) {
    const std::vector<Change> all = changes();
    Record after;
    for (const auto& [path, entry] : plan_.entries()) after[path] = entry.kind;
    if (all.empty() && after == before_) return;
    sweep(root_);
    Record both = before_;
    for (const auto& [path, kind] : after) both[path] = kind;
    if (both != before_) write_record(root_, both);

    Batch batch;
    std::vector<const Change*> untold; // since the last commit, in their order
    const auto tell = [&](bool files) {
        for (const Change* const change : untold)
            if (files || change->kind != Kind::file || change->mode_only) told(*change);
        untold.clear();
    };
    try {
        for (const Change& change : all) {
            if (change.what == Change::What::remove) {
                batch.commit();
                tell(true);
                if (remove(change)) told(change);
                continue;
            }
            make(change.path, plan_.entries().at(change.path), change.mode_only, batch);
            untold.push_back(&change);
            if (!batch.full()) continue;
            batch.commit();
            tell(true);
        }
        batch.commit();
    } catch (...) {
        tell(false);
        throw;
    }
    tell(true);
    if (after != both) write_record(root_, after);
}

void Installer::make(const std::string& path, const Entry& entry, bool mode_only, Batch& batch) {
    const auto [parent, name] = split(path);
    auto dir = try_directory(root_, parent);
    if (!dir) fail(Exit::cant_create, cat(printable(root_.name_of(parent)), ": went away meanwhile"));
    if (mode_only) {
        set_mode(*dir, name, entry.mode, entry.kind == Kind::directory ? O_DIRECTORY : O_NOFOLLOW);
        return;
    }
    switch (entry.kind) {
    case Kind::directory:
        if (io::sys::mkdirat(dir->get(), name.c_str(), entry.mode & 0700) != 0)
            fail_errno(Exit::cant_create, dir->name_of(name), "create directory");
        set_mode(*dir, name, entry.mode, O_DIRECTORY | O_NOFOLLOW);
        break;
    case Kind::file:
        if (swept_.insert(parent).second) sweep(*dir);
        batch.add(std::move(*dir), name, as_bytes(entry.content), entry.mode);
        return;
    case Kind::link: {
        const std::string fresh = io::random_name(temporary_mark);
        if (io::sys::symlinkat(entry.content.c_str(), dir->get(), fresh.c_str()) != 0)
            fail_errno(Exit::cant_create, dir->name_of(name), "create link");
        io::rename_at(*dir, fresh, *dir, name);
        break;
    }
    }
    io::sync_dir(*dir);
}

bool Installer::remove(const Change& change) const {
    const auto [parent, name] = split(change.path);
    const auto dir = try_directory(root_, parent);
    if (!dir) return false;
    if (change.kind == Kind::directory) sweep(io::open_dir_at(*dir, name));
    if (io::sys::unlinkat(dir->get(), name.c_str(), change.kind == Kind::directory ? AT_REMOVEDIR : 0) == 0) {
        io::sync_dir(*dir);
        return true;
    }
    // Something came into the directory meanwhile: then it stays.
    if (errno == ENOENT || (change.kind == Kind::directory && (errno == ENOTEMPTY || errno == EEXIST))) return false;
    fail_errno(Exit::cant_create, dir->name_of(name), "remove");
}

// Files of an installer that was killed: nobody else writes here, the lock is ours.
void Installer::sweep(const io::Dir& dir) const {
    for (const std::string& name : io::list_dir(dir))
        if (name.starts_with(temporary_mark) && name.size() == temporary_mark.size() + 16) io::unlink_at(dir, name);
}

} // namespace rs::instance
