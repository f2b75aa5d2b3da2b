// SPDX-License-Identifier: Apache-2.0
#include "template/regex/match.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "template/modules/modules.hpp"
#include "template/regex/replacement.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;
using Spans = Regex::Spans;

namespace {

std::size_t byte_of(std::string_view text, std::int64_t character) {
    std::size_t i = 0;
    for (; i < text.size(); ++i)
        if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 && character-- == 0) break;
    return i;
}

std::int64_t characters_in(std::string_view text) {
    return std::count_if(text.begin(), text.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

std::size_t group_of(const Regex& regex, const Value& v) {
    must_be_defined(v);
    if (v.is_int() && v.integer() >= 0 &&
        static_cast<std::uint64_t>(v.integer()) <= regex.source().groups)
        return static_cast<std::size_t>(v.integer());
    if (v.is(ValueKind::text))
        if (const auto n = regex.group(v.text())) return *n;
    raise("IndexError", "no such group");
}

} // namespace

Pattern* pattern_in(const Value& v) {
    return v.is(ValueKind::names) ? dynamic_cast<Pattern*>(v.object()) : nullptr;
}

Subject subject_of(const Value& v, const Value* first, const Value* last) {
    must_be_defined(v);
    if (v.is(ValueKind::bytes))
        raise("TypeError", "cannot use a string pattern on a bytes-like object");
    if (!v.is(ValueKind::text))
        raise("TypeError", cat("expected string or bytes-like object, got '", type_name(v), "'"));
    Subject s{v, v.text(), 0, 0, characters(v)};
    const std::int64_t n = s.last;
    if (last != nullptr) s.last = std::clamp<std::int64_t>(int_of(*last), 0, n);
    if (first != nullptr) s.first = std::clamp<std::int64_t>(int_of(*first), 0, n);
    const bool ascii = v.as<Text>().ascii;
    s.text = s.text.substr(0, ascii ? static_cast<std::size_t>(s.last) : byte_of(s.text, s.last));
    s.from = ascii ? static_cast<std::size_t>(s.first) : byte_of(v.text(), s.first);
    return s;
}

Value group_text(Heap& heap, const Subject& s, const Spans& spans, std::size_t group,
                 const Value& otherwise) {
    const auto [from, to] = spans[group];
    return from == Regex::unset ? otherwise
                                : heap.text(std::string(s.text.substr(from, to - from)));
}

Value match_of(Heap& heap, const Value& pattern, const Subject& s, Spans found) {
    const auto regex = pattern_in(pattern)->regex;
    heap.spend(found.size() * sizeof found[0] + 1024); // and the functions below
    const auto spans = std::make_shared<const Spans>(std::move(found));
    const Value out = make_object(heap, "re.Match");
    const auto add = [&](const char* name, std::function<Value(Call&)> f) {
        set_attribute(out, name, heap.function(name, std::move(f)));
    };
    const auto place = [regex, spans, s](Call& c, bool end) {
        positional_only(c, 0, 1);
        const auto span = (*spans)[c.args.empty() ? 0 : group_of(*regex, c.args[0])];
        return span.first == Regex::unset
                   ? std::int64_t{-1}
                   : characters_in(s.text.substr(0, end ? span.second : span.first));
    };
    add("group", [regex, spans, s](Call& c) {
        positional_only(c, 0, SIZE_MAX);
        std::vector<Value> all;
        for (const Value& v : c.args)
            all.push_back(group_text(c.heap, s, *spans, group_of(*regex, v), {}));
        if (all.empty()) return group_text(c.heap, s, *spans, 0, {});
        return all.size() == 1 ? all[0] : c.heap.tuple(std::move(all));
    });
    add("__getitem__", [regex, spans, s](Call& c) {
        return group_text(c.heap, s, *spans, group_of(*regex, *c.bind({"key"}, 1)[0]), {});
    });
    add("groups", [spans, s](Call& c) {
        const auto a = c.bind({"default"}, 0);
        std::vector<Value> all;
        for (std::size_t i = 1; i < spans->size(); ++i)
            all.push_back(group_text(c.heap, s, *spans, i, a[0] != nullptr ? *a[0] : Value()));
        return c.heap.tuple(std::move(all));
    });
    add("groupdict", [regex, spans, s](Call& c) {
        const auto a = c.bind({"default"}, 0);
        const Value d = c.heap.dict();
        for (const auto& [name, number] : regex->source().names)
            put(c.heap, d.as<Dict>(), c.heap.text(name),
                group_text(c.heap, s, *spans, number, a[0] != nullptr ? *a[0] : Value()));
        return d;
    });
    add("start", [place](Call& c) -> Value { return place(c, false); });
    add("end", [place](Call& c) -> Value { return place(c, true); });
    add("span", [place](Call& c) { return c.heap.tuple({place(c, false), place(c, true)}); });
    add("expand", [regex, spans, s](Call& c) {
        const Replacement r(*regex, text_of(*c.bind({"template"}, 1)[0], "template"));
        return c.heap.text(r.expand(s.text, *spans));
    });
    set_attribute(out, "string", s.whole);
    set_attribute(out, "re", pattern);
    set_attribute(out, "pos", s.first);
    set_attribute(out, "endpos", s.last);
    out.as<Names>().find = [](std::string_view name) -> std::optional<Value> {
        if (name == "lastindex" || name == "lastgroup" || name == "regs")
            raise("NotSupported", cat(name, " of a match"));
        return std::nullopt;
    };
    return out;
}

} // namespace rs::tmpl
