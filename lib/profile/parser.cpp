// SPDX-License-Identifier: Apache-2.0
#include "profile/parser.hpp"

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "profile/blanks.hpp"

namespace rs::profile {

namespace {

constexpr std::size_t max_shown_errors = 20;

struct Header {
    std::string_view name;
    std::optional<std::string> expression;
};

// "[name]" or "[name:expression]", a comment behind it or not.
std::optional<Header> header_of(std::string_view line) {
    if (!line.starts_with('[')) return std::nullopt;
    std::string_view rest = without_leading_blanks(line.substr(1));
    const std::size_t end = word_length(rest, "#[]:;{}");
    if (end == 0) return std::nullopt;
    Header out{rest.substr(0, end), std::nullopt};
    rest = without_leading_blanks(rest.substr(end));
    const std::size_t comment = std::min(rest.find_first_of("#;"), rest.size());
    const std::string_view tail = rest.substr(0, comment);
    const std::size_t close = rest.starts_with(':') ? tail.rfind(']') : 0;
    if (close == std::string_view::npos || !tail.substr(close).starts_with(']') ||
        !without_leading_blanks(tail.substr(close + 1)).empty())
        return std::nullopt;
    if (close == 0) return out;
    std::string expression(tail.substr(1, close - 1));
    for (const auto& [escape, plain] : {std::pair{"\\x23", '#'}, std::pair{"\\x3b", ';'}})
        for (std::size_t at = 0; (at = expression.find(escape, at)) != std::string::npos; ++at)
            expression.replace(at, 4, 1, plain);
    if (!expression.empty()) out.expression = std::move(expression);
    return out;
}

struct Assignment {
    std::string_view name, value; // of the name: with a sign in front of the =
};

std::optional<Assignment> assignment_of(std::string_view line) {
    const std::size_t end = word_length(line, "{}[]=:");
    if (end == 0) return std::nullopt;
    std::size_t equals = line.size() - without_leading_blanks(line.substr(end)).size();
    if (equals < line.size() && (line[equals] == '+' || line[equals] == '-')) ++equals;
    if (equals >= line.size() || line[equals] != '=') return std::nullopt;
    // zc.buildout takes "+= x" for an option without a name, and falls over it later.
    if (line.substr(0, equals).find_first_not_of(" +-") == std::string_view::npos)
        return std::nullopt;
    return Assignment{without_trailing_blanks(line.substr(0, equals)),
                      without_blanks(line.substr(equals + 1))};
}

// The lines of a text, whose ends may be \n, \r\n or \r.
class Lines {
public:
    explicit Lines(std::string_view text) : rest_(text) {}
    [[nodiscard]] std::optional<std::string_view> next() {
        if (rest_.empty()) return std::nullopt;
        ++number_;
        const std::size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(
            std::min(rest_.size(), end + (rest_.substr(end).starts_with("\r\n") ? 2 : 1)));
        return line;
    }
    [[nodiscard]] std::size_t number() const { return number_; }

private:
    std::string_view rest_;
    std::size_t number_ = 0;
};

// A value that began on the line after its name: begins with a line end here.
std::string block(std::string_view value) {
    std::string text = dedent(without_trailing_blanks(value));
    std::size_t begin = 0;
    while (true) { // leading lines of blanks
        const std::size_t end = text.find('\n', begin);
        if (end == std::string::npos ||
            !without_leading_blanks(std::string_view(text).substr(begin, end - begin)).empty())
            break;
        begin = end + 1;
    }
    return text.substr(begin);
}

} // namespace

std::string dedent(std::string_view text) {
    const auto indent_of = [](std::string_view line) {
        return line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
    };
    const std::vector<std::string_view> all = lines(text);
    std::optional<std::string_view> margin;
    for (const std::string_view line : all) {
        const std::string_view indent = indent_of(line);
        if (indent.size() == line.size()) continue;
        if (!margin) margin = indent;
        const auto differs =
            std::mismatch(margin->begin(), margin->end(), indent.begin(), indent.end()).first;
        margin = margin->substr(0, static_cast<std::size_t>(differs - margin->begin()));
    }
    std::string out;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i > 0) out += '\n';
        if (indent_of(all[i]).size() < all[i].size()) out += all[i].substr(margin ? margin->size() : 0);
    }
    return out;
}

Sections parse(std::string_view text, const std::string& name, const Condition& holds) {
    const auto file = std::make_shared<const std::string>(name);
    const std::string shown = printable(name);
    if (!valid_utf8(text)) fail(Exit::config, cat(shown, ": not UTF-8"));

    Sections out;
    std::string section, option; // names; empty: none yet
    bool kept = true;            // the condition of this section holds
    bool in_block = false;
    std::string errors;
    std::size_t error_count = 0;
    Lines input(text);
    while (const auto next = input.next()) {
        std::string_view line = *next;
        if (line.starts_with('#') || line.starts_with(';')) continue;
        const bool blank = without_leading_blanks(line).empty();
        if ((blank || begins_with_blank(line)) && !option.empty()) {
            if (!kept) continue;
            line = in_block ? without_trailing_blanks(line) : without_blanks(line);
            if (in_block || !line.empty()) (*out.find(section))[option].value += cat("\n", line);
            continue;
        }
        if (const auto header = header_of(line)) {
            section = header->name;
            try {
                kept = !header->expression || holds(*header->expression);
            } catch (const Error& e) {
                throw e.within(cat(shown, ":", input.number(), ": [", printable(section), ":",
                                   printable(*header->expression), "]"));
            }
            if (!kept) continue;
            static_cast<void>(out[section]);
            option.clear();
            continue;
        }
        if (blank) continue;
        std::string dependencies;
        if (line.starts_with("=>")) {
            dependencies = cat("<part-dependencies> = ", line.substr(2));
            line = dependencies;
        }
        const auto assignment = section.empty() ? std::nullopt : assignment_of(line);
        if (!assignment) {
            if (++error_count <= max_shown_errors)
                errors += cat(errors.empty() ? "" : "\n", shown, ":", input.number(),
                              section.empty() ? ": before the first [section]: "
                                              : ": neither a [section] nor NAME = VALUE: ",
                              printable_line(line));
            continue;
        }
        option = assignment->name;
        if (!kept) continue;
        (*out.find(section))[option] = {std::string(assignment->value),
                                        {{Option::Change::What::set, {file, input.number()}}}};
        in_block = assignment->value.empty();
    }
    if (error_count > max_shown_errors)
        errors += cat("\nand ", error_count - max_shown_errors, " more lines like this");
    if (error_count > 0)
        fail(Exit::config, errors, "what goes on with a value begins with a blank");

    for (auto& [section_name, options] : out)
        for (auto& [option_name, o] : options)
            if (o.value.starts_with('\n')) o.value = block(o.value);
    return out;
}

} // namespace rs::profile
