// SPDX-License-Identifier: Apache-2.0
// What has a length, contains, and can be iterated.
#include <algorithm>

#include "base/text.hpp"
#include "template/text/unicode.hpp"
#include "template/values/nesting.hpp"
#include "template/values/value.hpp"

namespace rs::tmpl {

std::vector<std::string> split_characters(std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < text.size();) {
        std::size_t n = 1;
        while (i + n < text.size() && (static_cast<unsigned char>(text[i + n]) & 0xc0) == 0x80) ++n;
        out.emplace_back(text.substr(i, n));
        i += n;
    }
    return out;
}

std::int64_t characters(std::string_view text) {
    return std::count_if(text.begin(), text.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

std::int64_t characters(const Value& text) {
    const std::string_view bytes = text.text();
    return text.as<Text>().ascii ? static_cast<std::int64_t>(bytes.size()) : characters(bytes);
}

std::string slice_text(const Value& text, std::int64_t from, std::int64_t to) {
    const std::string_view bytes = text.text();
    if (to <= from) return {};
    if (text.as<Text>().ascii)
        return std::string(
            bytes.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
    std::size_t begin = bytes.size(), end = bytes.size();
    std::int64_t n = -1;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if ((static_cast<unsigned char>(bytes[i]) & 0xc0) == 0x80) continue;
        ++n;
        if (n == from) begin = i;
        if (n == to) {
            end = i;
            break;
        }
    }
    return std::string(bytes.substr(begin, end - begin));
}

std::int64_t length(const Value& v) {
    switch (v.kind()) {
    case Kind::undefined: return lenient(v) ? 0 : 1;
    case Kind::text: return characters(v);
    case Kind::bytes: return static_cast<std::int64_t>(v.text().size());
    case Kind::list:
    case Kind::tuple: return static_cast<std::int64_t>(v.items().size());
    case Kind::dict:
    case Kind::set: return static_cast<std::int64_t>(v.as<Dict>().live);
    case Kind::range: return v.as<Range>().size();
    case Kind::view: return length(v.as<View>().of);
    default:
        if (v.is(Kind::names) && v.as<Names>().find)
            if (const auto n = v.as<Names>().find("__len__")) return n->integer();
        raise("TypeError", cat("object of type '", type_name(v), "' has no len()"));
    }
}

bool contains(const Value& in, const Value& what) {
    switch (in.kind()) {
    case Kind::undefined: return !lenient(in);
    case Kind::text:
        if (what.is(Kind::undefined)) must_be_defined(what);
        if (!what.is(Kind::text))
            raise("TypeError",
                  cat("'in <string>' requires string as left operand, not ", type_name(what)));
        return in.text().find(what.text()) != std::string_view::npos;
    case Kind::list:
    case Kind::tuple:
        return std::any_of(in.items().begin(), in.items().end(),
                           [&](const Value& v) { return equals(v, what); });
    case Kind::dict:
    case Kind::set: return find(in.as<Dict>(), what) != nullptr;
    case Kind::range: {
        const Range& r = in.as<Range>();
        if (what.is(Kind::undefined)) must_be_defined(what);
        if (!what.is_int()) return false;
        const std::int64_t i = what.integer();
        return r.size() > 0 &&
               (r.step > 0 ? i >= r.start && i < r.stop : i <= r.start && i > r.stop) &&
               (i - r.start) % r.step == 0;
    }
    case Kind::view: {
        const View& view = in.as<View>();
        const Dict& d = view.of.as<Dict>();
        if (view.what == View::What::keys) return find(d, what) != nullptr;
        if (view.what == View::What::values)
            return std::any_of(d.slots.begin(), d.slots.end(), [&](const Dict::Slot& s) {
                return s.live && equals(s.value, what);
            });
        if (!what.is(Kind::tuple) || what.items().size() != 2) return false;
        const Value* const value = find(d, what.items()[0]);
        return value != nullptr && equals(*value, what.items()[1]);
    }
    case Kind::iterator:
        while (const auto v = in.as<Iterator>().next())
            if (equals(*v, what)) return true;
        return false;
    default: raise("TypeError", cat("argument of type '", type_name(in), "' is not iterable"));
    }
}

namespace {

// Keys of a dict or a set: who iterates must not add or remove any.
Next iterate_keys(const Value& v) {
    const auto changed = [v, changes = v.as<Dict>().changes] {
        if (v.as<Dict>().changes != changes)
            raise("RuntimeError",
                  cat(v.is(Kind::set) ? "Set" : "dictionary", " changed size during iteration"));
    };
    if (v.is(Kind::set))
        return [v, changed, order = order_of(v),
                i = std::size_t{0}]() mutable -> std::optional<Value> {
            changed();
            return i < order.size() ? std::optional(v.as<Dict>().slots[order[i++]].key)
                                    : std::nullopt;
        };
    return [v, changed, i = std::size_t{0}]() mutable -> std::optional<Value> {
        const Dict& d = v.as<Dict>();
        changed();
        while (i < d.slots.size() && !d.slots[i].live) ++i;
        return i < d.slots.size() ? std::optional(d.slots[i++].key) : std::nullopt;
    };
}

Next iterate_view(Heap& heap, const View& view) {
    return [&heap, keys = iterate_keys(view.of), what = view.what,
            of = view.of]() -> std::optional<Value> {
        const auto key = keys();
        if (!key || what == View::What::keys) return key;
        const Value value = *find(of.as<Dict>(), *key);
        return what == View::What::values ? value : heap.tuple({*key, value});
    };
}

} // namespace

Next iterate(Heap& heap, const Value& v) {
    switch (v.kind()) {
    case Kind::undefined:
        static_cast<void>(lenient(v));
        return [] { return std::optional<Value>(); };
    case Kind::text:
        return [&heap, v, at = std::size_t{0}]() mutable -> std::optional<Value> {
            if (at >= v.text().size()) return std::nullopt;
            std::string c = split_first(v.text().substr(at));
            at += c.size();
            return heap.text(std::move(c));
        };
    case Kind::bytes:
        return [v, at = std::size_t{0}]() mutable -> std::optional<Value> {
            if (at >= v.text().size()) return std::nullopt;
            return std::int64_t{static_cast<unsigned char>(v.text()[at++])};
        };
    case Kind::list:
    case Kind::tuple:
        // At its end it stays there, also if the list grows after that.
        return [v, i = std::size_t{0}]() mutable -> std::optional<Value> {
            if (i < v.items().size()) return v.items()[i++];
            i = SIZE_MAX;
            return std::nullopt;
        };
    case Kind::dict:
    case Kind::set: return iterate_keys(v);
    case Kind::view: return iterate_view(heap, v.as<View>());
    case Kind::range:
        return [v, i = std::int64_t{0}]() mutable -> std::optional<Value> {
            const Range& r = v.as<Range>();
            return i < r.size() ? std::optional(Value(r.start + i++ * r.step)) : std::nullopt;
        };
    case Kind::iterator:
        return [v] {
            check_stack(); // an iterator over an iterator over...
            return v.as<Iterator>().next();
        };
    case Kind::names:
        if (v.as<Names>().find)
            if (const auto items = v.as<Names>().find("__iter__")) return iterate(heap, *items);
        [[fallthrough]];
    default: raise("TypeError", cat("'", type_name(v), "' object is not iterable"));
    }
}

void each(Heap& heap, const Value& v, const std::function<bool(const Value&)>& f) {
    const Next next = iterate(heap, v);
    while (const auto item = next())
        if (!f(*item)) return;
}

std::vector<Value> items_of(Heap& heap, const Value& v) {
    std::vector<Value> out;
    const Next next = iterate(heap, v);
    while (const auto item = next()) {
        heap.spend(sizeof(Value));
        out.push_back(*item);
    }
    return out;
}

} // namespace rs::tmpl
