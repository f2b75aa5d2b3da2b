// SPDX-License-Identifier: Apache-2.0
#include "base/shell.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs {

std::vector<std::string> shell_words(std::string_view text) {
    constexpr std::string_view blanks = " \t\n";
    std::vector<std::string> out;
    std::string word;
    bool inside = false; // of a word, an empty one in quotes too
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (blanks.find(c) != std::string_view::npos) {
            if (inside) out.push_back(std::move(word));
            word.clear();
            inside = false;
            continue;
        }
        inside = true;
        if (c == '\\') {
            if (++i == text.size()) fail(Exit::config, cat("a \\ at the end: ", printable(text)));
            if (text[i] != '\n') word += text[i];
        } else if (c == '\'' || c == '"') {
            const std::size_t begin = i;
            for (++i; i < text.size() && text[i] != c; ++i) {
                // Within "..." a backslash counts before these only.
                if (c == '"' && text[i] == '\\' && i + 1 < text.size() &&
                    std::string_view("\\\"$`\n").find(text[i + 1]) != std::string_view::npos) {
                    if (text[++i] == '\n') continue;
                }
                word += text[i];
            }
            if (i == text.size())
                fail(Exit::config, cat("a quote is not closed: ", printable(text.substr(begin))));
        } else {
            word += c;
        }
    }
    if (inside) out.push_back(std::move(word));
    return out;
}

std::string shell_quote(std::string_view word) {
    const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_./:=@%+,").find(c) != std::string_view::npos;
    });
    if (plain) return std::string(word);
    std::string out = "'";
    for (const char c : word) {
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    }
    return out + "'";
}

} // namespace rs
