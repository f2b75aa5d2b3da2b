// SPDX-License-Identifier: Apache-2.0
// Texts of lines "KEY VALUE" in a fixed order, as notifications and bids are: what people read, and what is trusted only when
// every byte of it is as it must be.
#pragma once

#include <string_view>

namespace rs {

// 1 to 100 letters, digits, dots, dashes and underscores, the first one a letter or digit: it can be a file, an argument, a word of
// a shell.
[[nodiscard]] bool is_word(std::string_view text);

// 64 lower-case hexadecimal digits.
[[nodiscard]] bool is_digest(std::string_view text);

// Takes "KEY VALUE\n" off the front of `rest` and gives the value, which lives as long as the text. Anything else there is
// Error(Exit::data); `what` says what kind of text it is.
[[nodiscard]] std::string_view take_field(std::string_view& rest, std::string_view key, std::string_view what);

} // namespace rs
