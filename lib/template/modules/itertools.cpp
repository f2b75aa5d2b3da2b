// SPDX-License-Identifier: Apache-2.0
// itertools: iterators that are as lazy as those of Python. The combinations are in module_combine.cpp.
#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "template/modules/modules.hpp"
#include "template/values/combine.hpp"
#include "template/values/iterate.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;
using Maybe = std::optional<Value>;

namespace {

Value count(Call& c) {
    const auto a = c.bind({"start", "step"}, 0);
    const Value start = a[0] != nullptr ? *a[0] : Value(std::int64_t{0}),
                step = a[1] != nullptr ? *a[1] : Value(std::int64_t{1});
    for (const Value* const v : {&start, &step}) {
        must_be_defined(*v);
        if (!v->is_number()) raise("TypeError", "a number is required");
    }
    return c.heap.iterator(
        "itertools.count",
        [&in = c.interpreter, start, step, next = Maybe(start)]() mutable -> Maybe {
            in.step();
            const Value out = *next;
            next = in.binary("+", out, step);
            return out;
        });
}

Value cycle(Call& c) {
    positional_only(c, 1, 1);
    return c.heap.iterator("itertools.cycle",
                           [&in = c.interpreter, first = iterate(c.heap, c.args[0]),
                            kept = std::vector<Value>(), again = false,
                            at = std::size_t{0}]() mutable -> Maybe {
                               in.step();
                               if (!again) {
                                   if (auto v = first()) {
                                       in.heap().spend(sizeof(Value));
                                       kept.push_back(*v);
                                       return v;
                                   }
                                   again = true;
                               }
                               if (kept.empty()) return std::nullopt;
                               const Value out = kept[at];
                               at = (at + 1) % kept.size();
                               return out;
                           });
}

Value repeat(Call& c) {
    const auto a = c.bind({"object", "times"}, 1);
    const bool for_ever = a[1] == nullptr;
    return c.heap.iterator("itertools.repeat",
                           [&in = c.interpreter, v = *a[0], for_ever,
                            left = for_ever ? 0 : int_of(*a[1])]() mutable -> Maybe {
                               in.step();
                               if (!for_ever && left-- <= 0) {
                                   left = 0;
                                   return std::nullopt;
                               }
                               return v;
                           });
}

// One after the other; `sources` gives them.
Value chained(Call& c, Next sources) {
    return c.heap.iterator(
        "itertools.chain",
        [&in = c.interpreter, sources = std::move(sources), now = Next()]() mutable -> Maybe {
            for (;;) {
                in.step();
                if (now)
                    if (auto v = now()) return v;
                now = nullptr;
                const auto next = sources();
                if (!next) return std::nullopt;
                now = iterate(in.heap(), *next);
            }
        });
}

Value chain(Call& c) {
    if (!c.named.empty()) raise("TypeError", "chain() takes no keyword arguments");
    return chained(c, iterate(c.heap, c.heap.tuple(c.args)));
}

Value chain_from(Call& c) {
    positional_only(c, 1, 1);
    return chained(c, iterate(c.heap, c.args[0]));
}

Value islice(Call& c) {
    positional_only(c, 2, 4);
    const auto part = [&](std::size_t i, std::int64_t otherwise) {
        if (i >= c.args.size() || c.args[i].is(ValueKind::none)) return otherwise;
        if (!c.args[i].is_int() || c.args[i].integer() < 0)
            raise("ValueError",
                  "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.");
        return c.args[i].integer();
    };
    const bool from = c.args.size() > 2;
    const std::int64_t start = from ? part(1, 0) : 0, stop = part(from ? 2 : 1, -1),
                       step = part(3, 1);
    if (step < 1) raise("ValueError", "Step for islice() must be a positive integer or None.");
    return c.heap.iterator(
        "itertools.islice",
        [&in = c.interpreter, next = iterate(c.heap, c.args[0]), taken = std::int64_t{0},
         wanted = start, stop, step, over = false]() mutable -> Maybe {
            if (over) return std::nullopt;
            over = true; // unless there is one
            for (; taken < wanted; ++taken) {
                in.step();
                if (!next()) return std::nullopt;
            }
            if (stop != -1 && taken >= stop) return std::nullopt;
            const auto v = next();
            if (!v) return std::nullopt;
            ++taken;
            // What is left until `stop` is taken, too, when one more is asked for.
            if (__builtin_add_overflow(wanted, step, &wanted) || (stop != -1 && wanted > stop))
                wanted = stop != -1 ? stop : INT64_MAX;
            over = false;
            return v;
        });
}

// takewhile, dropwhile, filterfalse: what they do with an item by what the predicate says of it.
enum class Do { take, skip, end };
Value chosen(Call& c, const char* type, Do if_true, Do if_false, bool only_first) {
    positional_only(c, 2, 2);
    return c.heap.iterator(
        type,
        [&in = c.interpreter, f = c.args[0], next = iterate(c.heap, c.args[1]), if_true,
         if_false, only_first, asked = true, over = false]() mutable -> Maybe {
            while (!over) {
                in.step();
                const auto v = next();
                if (!v || !asked) return v;
                // None stands for truth itself in filterfalse(), and nowhere else.
                const bool itself = !only_first && if_false == Do::take && f.is(ValueKind::none);
                switch (truth(itself ? *v : in.call(f, {*v})) ? if_true : if_false) {
                case Do::take: asked = !only_first; return v;
                case Do::skip: break;
                case Do::end: over = true;
                }
            }
            return std::nullopt;
        });
}

Value starmap(Call& c) {
    positional_only(c, 2, 2);
    return c.heap.iterator(
        "itertools.starmap",
        [&in = c.interpreter, f = c.args[0], next = iterate(c.heap, c.args[1])]() -> Maybe {
            const auto v = next();
            if (!v) return std::nullopt;
            return in.call(f, items_of(in.heap(), *v));
        });
}

Value accumulate(Call& c) {
    const auto a = bind(c, {"iterable", "func", "initial"}, 1, 2);
    return c.heap.iterator("itertools.accumulate",
                           [&in = c.interpreter, next = iterate(c.heap, *a[0]),
                            f = a[1] != nullptr ? *a[1] : Value(),
                            initial = given(a[2]) ? Maybe(*a[2]) : Maybe(),
                            total = Maybe()]() mutable -> Maybe {
                               if (initial) {
                                   total = *std::exchange(initial, std::nullopt);
                                   return total;
                               }
                               const auto v = next();
                               if (!v) return std::nullopt;
                               if (total)
                                   total = f.is(ValueKind::none) ? in.binary("+", *total, *v)
                                                                 : in.call(f, {*total, *v});
                               else
                                   total = v;
                               return total;
                           });
}

Value compress(Call& c) {
    const auto a = c.bind({"data", "selectors"}, 2);
    return c.heap.iterator("itertools.compress",
                           [&in = c.interpreter, data = iterate(c.heap, *a[0]),
                            selectors = iterate(c.heap, *a[1])]() -> Maybe {
                               for (;;) {
                                   in.step();
                                   const auto v = data();
                                   if (!v) return std::nullopt;
                                   const auto s = selectors();
                                   if (!s) return std::nullopt;
                                   if (truth(*s)) return v;
                               }
                           });
}

Value pairwise(Call& c) {
    positional_only(c, 1, 1);
    return c.heap.iterator("itertools.pairwise",
                           [&heap = c.heap, next = iterate(c.heap, c.args[0]),
                            last = Maybe(), begun = false]() mutable -> Maybe {
                               if (!begun) last = next();
                               begun = true;
                               if (!last) return std::nullopt;
                               const auto v = next();
                               const Maybe before = std::exchange(last, v);
                               return v ? Maybe(heap.tuple({*before, *v})) : std::nullopt;
                           });
}

Value zip_longest(Call& c) {
    Value fill;
    for (const auto& [name, value] : c.named) {
        if (name != "fillvalue")
            raise("TypeError", "zip_longest() got an unexpected keyword argument");
        fill = value;
    }
    std::vector<Next> all;
    for (const Value& v : c.args) all.push_back(iterate(c.heap, v));
    return c.heap.iterator("itertools.zip_longest",
                           [&heap = c.heap, all = std::move(all), fill]() mutable -> Maybe {
                               std::vector<Value> row;
                               bool any = false;
                               for (Next& next : all) {
                                   Maybe v;
                                   if (next) v = next();
                                   if (!v) next = nullptr;
                                   any = any || v;
                                   row.push_back(v.value_or(fill));
                               }
                               return any ? Maybe(heap.tuple(std::move(row))) : std::nullopt;
                           });
}

// The groups share one iterator: when the next group begins, the one before has no more.
struct Groups {
    Next next;
    Value function;
    Maybe item, key; // taken, and not given yet
    Value group_key;
    std::uint64_t group = 0;

