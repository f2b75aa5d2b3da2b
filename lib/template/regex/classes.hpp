// SPDX-License-Identifier: Apache-2.0
// Classes of characters as Python has them (\d \w \s and their opposites), as parts of a class of PCRE2.
#pragma once

#include <string>

namespace rs::tmpl {

// letter: one of dDwWsS.
[[nodiscard]] std::string regex_class(char letter, bool ascii);
// A character as PCRE2 reads it anywhere.
[[nodiscard]] std::string regex_literal(char32_t point);

} // namespace rs::tmpl
