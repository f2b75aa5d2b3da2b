// SPDX-License-Identifier: Apache-2.0
// CRC-32 of gzip: RFC 1952 section 8, reflected polynomial 0xedb88320.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace rs::archive {

// Start with 0 and give the result of the bytes before: crc32(crc32(0, "a"), "b") is that of "ab".
[[nodiscard]] std::uint32_t crc32(std::uint32_t before, ByteSpan bytes);

} // namespace rs::archive
