// SPDX-License-Identifier: Apache-2.0
// What Python's str knows of characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rs::tmpl {

// Of valid UTF-8.
[[nodiscard]] char32_t code_point(std::string_view first);
void append_code_point(std::string& out, char32_t point);
[[nodiscard]] std::string split_first(std::string_view text); // the first character

[[nodiscard]] bool is_blank(char32_t point);     // str.isspace()
[[nodiscard]] bool is_printable(char32_t point); // str.isprintable()
// Bytes of blanks at the beginning, at the end.
[[nodiscard]] std::size_t leading_blanks(std::string_view text);
[[nodiscard]] std::size_t trailing_blanks(std::string_view text);
// Bytes of the identifier that begins here, or 0.
[[nodiscard]] std::size_t identifier_length(std::string_view text);
// NotSupported for the few characters whose other case is several characters, other than German sz and dotted I.
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string upper(std::string_view text);
[[nodiscard]] std::string title_case(std::string_view character); // of one: as upper(), but Ss
[[nodiscard]] bool is_cased(char32_t point);
// A letter, a digit or _, as \w of Python's re.
[[nodiscard]] bool is_word(char32_t point);
// str.isalpha() and so on of one character; NotSupported where it takes more than the common scripts.
[[nodiscard]] bool is_letter(char32_t point);
[[nodiscard]] bool is_digit(char32_t point);

} // namespace rs::tmpl
