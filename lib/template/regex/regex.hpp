// SPDX-License-Identifier: Apache-2.0
// Regular expressions of Python 3.11 (its re module, for str), run by PCRE2.
//
// The syntaxes differ: what Python has is taken apart here and written anew for PCRE2, in a form that means the same, so
// that nothing of PCRE2's own syntax is reached. Places are byte offsets of UTF-8.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rs::tmpl {

// As in Python, where they are the same numbers.
namespace regex_flag {
inline constexpr std::int64_t ignore_case = 2, locale = 4, multi_line = 8, dot_all = 16,
                              unicode = 32, verbose = 64, debug = 128, ascii = 256;
}

struct RegexSource { // what is compiled
    std::string pattern;
    std::int64_t flags = 0; // with those that the pattern sets itself
    std::size_t groups = 0;
    std::vector<std::pair<std::string, std::size_t>> names;
    // Somewhere letters have no case: then two of them need other tables than PCRE2 has. And: there it is ASCII alone.
    bool folds = false, folds_ascii = false;
};
// Not a pattern: Failure re.error, as Python has it. Beyond what PCRE2 does: NotSupported.
[[nodiscard]] RegexSource translate_regex(std::string_view pattern, std::int64_t flags);

class Regex {
public:
    Regex(std::string_view pattern, std::int64_t flags);

    static constexpr std::size_t unset = SIZE_MAX;
    using Spans = std::vector<std::pair<std::size_t, std::size_t>>; // of group 0, 1, ...

    enum class Where { search, match, full };
    // The first match at or behind `from`; `advance`: not an empty one right there. The subject is valid UTF-8. One that
    // takes too many steps, or too much memory: Failure Limit.
    [[nodiscard]] std::optional<Spans> run(std::string_view subject, std::size_t from, Where where,
                                           bool advance = false) const;

    [[nodiscard]] const RegexSource& source() const { return source_; }
    // Number of a group; nothing if there is none of this name.
    [[nodiscard]] std::optional<std::size_t> group(std::string_view name) const;

private:
    struct Code;
    RegexSource source_;
    std::string shown_; // for messages
    std::shared_ptr<const Code> code_;
};

} // namespace rs::tmpl
