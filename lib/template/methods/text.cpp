// SPDX-License-Identifier: Apache-2.0
// Methods of str and bytes.
#include <algorithm>

#include "base/text.hpp"
#include "template/methods/methods.hpp"
#include "template/text/format.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

std::string stripped(std::string_view text, const Value* chars, bool left, bool right) {
    if (!given(chars)) {
        if (left) text.remove_prefix(leading_blanks(text));
        if (right) text.remove_suffix(trailing_blanks(text));
        return std::string(text);
    }
    const std::vector<std::string> set = split_characters(text_of(*chars, "strip arg"));
    std::vector<std::string> c = split_characters(text);
    const auto in = [&](const std::string& x) {
        return std::find(set.begin(), set.end(), x) != set.end();
    };
    std::size_t from = 0, to = c.size();
    while (left && from < to && in(c[from])) ++from;
    while (right && to > from && in(c[to - 1])) --to;
    std::string out;
    for (std::size_t i = from; i < to; ++i) out += c[i];
    return out;
}

template <bool L, bool R>
Value strip(Call& c, const Value& self) {
    return c.heap.text(stripped(self.text(), c.bind({"/chars"}, 0)[0], L, R));
}

Value split(Call& c, const Value& self, bool from_right) {
    const auto a = c.bind({"sep", "maxsplit"}, 0);
    std::int64_t most = a[1] != nullptr ? int_of(*a[1]) : -1;
    std::vector<Value> out;
    std::string_view text = self.text();
    if (!given(a[0])) {
        // Between blanks of any number.
        std::vector<std::string> parts;
        if (from_right) {
            text.remove_suffix(trailing_blanks(text));
            while (!text.empty()) {
                if (most == 0) {
                    parts.emplace_back(text);
                    break;
                }
                std::size_t at = text.size();
                while (at > 0) {
                    std::size_t p = at - 1;
                    while (p > 0 && (static_cast<unsigned char>(text[p]) & 0xc0) == 0x80) --p;
                    if (is_blank(code_point(text.substr(p)))) break;
                    at = p;
                }
                parts.emplace_back(text.substr(at));
                text = text.substr(0, at);
                text.remove_suffix(trailing_blanks(text));
                if (most > 0) --most;
            }
            std::reverse(parts.begin(), parts.end());
        } else {
            text.remove_prefix(leading_blanks(text));
            while (!text.empty()) {
                if (most == 0) {
                    parts.emplace_back(text.substr(0, text.size() - trailing_blanks(text)));
                    break;
                }
                std::size_t at = 0;
                while (at < text.size() && !is_blank(code_point(text.substr(at))))
                    at += split_first(text.substr(at)).size();
                parts.emplace_back(text.substr(0, at));
                text.remove_prefix(at);
                text.remove_prefix(leading_blanks(text));
                if (most > 0) --most;
            }
        }
        for (std::string& p : parts) out.push_back(c.heap.text(std::move(p)));
        return c.heap.list(std::move(out));
    }
    const std::string_view separator = text_of(*a[0], "separator");
    if (separator.empty()) raise("ValueError", "empty separator");
    while (most != 0) {
        const std::size_t at = from_right ? text.rfind(separator) : text.find(separator);
        if (at == std::string_view::npos) break;
        if (from_right) {
            out.push_back(c.heap.text(std::string(text.substr(at + separator.size()))));
            text = text.substr(0, at);
        } else {
            out.push_back(c.heap.text(std::string(text.substr(0, at))));
            text.remove_prefix(at + separator.size());
        }
        if (most > 0) --most;
    }
    out.push_back(c.heap.text(std::string(text)));
    if (from_right) std::reverse(out.begin(), out.end());
    return c.heap.list(std::move(out));
}

// A bound of a part of a text: behind the end it stays, in front of the beginning it is 0.
std::int64_t clipped(const Value* v, std::int64_t otherwise, std::int64_t size) {
    if (!given(v)) return otherwise;
    const std::int64_t i = int_of(*v);
    return i < 0 ? std::max<std::int64_t>(0, i + size) : i;
}

