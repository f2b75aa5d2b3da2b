// SPDX-License-Identifier: Apache-2.0
// How a file is cut: the method and the size, recorded with the file in every manifest.
#pragma once

#include <cstdint>

namespace rs::chunk {

enum class Method : std::uint8_t {
    content = 1, // cut points found in the content (cut.hpp)
    fixed = 2,   // blocks of one size from the start of the file; for images and page files
};

struct Params {
    Method method = Method::content;
    std::uint8_t bits = 12; // average or block size is 2^bits bytes, 12 to 20

    bool operator==(const Params&) const = default;

    [[nodiscard]] std::size_t average_bytes() const { return std::size_t{1} << bits; }
    [[nodiscard]] std::size_t min_bytes() const {
        return method == Method::fixed ? average_bytes() : average_bytes() / 4;
    }
    [[nodiscard]] std::size_t max_bytes() const {
        return method == Method::fixed ? average_bytes() : average_bytes() * 4;
    }
    [[nodiscard]] bool valid() const {
        return (method == Method::content || method == Method::fixed) && bits >= 12 && bits <= 20;
    }
};

inline constexpr std::uint8_t min_bits = 12;
inline constexpr std::uint8_t max_bits = 20;
// No chunk is larger: 4 MiB.
inline constexpr std::size_t max_chunk_bytes = std::size_t{4} << max_bits;

// A file has at most about so many chunks; beyond that their size doubles. Small chunks are what
// keeps a history small (4.7 MB of growth a day at 2 KiB, 8.9 at 8 KiB, 173 at 1 MiB in the
// 700 MB dump of the benchmark), and 16 bytes of id a chunk are what limits them.
inline constexpr std::uint64_t chunks_per_file = 400'000;

// The size for `data_bytes` of content (holes not counted). A file that was cut before keeps
// its size until it has grown or shrunk fourfold: changing it costs sending the file anew.
[[nodiscard]] constexpr Params choose_params(Method method, std::uint64_t data_bytes,
                                             const Params* previous = nullptr) {
    Params out{method, min_bits};
    while (out.bits < max_bits && (data_bytes >> out.bits) > chunks_per_file) ++out.bits;
    if (previous != nullptr && previous->method == method) {
        const int apart = int{out.bits} - int{previous->bits};
        if (apart > -2 && apart < 2) out.bits = previous->bits;
    }
    return out;
}

} // namespace rs::chunk
