// SPDX-License-Identifier: Apache-2.0
#include "profile/imports.hpp"

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.hpp"

namespace rs::profile {

namespace {

std::string read_open(int fd, const std::string& path) {
    try {
        return std::string(as_text(io::read_file(fd, max_template_bytes, path)));
    } catch (const Error& e) {
        // To be too large is no damage of the file.
        if (e.code() == Exit::data)
            fail(Exit::config, cat(path, ": more than ", human_bytes(max_template_bytes)));
        throw;
    }
}

// A descriptor, or -1 and errno. Links are followed as long as they stay below.
int open_below(const io::Dir& dir, const std::string& path) {
    open_how how{};
    how.flags =
        O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY; // what waits to be opened is no regular file
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    for (;;) {
        const long fd = ::syscall(SYS_openat2, dir.get(), path.c_str(), &how, sizeof how);
        // EAGAIN: something on the way was renamed during the look-up.
        if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) return static_cast<int>(fd);
    }
}

[[noreturn]] void leads_out(const std::string& name) {
    fail(Exit::config, cat("import ", printable(name), ": leads out of its folder"));
}

} // namespace

std::string read_template(const std::string& path) {
    if (path == "-") return read_open(STDIN_FILENO, "standard input");
    const io::Fd file = io::open_file(path);
    return read_open(file.get(), path);
}

void Imports::check_new(const std::string& name, Exit wrong) const {
    if (name.empty() || name.ends_with('/'))
        fail(wrong, cat("import ", printable(name), ": not a name: it is empty, or a / ends it"));
    if (files_.contains(name) || folders_.contains(name) || texts_.contains(name))
        fail(wrong, cat("import ", printable(name), ": given twice"));
}

void Imports::add(const std::string& name, const std::string& path, Exit wrong) {
    check_new(name, wrong);
    if (path.empty()) fail(wrong, cat("import ", printable(name), ": without a file"));
    const io::Fd file = io::open_file(path);
    if (S_ISDIR(io::stat_fd(file.get(), path).st_mode))
        folders_.emplace(name, io::open_dir(path));
    else
        files_.emplace(name, path);
}

void Imports::add_text(const std::string& name, const std::string& path, const std::string& text,
                       Exit wrong) {
    check_new(name, wrong);
    texts_.emplace(name, tmpl::make_source(path, text));
}

tmpl::SourcePtr Imports::load(const std::string& name) const {
    if (const auto text = texts_.find(name); text != texts_.end()) return text->second;
    if (const auto file = files_.find(name); file != files_.end())
        return tmpl::make_source(file->second, read_template(file->second));
    // The folder with the longest name that fits.
    for (std::size_t slash = name.rfind('/'); slash != std::string::npos && slash > 0;
         slash = name.rfind('/', slash - 1)) {
        const auto folder = folders_.find(name.substr(0, slash));
        if (folder == folders_.end()) continue;
        const std::string rest = name.substr(slash + 1);
        if (rest.empty() || rest.find('\0') != std::string::npos) return nullptr;
        if (cat("/", rest, "/").find("/../") != std::string::npos || rest.starts_with('/'))
            leads_out(name);
        const io::Fd fd(open_below(folder->second, rest));
        if (!fd && errno == EXDEV) leads_out(name);
        if (!fd && (errno == ENOENT || errno == ENOTDIR)) return nullptr;
        const std::string path = folder->second.name_of(rest);
        if (!fd) fail_errno(Exit::no_input, path, "open");
        if (!S_ISREG(io::stat_fd(fd.get(), path).st_mode))
            fail(Exit::no_input, cat(printable(path), ": not a regular file"));
        return tmpl::make_source(path, read_open(fd.get(), path));
    }
    return nullptr;
}

} // namespace rs::profile