Value affix(Call& c, const Value& self, bool front) {
    const auto a = c.bind({"/prefix", "/start", "/end"}, 1);
    const Value& p = *a[0];
    std::string part(self.text());
    if (given(a[1]) || given(a[2])) {
        const std::int64_t n = characters(self);
        const std::int64_t from = clipped(a[1], 0, n), to = std::min(clipped(a[2], n, n), n);
        if (from > to) return false;
        part = slice_text(self, from, to);
    }
    const auto fits = [&](const Value& v) {
        const std::string_view word = text_of(v, cat(c.what, " first arg"));
        return front ? part.starts_with(word) : part.ends_with(word);
    };
    if (p.is(ValueKind::tuple)) return std::any_of(p.items().begin(), p.items().end(), fits);
    return fits(p);
}

Value replace(Call& c, const Value& self) {
    const auto a = c.bind({"/old", "/new", "/count"}, 2);
    const std::string_view from = text_of(*a[0], "replace() argument 1"),
                           to = text_of(*a[1], "replace() argument 2");
    std::int64_t most = a[2] != nullptr ? int_of(*a[2]) : -1;
    std::string out;
    std::string_view text = self.text();
    if (from.empty()) {
        const std::vector<std::string> chars = split_characters(text);
        for (std::size_t i = 0; i <= chars.size(); ++i) {
            if (most != 0) {
                out += to;
                if (most > 0) --most;
            }
            if (i < chars.size()) out += chars[i];
        }
        return c.heap.text(std::move(out));
    }
    for (std::size_t at = 0; most != 0 && (at = text.find(from)) != std::string_view::npos;
         most -= most > 0) {
        out += text.substr(0, at);
        out += to;
        text.remove_prefix(at + from.size());
        if (out.size() > (std::size_t{1} << 30))
            raise("MemoryError", "the template needs more memory than its limit");
    }
    return c.heap.text(cat(out, text));
}

Value find_in(Call& c, const Value& self, bool last, bool must) {
    const auto a = c.bind({"/sub", "/start", "/end"}, 1);
    const std::string_view what = text_of(*a[0], "sub");
    const std::int64_t n = characters(self);
    const std::int64_t from = clipped(a[1], 0, n), to = std::min(clipped(a[2], n, n), n);
    std::int64_t found = -1;
    if (from <= to) {
        const std::string part = slice_text(self, from, to);
        const std::size_t at = last ? part.rfind(what) : part.find(what);
        if (at != std::string::npos)
            found = from + characters(std::string_view(part).substr(0, at));
    }
    if (must && found < 0) raise("ValueError", "substring not found");
    return found;
}

Value join(Call& c, const Value& self) {
    const auto a = c.bind({"/iterable"}, 1);
    std::string out;
    std::size_t n = 0;
    if (!a[0]->is(ValueKind::undefined) && a[0]->is_number())
        raise("TypeError", "can only join an iterable");
    each(c.heap, *a[0], [&](const Value& v) {
        must_be_defined(v);
        if (!v.is(ValueKind::text))
            raise("TypeError",
                  cat("sequence item ", n, ": expected str instance, ", type_name(v), " found"));
        c.heap.must_fit(out.size());
        if (n++ > 0) out += self.text();
        out += v.text();
        return true;
    });
    return c.heap.text(std::move(out));
}

Value splitlines(Call& c, const Value& self) {
    const auto a = c.bind({"keepends"}, 0);
    const bool keep = a[0] != nullptr && truth(*a[0]);
    std::vector<Value> out;
    std::string line;
    const std::vector<std::string> chars = split_characters(self.text());
    for (std::size_t i = 0; i < chars.size(); ++i) {
        const std::string& x = chars[i];
        const bool end = x == "\n" || x == "\r" || x == "\v" || x == "\f" || x == "\x1c" ||
                         x == "\x1d" || x == "\x1e" || x == "\xc2\x85" || x == "\xe2\x80\xa8" ||
                         x == "\xe2\x80\xa9";
        if (!end) {
            line += x;
            continue;
        }
        std::string ending = x;
        if (x == "\r" && i + 1 < chars.size() && chars[i + 1] == "\n") ending += chars[++i];
        out.push_back(c.heap.text(keep ? line + ending : line));
        line.clear();
    }
    if (!line.empty()) out.push_back(c.heap.text(line));
    return c.heap.list(std::move(out));
}

