// SPDX-License-Identifier: Apache-2.0
// Methods of dict and set.
#include "base/text.hpp"
#include "template/methods/methods.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

Value view(Call& c, const Value& self, View::What what) {
    static_cast<void>(c.bind({}, 0));
    View* const v = c.heap.make<View>();
    v->what = what;
    v->of = self;
    return {ValueKind::view, v};
}

void update(Call& c, Dict& d) {
    if (c.args.size() > 1)
        raise("TypeError", cat("update expected at most 1 argument, got ", c.args.size()));
    if (!c.args.empty()) merge_into(c.heap, d, c.args[0]);
    for (const auto& [key, value] : c.named) put(c.heap, d, c.heap.text(key), value);
}

} // namespace

Table<Method> dict_methods() {
    static constexpr auto table = sorted<Method>({
        {"get",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/key", "/default"}, 1);
             const Value* const v = find(s.as<Dict>(), *a[0]);
             return v != nullptr ? *v : a[1] != nullptr ? *a[1] : Value();
         }},
        {"keys", [](Call& c, const Value& s) { return view(c, s, View::What::keys); }},
        {"values", [](Call& c, const Value& s) { return view(c, s, View::What::values); }},
        {"items", [](Call& c, const Value& s) { return view(c, s, View::What::items); }},
        {"setdefault",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/key", "/default"}, 1);
             if (const Value* const v = find(s.as<Dict>(), *a[0])) return *v;
             const Value value = a[1] != nullptr ? *a[1] : Value();
             put(c.heap, s.as<Dict>(), *a[0], value);
             return value;
         }},
        {"pop",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/key", "/default"}, 1);
             if (const Value* const v = find(s.as<Dict>(), *a[0])) {
                 const Value out = *v;
                 erase(s.as<Dict>(), *a[0]);
                 return out;
             }
             if (a[1] == nullptr) raise("KeyError", repr(*a[0]));
             return *a[1];
         }},
        {"popitem",
         [](Call& c, const Value& s) -> Value {
             Dict& d = s.as<Dict>();
             if (!c.args.empty() || !c.named.empty()) {
                 if (d.ordered)
                     raise("NotSupported", "popitem() of an OrderedDict with an argument");
                 raise("TypeError", "dict.popitem() takes no arguments");
             }
             for (auto slot = d.slots.rbegin(); slot != d.slots.rend(); ++slot) {
                 if (!slot->live) continue;
                 const Value key = slot->key, value = slot->value;
                 erase(d, key);
                 return c.heap.tuple({key, value});
             }
             raise("KeyError", "'popitem(): dictionary is empty'");
         }},
        {"update",
         [](Call& c, const Value& s) -> Value {
             update(c, s.as<Dict>());
             return {};
         }},
        {"copy",
         [](Call& c, const Value& s) {
             const Value out = c.heap.dict();
             out.as<Dict>().ordered = s.as<Dict>().ordered;
             merge_into(c.heap, out.as<Dict>(), s);
             return out;
         }},
        {"clear",
         [](Call&, const Value& s) -> Value {
             clear(s.as<Dict>());
             return {};
         }},
        {"fromkeys",
         [](Call& c, const Value&) {
             const auto a = c.bind({"/iterable", "/value"}, 1);
             const Value out = c.heap.dict();
             each(c.heap, *a[0], [&](const Value& key) {
                 put(c.heap, out.as<Dict>(), key, a[1] != nullptr ? *a[1] : Value());
                 return true;
             });
             return out;
         }},
        {"__setitem__",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/key", "/value"}, 2);
             put(c.heap, s.as<Dict>(), *a[0], *a[1]);
             return {};
         }},
        {"__getitem__",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/key"}, 1);
             const Value* const v = find(s.as<Dict>(), *a[0]);
             if (v == nullptr) raise("KeyError", repr(*a[0]));
             return *v;
         }},
        {"__delitem__",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/key"}, 1);
             if (!erase(s.as<Dict>(), *a[0])) raise("KeyError", repr(*a[0]));
             return {};
         }},
        {"__contains__",
         [](Call& c, const Value& s) -> Value { return contains(s, *c.bind({"/key"}, 1)[0]); }},
        {"__len__", [](Call&, const Value& s) -> Value { return length(s); }},
    });
    return table;
}

