// SPDX-License-Identifier: Apache-2.0
#include "template/syntax/source.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace rs::tmpl {

SourcePtr make_source(std::string name, std::string_view text) {
    auto out = std::make_shared<Source>();
    out->name = std::move(name);
    if (!valid_utf8(text)) fail(Exit::config, cat(out->name, ": not UTF-8"));
    out->text.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r') {
            out->text += text[i];
            continue;
        }
        out->text += '\n';
        if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    }
    if (!out->text.empty() && out->text.back() == '\n') out->text.pop_back();
    return out;
}

Place place_of(const Source& source, std::size_t offset) {
    const std::string_view all = source.text;
    offset = std::min(offset, all.size());
    const std::string_view before = all.substr(0, offset);
    const std::size_t start = before.rfind('\n') + 1; // 0 if there is none
    Place out;
    out.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    const auto follows = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
    out.column = 1 + static_cast<std::size_t>(
                         std::count_if(before.begin() + static_cast<std::ptrdiff_t>(start),
                                       before.end(), [&](char c) { return !follows(c); }));
    out.text = all.substr(start, std::min(all.find('\n', start), all.size()) - start);
    return out;
}

std::string shown_place(const Source& source, std::size_t offset) {
    const Place place = place_of(source, offset);
    return cat(source.name, ":", place.line, ":", place.column);
}

namespace {
constexpr std::size_t most_shown = 120; // bytes of a line, around the mark
constexpr std::size_t before_mark = 80;
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }
} // namespace

void fail_at(const Source& source, std::size_t offset, const std::string& why, std::string hint,
             const std::vector<std::string>& notes) {
    const Place place = place_of(source, offset);
    std::string_view line = place.text;
    // The bytes of the line in front of the mark.
    std::size_t mark = 0;
    for (std::size_t column = 1; mark < line.size() && column < place.column; ++column) {
        ++mark;
        while (mark < line.size() && continues(line[mark])) ++mark;
    }
    std::string_view dots;
    if (mark > before_mark && line.size() > most_shown) {
        std::size_t cut = mark - before_mark;
        while (cut < mark && continues(line[cut])) ++cut;
        line.remove_prefix(cut);
        mark -= cut;
        dots = "...";
    }
    std::size_t end = std::min(line.size(), most_shown);
    while (end < line.size() && continues(line[end])) --end;
    std::string blanks(dots.size(), ' ');
    for (const char c : line.substr(0, mark))
        if (!continues(c)) blanks += ' ';
    std::string shown(
        line.substr(0, end)); // a tab is one blank, so that the mark stands below its place
    std::replace(shown.begin(), shown.end(), '\t', ' ');
    std::string message = cat(source.name, ":", place.line, ":", place.column, ": ", why, "\n    ",
                              dots, printable_line(shown), "\n    ", blanks, "^");
    for (const std::string& n : notes) message += cat("\n    ", n);
    fail(Exit::config, message, std::move(hint));
}

} // namespace rs::tmpl
