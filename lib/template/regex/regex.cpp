// SPDX-License-Identifier: Apache-2.0
#include "template/regex/regex.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

#include "base/text.hpp"
#include "template/values/value.hpp"

namespace rs::tmpl {

namespace {

// Steps of one match, about a second; and memory for the places to come back to.
constexpr std::uint32_t max_steps = 10'000'000, max_heap_kib = 256 << 10;
constexpr std::uint32_t max_parentheses = 250;

bool ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<signed char>(c) >= 0; });
}

} // namespace

struct Regex::Code {
    pcre2_code* code = nullptr;
    pcre2_match_data* data = nullptr;
    pcre2_match_context* context = nullptr;
    Code() = default;
    Code(const Code&) = delete;
    Code& operator=(const Code&) = delete;
    ~Code() {
        pcre2_match_data_free(data);
        pcre2_match_context_free(context);
        pcre2_code_free(code);
    }
};

Regex::Regex(std::string_view pattern, std::int64_t flags)
    : source_(translate_regex(pattern, flags)), shown_(pattern.substr(0, 60)) {
    while (!valid_utf8(shown_)) shown_.pop_back(); // cut inside a character
    if (pattern.size() > shown_.size()) shown_ += "...";
    const auto made = std::make_shared<Code>();
    // As Python, and whatever PCRE2 was built with: only \n ends a line, and ^ is behind the last one, too, if all lines count.
    std::uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C;
    if ((source_.flags & regex_flag::ignore_case) != 0) options |= PCRE2_CASELESS;
    if ((source_.flags & regex_flag::multi_line) != 0) options |= PCRE2_MULTILINE;
    if ((source_.flags & regex_flag::dot_all) != 0) options |= PCRE2_DOTALL;
    pcre2_compile_context* const compile = pcre2_compile_context_create(nullptr);
    if (compile == nullptr) throw std::bad_alloc();
    pcre2_set_newline(compile, PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(compile, max_parentheses);
    int error = 0;
    std::size_t at = 0;
    made->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(source_.pattern.data()),
                               source_.pattern.size(), options, &error, &at, compile);
    pcre2_compile_context_free(compile);
    if (made->code == nullptr) {
        // Python would take it: its own errors were found before.
        unsigned char why[200] = {};
        pcre2_get_error_message(error, why, sizeof why);
        raise("NotSupported", cat("the regular expression ", repr_text(shown_),
                                  ": PCRE2 says: ", reinterpret_cast<const char*>(why)));
    }
    made->data = pcre2_match_data_create_from_pattern(made->code, nullptr);
    made->context = pcre2_match_context_create(nullptr);
    if (made->data == nullptr || made->context == nullptr) throw std::bad_alloc();
    pcre2_set_match_limit(made->context, max_steps);
    pcre2_set_heap_limit(made->context, max_heap_kib);
    // Without upper and lower case, Python ties the dotless i and the dotted I to i, and PCRE2 does not; and where only
    // ASCII has case, PCRE2 still ties some other letters to it.
    if ((source_.folds_ascii && !ascii(pattern)) ||
        (source_.folds && (pattern.find("\u0130") != std::string_view::npos ||
                           pattern.find("\u0131") != std::string_view::npos)))
        raise("NotSupported", cat("the regular expression ", repr_text(shown_),
                                  " without upper and lower case: its letters differ"));
    code_ = made;
}

std::optional<Regex::Spans> Regex::run(std::string_view subject, std::size_t from, Where where,
                                       bool advance) const {
    if ((source_.folds_ascii && !ascii(subject)) ||
        (source_.folds && (subject.find("\u0130") != std::string_view::npos ||
                           subject.find("\u0131") != std::string_view::npos)))
        raise("NotSupported", cat("the regular expression ", repr_text(shown_),
                                  " without upper and lower case, on letters that differ"));
    std::uint32_t options = PCRE2_NO_UTF_CHECK; // all texts of templates are valid
    if (where != Where::search) options |= PCRE2_ANCHORED;
    if (where == Where::full) options |= PCRE2_ENDANCHORED;
    if (advance) options |= PCRE2_NOTEMPTY_ATSTART;
    const int count = pcre2_match(
        code_->code, reinterpret_cast<PCRE2_SPTR>(subject.data() == nullptr ? "" : subject.data()),
        subject.size(), from, options, code_->data, code_->context);
    if (count == PCRE2_ERROR_NOMATCH) return std::nullopt;
    if (count == PCRE2_ERROR_NOMEMORY) throw std::bad_alloc();
    if (count < 0) {
        unsigned char why[200] = {};
        pcre2_get_error_message(count, why, sizeof why);
        raise("Limit", cat("the regular expression ", repr_text(shown_),
                           " takes too long or too much memory on this text (PCRE2: ",
                           reinterpret_cast<const char*>(why), ")"));
    }
    const PCRE2_SIZE* const spans = pcre2_get_ovector_pointer(code_->data);
    Spans out(source_.groups + 1, {unset, unset});
    for (std::size_t i = 0; i < out.size() && i < static_cast<std::size_t>(count); ++i)
        if (spans[2 * i] != PCRE2_UNSET) out[i] = {spans[2 * i], spans[2 * i + 1]};
    return out;
}

std::optional<std::size_t> Regex::group(std::string_view name) const {
    for (const auto& [known, number] : source_.names)
        if (known == name) return number;
    return std::nullopt;
}

} // namespace rs::tmpl