    bool advance(Interpreter& in) {
        in.step();
        item = next();
        if (!item) return false;
        key = function.is(ValueKind::none) ? *item : in.call(function, {*item});
        return true;
    }
};

Value groupby(Call& c) {
    const auto a = c.bind({"iterable", "key"}, 1);
    const auto g = std::make_shared<Groups>();
    g->next = iterate(c.heap, *a[0]);
    if (a[1] != nullptr) g->function = *a[1];
    return c.heap.iterator(
        "itertools.groupby", [&in = c.interpreter, g, begun = false]() mutable -> Maybe {
            const std::uint64_t group = ++g->group;
            if (!begun) {
                begun = true;
                if (!g->advance(in)) return std::nullopt;
            } else {
                for (;;) { // to the end of the group before
                    if (!g->item && !g->advance(in)) return std::nullopt;
                    if (!equals(*g->key, g->group_key)) break;
                    g->item = std::nullopt;
                }
            }
            g->group_key = *g->key;
            const Value items =
                in.heap().iterator("itertools._grouper", [&in, g, group]() -> Maybe {
                    if (g->group != group) return std::nullopt;
                    if (!g->item && !g->advance(in)) return std::nullopt;
                    if (!equals(*g->key, g->group_key)) return std::nullopt;
                    return std::exchange(g->item, std::nullopt);
                });
            return in.heap().tuple({g->group_key, items});
        });
}

constexpr Function functions[] = {
    {"accumulate", accumulate},
    {"combinations", combinations},
    {"combinations_with_replacement", combinations_with_replacement},
    {"compress", compress},
    {"count", count},
    {"cycle", cycle},
    {"dropwhile",
     [](Call& c) { return chosen(c, "itertools.dropwhile", Do::skip, Do::take, true); }},
    {"filterfalse",
     [](Call& c) { return chosen(c, "itertools.filterfalse", Do::skip, Do::take, false); }},
    {"groupby", groupby},
    {"islice", islice},
    {"pairwise", pairwise},
    {"permutations", permutations},
    {"product", product},
    {"repeat", repeat},
    {"starmap", starmap},
    {"takewhile",
     [](Call& c) { return chosen(c, "itertools.takewhile", Do::take, Do::end, false); }},
    {"zip_longest", zip_longest},
};
constexpr Refusal refusals[] = {{"tee", "make a list of the iterator, and use that twice"}};

} // namespace

Value module_itertools(Interpreter& in) {
    const Value out = make_module(in, "itertools", functions, refusals);
    const Value c = make_object(in.heap(), "type");
    set_attribute(c, "__call__", in.heap().function("chain", chain));
    set_attribute(c, "from_iterable", in.heap().function("from_iterable", chain_from));
    set_attribute(out, "chain", c);
    return out;
}

} // namespace rs::tmpl
