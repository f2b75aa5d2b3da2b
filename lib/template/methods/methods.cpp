// SPDX-License-Identifier: Apache-2.0
// Methods by kind of value.
#include "template/methods/methods.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

std::string_view text_of(const Value& v, std::string_view what) {
    must_be_defined(v);
    if (!v.is(ValueKind::text)) raise("TypeError", cat(what, " must be str, not ", type_name(v)));
    return v.text();
}

std::int64_t int_of(const Value& v) {
    must_be_defined(v);
    if (!v.is_int())
        raise("TypeError", cat("'", type_name(v), "' object cannot be interpreted as an integer"));
    return v.integer();
}

void sort_values(Interpreter& in, std::vector<Value>& items, const Value& key, bool reverse) {
    std::vector<std::pair<Value, Value>> keyed;
    for (const Value& v : items)
        keyed.emplace_back(key.is(ValueKind::none) ? v : in.call(key, {v}), v);
    const auto less = [&](const auto& a, const auto& b) {
        in.step();
        const int order = compare(a.first, b.first, "<");
        return order < 0;
    };
    if (reverse) std::reverse(keyed.begin(), keyed.end());
    std::stable_sort(keyed.begin(), keyed.end(), less);
    if (reverse) std::reverse(keyed.begin(), keyed.end());
    items.clear();
    for (auto& k : keyed) items.push_back(k.second);
}

namespace {
Table<Method> methods_of(ValueKind kind) {
    switch (kind) {
    case ValueKind::text: return text_methods();
    case ValueKind::bytes: return bytes_methods();
    case ValueKind::list: return list_methods();
    case ValueKind::tuple: return tuple_methods();
    case ValueKind::dict: return dict_methods();
    case ValueKind::set: return set_methods();
    case ValueKind::range: return range_methods();
    case ValueKind::boolean:
    case ValueKind::integer: return integer_methods();
    case ValueKind::real: return real_methods();
    default: return {};
    }
}

Method find_method(ValueKind kind, std::string_view name) {
    const Method f = find_entry(methods_of(kind), name);
    return f == nullptr && kind == ValueKind::text ? find_entry(character_methods(), name) : f;
}

// str.upper, dict.fromkeys...: the method of a class takes what it is called for first.
std::optional<Value> class_method(Interpreter& in, const Callable& type, std::string_view name) {
    static constexpr std::pair<std::string_view, ValueKind> kinds[] = {
        {"str", ValueKind::text},    {"bytes", ValueKind::bytes}, {"list", ValueKind::list},
        {"tuple", ValueKind::tuple}, {"dict", ValueKind::dict},   {"set", ValueKind::set},
        {"int", ValueKind::integer}, {"float", ValueKind::real},  {"range", ValueKind::range}};
    const auto at = std::find_if(std::begin(kinds), std::end(kinds),
                                 [&](const auto& k) { return k.first == type.name; });
    const Method f = at != std::end(kinds) ? find_method(at->second, name) : nullptr;
    if (f == nullptr) return std::nullopt;
    if (name == "fromkeys" || name == "maketrans")
        return in.heap().function(std::string(name), [f](Call& c) { return f(c, {}); });
    return in.heap().function(std::string(name), [f, kind = at->second, name = type.name](Call& c) {
        if (c.args.empty() || (c.args[0].kind() != kind))
            raise("TypeError", cat("the method ", c.what, " of ", name, " needs a ", name));
        const Value self = c.args[0];
        c.args.erase(c.args.begin());
        return f(c, self);
    });
}
} // namespace

std::optional<Value> method(Interpreter& in, const Value& of, std::string_view name) {
    if (of.is(ValueKind::callable) && of.as<Callable>().type)
        return class_method(in, of.as<Callable>(), name);
    if (auto v = plain_attribute(of, name)) return v;
    Method f = find_method(of.kind(), name);
    static constexpr std::string_view changing[] = {
        "add", "clear", "discard", "remove", "update", "intersection_update", "difference_update"};
    if (of.is(ValueKind::set) && of.as<Dict>().frozen &&
        std::find(std::begin(changing), std::end(changing), name) != std::end(changing))
        return std::nullopt;
    if (f == nullptr) {
        if (name == "__class__" || missing_here(of, name))
            raise("NotSupported", cat("the attribute ", name, " of a ", type_name(of)));
        return std::nullopt;
    }
    if (of.is(ValueKind::text) && of.as<Text>().markup)
        return in.heap().function(std::string(name), [f, of, name = std::string(name)](Call& c) {
            return markup_method(c, name, f, of);
        });
    return in.heap().function(std::string(name), [f, of](Call& c) { return f(c, of); });
}

Value call_method(Interpreter& in, const Value& of, std::string_view name,
                  std::vector<Value> args) {
    return in.call(*method(in, of, name), std::move(args));
}

std::string close_method(const Value& of, std::string_view name) {
    std::string out = closest(methods_of(of.kind()), name);
    return out.empty() && of.is(ValueKind::text) ? closest(character_methods(), name) : out;
}

} // namespace rs::tmpl
