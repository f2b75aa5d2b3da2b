// SPDX-License-Identifier: Apache-2.0
// Methods of list and tuple.
#include <algorithm>

#include "base/text.hpp"
#include "template/methods/methods.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

std::size_t place_in(const Value& self, std::int64_t i, bool clamp) {
    const auto n = static_cast<std::int64_t>(self.items().size());
    if (i < 0) i += n;
    if (clamp) i = std::clamp<std::int64_t>(i, 0, n);
    if (i < 0 || i >= n + (clamp ? 1 : 0)) raise("IndexError", "list index out of range");
    return static_cast<std::size_t>(i);
}

Value index_of(Call& c, const Value& self) {
    const auto a = c.bind({"/value"}, 1);
    const auto& items = self.items();
    c.interpreter.step(items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
        if (equals(items[i], *a[0])) return static_cast<std::int64_t>(i);
    raise("ValueError", self.is(ValueKind::list) ? cat(repr(*a[0]), " is not in list")
                                                 : "tuple.index(x): x not in tuple");
}

Value count_of_value(Call& c, const Value& self) {
    const auto a = c.bind({"/value"}, 1);
    c.interpreter.step(self.items().size());
    return static_cast<std::int64_t>(
        std::count_if(self.items().begin(), self.items().end(),
                      [&](const Value& v) { return equals(v, *a[0]); }));
}

} // namespace

Table<Method> list_methods() {
    static constexpr auto table = sorted<Method>({
        {"append",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/object"}, 1);
             c.heap.spend(sizeof(Value));
             s.items().push_back(*a[0]);
             return {};
         }},
        {"extend",
         [](Call& c, const Value& s) -> Value {
             const std::vector<Value> more = items_of(c.heap, *c.bind({"/iterable"}, 1)[0]);
             s.items().insert(s.items().end(), more.begin(), more.end());
             return {};
         }},
        {"insert",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/index", "/object"}, 2);
             c.heap.spend(sizeof(Value));
             c.interpreter.step(s.items().size());
             s.items().insert(s.items().begin() +
                                  static_cast<std::ptrdiff_t>(place_in(s, int_of(*a[0]), true)),
                              *a[1]);
             return {};
         }},
        {"pop",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/index"}, 0);
             if (s.items().empty()) raise("IndexError", "pop from empty list");
             const std::int64_t i = a[0] != nullptr ? int_of(*a[0]) : -1;
             const auto n = static_cast<std::int64_t>(s.items().size());
             if (i >= n || i < -n) raise("IndexError", "pop index out of range");
             const std::size_t at = place_in(s, i, false);
             c.interpreter.step(s.items().size() - at);
             const Value out = s.items()[at];
             s.items().erase(s.items().begin() + static_cast<std::ptrdiff_t>(at));
             return out;
         }},
        {"remove",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/value"}, 1);
             auto& items = s.items();
             c.interpreter.step(items.size());
             const auto at = std::find_if(items.begin(), items.end(),
                                          [&](const Value& v) { return equals(v, *a[0]); });
             if (at == items.end()) raise("ValueError", "list.remove(x): x not in list");
             items.erase(at);
             return {};
         }},
        {"clear",
         [](Call&, const Value& s) -> Value {
             s.items().clear();
             return {};
         }},
        {"copy", [](Call& c, const Value& s) { return c.heap.list(s.items()); }},
        {"reverse",
         [](Call&, const Value& s) -> Value {
             std::reverse(s.items().begin(), s.items().end());
             return {};
         }},
        {"sort",
         [](Call& c, const Value& s) -> Value {
             std::vector<const Value*> a(2);
             for (const auto& [key, value] : c.named) {
                 if (key != "key" && key != "reverse")
                     raise("TypeError",
                           cat("'", key, "' is an invalid keyword argument for sort()"));
                 a[key == "key" ? 0 : 1] = &value;
             }
             if (!c.args.empty()) raise("TypeError", "sort() takes no positional arguments");
             sort_values(c.interpreter, s.items(), given(a[0]) ? *a[0] : Value(),
                         a[1] != nullptr && truth(*a[1]));
             return {};
         }},
        {"index", index_of},
        {"count", count_of_value},
        {"__setitem__",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/key", "/value"}, 2);
             s.items()[place_in(s, int_of(*a[0]), false)] = *a[1];
             return {};
         }},
        {"__getitem__",
         [](Call& c, const Value& s) {
             return s.items()[place_in(s, int_of(*c.bind({"/key"}, 1)[0]), false)];
         }},
        {"__len__", [](Call&, const Value& s) -> Value { return length(s); }},
        {"__contains__",
         [](Call& c, const Value& s) -> Value { return contains(s, *c.bind({"/key"}, 1)[0]); }},
    });
    return table;
}

Table<Method> tuple_methods() {
    static constexpr auto table = sorted<Method>({{"index", index_of}, {"count", count_of_value}});
    return table;
}

} // namespace rs::tmpl
