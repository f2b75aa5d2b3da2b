// SPDX-License-Identifier: Apache-2.0
// The checksum that profiles have for the files they name (RFC 1321): against mistakes, not against enemies.
#pragma once

#include <string>
#include <string_view>

namespace rs::instance {

// 32 lower-case hexadecimal digits.
[[nodiscard]] std::string md5_hex(std::string_view bytes);

} // namespace rs::instance
