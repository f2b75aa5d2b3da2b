// SPDX-License-Identifier: Apache-2.0
// A regular expression of Python, character by character; escapes and classes, which need nothing else to be understood.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rs::tmpl {

class RegexReader {
protected:
    explicit RegexReader(std::string_view pattern);

    [[noreturn]] void fail(const std::string& why) const; // re.error

    [[nodiscard]] bool at_end() const { return at_ >= chars_.size(); }
    [[nodiscard]] std::string_view peek() const; // the next character; empty at the end
    [[nodiscard]] char peek_char() const {
        return peek().size() == 1 ? peek()[0] : '\0';
    } // of ASCII
    std::string take(const char* missing = "unexpected end of pattern");
    bool skip(std::string_view c);
    // A character, with the backslash in front: in comments, too, what is escaped does not end them.
    std::string token();
    // To this character, which goes as well.
    std::string name_until(std::string_view end);
    [[nodiscard]] std::size_t place() const { return at_; }
    void back_to(std::size_t place) { at_ = place; }

    // Escapes that are the same in and out of a class, behind the letter `c`; nothing: it is none of these.
    std::optional<char32_t> character(const std::string& c);
    // These digits, and up to `more` others.
    char32_t octal_value(std::string digits, std::size_t more);
    // Behind "[": the class as PCRE2 has it.
    std::string character_class(bool ascii);

    static bool octal(char c) { return c >= '0' && c <= '7'; }
    static bool digit(char c) { return c >= '0' && c <= '9'; }
    // One of \d \D \s \S \w \W.
    static bool category(std::string_view c);

private:
    char32_t hex(std::size_t digits);
    // One end of a range, or a class such as \d: then nothing, and it is written to `out`.
    std::optional<char32_t> class_item(const std::string& c, bool ascii, std::string& out);

    std::vector<std::string> chars_;
    std::size_t at_ = 0;
};

} // namespace rs::tmpl
