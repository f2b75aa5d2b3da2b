// SPDX-License-Identifier: Apache-2.0
// Filters of sequences and dictionaries.
#include <algorithm>

#include "base/text.hpp"
#include "template/filters/filters.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

Value lowered(Heap& heap, const Value& v) {
    return v.is(ValueKind::text) ? heap.text(lower(v.text())) : v;
}

// The value that an item is sorted, grouped or compared by.
std::function<Value(const Value&)> key_by(Call& c, const Value* attribute, bool case_sensitive) {
    std::vector<Value> paths;
    if (attribute != nullptr && !attribute->is(ValueKind::none)) {
        if (attribute->is(ValueKind::text)) {
            std::string_view rest = attribute->text();
            for (std::size_t at = 0; at <= rest.size();) {
                const std::size_t comma = std::min(rest.find(',', at), rest.size());
                paths.push_back(c.heap.text(std::string(rest.substr(at, comma - at))));
                at = comma + 1;
            }
        } else {
            paths.push_back(*attribute);
        }
    }
    return [&c, paths, case_sensitive](const Value& item) {
        const auto of = [&](const Value& v) { return case_sensitive ? v : lowered(c.heap, v); };
        if (paths.empty()) return of(item);
        if (paths.size() == 1) return of(by_attribute(c.interpreter, item, paths[0], nullptr));
        std::vector<Value> all;
        for (const Value& p : paths)
            all.push_back(of(by_attribute(c.interpreter, item, p, nullptr)));
        return c.heap.list(std::move(all));
    };
}

Value generator(Call& c, std::vector<Value> items) {
    return iterator_over(c.heap, "generator", std::move(items));
}

// What makes one item at a time, when it is asked for: a failure shows only then, as in Python.
Value lazily(Call& c, const Value& over,
             std::function<std::optional<Value>(const Value&)> each_item) {
    Heap& heap = c.heap;
    const auto items = std::make_shared<Next>();
    return c.heap.iterator("generator", [&heap, over, items, each_item]() -> std::optional<Value> {
        if (!*items) {
            if (!truth(over)) return std::nullopt; // also of what is no sequence
            *items = iterate(heap, over);
        }
        while (const auto item = (*items)())
            if (const auto out = each_item(*item)) return out;
        return std::nullopt;
    });
}

// select, reject, selectattr, rejectattr.
Value select(Call& c, bool keep, bool with_attribute) {
    std::vector<Value> args(c.args.begin() + 1, c.args.end());
    std::optional<Value> attribute, test;
    const auto take = [&](std::optional<Value>& to) {
        if (args.empty()) return;
        to = args[0];
        args.erase(args.begin());
    };
    if (with_attribute) take(attribute);
    take(test);
    return lazily(c, c.args[0],
                  [&in = c.interpreter, keep, with_attribute, attribute, test, args,
                   named = c.named](const Value& item) -> std::optional<Value> {
                      if (with_attribute && !attribute)
                          raise("FilterArgumentError", "Missing parameter for attribute name");
                      const Value v =
                          with_attribute ? by_attribute(in, item, *attribute, nullptr) : item;
                      bool holds = false;
                      if (!test) {
                          holds = truth(v);
                      } else {
                          std::vector<Value> with{v};
                          with.insert(with.end(), args.begin(), args.end());
                          holds = in.apply_test(str(*test), std::move(with), named);
                      }
                      return holds == keep ? std::optional(item) : std::nullopt;
                  });
}

Value map_filter(Call& c) {
    std::vector<Value> args(c.args.begin() + 1, c.args.end());
    std::optional<Value> attribute, otherwise;
    if (args.empty())
        for (const auto& [key, value] : c.named) {
            if (key == "attribute") attribute = value;
            if (key == "default" && !value.is(ValueKind::none)) otherwise = value;
        }
    return lazily(c, c.args[0],
                  [&in = c.interpreter, args, attribute, otherwise,
                   named = c.named](const Value& item) -> std::optional<Value> {
                      if (attribute) {
                          for (const auto& [key, value] : named)
                              if (key != "attribute" && key != "default")
                                  raise("FilterArgumentError",
                                        cat("Unexpected keyword argument ", repr_text(key)));
                          return by_attribute(in, item, *attribute,
                                              otherwise ? &*otherwise : nullptr);
                      }
                      if (args.empty())
                          raise("FilterArgumentError", "map requires a filter argument");
                      std::vector<Value> with{item};
                      with.insert(with.end(), args.begin() + 1, args.end());
                      return in.apply_filter(str(args[0]), std::move(with), named);
                  });
}

