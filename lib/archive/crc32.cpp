// SPDX-License-Identifier: Apache-2.0
// libarchive 3.6 passes over the checksum at the end of gzip data, so we look at it. Eight bytes a step
// ("slicing by 8", M. Kounavis and F. Berry, 2005): one table a byte costs more than unpacking itself.
#include "archive/crc32.hpp"

#include <array>

namespace rs::archive {

namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
    Tables t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320U : 0);
        t[0][i] = value;
    }
    for (std::size_t k = 1; k < t.size(); ++k)
        for (std::size_t i = 0; i < 256; ++i)
            t[k][i] = (t[k - 1][i] >> 8) ^ t[0][t[k - 1][i] & 0xff];
    return t;
}

constexpr Tables tables = make_tables();

std::uint32_t load(const std::byte* at) {
    return std::to_integer<std::uint32_t>(at[0]) | std::to_integer<std::uint32_t>(at[1]) << 8 |
           std::to_integer<std::uint32_t>(at[2]) << 16 |
           std::to_integer<std::uint32_t>(at[3]) << 24;
}

} // namespace

std::uint32_t crc32(std::uint32_t before, ByteSpan bytes) {
    std::uint32_t crc = ~before;
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        const std::uint32_t low = crc ^ load(bytes.data() + i);
        const std::uint32_t high = load(bytes.data() + i + 4);
        crc = tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^ tables[5][low >> 16 & 0xff] ^
              tables[4][low >> 24] ^ tables[3][high & 0xff] ^ tables[2][high >> 8 & 0xff] ^
              tables[1][high >> 16 & 0xff] ^ tables[0][high >> 24];
    }
    for (; i < bytes.size(); ++i)
        crc = (crc >> 8) ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(bytes[i])) & 0xff];
    return ~crc;
}

} // namespace rs::archive
