// SPDX-License-Identifier: Apache-2.0
#include "tree/cutting.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "io/file.hpp"

namespace rs::tree {

namespace {

constexpr std::uint64_t sniff_from_bytes = 64 << 10;

bool rewritten_in_place(int fd, const struct stat& st, const std::string& path) {
    const auto size = static_cast<std::uint64_t>(st.st_size);
    if (size < sniff_from_bytes) return false;
    // Holes come from programs that seek: images, databases, torrents.
    if (has_holes(fd, st)) return true;
    std::array<std::byte, 2048> head{};
    if (io::pread_full(fd, head, 0, path) < head.size()) return false;
    const auto at = [&](std::size_t offset, std::string_view text) {
        return as_text(ByteSpan(head).subspan(offset, text.size())) == text;
    };
    if (at(0, std::string_view("SQLite format 3\0", 16))) return true; // sqlite.org/fileformat2.html 1.3
    if (at(0, "QFI\xfb") || at(0, "XFSB")) return true;                // qcow2, XFS superblock
    const bool sectors = size % 512 == 0;
    if (sectors && at(510, "\x55\xaa")) return true; // boot sector: MBR, and the protective one of GPT
    if (sectors && at(0x438, "\x53\xef")) return true; // ext2 to ext4, magic of the superblock
    // InnoDB: page 0 has number 0 (offset 4) and type FIL_PAGE_TYPE_FSP_HDR, 8 (offset 24).
    if (size % 16384 == 0 && at(4, std::string_view("\0\0\0\0", 4)) && at(24, std::string_view("\0\x08", 2)))
        return true;
    return false;
}

} // namespace

bool has_holes(int fd, const struct stat& st) {
    // Asked, not guessed from st_blocks: attributes take blocks, and compression saves some.
    return st.st_size > 0 && ::lseek(fd, 0, SEEK_HOLE) < st.st_size;
}

chunk::Params choose_cutting(int fd, const struct stat& st, const chunk::Params* earlier,
                             const std::string& path) {
    const chunk::Method method = earlier != nullptr                  ? earlier->method
                                 : rewritten_in_place(fd, st, path) ? chunk::Method::fixed
                                                                    : chunk::Method::content;
    const auto data_bytes = std::min(static_cast<std::uint64_t>(st.st_size),
                                     static_cast<std::uint64_t>(st.st_blocks) * 512);
    return chunk::choose_params(method, data_bytes, earlier);
}

} // namespace rs::tree