Value join_filter(Call& c) {
    const auto a = c.bind({"value", "d", "attribute"}, 1);
    const std::string between = text_arg(a[1], "");
    std::string out;
    bool first = true;
    each(c.heap, *a[0], [&](const Value& item) {
        if (!first) out += between;
        first = false;
        c.heap.must_fit(out.size());
        out += soft(a[2] != nullptr && !a[2]->is(ValueKind::none)
                        ? by_attribute(c.interpreter, item, *a[2], nullptr)
                        : item);
        return true;
    });
    return c.heap.text(std::move(out));
}

Value sort_filter(Call& c) {
    const auto a = c.bind({"value", "reverse", "case_sensitive", "attribute"}, 1);
    std::vector<Value> items = items_of(c.heap, *a[0]);
    const auto key = key_by(c, a[3], bool_arg(a[2], false));
    const Value f = c.heap.function("key", [&key](Call& k) { return key(k.args[0]); });
    sort_values(c.interpreter, items, f, bool_arg(a[1], false));
    return c.heap.list(std::move(items));
}

Value dictsort(Call& c) {
    const auto a = c.bind({"value", "case_sensitive", "by", "reverse"}, 1);
    const std::string by = text_arg(a[2], "key");
    if (by != "key" && by != "value")
        raise("FilterArgumentError", "You can only sort by either \"key\" or \"value\"");
    must_be_defined(*a[0]);
    if (!a[0]->is(ValueKind::dict))
        raise("AttributeError", cat("'", type_name(*a[0]), "' object has no attribute 'items'"));
    std::vector<Value> items;
    for (const Dict::Slot& s : a[0]->as<Dict>().slots)
        if (s.live) items.push_back(c.heap.tuple({s.key, s.value}));
    const bool sensitive = bool_arg(a[1], false);
    const std::size_t which = by == "key" ? 0 : 1;
    const Value f = c.heap.function("key", [sensitive, which](Call& k) {
        const Value& v = k.args[0].items()[which];
        return sensitive ? v : lowered(k.heap, v);
    });
    sort_values(c.interpreter, items, f, bool_arg(a[3], false));
    return c.heap.list(std::move(items));
}

Value unique(Call& c) {
    const auto a = c.bind({"value", "case_sensitive", "attribute"}, 1);
    const auto key = key_by(c, a[2], bool_arg(a[1], false));
    Dict& seen = c.heap.dict().as<Dict>();
    std::vector<Value> out;
    each(c.heap, *a[0], [&](const Value& item) {
        const Value k = key(item);
        if (find(seen, k) == nullptr) {
            put(c.heap, seen, k, {});
            out.push_back(item);
        }
        return true;
    });
    return generator(c, std::move(out));
}

Value extreme(Call& c, bool largest) {
    const auto a = c.bind({"value", "case_sensitive", "attribute"}, 1);
    const auto key = key_by(c, a[2], bool_arg(a[1], false));
    std::optional<Value> best, best_key;
    each(c.heap, *a[0], [&](const Value& item) {
        const Value k = key(item);
        const bool better =
            !best || (largest ? compare(k, *best_key, ">") > 0 : compare(k, *best_key, "<") < 0);
        if (better) {
            best = item;
            best_key = k;
        }
        return true;
    });
    return best ? *best : c.heap.missing("No aggregated item, sequence was empty.");
}

Value groupby(Call& c) {
    const auto a = c.bind({"value", "attribute", "default", "case_sensitive"}, 2);
    const bool sensitive = bool_arg(a[3], false);
    std::vector<Value> items = items_of(c.heap, *a[0]);
    const auto plain = [&](const Value& item) {
        const bool otherwise = a[2] != nullptr && !a[2]->is(ValueKind::none);
        return by_attribute(c.interpreter, item, *a[1], otherwise ? a[2] : nullptr);
    };
    const auto key = [&](const Value& item) {
        return sensitive ? plain(item) : lowered(c.heap, plain(item));
    };
    const Value f = c.heap.function("key", [&key](Call& k) { return key(k.args[0]); });
    sort_values(c.interpreter, items, f, false);
    std::vector<Value> out;
    for (std::size_t i = 0; i < items.size();) {
        std::size_t j = i;
        std::vector<Value> group{items[i]};
        const Value k = key(items[i]);
        for (++j; j < items.size() && equals(key(items[j]), k); ++j) group.push_back(items[j]);
        out.push_back(c.heap.tuple({plain(items[i]), c.heap.list(std::move(group))}));
        out.back().as<List>().group = true;
        i = j;
    }
    return c.heap.list(std::move(out));
}

