// SPDX-License-Identifier: Apache-2.0
// Filters of texts.
#include <algorithm>

#include "base/text.hpp"
#include "template/filters/filters.hpp"
#include "template/text/format.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

// What is no text becomes one; Markup stays Markup.
Value soft_value(Call& c, const Value& v) {
    return v.is(ValueKind::text) ? v : c.heap.text(soft(v));
}

// A text, or a Markup if that is what it came from.
Value like(Call& c, const Value& from, std::string text) {
    const bool markup = from.is(ValueKind::text) && from.as<Text>().markup;
    return markup ? c.heap.markup(std::move(text)) : c.heap.text(std::move(text));
}

const Value& text_only(const Value& v, std::string_view filter) {
    must_be_defined(v);
    if (!v.is(ValueKind::text)) raise("TypeError", cat(filter, " of a ", type_name(v)));
    return v;
}

Value via_method(Call& c, std::string_view name, std::vector<Value> args = {}) {
    return call_method(c.interpreter, soft_value(c, *c.bind({"s"}, 1)[0]), name, std::move(args));
}

Value indent(Call& c) {
    const auto a = c.bind({"s", "width", "first", "blank"}, 1);
    if (a[1] != nullptr && a[1]->is_int() && a[1]->integer() > 0)
        c.heap.must_fit(static_cast<std::size_t>(a[1]->integer()));
    const std::string pad =
        a[1] != nullptr && a[1]->is(ValueKind::text)
            ? std::string(a[1]->text())
            : std::string(static_cast<std::size_t>(std::max<std::int64_t>(0, int_arg(a[1], 4))),
                          ' ');
    const bool first = bool_arg(a[2], false), blank = bool_arg(a[3], false);
    const std::string text = std::string(text_only(*a[0], "indent").text()) + "\n";
    const Value split = call_method(c.interpreter, c.heap.text(text), "splitlines");
    std::string out;
    const auto& all = split.items();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i > 0) out += "\n";
        const std::string_view line = all[i].text();
        c.heap.must_fit(out.size());
        if (i > 0 && (blank || !line.empty())) out += pad;
        out += line;
    }
    return like(c, *a[0], first ? pad + out : out);
}

std::string url_quoted(std::string_view text, bool slash) {
    std::string out;
    for (const char ch : text) {
        const auto byte = static_cast<unsigned char>(ch);
        if (std::isalnum(byte) != 0 ||
            std::string_view("_.-~").find(ch) != std::string_view::npos || (slash && ch == '/')) {
            out += ch;
        } else if (ch == ' ' && !slash) {
            out += '+';
        } else {
            static constexpr char hex[] = "0123456789ABCDEF";
            out += cat("%", hex[byte >> 4], hex[byte & 15]);
        }
    }
    return out;
}

Value urlencode(Call& c) {
    const auto a = c.bind({"value"}, 1);
    const Value& v = *a[0];
    if (v.is(ValueKind::bytes)) raise("NotSupported", "urlencode of bytes");
    if (v.is(ValueKind::text) || v.is(ValueKind::none) || v.is_number() ||
        v.is(ValueKind::callable) || v.is(ValueKind::names))
        return c.heap.text(url_quoted(soft(v), true));
    std::string out;
    const auto pair = [&](const Value& key, const Value& value) {
        if (!out.empty()) out += '&';
        out += cat(url_quoted(soft(key), false), "=", url_quoted(soft(value), false));
    };
    if (v.is(ValueKind::dict)) {
        for (const Dict::Slot& s : v.as<Dict>().slots)
            if (s.live) pair(s.key, s.value);
    } else {
        for (const Value& item : items_of(c.heap, v)) {
            const std::vector<Value> both = items_of(c.heap, item);
            if (both.size() != 2) raise("ValueError", "urlencode wants pairs");
            pair(both[0], both[1]);
        }
    }
    return c.heap.text(std::move(out));
}

Value format_filter(Call& c) {
    if (c.args.size() > 1 && !c.named.empty())
        raise("FilterArgumentError",
              "can't handle positional and keyword arguments at the same time");
    Value with;
    if (c.named.empty()) {
        with = c.heap.tuple({c.args.begin() + 1, c.args.end()});
    } else {
        with = c.heap.dict();
        for (const auto& [key, value] : c.named)
            put(c.heap, with.as<Dict>(), c.heap.text(key), value);
    }
    return c.interpreter.binary("%", soft_value(c, c.args[0]), with);
}

Value replace_filter(Call& c) {
    const auto a = c.bind({"s", "old", "new", "count"}, 3);
    std::vector<Value> args{c.heap.text(soft(*a[1])), c.heap.text(soft(*a[2]))};
    if (a[3] != nullptr && !a[3]->is(ValueKind::none)) args.push_back(*a[3]);
    return call_method(c.interpreter, c.heap.text(soft(*a[0])), "replace", std::move(args));
}

Value title_filter(Call& c) {
    std::string out;
    bool begins = true;
    for (const std::string& ch : split_characters(soft(*c.bind({"s"}, 1)[0]))) {
        const bool breaks = ch == "-" || ch == "(" || ch == "{" || ch == "[" || ch == "<" ||
                            is_blank(code_point(ch));
        out += begins ? upper(ch) : lower(ch);
        begins = breaks;
    }
    return c.heap.text(std::move(out));
}

