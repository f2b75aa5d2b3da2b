// SPDX-License-Identifier: Apache-2.0
// functools, operator, collections: those parts that make sense without classes.
#include "base/text.hpp"
#include "template/modules/modules.hpp"
#include "template/values/iterate.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

// ---- functools ----

Value partial(Call& c) {
    if (c.args.empty()) raise("TypeError", "type 'partial' takes at least one argument");
    const Value f = c.args[0];
    if (!f.is(ValueKind::callable) && !f.is(ValueKind::names))
        raise("TypeError", "the first argument must be callable");
    std::vector<Value> first(c.args.begin() + 1, c.args.end());
    return c.heap.function("partial", [f, first = std::move(first), always = c.named](Call& k) {
        std::vector<Value> args = first;
        args.insert(args.end(), k.args.begin(), k.args.end());
        auto named = always;
        for (const auto& [name, value] : k.named) {
            std::erase_if(named, [&, &wanted = name](const auto& n) { return n.first == wanted; });
            named.emplace_back(name, value);
        }
        return k.interpreter.call(f, std::move(args), std::move(named));
    });
}

Value reduce(Call& c) {
    positional_only(c, 2, 3);
    const Next next = iterate(c.heap, c.args[1]);
    std::optional<Value> total = c.args.size() > 2 ? std::optional(c.args[2]) : next();
    if (!total) raise("TypeError", "reduce() of empty iterable with no initial value");
    while (const auto v = next()) total = c.interpreter.call(c.args[0], {*total, *v});
    return *total;
}

constexpr Function functools_functions[] = {{"partial", partial}, {"reduce", reduce}};
constexpr const char* no_functions = "templates define no functions";
constexpr Refusal functools_refusals[] = {{"cmp_to_key", no_functions},
                                          {"lru_cache", no_functions},
                                          {"wraps", no_functions},
                                          {"cache", no_functions},
                                          {"total_ordering", "templates have no classes"}};

// ---- operator ----

// a[b] of Python: what is not there is an error, other than in a template.
Value strict_item(Interpreter& in, const Value& of, const Value& key) {
    must_be_defined(of);
    must_be_defined(key);
    switch (of.kind()) {
    case ValueKind::dict: {
        const Value* const v = find(of.as<Dict>(), key);
        if (v == nullptr) raise("KeyError", repr(key));
        return *v;
    }
    case ValueKind::list:
    case ValueKind::tuple:
    case ValueKind::text:
    case ValueKind::bytes:
    case ValueKind::range: {
        if (!key.is_int())
            raise("TypeError",
                  cat(type_name(of), " indices must be integers or slices, not ", type_name(key)));
        const std::int64_t n = length(of), i = key.integer();
        if (i >= n || i < -n) raise("IndexError", cat(type_name(of), " index out of range"));
        return in.item(of, key);
    }
    case ValueKind::names:
        if (const auto get = of.as<Names>().values.find("__getitem__");
            get != of.as<Names>().values.end())
            return in.call(get->second, {key});
        break;
    default: break;
    }
    raise("TypeError", cat("'", type_name(of), "' object is not subscriptable"));
}

// a.b of Python; names with dots go on in what they give.
Value strict_attribute(Interpreter& in, Value of, std::string_view names) {
    for (;;) {
        const std::string_view name = names.substr(0, names.find('.'));
        if (of.is(ValueKind::dict)) { // a template looks among its keys as well
            const auto m = method(in, of, name);
            if (!m)
                raise("AttributeError", cat("'dict' object has no attribute ", repr_text(name)));
            of = *m;
        } else {
            const std::string type = type_name(of);
            of = in.attribute(of, name);
            if (of.is(ValueKind::undefined))
                raise("AttributeError",
                      cat("'", type, "' object has no attribute ", repr_text(name)));
        }
        if (name.size() == names.size()) return of;
        names.remove_prefix(name.size() + 1);
    }
}

Value itemgetter(Call& c) {
    positional_only(c, 1, SIZE_MAX);
    return c.heap.function("itemgetter", [keys = c.args](Call& k) {
        positional_only(k, 1, 1);
        std::vector<Value> out;
        for (const Value& key : keys) out.push_back(strict_item(k.interpreter, k.args[0], key));
        return out.size() == 1 ? out[0] : k.heap.tuple(std::move(out));
    });
}

Value attrgetter(Call& c) {
    positional_only(c, 1, SIZE_MAX);
    for (const Value& v : c.args)
        if (!v.is(ValueKind::text)) raise("TypeError", "attribute name must be a string");
    return c.heap.function("attrgetter", [names = c.args](Call& k) {
        positional_only(k, 1, 1);
        std::vector<Value> out;
        for (const Value& name : names)
            out.push_back(strict_attribute(k.interpreter, k.args[0], name.text()));
        return out.size() == 1 ? out[0] : k.heap.tuple(std::move(out));
    });
}