namespace {

Value copy_of(Heap& heap, const Value& set) {
    const Value out = copy_of_set(heap, set);
    out.as<Dict>().frozen = set.as<Dict>().frozen;
    return out;
}

Value unite(Call& c, const Value& s) {
    const Value out = copy_of(c.heap, s);
    for (const Value& v : c.args)
        for (const Value& item : items_of(c.heap, v)) put(c.heap, out.as<Dict>(), item, {});
    return out;
}

// set & other: the smaller one is gone through, if both are sets.
Value common(Heap& heap, const Value& s, const Value& other) {
    const bool swap = other.is(ValueKind::set) && other.as<Dict>().live > s.as<Dict>().live;
    const Value &through = swap ? s : other, &in = swap ? other : s;
    const Value out = heap.set();
    for (const Value& item : items_of(heap, through))
        if (find(in.as<Dict>(), item) != nullptr) put(heap, out.as<Dict>(), item, {});
    return out;
}

// set - other: a copy of which the others are removed, if there are few or they are no set; else a new set.
Value without(Heap& heap, const Value& s, const Value& other) {
    const bool mapping = other.is(ValueKind::set) || other.is(ValueKind::dict);
    if (mapping && s.as<Dict>().live / 4 <= other.as<Dict>().live) {
        const Value out = heap.set();
        for (const Value& item : items_of(heap, s))
            if (find(other.as<Dict>(), item) == nullptr) put(heap, out.as<Dict>(), item, {});
        return out;
    }
    const Value out = copy_of_set(heap, s);
    for (const Value& item : items_of(heap, other)) discard(heap, out, item);
    return out;
}

// What of the set is in all the others, or in none of them.
Value keep(Call& c, const Value& s, bool inside) {
    Value out = c.args.empty() ? copy_of_set(c.heap, s) : s;
    for (const Value& v : c.args) out = inside ? common(c.heap, out, v) : without(c.heap, out, v);
    out.as<Dict>().frozen = s.as<Dict>().frozen;
    return out;
}

Value either_only(Call& c, const Value& s) {
    const Value out = copy_of(c.heap, s), seen = c.heap.set();
    for (const Value& item : items_of(c.heap, *c.bind({"/other"}, 1)[0])) {
        if (find(seen.as<Dict>(), item) != nullptr) continue;
        put(c.heap, seen.as<Dict>(), item, {});
        if (!erase(out.as<Dict>(), item)) put(c.heap, out.as<Dict>(), item, {});
    }
    return out;
}

// -1: a part of the other; 1: the other is a part of it.
Value relation(Call& c, const Value& s, int wanted) {
    const Value other = c.heap.set();
    for (const Value& item : items_of(c.heap, *c.bind({"/other"}, 1)[0]))
        put(c.heap, other.as<Dict>(), item, {});
    const int order = compare(s, other, "<");
    return order == 0 || order == wanted;
}

void replace_all(Heap& heap, const Value& s, const Value& with) {
    const std::vector<Value> items = items_of(heap, with);
    clear(s.as<Dict>());
    for (const Value& item : items) put(heap, s.as<Dict>(), item, {});
}

} // namespace

Table<Method> set_methods() {
    static constexpr auto table = sorted<Method>({
        {"union", unite},
        {"intersection", [](Call& c, const Value& s) { return keep(c, s, true); }},
        {"difference", [](Call& c, const Value& s) { return keep(c, s, false); }},
        {"symmetric_difference", either_only},
        {"intersection_update",
         [](Call& c, const Value& s) -> Value {
             replace_all(c.heap, s, keep(c, s, true));
             return {};
         }},
        {"difference_update",
         [](Call& c, const Value& s) -> Value {
             replace_all(c.heap, s, keep(c, s, false));
             return {};
         }},
        {"issubset", [](Call& c, const Value& s) { return relation(c, s, -1); }},
        {"issuperset", [](Call& c, const Value& s) { return relation(c, s, 1); }},
        {"isdisjoint",
         [](Call& c, const Value& s) -> Value {
             static_cast<void>(c.bind({"/other"}, 1));
             return keep(c, s, true).as<Dict>().live == 0;
         }},
        {"__contains__",
         [](Call& c, const Value& s) -> Value { return contains(s, *c.bind({"/key"}, 1)[0]); }},
        {"__len__", [](Call&, const Value& s) -> Value { return length(s); }},
        {"add",
         [](Call& c, const Value& s) -> Value {
             put(c.heap, s.as<Dict>(), *c.bind({"/elem"}, 1)[0], {});
             return {};
         }},
        {"discard",
         [](Call& c, const Value& s) -> Value {
             discard(c.heap, s, *c.bind({"/elem"}, 1)[0]);
             return {};
         }},
        {"remove",
         [](Call& c, const Value& s) -> Value {
             const auto a = c.bind({"/elem"}, 1);
             if (find(s.as<Dict>(), *a[0]) == nullptr) raise("KeyError", repr(*a[0]));
             discard(c.heap, s, *a[0]);
             return {};
         }},
        {"update",
         [](Call& c, const Value& s) -> Value {
             for (const Value& v : c.args)
                 for (const Value& item : items_of(c.heap, v)) put(c.heap, s.as<Dict>(), item, {});
             return {};
         }},
        {"copy", [](Call& c, const Value& s) { return copy_of(c.heap, s); }},
        {"clear",
         [](Call&, const Value& s) -> Value {
             clear(s.as<Dict>());
             return {};
         }},
    });
    return table;
}

void merge_into(Heap& heap, Dict& d, const Value& from) {
    must_be_defined(from);
    if (from.is(ValueKind::dict)) {
        for (std::size_t i = 0; i < from.as<Dict>().slots.size(); ++i) {
            const Dict::Slot s = from.as<Dict>().slots[i];
            if (s.live) put(heap, d, s.key, s.value);
        }
        return;
    }
    std::size_t n = 0;
    each(heap, from, [&](const Value& pair) {
        const std::vector<Value> both = items_of(heap, pair);
        if (both.size() != 2)
            raise("ValueError", cat("dictionary update sequence element #", n, " has length ",
                                    both.size(), "; 2 is required"));
        put(heap, d, both[0], both[1]);
        ++n;
        return true;
    });
}

} // namespace rs::tmpl
