// SPDX-License-Identifier: Apache-2.0
#include "chunk/cut.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace rs::chunk {

namespace {

constexpr std::array<std::uint64_t, 256> make_gear() {
    std::array<std::uint64_t, 256> table{};
    std::uint64_t state = 0;
    for (auto& value : table) {
        state += 0x9e3779b97f4a7c15;
        std::uint64_t z = state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        value = z ^ (z >> 31);
    }
    return table;
}

constexpr std::array<std::uint64_t, 256> gear = make_gear();

// The top bits: each depends on the last 64 bytes, the low ones on fewer.
constexpr std::uint64_t top_bits(unsigned n) { return ~std::uint64_t{0} << (64 - n); }

} // namespace

const std::array<std::uint64_t, 256>& gear_table() { return gear; }

std::size_t cut(ByteSpan bytes, const Params& params) {
    RS_ASSERT(!bytes.empty());
    const std::size_t end = std::min(bytes.size(), params.max_bytes());
    if (params.method == Method::fixed || end <= params.min_bytes()) return end;
    const std::size_t normal = std::min(end, params.average_bytes());
    // Normalisation level 2: before the average size a cut is 4 times rarer, after it 4 times
    // more likely, so that sizes gather around the average.
    const std::uint64_t rare = top_bits(params.bits + 2U), often = top_bits(params.bits - 2U);
    const auto* const p = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::uint64_t hash = 0;
    std::size_t i = params.min_bytes();
    for (; i < normal; ++i) {
        hash = (hash << 1) + gear[p[i]];
        if ((hash & rare) == 0) return i + 1;
    }
    for (; i < end; ++i) {
        hash = (hash << 1) + gear[p[i]];
        if ((hash & often) == 0) return i + 1;
    }
    return end;
}

} // namespace rs::chunk