Value methodcaller(Call& c) {
    if (c.args.empty())
        raise("TypeError", "methodcaller needs at least one argument, the method name");
    const std::string name(text_of(c.args[0], "method name"));
    return c.heap.function("methodcaller",
                           [name, args = std::vector<Value>(c.args.begin() + 1, c.args.end()),
                            named = c.named](Call& k) {
                               positional_only(k, 1, 1);
                               return k.interpreter.call(
                                   strict_attribute(k.interpreter, k.args[0], name), args, named);
                           });
}

// The operator is the name that Python has for the function.
template <char A, char B = '\0'>
Value binary(Call& c) {
    positional_only(c, 2, 2);
    constexpr char op[] = {A, B, '\0'};
    return c.interpreter.binary(op, c.args[0], c.args[1]);
}

bool less(int order) { return order < 0; }
bool less_or_equal(int order) { return order <= 0; }
bool greater(int order) { return order > 0; }
bool greater_or_equal(int order) { return order >= 0; }
template <bool (*Holds)(int), char A, char B = '\0'>
Value ordered(Call& c) {
    positional_only(c, 2, 2);
    constexpr char op[] = {A, B, '\0'};
    const int order = compare(c.args[0], c.args[1], op);
    return order != 2 && Holds(order);
}

constexpr Function operator_functions[] = {
    {"add", binary<'+'>},
    {"attrgetter", attrgetter},
    {"concat",
     [](Call& c) {
         positional_only(c, 2, 2);
         for (const Value& v : c.args)
             if (v.is_number())
                 raise("TypeError", cat("'", type_name(v), "' object can't be concatenated"));
         return c.interpreter.binary("+", c.args[0], c.args[1]);
     }},
    {"contains",
     [](Call& c) -> Value {
         positional_only(c, 2, 2);
         return contains(c.args[0], c.args[1]);
     }},
    {"eq",
     [](Call& c) -> Value {
         positional_only(c, 2, 2);
         return equals(c.args[0], c.args[1]);
     }},
    {"floordiv", binary<'/', '/'>},
    {"ge", ordered<greater_or_equal, '>', '='>},
    {"getitem",
     [](Call& c) {
         positional_only(c, 2, 2);
         return strict_item(c.interpreter, c.args[0], c.args[1]);
     }},
    {"gt", ordered<greater, '>'>},
    {"itemgetter", itemgetter},
    {"le", ordered<less_or_equal, '<', '='>},
    {"lt", ordered<less, '<'>},
    {"methodcaller", methodcaller},
    {"mod", binary<'%'>},
    {"mul", binary<'*'>},
    {"ne",
     [](Call& c) -> Value {
         positional_only(c, 2, 2);
         return !equals(c.args[0], c.args[1]);
     }},
    {"neg",
     [](Call& c) -> Value {
         positional_only(c, 1, 1);
         if (!c.args[0].is_number())
             raise("TypeError", cat("bad operand type for unary -: '", type_name(c.args[0]), "'"));
         if (c.args[0].is(ValueKind::real)) return -c.args[0].real();
         return c.interpreter.binary("-", std::int64_t{0}, c.args[0]);
     }},
    {"not_",
     [](Call& c) -> Value {
         positional_only(c, 1, 1);
         return !truth(c.args[0]);
     }},
    {"pow", binary<'*', '*'>},
    {"sub", binary<'-'>},
    {"truediv", binary<'/'>},
    {"truth",
     [](Call& c) -> Value {
         positional_only(c, 1, 1);
         return truth(c.args[0]);
     }},
};

// ---- collections ----

Value ordered_dict(Call& c) {
    if (c.args.size() > 1)
        raise("TypeError", cat("expected at most 1 arguments, got ", c.args.size()));
    const Value out = c.heap.dict();
    out.as<Dict>().ordered = true;
    if (!c.args.empty()) merge_into(c.heap, out.as<Dict>(), c.args[0]);
    for (const auto& [key, value] : c.named) put(c.heap, out.as<Dict>(), c.heap.text(key), value);
    return out;
}

constexpr Function collections_functions[] = {{"OrderedDict", ordered_dict}};
constexpr Refusal collections_refusals[] = {
    {"ChainMap", "dict(a, **b) joins two"},
    {"Counter", "there are dicts, and OrderedDict"},
    {"defaultdict", "setdefault() of a dict does it"},
    {"deque", "there are lists"},
    {"namedtuple", "templates have no classes: take a dict"},
};

} // namespace

Value module_functools(Interpreter& in) {
    return make_module(in, "functools", functools_functions, functools_refusals);
}
Value module_operator(Interpreter& in) { return make_module(in, "operator", operator_functions); }
Value module_collections(Interpreter& in) {
    return make_module(in, "collections", collections_functions, collections_refusals);
}

} // namespace rs::tmpl
