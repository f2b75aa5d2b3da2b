// SPDX-License-Identifier: Apache-2.0
// Filters by name, and what they share.
#include "template/filters/filters.hpp"

#include "base/text.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

std::int64_t int_arg(const Value* v, std::int64_t otherwise) {
    if (v == nullptr) return otherwise;
    must_be_defined(*v);
    if (!v->is_int()) raise("TypeError", cat("an integer is required, not ", type_name(*v)));
    return v->integer();
}
bool bool_arg(const Value* v, bool otherwise) { return v == nullptr ? otherwise : truth(*v); }
std::string text_arg(const Value* v, std::string_view otherwise) {
    return v == nullptr ? std::string(otherwise) : str(*v);
}

// soft_str(): what is no text becomes one.
std::string soft(const Value& v) { return str(v); }

// "a.b.0" of an item, as map(attribute=...) and sort(attribute=...) read it.
Value by_attribute(Interpreter& in, const Value& item, const Value& path, const Value* otherwise) {
    Value v = item;
    if (path.is_int()) {
        v = in.item(v, path);
        if (v.is(ValueKind::undefined) && otherwise != nullptr) v = *otherwise;
    } else if (path.is(ValueKind::none)) {
        return v;
    } else if (!path.is(ValueKind::text)) {
        raise("AttributeError", cat("'", type_name(path), "' object has no attribute 'split'"));
    } else {
        std::string_view rest = path.text();
        while (true) {
            const std::size_t dot = std::min(rest.find('.'), rest.size());
            const std::string_view part = rest.substr(0, dot);
            const auto number = parse_u64(part);
            v = in.item(v, number ? Value(static_cast<std::int64_t>(*number))
                                  : in.heap().text(std::string(part)));
            if (v.is(ValueKind::undefined) && otherwise != nullptr) v = *otherwise;
            if (dot == rest.size()) break;
            rest.remove_prefix(dot + 1);
        }
    }
    return v;
}

namespace {
// Two have a second, shorter name.
std::string_view plain_name(std::string_view name) {
    return name == "d" ? "default" : name == "e" ? "escape" : name == "count" ? "length" : name;
}
} // namespace

Builtin find_filter(std::string_view name) {
    name = plain_name(name);
    for (const Table<Builtin> t : {text_filters(), sequence_filters(), data_filters()})
        if (const Builtin f = find_entry(t, name)) return f;
    return nullptr;
}

std::string close_filter(std::string_view name) {
    for (const Table<Builtin> t : {text_filters(), sequence_filters(), data_filters()})
        if (std::string known = closest(t, name); !known.empty()) return known;
    return {};
}

} // namespace rs::tmpl