Value truncate(Call& c) {
    const auto a = c.bind({"s", "length", "killwords", "end", "leeway"}, 1);
    const std::int64_t size = int_arg(a[1], 255),
                       leeway = a[4] == nullptr || a[4]->is(ValueKind::none) ? 5 : int_arg(a[4], 5);
    const Value end = a[3] != nullptr ? *a[3] : c.heap.text("...");
    const std::int64_t rest = size - length(end);
    if (rest < 0) raise("AssertionError", cat("expected length >= ", length(end), ", got ", size));
    if (leeway < 0) raise("AssertionError", cat("expected leeway >= 0, got ", leeway));
    const Value& s = *a[0];
    if (length(s) <= size + leeway) return s;
    if (!s.is(ValueKind::text))
        raise(s.is(ValueKind::list) || s.is(ValueKind::tuple) || s.is(ValueKind::bytes)
                  ? "NotSupported"
                  : "TypeError",
              cat("truncate of a ", type_name(s)));
    std::string cut = slice_text(s, 0, rest);
    if (!bool_arg(a[2], false)) cut = cut.substr(0, std::min(cut.rfind(' '), cut.size()));
    return c.interpreter.binary("+", like(c, s, std::move(cut)), end);
}

Value wordcount(Call& c) {
    std::int64_t n = 0;
    bool inside = false;
    for (const std::string& ch : split_characters(soft(*c.bind({"s"}, 1)[0]))) {
        const bool word = is_word(code_point(ch));
        n += word && !inside;
        inside = word;
    }
    return n;
}

// Removes what stands between two marks, both included.
std::string without(std::string_view text, std::string_view from, std::string_view to) {
    std::string out;
    for (;;) {
        const std::size_t start = text.find(from);
        const std::size_t end =
            start == std::string_view::npos ? start : text.find(to, start + from.size());
        if (end == std::string_view::npos) return out += text;
        out += text.substr(0, start);
        text.remove_prefix(end + to.size());
    }
}

std::string unescaped(std::string_view text) {
    static constexpr std::pair<std::string_view, std::string_view> known[] = {
        {"&amp;", "&"},   {"&lt;", "<"},   {"&gt;", ">"},
        {"&quot;", "\""}, {"&#34;", "\""}, {"&#39;", "'"}};
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '&') {
            out += text[i++];
            continue;
        }
        const auto at = std::find_if(std::begin(known), std::end(known), [&](const auto& k) {
            return text.substr(i).starts_with(k.first);
        });
        if (at != std::end(known)) {
            out += at->second;
            i += at->first.size();
            continue;
        }
        const char next = i + 1 < text.size() ? text[i + 1] : ' ';
        if (next == '#' || std::isalpha(static_cast<unsigned char>(next)) != 0)
            raise("NotSupported", "striptags of other entities than &amp; &lt; &gt; &quot;");
        out += text[i++];
    }
    return out;
}

Value striptags(Call& c) {
    const std::string text =
        without(without(soft(*c.bind({"value"}, 1)[0]), "<!--", "-->"), "<", ">");
    std::string out;
    for (const Value& word : call_method(c.interpreter, c.heap.text(text), "split").items()) {
        if (!out.empty()) out += ' ';
        out += word.text();
    }
    return c.heap.text(unescaped(out));
}

Value xmlattr(Call& c) {
    const auto a = c.bind({"d", "autospace"}, 1);
    must_be_defined(*a[0]);
    if (!a[0]->is(ValueKind::dict))
        raise("AttributeError", cat("'", type_name(*a[0]), "' object has no attribute 'items'"));
    std::string out;
    for (const Dict::Slot& s : a[0]->as<Dict>().slots) {
        if (!s.live || s.value.is(ValueKind::none) || s.value.is(ValueKind::undefined)) continue;
        if (!s.key.is(ValueKind::text))
            raise("TypeError",
                  cat("expected string or bytes-like object, got '", type_name(s.key), "'"));
        if (s.key.text().find_first_of(" \t\n\r\f\v/>=") != std::string_view::npos)
            raise("ValueError",
                  cat("Invalid character in attribute name: ", repr_text(s.key.text())));
        if (!out.empty()) out += ' ';
        out += cat(escape(c.heap, s.key).text(), "=\"", escape(c.heap, s.value).text(), "\"");
    }
    return c.heap.text(bool_arg(a[1], true) && !out.empty() ? " " + out : out);
}

} // namespace

Table<Builtin> text_filters() {
    static constexpr auto table = sorted<Builtin>({
        {"capitalize", [](Call& c) { return via_method(c, "capitalize"); }},
        {"lower", [](Call& c) { return via_method(c, "lower"); }},
        {"upper", [](Call& c) { return via_method(c, "upper"); }},
        {"center",
         [](Call& c) {
             const auto a = c.bind({"value", "width"}, 1);
             return call_method(c.interpreter, soft_value(c, *a[0]), "center",
                                {a[1] != nullptr ? *a[1] : Value(std::int64_t{80})});
         }},
        {"trim",
         [](Call& c) {
             const auto a = c.bind({"value", "chars"}, 1);
             return call_method(c.interpreter, soft_value(c, *a[0]), "strip",
                                {a[1] != nullptr ? *a[1] : Value()});
         }},
        {"escape", [](Call& c) { return escape(c.heap, *c.bind({"s"}, 1)[0]); }},
        {"forceescape",
         [](Call& c) { return escape(c.heap, c.heap.text(soft(*c.bind({"value"}, 1)[0]))); }},
        {"safe", [](Call& c) { return c.heap.markup(soft(*c.bind({"value"}, 1)[0])); }},
        {"string", [](Call& c) { return soft_value(c, *c.bind({"object"}, 1)[0]); }},
        {"format", format_filter},
        {"indent", indent},
        {"replace", replace_filter},
        {"striptags", striptags},
        {"title", title_filter},
        {"truncate", truncate},
        {"urlencode", urlencode},
        {"urlize",
         [](Call&) -> Value { raise("NotSupported", "urlize, which makes links for web pages"); }},
        {"wordcount", wordcount},
        {"wordwrap", wordwrap},
        {"xmlattr", xmlattr},
    });
    return table;
}

} // namespace rs::tmpl
