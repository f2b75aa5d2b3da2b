// SPDX-License-Identifier: Apache-2.0
// The numbers of rs-store(5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rs::store {

using Magic = std::array<unsigned char, 8>;
// The last byte is the version of that kind of file.
inline constexpr Magic pack_magic{0x89, 'R', 'S', 'P', '\r', '\n', 0x1a, 0x01};
inline constexpr Magic index_magic{0x89, 'R', 'S', 'I', '\r', '\n', 0x1a, 0x01};
inline constexpr Magic generation_magic{0x89, 'R', 'S', 'G', '\r', '\n', 0x1a, 0x01};

// The number of a chunk: the serial of the pack that it arrived in, and its position there. It
// stays the same when prune moves the chunk to another pack.
inline constexpr unsigned position_bits = 20;
inline constexpr std::uint64_t max_positions = std::uint64_t{1} << position_bits;
[[nodiscard]] constexpr std::uint64_t chunk_number(std::uint64_t serial, std::uint64_t position) {
    return serial << position_bits | position;
}
inline constexpr std::uint64_t max_serial = (std::uint64_t{1} << 40) - 1;

// A pack is closed at this size: small enough to be rewritten by a prune in a second, large enough that
// a terabyte is some thousand packs.
inline constexpr std::uint64_t pack_target_bytes = std::uint64_t{128} << 20;
// Or at this many chunks, which only trees of tiny files reach: whoever writes a pack holds 40 bytes for each.
inline constexpr std::uint64_t pack_target_chunks = std::uint64_t{1} << 18;

inline constexpr std::size_t pack_header_bytes = 8 + 8 + 16; // magic, serial, store id
inline constexpr std::size_t segment_header_bytes = 4 + 4 + 8 + 1;
inline constexpr std::uint32_t pack_end_mark = 0xffffffff;

enum class SegmentKind : std::uint8_t {
    data = 0,     // bytes of files
    manifest = 1, // manifest blocks
};

inline constexpr std::size_t max_generation_file_bytes = std::size_t{1} << 30;
inline constexpr std::uint64_t default_reserve_bytes = std::uint64_t{64} << 20;

} // namespace rs::store
