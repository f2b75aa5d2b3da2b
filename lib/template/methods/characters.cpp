// SPDX-License-Identifier: Apache-2.0
// Methods of str that look at each character: upper and lower case, kinds, translations.
#include <algorithm>

#include "base/text.hpp"
#include "template/methods/methods.hpp"
#include "template/text/format.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

std::string titled(std::string_view text) {
    std::string out;
    bool inside = false;
    for (const std::string& ch : split_characters(text)) {
        out += inside ? lower(ch) : title_case(ch);
        inside = is_cased(code_point(ch));
    }
    return out;
}

std::string capitalized(std::string_view text) {
    const std::string first = split_first(text);
    return first.empty() ? first : title_case(first) + lower(text.substr(first.size()));
}

std::string swapped(std::string_view text) {
    std::string out;
    for (const std::string& ch : split_characters(text))
        out += lower(ch) == ch ? upper(ch) : lower(ch);
    return out;
}

std::string folded(std::string_view text) {
    if (std::any_of(text.begin(), text.end(),
                    [](char c) { return static_cast<signed char>(c) < 0; }))
        raise("NotSupported", "casefold() beyond ASCII");
    return lower(text);
}

template <std::string (*Change)(std::string_view)>
Value changed(Call& c, const Value& self) {
    static_cast<void>(c.bind({}, 0));
    return c.heap.text(Change(self.text()));
}

template <bool (*Check)(char32_t), bool Empty = false>
Value every(Call& c, const Value& self) {
    static_cast<void>(c.bind({}, 0));
    for (const std::string& ch : split_characters(self.text()))
        if (!Check(code_point(ch))) return false;
    return Empty || !self.text().empty();
}
bool letter_or_digit(char32_t p) { return is_letter(p) || is_digit(p); }
bool ascii_only(char32_t p) { return p < 0x80; }

// Of what has two cases at all, everything has this one.
template <bool Upper>
Value has_case(Call& c, const Value& self) {
    static_cast<void>(c.bind({}, 0));
    bool any = false;
    for (const std::string& ch : split_characters(self.text())) {
        if (!is_cased(code_point(ch))) continue;
        any = true;
        if ((lower(ch) == ch) == Upper) return false;
    }
    return any;
}

Value is_title(Call& c, const Value& self) {
    static_cast<void>(c.bind({}, 0));
    bool any = false, inside = false;
    for (const std::string& ch : split_characters(self.text())) {
        const bool cased = is_cased(code_point(ch));
        if (cased && (lower(ch) != ch) == inside) return false;
        any |= cased;
        inside = cased;
    }
    return any;
}

Value expand_tabs(Call& c, const Value& self) {
    const auto a = c.bind({"tabsize"}, 0);
    const std::int64_t size = a[0] != nullptr ? int_of(*a[0]) : 8;
    if (size > (1 << 20)) raise("OverflowError", "tabsize");
    std::string out;
    std::int64_t column = 0;
    for (const std::string& ch : split_characters(self.text())) {
        if (ch == "\t") {
            const std::int64_t blanks = size > 0 ? size - column % size : 0;
            out.append(static_cast<std::size_t>(blanks), ' ');
            column += blanks;
            continue;
        }
        out += ch;
        column = ch == "\n" || ch == "\r" ? 0 : column + 1;
    }
    return c.heap.text(std::move(out));
}

// The table is a dict of code points to texts, code points or None.
Value translate(Call& c, const Value& self) {
    const Value table = *c.bind({"/table"}, 1)[0];
    if (!table.is(ValueKind::dict)) raise("NotSupported", "translate() with other than a dict");
    std::string out;
    for (const std::string& ch : split_characters(self.text())) {
        const Value* const to = find(table.as<Dict>(), static_cast<std::int64_t>(code_point(ch)));
        if (to == nullptr)
            out += ch;
        else if (to->is(ValueKind::text))
            out += to->text();
        else if (to->is_int() && to->integer() >= 0 && to->integer() <= 0x10ffff)
            append_code_point(out, static_cast<char32_t>(to->integer()));
        else if (!to->is(ValueKind::none))
            raise("TypeError", "character mapping must return integer, None or str");
    }
    return c.heap.text(std::move(out));
}

Value point_of(std::string_view ch) { return static_cast<std::int64_t>(code_point(ch)); }

Value make_translation(Call& c, const Value&) {
    const auto a = c.bind({"/x", "/y", "/z"}, 1);
    const Value out = c.heap.dict();
    Dict& table = out.as<Dict>();
    if (a[1] == nullptr) {
        if (!a[0]->is(ValueKind::dict))
            raise("TypeError", "if you give only one argument to maketrans it must be a dict");
        for (const Dict::Slot& s : a[0]->as<Dict>().slots) {
            if (!s.live) continue;
            if (s.key.is(ValueKind::text) && characters(s.key) != 1)
                raise("ValueError", "string keys in translate table must be of length 1");
            if (!s.key.is(ValueKind::text) && !s.key.is_int())
                raise("TypeError", "keys in translate table must be strings or integers");
            put(c.heap, table, s.key.is(ValueKind::text) ? point_of(s.key.text()) : s.key, s.value);
        }
        return out;
    }
    const auto from = split_characters(text_of(*a[0], "maketrans() argument 1")),
               to = split_characters(text_of(*a[1], "maketrans() argument 2"));
    if (from.size() != to.size())
        raise("ValueError", "the first two maketrans arguments must have equal length");
    for (std::size_t i = 0; i < from.size(); ++i)
        put(c.heap, table, point_of(from[i]), point_of(to[i]));
    if (a[2] != nullptr)
        for (const std::string& ch : split_characters(text_of(*a[2], "maketrans() argument 3")))
            put(c.heap, table, point_of(ch), {});
    return out;
}

} // namespace

Table<Method> character_methods() {
    static constexpr auto table = sorted<Method>({
        {"lower", changed<lower>},
        {"upper", changed<upper>},
        {"title", changed<titled>},
        {"capitalize", changed<capitalized>},
        {"swapcase", changed<swapped>},
        {"casefold", changed<folded>},
        {"isdigit", every<is_digit>},
        {"isdecimal", every<is_digit>},
        {"isnumeric", every<is_digit>},
        {"isalpha", every<is_letter>},
        {"isalnum", every<letter_or_digit>},
        {"isspace", every<is_blank>},
        {"isascii", every<ascii_only, true>},
        {"isprintable", every<is_printable, true>},
        {"islower", has_case<false>},
        {"isupper", has_case<true>},
        {"istitle", is_title},
        {"isidentifier",
         [](Call& c, const Value& s) -> Value {
             static_cast<void>(c.bind({}, 0));
             return !s.text().empty() && identifier_length(s.text()) == s.text().size();
         }},
        {"expandtabs", expand_tabs},
        {"translate", translate},
        {"maketrans", make_translation},
    });
    return table;
}

} // namespace rs::tmpl
