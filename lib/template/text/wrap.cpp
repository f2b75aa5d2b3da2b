// SPDX-License-Identifier: Apache-2.0
// wordwrap: as textwrap.wrap() of Python breaks lines, which keeps blanks as they are and breaks behind hyphens of words.
#include <algorithm>

#include "base/text.hpp"
#include "template/filters/filters.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

namespace {

using Points = std::vector<std::string>; // characters

bool blank(const std::string& c) {
    return c == " " || c == "\t" || c == "\n" || c == "\v" || c == "\f" || c == "\r";
}

// Cuts a paragraph into what cannot be broken: words, parts of words that a hyphen ends, blanks, dashes.
class Chunks {
public:
    Chunks(const Points& text, bool hyphens) : text_(text), hyphens_(hyphens) {}

    [[nodiscard]] std::vector<Points> all() const {
        std::vector<Points> out;
        for (std::size_t from = 0; from < text_.size();) {
            const std::size_t to = hyphens_ ? end_of(from) : simple_end(from);
            out.emplace_back(text_.begin() + static_cast<std::ptrdiff_t>(from),
                             text_.begin() + static_cast<std::ptrdiff_t>(to));
            from = to;
        }
        return out;
    }

private:
    [[nodiscard]] bool dash(std::size_t i) const { return i < text_.size() && text_[i] == "-"; }
    [[nodiscard]] bool word(std::size_t i) const {
        return i < text_.size() && is_word(code_point(text_[i]));
    }
    [[nodiscard]] bool letter(std::size_t i) const {
        return word(i) && !(text_[i].size() == 1 && text_[i][0] >= '0' && text_[i][0] <= '9');
    }
    // What may stand in front of a dash between words.
    [[nodiscard]] bool before_dash(std::size_t end) const {
        if (end == 0) return false;
        return word(end - 1) ||
               std::string_view("!\"'&.,?").find(text_[end - 1]) != std::string_view::npos;
    }
    // The end of two or more dashes with a word behind, or 0.
    [[nodiscard]] std::size_t long_dash(std::size_t i) const {
        std::size_t end = i;
        while (dash(end)) ++end;
        return end >= i + 2 && word(end) ? end : 0;
    }
    [[nodiscard]] bool hyphen_ends(std::size_t i) const {
        if (!dash(i) || i < 2) return false;
        const bool behind_letters =
            letter(i - 1) && (letter(i - 2) || (dash(i - 2) && i >= 3 && letter(i - 3)));
        return behind_letters && letter(i + 1) && (letter(i + 2) || (dash(i + 2) && letter(i + 3)));
    }
    [[nodiscard]] std::size_t simple_end(std::size_t from) const {
        std::size_t to = from;
        while (to < text_.size() && blank(text_[to]) == blank(text_[from])) ++to;
        return to;
    }
    [[nodiscard]] std::size_t end_of(std::size_t from) const {
        if (blank(text_[from])) return simple_end(from);
        if (before_dash(from))
            if (const std::size_t end = long_dash(from); end > 0) return end;
        for (std::size_t to = from + 1;; ++to) {
            if (to < text_.size() && hyphen_ends(to)) return to + 1;
            if (to >= text_.size() || blank(text_[to])) return to;
            if (before_dash(to) && long_dash(to) > 0) return to;
        }
    }

    const Points& text_;
    bool hyphens_;
};

struct Wrapping {
    std::size_t width;
    bool break_long, hyphens;
};

// A word that is longer than a line: as much of it as fits.
void take_part(std::vector<Points>& chunks, Points& line, const Wrapping& w) {
    Points& chunk = chunks.back();
    const std::size_t room = w.width - line.size();
    if (!w.break_long) {
        if (!line.empty()) return;
        line = chunk;
        chunks.pop_back();
        return;
    }
    std::size_t end = std::min(room, chunk.size());
    if (w.hyphens && chunk.size() > room) {
        std::size_t hyphen = room;
        while (hyphen > 0 && chunk[hyphen - 1] != "-") --hyphen;
        const auto other = [](const std::string& c) { return c != "-"; };
        if (hyphen > 1 &&
            std::any_of(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(hyphen - 1),
                        other))
            end = hyphen;
    }
    const auto cut = chunk.begin() + static_cast<std::ptrdiff_t>(end);
    line.insert(line.end(), chunk.begin(), cut);
    chunk.erase(chunk.begin(), cut);
}

bool all_blank(const Points& chunk) {
    return std::all_of(chunk.begin(), chunk.end(),
                       [](const std::string& c) { return is_blank(code_point(c)); });
}

std::vector<std::string> wrapped(const std::string& text, const Wrapping& w) {
    const Points points = split_characters(text);
    std::vector<Points> chunks = Chunks(points, w.hyphens).all();
    std::reverse(chunks.begin(), chunks.end()); // the next one last
    std::vector<std::string> out;
    while (!chunks.empty()) {
        if (!out.empty() && all_blank(chunks.back())) chunks.pop_back();
        Points line;
        std::size_t last = 0; // where the last chunk begins
        while (!chunks.empty() && line.size() + chunks.back().size() <= w.width) {
            last = line.size();
            line.insert(line.end(), chunks.back().begin(), chunks.back().end());
            chunks.pop_back();
        }
        if (!chunks.empty() && chunks.back().size() > w.width) {
            const std::size_t before = line.size();
            take_part(chunks, line, w);
            if (w.break_long || line.size() > before) last = before; // a part of no size counts
        }
        if (last < line.size() &&
            all_blank(Points(line.begin() + static_cast<std::ptrdiff_t>(last), line.end())))
            line.resize(last);
        if (line.empty()) continue;
        std::string joined;
        for (const std::string& c : line) joined += c;
        out.push_back(std::move(joined));
    }
    return out;
}

} // namespace

Value wordwrap(Call& c) {
    const auto a = c.bind({"s", "width", "break_long_words", "wrapstring", "break_on_hyphens"}, 1);
    const std::int64_t width = int_arg(a[1], 79);
    const Wrapping w{static_cast<std::size_t>(std::max<std::int64_t>(0, width)),
                     bool_arg(a[2], true), bool_arg(a[4], true)};
    const std::string between = a[3] == nullptr || a[3]->is(Kind::none) ? "\n" : text_arg(a[3], "");
    must_be_defined(*a[0]);
    if (!a[0]->is(Kind::text)) raise("TypeError", cat("wordwrap of a ", type_name(*a[0])));
    std::string out;
    bool first = true;
    for (const Value& line : call_method(c.interpreter, *a[0], "splitlines").items()) {
        if (width <= 0) raise("ValueError", cat("invalid width ", width, " (must be > 0)"));
        if (!std::exchange(first, false)) out += between;
        bool first_part = true;
        for (const std::string& part : wrapped(std::string(line.text()), w)) {
            if (!std::exchange(first_part, false)) out += between;
            out += part;
        }
    }
    return c.heap.text(std::move(out));
}

} // namespace rs::tmpl