Value batch(Call& c) {
    const auto a = c.bind({"value", "linecount", "fill_with"}, 2);
    const std::optional<Value> fill =
        a[2] != nullptr && !a[2]->is(ValueKind::none) ? std::optional(*a[2]) : std::nullopt;
    const auto next = std::make_shared<Next>();
    const auto row = std::make_shared<std::vector<Value>>();
    return c.heap.iterator(
        "generator",
        [&heap = c.heap, over = *a[0], count = *a[1], fill, next, row]() -> std::optional<Value> {
            if (!*next) *next = iterate(heap, over);
            must_be_defined(count);
            const std::int64_t size =
                count.is_int() ? count.integer() : -1; // no row is of such a size
            while (const auto item = (*next)()) {
                const bool full = static_cast<std::int64_t>(row->size()) == size;
                const std::vector<Value> done =
                    full ? std::exchange(*row, {}) : std::vector<Value>();
                heap.must_fit(row->size() * sizeof(Value));
                row->push_back(*item);
                if (full) return heap.list(done);
            }
            if (row->empty()) return std::nullopt;
            while (fill && static_cast<std::int64_t>(row->size()) < size) {
                heap.must_fit(row->size() * sizeof(Value));
                row->push_back(*fill);
            }
            return heap.list(std::exchange(*row, {}));
        });
}

Value slice_filter(Call& c) {
    const auto a = c.bind({"value", "slices", "fill_with"}, 2);
    const std::vector<Value> items = items_of(c.heap, *a[0]);
    const std::int64_t slices = int_arg(a[1], 1), n = static_cast<std::int64_t>(items.size());
    if (slices == 0) raise("ZeroDivisionError", "integer division or modulo by zero");
    const std::int64_t per = n / slices, extra = n % slices;
    std::vector<Value> out;
    std::int64_t offset = 0;
    for (std::int64_t i = 0; i < slices; ++i) {
        const std::int64_t start = offset + i * per;
        if (i < extra) ++offset;
        const std::int64_t end = offset + (i + 1) * per;
        std::vector<Value> row(items.begin() + start, items.begin() + end);
        if (a[2] != nullptr && !a[2]->is(ValueKind::none) && i >= extra) row.push_back(*a[2]);
        out.push_back(c.heap.list(std::move(row)));
    }
    return generator(c, std::move(out));
}

Value first_or_last(Call& c, bool last) {
    const auto a = c.bind({"seq"}, 1);
    if (last && a[0]->is(ValueKind::iterator))
        raise("TypeError", cat("'", type_name(*a[0]), "' object is not reversible"));
    std::optional<Value> out;
    each(c.heap, *a[0], [&](const Value& v) {
        out = v;
        return last;
    });
    return out ? *out
               : c.heap.missing(last ? "No last item, sequence was empty."
                                     : "No first item, sequence was empty.");
}

} // namespace

Table<Builtin> sequence_filters() {
    static constexpr auto table = sorted<Builtin>({
        {"batch", batch},
        {"length", [](Call& c) -> Value { return length(*c.bind({"obj"}, 1)[0]); }},
        {"dictsort", dictsort},
        {"first", [](Call& c) { return first_or_last(c, false); }},
        {"last", [](Call& c) { return first_or_last(c, true); }},
        {"groupby", groupby},
        {"items",
         [](Call& c) -> Value {
             const Value& v = *c.bind({"value"}, 1)[0];
             if (v.is(ValueKind::undefined)) return generator(c, {});
             if (!v.is(ValueKind::dict))
                 raise("TypeError", "Can only get item pairs from a mapping.");
             std::vector<Value> out;
             for (const Dict::Slot& s : v.as<Dict>().slots)
                 if (s.live) out.push_back(c.heap.tuple({s.key, s.value}));
             return generator(c, std::move(out));
         }},
        {"join", join_filter},
        {"list", [](Call& c) { return c.heap.list(items_of(c.heap, *c.bind({"value"}, 1)[0])); }},
        {"map", map_filter},
        {"max", [](Call& c) { return extreme(c, true); }},
        {"min", [](Call& c) { return extreme(c, false); }},
        {"reject", [](Call& c) { return select(c, false, false); }},
        {"rejectattr", [](Call& c) { return select(c, false, true); }},
        {"select", [](Call& c) { return select(c, true, false); }},
        {"selectattr", [](Call& c) { return select(c, true, true); }},
        {"reverse",
         [](Call& c) -> Value {
             const Value& v = *c.bind({"value"}, 1)[0];
             std::vector<Value> items = items_of(c.heap, v);
             std::reverse(items.begin(), items.end());
             if (!v.is(ValueKind::text)) return generator(c, std::move(items));
             std::string out;
             for (const Value& x : items) out += x.text();
             return v.as<Text>().markup ? c.heap.markup(std::move(out))
                                        : c.heap.text(std::move(out));
         }},
        {"slice", slice_filter},
        {"sort", sort_filter},
        {"unique", unique},
    });
    return table;
}

} // namespace rs::tmpl
