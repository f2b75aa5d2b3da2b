// SPDX-License-Identifier: Apache-2.0
// The numbers of rs-stream(5): what every reader checks and every writer keeps to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rs::stream {

// 0x89 and CR LF show at once that a file went through something that mangles text.
inline constexpr std::array<unsigned char, 8> magic{0x89, 'R', 'S', 'S', '\r', '\n', 0x1a, 0x01};
inline constexpr std::size_t version_at = 7; // the last byte of the magic is the version

// A record is: type (u8), length of the payload (u32), payload. A reader skips a type in lower case
// that it does not know and refuses one in upper case.
enum class RecordType : std::uint8_t {
    header = 'H',
    chunk_table = 'C', // have: chunks of the parent generation, in manifest order
    loose_table = 'L', // have: chunks held beside it, of a transfer that was cut
    segment = 'S',
    manifest = 'M',
    trailer = 'Z',
};

inline constexpr std::size_t max_header_bytes = 64 << 10;
inline constexpr std::size_t max_table_bytes = 4 << 20;
inline constexpr std::size_t max_manifest_bytes = 4 << 20; // of a block, also decompressed
inline constexpr std::size_t max_trailer_bytes = 4 << 10;
// Head and ids of the largest number of chunks, and a frame that did not get smaller.
inline constexpr std::size_t max_segment_record_bytes = 48 << 20;

inline constexpr std::size_t max_path_bytes = 65'535;
inline constexpr std::size_t max_name_bytes = 255;
inline constexpr std::size_t max_depth = 512;
inline constexpr std::size_t max_link_bytes = 4'095;     // PATH_MAX less the NUL
inline constexpr std::size_t max_user_bytes = 255;       // names of owners
inline constexpr std::size_t max_xattr_name_bytes = 255; // XATTR_NAME_MAX
inline constexpr std::size_t max_xattr_bytes = 64 << 10; // XATTR_SIZE_MAX
inline constexpr std::size_t max_xattrs = 1'024;
inline constexpr std::size_t max_entry_xattr_bytes = 1 << 20;
inline constexpr std::uint64_t max_file_bytes = std::uint64_t{1} << 62;
// A run of chunks that do not follow one another counts as one too.
inline constexpr std::size_t max_file_extents = std::size_t{1} << 24;
inline constexpr std::size_t max_text_bytes = 255; // host, instance and name in a header

// A writer seals a manifest block at this size, or when so many segments have been closed since:
// a reader that keeps the last few segments then finds what a block refers to in memory.
inline constexpr std::size_t manifest_target_bytes = 64 << 10;
inline constexpr std::size_t segments_per_block = 4;

} // namespace rs::stream