Value justify(Call& c, const Value& self, char how) {
    const auto a = c.bind({"/width", "/fillchar"}, 1);
    const std::int64_t width = int_of(*a[0]), size = characters(self);
    const std::string fill = a[1] != nullptr ? std::string(text_of(*a[1], "fillchar")) : " ";
    if (characters(fill) != 1)
        raise("TypeError", "The fill character must be exactly one character long");
    if (width <= size) return self;
    c.heap.spend(static_cast<std::size_t>(width - size) * fill.size());
    const std::int64_t missing = width - size;
    // CPython's own way of putting the odd one.
    const std::int64_t left = how == '<'   ? 0
                              : how == '>' ? missing
                                           : missing / 2 + (missing & width & 1);
    std::string out;
    for (std::int64_t i = 0; i < left; ++i) out += fill;
    out += self.text();
    for (std::int64_t i = left; i < missing; ++i) out += fill;
    return c.heap.text(std::move(out));
}

Value partition(Call& c, const Value& self, bool last) {
    const auto a = c.bind({"/sep"}, 1);
    const std::string_view text = self.text(), separator = text_of(*a[0], "sep");
    if (separator.empty()) raise("ValueError", "empty separator");
    const std::size_t at = last ? text.rfind(separator) : text.find(separator);
    const auto t = [&](std::string_view s) { return c.heap.text(std::string(s)); };
    if (at == std::string_view::npos)
        return last ? c.heap.tuple({t(""), t(""), self}) : c.heap.tuple({self, t(""), t("")});
    return c.heap.tuple(
        {t(text.substr(0, at)), t(separator), t(text.substr(at + separator.size()))});
}

Value count_in(Call& c, const Value& self) {
    const auto a = c.bind({"/sub", "/start", "/end"}, 1);
    const std::string_view what = text_of(*a[0], "sub");
    const std::int64_t size = characters(self);
    const std::int64_t from = clipped(a[1], 0, size),
                       to = std::min(clipped(a[2], size, size), size);
    if (from > to) return std::int64_t{0};
    const std::string part = slice_text(self, from, to);
    if (what.empty()) return to - from + 1;
    std::int64_t n = 0;
    for (std::size_t at = 0; (at = part.find(what, at)) != std::string::npos; at += what.size())
        ++n;
    return n;
}

// One field with a specification and nothing around it, which changes nothing: CPython gives back the text itself. It matters
// if that is Markup.
std::optional<Value> given_back(const Call& c, std::string_view pattern, std::string_view out) {
    if (!pattern.starts_with('{') || pattern.find(':') == std::string_view::npos ||
        pattern.find('!') != std::string_view::npos)
        return std::nullopt;
    int open = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        open += pattern[i] == '{' ? 1 : pattern[i] == '}' ? -1 : 0;
        if (open == 0 && i + 1 < pattern.size()) return std::nullopt;
    }
    const auto same = [&](const Value& v) {
        return v.is(ValueKind::text) && v.as<Text>().markup && v.text() == out;
    };
    for (const Value& v : c.args)
        if (same(v)) return v;
    for (const auto& [name, v] : c.named)
        if (same(v)) return v;
    return std::nullopt;
}

Value format(Call& c, const Value& self) {
    std::string out = format_braces(c, self.text());
    if (const auto v = given_back(c, self.text(), out)) return *v;
    return c.heap.text(std::move(out));
}

// The names of one mapping instead of arguments.
Value format_map(Call& c, const Value& self) {
    const Value mapping = *c.bind({"/mapping"}, 1)[0];
    if (!mapping.is(ValueKind::dict)) raise("TypeError", "format_map() wants a mapping");
    c.args.clear();
    for (const Dict::Slot& s : mapping.as<Dict>().slots)
        if (s.live && s.key.is(ValueKind::text)) c.named.emplace_back(s.key.text(), s.value);
    return c.heap.text(format_braces(c, self.text()));
}

