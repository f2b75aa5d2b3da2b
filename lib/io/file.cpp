// SPDX-License-Identifier: Apache-2.0
#include "io/file.hpp"

#include <dirent.h>
#include <linux/openat2.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "io/interrupt.hpp"
#include "io/sys.hpp"

namespace rs::io {

void Fd::abandon() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

std::string Dir::name_of(std::string_view entry) const { return cat(path, "/", entry); }

Dir open_dir(const std::string& path) {
    Fd fd(sys::openat(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY));
    if (!fd) fail_errno(Exit::no_input, path, "open directory");
    return {std::move(fd), path};
}

Dir open_dir_at(const Dir& parent, const std::string& name) {
    Fd fd(sys::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (!fd) fail_errno(Exit::no_input, parent.name_of(name), "open directory");
    return {std::move(fd), parent.name_of(name)};
}

Dir make_dir_at(const Dir& parent, const std::string& name) {
    if (sys::mkdirat(parent.get(), name.c_str(), 0700) != 0 && errno != EEXIST)
        fail_errno(Exit::cant_create, parent.name_of(name), "create directory");
    return open_dir_at(parent, name);
}

Fd open_file(const std::string& path) {
    Fd fd(sys::openat(AT_FDCWD, path.c_str(), O_RDONLY));
    if (!fd) fail_errno(Exit::no_input, path, "open");
    return fd;
}

Fd try_open_at(const Dir& dir, const std::string& name) {
    Fd fd(sys::openat(dir.get(), name.c_str(), O_RDONLY | O_NOFOLLOW));
    if (!fd && errno != ENOENT) fail_errno(Exit::no_input, dir.name_of(name), "open");
    return fd;
}

Fd open_at(const Dir& dir, const std::string& name) {
    Fd fd = try_open_at(dir, name);
    if (!fd) fail_errno(Exit::no_input, dir.name_of(name), "open", ENOENT);
    return fd;
}

bool exists_at(const Dir& dir, const std::string& name) {
    struct stat st;
    if (::fstatat(dir.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) return true;
    if (errno == ENOENT) return false;
    fail_errno(Exit::io, dir.name_of(name), "look at");
}

struct stat stat_fd(int fd, std::string_view path) {
    struct stat st;
    if (::fstat(fd, &st) != 0) fail_errno(Exit::io, path, "look at");
    return st;
}

std::vector<std::string> list_dir(int fd, std::string_view path) {
    const int copy = ::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) fail_errno(Exit::no_input, path, "read directory");
    const auto closer = [](DIR* d) { ::closedir(d); };
    const std::unique_ptr<DIR, decltype(closer)> stream(::fdopendir(copy), closer);
    if (!stream) {
        const int err = errno;
        ::close(copy);
        fail_errno(Exit::no_input, path, "read directory", err);
    }
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* const entry = ::readdir(stream.get());
        if (entry == nullptr) {
            if (errno != 0) fail_errno(Exit::io, path, "read directory");
            break;
        }
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> list_dir(const Dir& dir) { return list_dir(dir.get(), dir.path); }

std::size_t read_some(int fd, MutableSpan into, std::string_view path) {
    for (;;) {
        const ssize_t n = ::read(fd, into.data(), into.size());
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno != EINTR) fail_errno(Exit::io, path, "read");
        if (const int number = stop_signal.load(); number != 0) throw Interrupted(number);
    }
}

std::size_t read_full(int fd, MutableSpan into, std::string_view path) {
    std::size_t done = 0;
    while (done < into.size()) {
        const std::size_t n = read_some(fd, into.subspan(done), path);
        if (n == 0) break;
        done += n;
    }
    return done;
}

std::size_t pread_full(int fd, MutableSpan into, std::uint64_t offset, std::string_view path) {
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t n = ::pread(fd, into.data() + done, into.size() - done,
                                  static_cast<off_t>(offset + done));
        if (n < 0) {
            if (errno == EINTR) continue;
            fail_errno(Exit::io, path, "read");
        }
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return done;
}

void pread_exact(int fd, MutableSpan into, std::uint64_t offset, std::string_view path) {
    if (pread_full(fd, into, offset, path) != into.size())
        fail(Exit::data, cat(printable(path), ": truncated: nothing at byte ", offset + into.size() - 1));
}

void write_all(int fd, ByteSpan bytes, std::string_view path) {
    while (!bytes.empty()) {
        const ssize_t n = sys::write(fd, bytes);
        if (n < 0 && errno == EINTR) throw Interrupted(stop_signal.load());
        if (n < 0) fail_errno(Exit::io, path, "write");
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
}

void pwrite_all(int fd, ByteSpan bytes, std::uint64_t offset, std::string_view path) {
    while (!bytes.empty()) {
        const ssize_t n = sys::pwrite(fd, bytes, static_cast<off_t>(offset));
        if (n < 0) fail_errno(Exit::io, path, "write");
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

Buffer read_file(int fd, std::size_t limit, std::string_view path) {
    const struct stat st = stat_fd(fd, path);
    const auto too_large = [&] {
        fail(Exit::data, cat(printable(path), ": larger than the limit of ", human_bytes(limit)));
    };
    if (st.st_size > 0 && static_cast<std::uint64_t>(st.st_size) > limit) too_large();
    Buffer out(static_cast<std::size_t>(st.st_size) + 1);
    std::size_t have = 0;
    for (;;) {
        have += read_full(fd, MutableSpan(out).subspan(have), path);
        if (have > limit) too_large(); // it grew, or never told its size, as a pipe does not
        if (have < out.size()) break;
        out.resize(out.size() * 2);
    }
    out.resize(have);
    return out;
}

Buffer read_file_at(const Dir& dir, const std::string& name, std::size_t limit) {
    const Fd fd = open_at(dir, name);
    return read_file(fd.get(), limit, dir.name_of(name));
}

void sync_fd(int fd, std::string_view path) {
    // A failed fsync is never retried: the kernel may have dropped the pages and report success.
    if (sys::fsync(fd) != 0) fail_errno(Exit::io, path, "flush to disk");
}

void sync_dir(const Dir& dir) { sync_fd(dir.get(), dir.path); }

void close_checked(Fd fd, std::string_view path) {
    if (sys::close(fd.release()) != 0) fail_errno(Exit::io, path, "close");
}

void rename_at(const Dir& from_dir, const std::string& from, const Dir& to_dir,
               const std::string& to) {
    if (sys::renameat2(from_dir.get(), from.c_str(), to_dir.get(), to.c_str(), 0) != 0)
        fail_errno(Exit::cant_create, to_dir.name_of(to), "rename into place");
}

bool rename_new_at(const Dir& from_dir, const std::string& from, const Dir& to_dir,
                   const std::string& to) {
    if (sys::renameat2(from_dir.get(), from.c_str(), to_dir.get(), to.c_str(),
                       RENAME_NOREPLACE) == 0)
        return true;
    if (errno == EEXIST) return false;
    fail_errno(Exit::cant_create, to_dir.name_of(to), "rename into place");
}

void unlink_at(const Dir& dir, const std::string& name) {
    if (sys::unlinkat(dir.get(), name.c_str(), 0) != 0 && errno != ENOENT)
        fail_errno(Exit::io, dir.name_of(name), "remove");
}

namespace {

// A directory to be removed. What is mounted on it belongs to somebody else: EXDEV.
int open_doomed(const Dir& dir, const std::string& name) {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_NO_XDEV | RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    for (;;) {
        const long fd = ::syscall(SYS_openat2, dir.get(), name.c_str(), &how, sizeof how);
        if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) return static_cast<int>(fd);
    }
}

} // namespace

void remove_tree_at(const Dir& dir, const std::string& name) {
    if (sys::unlinkat(dir.get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR && errno != EPERM) fail_errno(Exit::io, dir.name_of(name), "remove");
    int fd = open_doomed(dir, name);
    if (fd < 0 && errno == EACCES) {
        // fchmodat without following: the name was seen to be a directory, and O_NOFOLLOW above
        // refuses it should it become a link in between.
        ::fchmodat(dir.get(), name.c_str(), 0700, 0);
        fd = open_doomed(dir, name);
    }
    if (fd < 0 && errno == EXDEV)
        fail(Exit::io, cat(printable(dir.name_of(name)), ": is a mount point, and what is mounted there is not removed"),
             "unmount it");
    if (fd < 0) fail_errno(Exit::io, dir.name_of(name), "remove");
    {
        const Dir inner{Fd(fd), dir.name_of(name)};
        ::fchmod(fd, 0700); // so that its entries can be removed; it goes anyway
        for (const std::string& entry : list_dir(inner)) remove_tree_at(inner, entry);
    }
    if (sys::unlinkat(dir.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
        fail_errno(Exit::io, dir.name_of(name), "remove");
}

void random_bytes(MutableSpan out) {
    while (!out.empty()) {
        const ssize_t n = ::getrandom(out.data(), out.size(), 0);
        if (n < 0) {
            if (errno == EINTR) continue;
            fail_errno(Exit::software, "getrandom", "read");
        }
        out = out.subspan(static_cast<std::size_t>(n));
    }
}

std::string random_name(std::string_view prefix) {
    std::byte bytes[8];
    random_bytes(bytes);
    return cat(prefix, to_hex(as_text(bytes)));
}

void write_file_atomic(const Dir& dir, const std::string& name, ByteSpan bytes, mode_t mode) {
    const std::string temporary = random_name(".tmp-");
    Fd fd(sys::openat(dir.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL, mode));
    if (!fd) fail_errno(Exit::cant_create, dir.name_of(name), "create");
    try {
        write_all(fd.get(), bytes, dir.name_of(name));
        sync_fd(fd.get(), dir.name_of(name));
        close_checked(std::move(fd), dir.name_of(name));
        rename_at(dir, temporary, dir, name);
    } catch (...) {
        ::unlinkat(dir.get(), temporary.c_str(), 0);
        throw;
    }
    sync_dir(dir);
}

} // namespace rs::io
