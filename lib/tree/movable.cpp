// SPDX-License-Identifier: Apache-2.0
#include "tree/movable.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/sys.hpp"

namespace rs::tree {

namespace {
constexpr const char* modes_name = "modes"; // a line for each root: its inode, a space, its mode, both decimal
constexpr mode_t permission_bits = 07777;

// By O_PATH: a directory that may not be read can be asked for its mode, and given one.
io::Fd open_path(const Place& place) {
    io::Fd fd(io::sys::openat(place.dir->get(), place.name.c_str(), O_PATH | O_NOFOLLOW | O_DIRECTORY));
    if (!fd && errno != ENOENT) fail_errno(Exit::io, place.dir->name_of(place.name), "open");
    return fd;
}

void set_mode(const io::Fd& fd, const Place& place, mode_t mode) {
    // fchmod(2) refuses O_PATH.
    if (::chmod(cat("/proc/self/fd/", fd.get()).c_str(), mode) != 0)
        fail_errno(Exit::cant_create, place.dir->name_of(place.name), "set mode");
}
} // namespace

void make_movable(const io::Dir& state, std::span<const Place> places) {
    std::string lines;
    for (const Place& place : places) {
        const io::Fd fd = open_path(place);
        if (!fd) continue;
        const struct stat st = io::stat_fd(fd.get(), place.name);
        if ((st.st_mode & S_IWUSR) != 0) continue;
        lines += cat(static_cast<std::uint64_t>(st.st_ino), " ", st.st_mode & permission_bits, "\n");
    }
    if (lines.empty()) return;
    io::write_file_atomic(state, modes_name, as_bytes(lines));
    for (const Place& place : places) {
        const io::Fd fd = open_path(place);
        if (!fd) continue;
        const mode_t mode = io::stat_fd(fd.get(), place.name).st_mode & permission_bits;
        if ((mode & S_IWUSR) == 0) set_mode(fd, place, mode | S_IRWXU);
    }
}

void restore_modes(const io::Dir& state, std::span<const Place> places) {
    if (!io::exists_at(state, modes_name)) return;
    const Buffer raw = io::read_file_at(state, modes_name, 256);
    for (std::string_view rest = as_text(raw); !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const auto space = line.find(' ');
        if (space == std::string_view::npos) continue;
        const auto inode = parse_u64(line.substr(0, space)), mode = parse_u64(line.substr(space + 1));
        if (!inode || !mode || *mode > permission_bits) continue;
        for (const Place& place : places) {
            const io::Fd fd = open_path(place);
            if (!fd || io::stat_fd(fd.get(), place.name).st_ino != *inode) continue;
            // The note must not go before the mode is durable, and the flush wants it open, which the mode may forbid.
            set_mode(fd, place, static_cast<mode_t>(*mode) | S_IRWXU);
            const io::Dir root = io::open_dir_at(*place.dir, place.name);
            set_mode(fd, place, static_cast<mode_t>(*mode));
            io::sync_dir(root);
        }
    }
    io::unlink_at(state, modes_name);
}

} // namespace rs::tree
