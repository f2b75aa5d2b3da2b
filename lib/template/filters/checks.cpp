// SPDX-License-Identifier: Apache-2.0
// What Jinja2 calls tests: value is NAME.
#include <algorithm>

#include "base/text.hpp"
#include "template/filters/filters.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

Value compare_test(Call& c, bool (*holds)(int), const char* op) {
    const auto a = c.bind({"a", "b"}, 2);
    const int order = compare(*a[0], *a[1], op);
    return order != 2 && holds(order);
}

bool known(const Value& name, Builtin (*find)(std::string_view)) {
    static_cast<void>(hash_of(name)); // which a list has not
    return name.is(ValueKind::text) && find(name.text()) != nullptr;
}

Table<Builtin> tests() {
    static constexpr auto table = sorted<Builtin>({
        {"defined",
         [](Call& c) -> Value { return !c.bind({"value"}, 1)[0]->is(ValueKind::undefined); }},
        {"undefined",
         [](Call& c) -> Value { return c.bind({"value"}, 1)[0]->is(ValueKind::undefined); }},
        {"none", [](Call& c) -> Value { return c.bind({"value"}, 1)[0]->is(ValueKind::none); }},
        {"boolean",
         [](Call& c) -> Value { return c.bind({"value"}, 1)[0]->is(ValueKind::boolean); }},
        {"true",
         [](Call& c) -> Value {
             return c.bind({"value"}, 1)[0]->is(ValueKind::boolean) && c.args[0].boolean();
         }},
        {"false",
         [](Call& c) -> Value {
             return c.bind({"value"}, 1)[0]->is(ValueKind::boolean) && !c.args[0].boolean();
         }},
        {"integer",
         [](Call& c) -> Value { return c.bind({"value"}, 1)[0]->is(ValueKind::integer); }},
        {"float", [](Call& c) -> Value { return c.bind({"value"}, 1)[0]->is(ValueKind::real); }},
        {"number", [](Call& c) -> Value { return c.bind({"value"}, 1)[0]->is_number(); }},
        {"string", [](Call& c) -> Value { return c.bind({"value"}, 1)[0]->is(ValueKind::text); }},
        {"mapping", [](Call& c) -> Value { return c.bind({"value"}, 1)[0]->is(ValueKind::dict); }},
        {"callable",
         [](Call& c) -> Value {
             const Value& v = *c.bind({"value"}, 1)[0];
             return v.is(ValueKind::callable) ||
                    v.is(ValueKind::undefined); // which has a __call__, to complain there
         }},
        {"sequence",
         [](Call& c) -> Value {
             const Value& v = *c.bind({"value"}, 1)[0];
             return v.is(ValueKind::text) || v.is(ValueKind::bytes) || v.is(ValueKind::list) ||
                    v.is(ValueKind::tuple) || v.is(ValueKind::dict) || v.is(ValueKind::range);
         }},
        {"iterable",
         [](Call& c) -> Value {
             const Value& v = *c.bind({"value"}, 1)[0];
             must_be_defined(v);
             return !(v.is(ValueKind::none) || v.is_number() || v.is(ValueKind::callable) ||
                      v.is(ValueKind::names));
         }},
        {"even",
         [](Call& c) -> Value {
             return equals(c.interpreter.binary("%", *c.bind({"value"}, 1)[0], std::int64_t{2}),
                           std::int64_t{0});
         }},
        {"odd",
         [](Call& c) -> Value {
             return equals(c.interpreter.binary("%", *c.bind({"value"}, 1)[0], std::int64_t{2}),
                           std::int64_t{1});
         }},
        {"divisibleby",
         [](Call& c) -> Value {
             const auto a = c.bind({"value", "num"}, 2);
             return equals(c.interpreter.binary("%", *a[0], *a[1]), std::int64_t{0});
         }},
        {"in",
         [](Call& c) -> Value {
             const auto a = c.bind({"value", "seq"}, 2);
             return contains(*a[1], *a[0]);
         }},
        {"sameas",
         [](Call& c) -> Value {
             const auto a = c.bind({"value", "other"}, 2);
             if (a[0]->kind() != a[1]->kind()) return false;
             if (a[0]->is(ValueKind::none)) return true;
             if (a[0]->is(ValueKind::boolean)) return a[0]->boolean() == a[1]->boolean();
             if (a[0]->is_number() || a[0]->is(ValueKind::text))
                 raise("NotSupported",
                       "'sameas' for numbers and texts, which depends on Python's inside");
             return a[0]->object() == a[1]->object();
         }},
        {"lower",
         [](Call& c) -> Value {
             const std::string s = soft(*c.bind({"value"}, 1)[0]);
             return lower(s) == s && upper(s) != s;
         }},
        {"upper",
         [](Call& c) -> Value {
             const std::string s = soft(*c.bind({"value"}, 1)[0]);
             return upper(s) == s && lower(s) != s;
         }},
        {"filter", [](Call& c) -> Value { return known(*c.bind({"value"}, 1)[0], find_filter); }},
        {"test", [](Call& c) -> Value { return known(*c.bind({"value"}, 1)[0], find_test); }},
        {"escaped",
         [](Call& c) -> Value {
             const Value& v = *c.bind({"value"}, 1)[0];
             return v.is(ValueKind::text) && v.as<Text>().markup;
         }},
        {"eq",
         [](Call& c) -> Value {
             const auto a = c.bind({"a", "b"}, 2);
             return equals(*a[0], *a[1]);
         }},
        {"ne",
         [](Call& c) -> Value {
             const auto a = c.bind({"a", "b"}, 2);
             return !equals(*a[0], *a[1]);
         }},
        {"lt",
         [](Call& c) {
             return compare_test(
                 c, [](int o) { return o < 0; }, "<");
         }},
        {"le",
         [](Call& c) {
             return compare_test(
                 c, [](int o) { return o <= 0; }, "<=");
         }},
        {"gt",
         [](Call& c) {
             return compare_test(
                 c, [](int o) { return o > 0; }, ">");
         }},
        {"ge",
         [](Call& c) {
             return compare_test(
                 c, [](int o) { return o >= 0; }, ">=");
         }},
        {"==",
         [](Call& c) -> Value {
             const auto a = c.bind({"a", "b"}, 2);
             return equals(*a[0], *a[1]);
         }},
        {"equalto",
         [](Call& c) -> Value {
             const auto a = c.bind({"a", "b"}, 2);
             return equals(*a[0], *a[1]);
         }},
        {"!=",
         [](Call& c) -> Value {
             const auto a = c.bind({"a", "b"}, 2);
             return !equals(*a[0], *a[1]);
         }},
        {"<",
         [](Call& c) {
             return compare_test(
                 c, [](int o) { return o < 0; }, "<");
         }},
        {"lessthan",
         [](Call& c) {
             return compare_test(
                 c, [](int o) { return o < 0; }, "<");
         }},
        {"<=",
         [](Call& c) {
             return compare_test(
                 c, [](int o) { return o <= 0; }, "<=");
         }},
        {">",
         [](Call& c) {
             return compare_test(
                 c, [](int o) { return o > 0; }, ">");
         }},
        {"greaterthan",
         [](Call& c) {
             return compare_test(
                 c, [](int o) { return o > 0; }, ">");
         }},
        {">=",
         [](Call& c) {
             return compare_test(
                 c, [](int o) { return o >= 0; }, ">=");
         }},
    });
    return table;
}

} // namespace

Builtin find_test(std::string_view name) { return find_entry(tests(), name); }
std::string close_test(std::string_view name) { return closest(tests(), name); }

} // namespace rs::tmpl