bool is_utf8(std::string_view encoding) {
    std::string e = lower(encoding);
    std::erase(e, '-');
    std::erase(e, '_');
    return e == "utf8";
}

} // namespace

Table<Method> text_methods() {
    static constexpr auto table = sorted<Method>({
        {"count", count_in},
        {"format_map", format_map},
        {"__len__", [](Call&, const Value& s) -> Value { return length(s); }},
        {"__contains__",
         [](Call& c, const Value& s) -> Value { return contains(s, *c.bind({"/key"}, 1)[0]); }},
        {"strip", strip<true, true>},
        {"lstrip", strip<true, false>},
        {"rstrip", strip<false, true>},
        {"split", [](Call& c, const Value& s) { return split(c, s, false); }},
        {"rsplit", [](Call& c, const Value& s) { return split(c, s, true); }},
        {"splitlines", splitlines},
        {"startswith", [](Call& c, const Value& s) { return affix(c, s, true); }},
        {"endswith", [](Call& c, const Value& s) { return affix(c, s, false); }},
        {"replace", replace},
        {"join", join},
        {"find", [](Call& c, const Value& s) { return find_in(c, s, false, false); }},
        {"rfind", [](Call& c, const Value& s) { return find_in(c, s, true, false); }},
        {"index", [](Call& c, const Value& s) { return find_in(c, s, false, true); }},
        {"rindex", [](Call& c, const Value& s) { return find_in(c, s, true, true); }},
        {"ljust", [](Call& c, const Value& s) { return justify(c, s, '<'); }},
        {"rjust", [](Call& c, const Value& s) { return justify(c, s, '>'); }},
        {"center", [](Call& c, const Value& s) { return justify(c, s, '^'); }},
        {"zfill",
         [](Call& c, const Value& s) {
             const std::int64_t width = int_of(*c.bind({"/width"}, 1)[0]), size = characters(s);
             if (width <= size) return s;
             c.heap.spend(static_cast<std::size_t>(width - size));
             std::string text(s.text());
             const bool sign = text.starts_with("-") || text.starts_with("+");
             text.insert(sign ? 1 : 0, static_cast<std::size_t>(width - size), '0');
             return c.heap.text(std::move(text));
         }},
        {"partition", [](Call& c, const Value& s) { return partition(c, s, false); }},
        {"rpartition", [](Call& c, const Value& s) { return partition(c, s, true); }},
        {"removeprefix",
         [](Call& c, const Value& s) {
             const std::string_view p = text_of(*c.bind({"/prefix"}, 1)[0], "prefix");
             return s.text().starts_with(p) ? c.heap.text(std::string(s.text().substr(p.size())))
                                            : s;
         }},
        {"removesuffix",
         [](Call& c, const Value& s) {
             const std::string_view p = text_of(*c.bind({"/suffix"}, 1)[0], "suffix");
             return s.text().ends_with(p)
                        ? c.heap.text(std::string(s.text().substr(0, s.text().size() - p.size())))
                        : s;
         }},
        {"format", format},
        {"encode",
         [](Call& c, const Value& s) {
             const auto a = c.bind({"encoding", "errors"}, 0);
             if (a[0] != nullptr) {
                 const bool ascii = lower(text_of(*a[0], "encoding")) == "ascii";
                 if (!is_utf8(a[0]->text()) && !(ascii && s.as<Text>().ascii))
                     raise("NotSupported", cat("the encoding ", a[0]->text()));
             }
             return c.heap.bytes(std::string(s.text()));
         }},
    });
    return table;
}

Table<Method> bytes_methods() {
    static constexpr auto table = sorted<Method>({
        {"decode",
         [](Call& c, const Value& s) {
             const auto a = c.bind({"encoding", "errors"}, 0);
             if (a[0] != nullptr && !is_utf8(text_of(*a[0], "encoding")))
                 raise("NotSupported", cat("the encoding ", a[0]->text()));
             if (!valid_utf8(s.text())) raise("UnicodeDecodeError", "'utf-8' codec can't decode");
             return c.heap.text(std::string(s.text()));
         }},
        {"hex", [](Call& c, const Value& s) { return c.heap.text(to_hex(s.text())); }},
    });
    return table;
}

} // namespace rs::tmpl
