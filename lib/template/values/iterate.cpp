// SPDX-License-Identifier: Apache-2.0
#include "template/values/iterate.hpp"

#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "template/modules/modules.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

std::string iterator_type(const Value& v) {
    switch (v.kind()) {
    case ValueKind::text: return "str_iterator";
    case ValueKind::view:
        return v.as<View>().what == View::What::keys     ? "dict_keyiterator"
               : v.as<View>().what == View::What::values ? "dict_valueiterator"
                                                         : "dict_itemiterator";
    case ValueKind::dict: return "dict_keyiterator";
    default: return cat(type_name(v), "_iterator");
    }
}

} // namespace

Value iterator_of(Interpreter& in, const Value& v) {
    return v.is(ValueKind::iterator) ? v : in.heap().iterator(iterator_type(v), iterate(in.heap(), v));
}

Value py_iter(Call& c) {
    positional_only(c, 1, 2);
    if (c.args.size() == 1) return iterator_of(c.interpreter, c.args[0]);
    if (!c.args[0].is(ValueKind::callable)) raise("TypeError", "iter(v, w): v must be callable");
    return c.heap.iterator("callable_iterator",
                           [&in = c.interpreter, f = c.args[0], end = c.args[1],
                            over = false]() mutable -> std::optional<Value> {
                               if (over) return std::nullopt;
                               const Value v = in.call(f, {});
                               over = equals(v, end);
                               return over ? std::nullopt : std::optional(v);
                           });
}

Value py_next(Call& c) {
    positional_only(c, 1, 2);
    if (!c.args[0].is(ValueKind::iterator))
        raise("TypeError", cat("'", type_name(c.args[0]), "' object is not an iterator"));
    if (const auto v = c.args[0].as<Iterator>().next()) return *v;
    if (c.args.size() == 1) raise("StopIteration", "");
    return c.args[1];
}

Value py_enumerate(Call& c) {
    const auto a = c.bind({"iterable", "start"}, 1);
    return c.heap.iterator(
        "enumerate",
        [&heap = c.heap, next = iterate(c.heap, *a[0]),
         n = a[1] != nullptr ? int_of(*a[1]) : 0]() mutable -> std::optional<Value> {
            const auto v = next();
            if (!v) return std::nullopt;
            const std::int64_t here = n;
            if (__builtin_add_overflow(n, 1, &n))
                raise("OverflowError", "an integer beyond 64 bits");
            return heap.tuple({here, *v});
        });
}

Value py_filter(Call& c) {
    positional_only(c, 2, 2);
    return c.heap.iterator("filter",
                           [&in = c.interpreter, f = c.args[0],
                            next = iterate(c.heap, c.args[1])]() -> std::optional<Value> {
                               while (const auto v = next()) {
                                   in.step();
                                   if (truth(f.is(ValueKind::none) ? *v : in.call(f, {*v})))
                                       return v;
                               }
                               return std::nullopt;
                           });
}

namespace {
// One item of each, or nothing if one of them has no more: those before it have lost theirs then, as in Python.
std::optional<std::vector<Value>> row_of(const std::vector<Next>& all) {
    std::vector<Value> row;
    for (const Next& next : all) {
        const auto v = next();
        if (!v) return std::nullopt;
        row.push_back(*v);
    }
    return row;
}
} // namespace

Value py_map(Call& c) {
    if (!c.named.empty()) raise("TypeError", "map() takes no keyword arguments");
    if (c.args.size() < 2) raise("TypeError", "map() must have at least two arguments.");
    std::vector<Next> all;
    for (std::size_t i = 1; i < c.args.size(); ++i)
        all.push_back(iterate(c.heap, c.args[i]));
    return c.heap.iterator(
        "map",
        [&in = c.interpreter, f = c.args[0], all = std::move(all)]() -> std::optional<Value> {
            auto row = row_of(all);
            if (!row) return std::nullopt;
            return in.call(f, std::move(*row));
        });
}

Value py_zip(Call& c) {
    const Value* strict = nullptr;
    for (const auto& [name, value] : c.named) {
        if (name != "strict")
            raise("TypeError", cat("zip() got an unexpected keyword argument '", name, "'"));
        strict = &value;
    }
    if (strict != nullptr && truth(*strict)) raise("NotSupported", "zip() with strict");
    std::vector<Next> all;
    for (const Value& v : c.args) all.push_back(iterate(c.heap, v));
    return c.heap.iterator("zip", [&heap = c.heap, all = std::move(all)]() -> std::optional<Value> {
        if (all.empty()) return std::nullopt;
        auto row = row_of(all);
        if (!row) return std::nullopt;
        return heap.tuple(std::move(*row));
    });
}

Value py_reversed(Call& c) {
    positional_only(c, 1, 1);
    const Value& v = c.args[0];
    switch (v.kind()) {
    case ValueKind::list:
    case ValueKind::tuple:
    case ValueKind::text:
    case ValueKind::bytes:
    case ValueKind::range:
    case ValueKind::dict:
    case ValueKind::view: break;
    default: raise("TypeError", cat("'", type_name(v), "' object is not reversible"));
    }
    std::vector<Value> items = items_of(c.heap, v);
    std::reverse(items.begin(), items.end());
    return iterator_over(c.heap, "reversed", std::move(items));
}

} // namespace rs::tmpl
