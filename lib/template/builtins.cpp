// SPDX-License-Identifier: Apache-2.0
// Functions that templates find in place: those of Jinja2, and those of Python that the original's context has.
#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "template/interpreter.hpp"
#include "template/modules/modules.hpp"
#include "template/text/format.hpp"
#include "template/text/unicode.hpp"
#include "template/values/iterate.hpp"
#include "template/values/literal.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

std::int64_t whole(const Value& v) {
    must_be_defined(v);
    if (!v.is_int())
        raise("TypeError", cat("'", type_name(v), "' object cannot be interpreted as an integer"));
    return v.integer();
}

Value range(Call& c) {
    if (c.args.empty() || c.args.size() > 3 || !c.named.empty())
        raise("TypeError", cat("range expected 1 to 3 arguments, got ", c.args.size()));
    Range* const r = c.heap.make<Range>();
    if (c.args.size() == 1) {
        r->stop = whole(c.args[0]);
    } else {
        r->start = whole(c.args[0]);
        r->stop = whole(c.args[1]);
        if (c.args.size() == 3) r->step = whole(c.args[2]);
    }
    if (r->step == 0) raise("ValueError", "range() arg 3 must not be zero");
    return {ValueKind::range, r};
}

Value dict(Call& c) {
    const Value out = c.heap.dict();
    if (c.args.size() > 1)
        raise("TypeError", cat("dict expected at most 1 argument, got ", c.args.size()));
    if (!c.args.empty()) merge_into(c.heap, out.as<Dict>(), c.args[0]);
    for (const auto& [key, value] : c.named) put(c.heap, out.as<Dict>(), c.heap.text(key), value);
    return out;
}

Value space(Call& c) {
    Names* const n = c.heap.make<Names>();
    n->what = Names::What::space;
    n->name = "namespace";
    const Value d = dict(c);
    for (const Dict::Slot& s : d.as<Dict>().slots) n->values[str(s.key)] = s.value;
    return {ValueKind::names, n};
}

Value joiner(Call& c) {
    const auto a = c.bind({"sep"}, 0);
    const Value between = a[0] != nullptr ? *a[0] : c.heap.text(", ");
    const auto used = std::make_shared<bool>(false);
    return c.heap.function("joiner", [between, used](Call& k) {
        return std::exchange(*used, true) ? between : k.heap.text("");
    });
}

Value cycler(Call& c) {
    if (c.args.empty()) raise("RuntimeError", "at least one item has to be provided");
    Names* const n = c.heap.make<Names>();
    n->name = "cycler";
    const auto at = std::make_shared<std::size_t>(0);
    const auto items = std::make_shared<std::vector<Value>>(c.args);
    n->values["next"] = c.heap.function("next", [at, items](Call&) {
        const Value out = (*items)[*at];
        *at = (*at + 1) % items->size();
        return out;
    });
    n->values["reset"] = c.heap.function("reset", [at](Call&) {
        *at = 0;
        return Value();
    });
    n->find = [at, items](std::string_view name) {
        return name == "current" ? std::optional((*items)[*at]) : std::nullopt;
    };
    return {ValueKind::names, n};
}

Value int_of(Call& c) {
    const auto a = c.bind({"/x", "base"}, 0);
    if (a[0] == nullptr) return std::int64_t{0};
    const Value& v = *a[0];
    must_be_defined(v);
    if (a[1] != nullptr) {
        if (!v.is(ValueKind::text))
            raise("TypeError", "int() can't convert non-string with explicit base");
        const std::int64_t base = whole(*a[1]);
        if (base != 0 && (base < 2 || base > 36))
            raise("ValueError", "int() base must be >= 2 and <= 36, or 0");
        return parse_integer(v.text(), static_cast<int>(base));
    }
    if (v.is_int()) return v.integer();
    if (v.is(ValueKind::real)) {
        if (std::isnan(v.real())) raise("ValueError", "cannot convert float NaN to integer");
        if (std::abs(v.real()) >= 9.2e18)
            raise("OverflowError", std::isinf(v.real()) ? "cannot convert float infinity to integer"
                                                        : "an integer beyond 64 bits");
        return static_cast<std::int64_t>(v.real());
    }
    if (v.is(ValueKind::text)) return parse_integer(v.text(), 10);
    raise("TypeError",
          cat("int() argument must be a string, a bytes-like object or a real number, not '",
              type_name(v), "'"));
}

Value float_of(Call& c) {
    const auto a = c.bind({"/x"}, 0);
    if (a[0] == nullptr) return 0.0;
    must_be_defined(*a[0]);
    if (a[0]->is_number()) return a[0]->as_real();
    if (a[0]->is(ValueKind::text)) return parse_real(a[0]->text());
    raise("TypeError",
          cat("float() argument must be a string or a real number, not '", type_name(*a[0]), "'"));
}

Value set_of(Call& c) {
    const Value out(ValueKind::set, c.heap.make<Dict>());
    const auto a = c.bind({"/iterable"}, 0);
    if (a[0] != nullptr && a[0]->is(ValueKind::set)) return copy_of_set(c.heap, *a[0]);
    if (a[0] != nullptr)
        for (const Value& v : items_of(c.heap, *a[0])) put(c.heap, out.as<Dict>(), v, {});
    return out;
}

Value bytes_of(Call& c) {
    const auto a = c.bind({"source", "encoding", "errors"}, 0);
    if (a[0] == nullptr) return c.heap.bytes("");
    const Value& v = *a[0];
    must_be_defined(v);
    if (v.is(ValueKind::text)) {
        if (a[1] == nullptr) raise("TypeError", "string argument without an encoding");
        return c.interpreter.call(c.interpreter.attribute(v, "encode"), {*a[1]});
    }
    if (a[1] != nullptr || a[2] != nullptr) raise("TypeError", "encoding without a string argument");
    if (v.is(ValueKind::bytes)) return v;
    if (v.is_int()) {
        if (v.integer() < 0) raise("ValueError", "negative count");
        c.heap.spend(static_cast<std::size_t>(v.integer()));
        return c.heap.bytes(std::string(static_cast<std::size_t>(v.integer()), '\0'));
    }
    if (v.is_number()) raise("TypeError", cat("cannot convert '", type_name(v), "' object to bytes"));
    std::string out;
    for (const Value& item : items_of(c.heap, v)) {
        const std::int64_t byte = whole(item);
        if (byte < 0 || byte > 255) raise("ValueError", "bytes must be in range(0, 256)");
        out += static_cast<char>(byte);
    }
    return c.heap.bytes(std::move(out));
}

Value extreme(Call& c, bool largest) {
    const Value *key = nullptr, *otherwise = nullptr;
    for (const auto& [name, value] : c.named) {
        if (name == "key")
            key = &value;
        else if (name == "default")
            otherwise = &value;
        else
            raise("TypeError", cat(c.what, "() got an unexpected keyword argument '", name, "'"));
    }
    if (c.args.empty()) raise("TypeError", cat(c.what, " expected at least 1 argument, got 0"));
    const std::vector<Value> items = c.args.size() == 1 ? items_of(c.heap, c.args[0]) : c.args;
    if (items.empty()) {
        if (otherwise != nullptr) return *otherwise;
        raise("ValueError", cat(c.what, "() arg is an empty sequence"));
    }
    const auto of = [&](const Value& v) {
        return key != nullptr && !key->is(ValueKind::none) ? c.interpreter.call(*key, {v}) : v;
    };
    Value best = items[0], best_key = of(best);
    for (std::size_t i = 1; i < items.size(); ++i) {
        const Value k = of(items[i]);
        const int order = compare(k, best_key, largest ? ">" : "<");
        if (order == 2 || !(largest ? order > 0 : order < 0)) continue;
        best = items[i];
        best_key = k;
    }
    return best;
}

bool instance_of(const Value& v, const Value& type) {
    if (type.is(ValueKind::tuple))
        return std::any_of(type.items().begin(), type.items().end(),
                           [&](const Value& t) { return instance_of(v, t); });
    if (!type.is(ValueKind::callable))
        raise("TypeError", "isinstance() arg 2 must be a type, a tuple of types, or a union");
    const std::string& name = type.as<Callable>().name;
    const std::string is = type_name(v);
    return is == name || (name == "int" && is == "bool") || name == "object";
}

struct Named {
    const char* name;
    Builtin body;
};

// pow() with three arguments; the result has the sign of the modulus.
Value power_modulo(const Value& base, const Value& exponent, const Value& modulus) {
    if (!base.is_int() || !exponent.is_int() || !modulus.is_int())
        raise("TypeError", "pow() 3rd argument not allowed unless all arguments are integers");
    const std::int64_t m = modulus.integer();
    std::int64_t left = exponent.integer();
    if (m == 0) raise("ValueError", "pow() 3rd argument cannot be 0");
    if (left < 0) raise("NotSupported", "pow() of a negative exponent with a modulus");
    using Wide = __int128;
    const Wide size = m < 0 ? -Wide{m} : Wide{m};
    Wide factor = base.integer() % size, out = 1 % size;
    if (factor < 0) factor += size;
    for (; left > 0; left /= 2) {
        if (left % 2 == 1) out = out * factor % size;
        factor = factor * factor % size;
    }
    return static_cast<std::int64_t>(m < 0 && out > 0 ? out + m : out);
}

constexpr Named python[] = {
    {"abs", [](Call& c) { return find_filter("abs")(c); }},
    {"all",
     [](Call& c) -> Value {
         for (const Value& v : items_of(c.heap, *c.bind({"/iterable"}, 1)[0]))
             if (!truth(v)) return false;
         return true;
     }},
    {"any",
     [](Call& c) -> Value {
         for (const Value& v : items_of(c.heap, *c.bind({"/iterable"}, 1)[0]))
             if (truth(v)) return true;
         return false;
     }},
    {"bin",
     [](Call& c) {
         const std::int64_t n = whole(*c.bind({"/number"}, 1)[0]);
         const std::string d = in_base(n, 2);
         return c.heap.text(n < 0 ? cat("-0b", d.substr(1)) : cat("0b", d));
     }},
    {"oct",
     [](Call& c) {
         const std::int64_t n = whole(*c.bind({"/number"}, 1)[0]);
         const std::string d = in_base(n, 8);
         return c.heap.text(n < 0 ? cat("-0o", d.substr(1)) : cat("0o", d));
     }},
    {"hex",
     [](Call& c) {
         const std::int64_t n = whole(*c.bind({"/number"}, 1)[0]);
         const std::string d = in_base(n, 16);
         return c.heap.text(n < 0 ? cat("-0x", d.substr(1)) : cat("0x", d));
     }},
    {"bool",
     [](Call& c) -> Value {
         const auto a = c.bind({"/x"}, 0);
         return a[0] != nullptr && truth(*a[0]);
     }},
    {"callable",
     [](Call& c) -> Value {
         const Value& v = *c.bind({"/obj"}, 1)[0];
         if (v.is(ValueKind::names)) return v.as<Names>().values.contains("__call__");
         return v.is(ValueKind::callable) || v.is(ValueKind::undefined); // which complains there
     }},
    {"chr",
     [](Call& c) {
         const std::int64_t n = whole(*c.bind({"/i"}, 1)[0]);
         if (n < 0 || n > 0x10ffff) raise("ValueError", "chr() arg not in range(0x110000)");
         if (n >= 0xd800 && n < 0xe000) raise("NotSupported", "half of a surrogate pair");
         std::string out;
         append_code_point(out, static_cast<char32_t>(n));
         return c.heap.text(std::move(out));
     }},
    {"ord",
     [](Call& c) -> Value {
         const Value& v = *c.bind({"/c"}, 1)[0];
         if (!v.is(ValueKind::text))
             raise("TypeError",
                   cat("ord() expected string of length 1, but ", type_name(v), " found"));
         if (characters(v) != 1)
             raise("TypeError", cat("ord() expected a character, but string of length ",
                                    characters(v), " found"));
         return static_cast<std::int64_t>(code_point(v.text()));
     }},
    {"dict", dict},
    {"divmod",
     [](Call& c) -> Value {
         const auto a = c.bind({"/x", "/y"}, 2);
         return c.heap.tuple(
             {c.interpreter.binary("//", *a[0], *a[1]), c.interpreter.binary("%", *a[0], *a[1])});
     }},
    {"enumerate", py_enumerate},
    {"filter", py_filter},
    {"map", py_map},
    {"float", float_of},
    {"int", int_of},
    {"format",
     [](Call& c) {
         const auto a = c.bind({"/value", "/format_spec"}, 1);
         return c.heap.text(
             format_value(*a[0], a[1] != nullptr ? a[1]->text() : std::string_view()));
     }},
    {"isinstance",
     [](Call& c) -> Value {
         const auto a = c.bind({"/obj", "/class_or_tuple"}, 2);
         return instance_of(*a[0], *a[1]);
     }},
    {"iter", py_iter},
    {"next", py_next},
    {"len", [](Call& c) -> Value { return length(*c.bind({"/obj"}, 1)[0]); }},
    {"list",
     [](Call& c) -> Value {
         const auto a = c.bind({"/iterable"}, 0);
         return c.heap.list(a[0] != nullptr ? items_of(c.heap, *a[0]) : std::vector<Value>());
     }},
    {"tuple",
     [](Call& c) -> Value {
         const auto a = c.bind({"/iterable"}, 0);
         return c.heap.tuple(a[0] != nullptr ? items_of(c.heap, *a[0]) : std::vector<Value>());
     }},
    {"max", [](Call& c) { return extreme(c, true); }},
    {"min", [](Call& c) { return extreme(c, false); }},
    {"pow",
     [](Call& c) -> Value {
         const auto a = c.bind({"base", "exp", "mod"}, 2);
         if (a[2] != nullptr && !a[2]->is(ValueKind::none)) return power_modulo(*a[0], *a[1], *a[2]);
         return c.interpreter.binary("**", *a[0], *a[1]);
     }},
    {"range", range},
    {"repr", [](Call& c) { return c.heap.text(repr(*c.bind({"/obj"}, 1)[0])); }},
    {"reversed", py_reversed},
    {"round",
     [](Call& c) -> Value {
         const auto a = c.bind({"number", "ndigits"}, 1);
         if (!a[0]->is_number())
             raise("TypeError", cat("type ", type_name(*a[0]), " doesn't define __round__ method"));
         if (a[1] != nullptr && !a[1]->is(ValueKind::none))
             return round_half_even(*a[0], whole(*a[1]));
         if (a[0]->is_int()) return a[0]->integer();
         const double r = std::nearbyint(a[0]->real());
         if (std::abs(r) >= 9.2e18 || std::isnan(r))
             raise("OverflowError", "an integer beyond 64 bits");
         return static_cast<std::int64_t>(r);
     }},
    {"set", set_of},
    {"frozenset",
     [](Call& c) {
         const Value out = set_of(c);
         out.as<Dict>().frozen = true;
         return out;
     }},
    {"bytes", bytes_of},
    {"complex", [](Call&) -> Value { raise("NotSupported", "complex numbers"); }},
    {"sorted",
     [](Call& c) -> Value {
         const Value *key = nullptr, *reverse = nullptr;
         for (const auto& [name, value] : c.named) {
             if (name == "key")
                 key = &value;
             else if (name == "reverse")
                 reverse = &value;
             else
                 raise("TypeError",
                       cat("sorted() got an unexpected keyword argument '", name, "'"));
         }
         if (c.args.size() != 1)
             raise("TypeError", cat("sorted expected 1 argument, got ", c.args.size()));
         std::vector<Value> items = items_of(c.heap, c.args[0]);
         sort_values(c.interpreter, items, key != nullptr ? *key : Value(),
                     reverse != nullptr && truth(*reverse));
         return c.heap.list(std::move(items));
     }},
    {"str",
     [](Call& c) -> Value {
         const auto a = c.bind({"object"}, 0);
         if (a[0] == nullptr) return c.heap.text("");
         must_be_defined(*a[0]);
         return c.heap.text(str(*a[0]));
     }},
    {"sum",
     [](Call& c) -> Value {
         const auto a = c.bind({"/iterable", "start"}, 1);
         Value total = a[1] != nullptr ? *a[1] : Value(std::int64_t{0});
         if (total.is(ValueKind::text))
             raise("TypeError", "sum() can't sum strings [use ''.join(seq) instead]");
         for (const Value& v : items_of(c.heap, *a[0])) total = c.interpreter.binary("+", total, v);
         return total;
     }},
    {"zip", py_zip},
    // What profiles read back as a value with its type.
    {"dumps",
     [](Call& c) { return c.heap.text(typed_literal(c.heap, *c.bind({"value"}, 1)[0])); }},
    {"assert",
     [](Call& c) -> Value {
         if (c.args.empty() || !c.named.empty())
             raise("TypeError", "assert() takes a condition and what to say, without names");
         if (truth(c.args[0])) return c.heap.text("");
         if (c.args.size() == 1) raise("AssertionError", "assert() of something false");
         if (c.args.size() == 2) raise("AssertionError", str(c.args[1]));
         raise("AssertionError", str(c.heap.tuple({c.args.begin() + 1, c.args.end()})));
     }},
};

} // namespace

Value iterator_over(Heap& heap, std::string type, std::vector<Value> items) {
    const auto all = std::make_shared<std::vector<Value>>(std::move(items));
    const auto at = std::make_shared<std::size_t>(0);
    return heap.iterator(std::move(type), [all, at]() -> std::optional<Value> {
        return *at < all->size() ? std::optional((*all)[(*at)++]) : std::nullopt;
    });
}

namespace {

bool is_class(std::string_view name) {
    static constexpr std::string_view classes[] = {
        "bool", "bytes", "complex", "dict", "enumerate", "filter", "float", "frozenset", "int",
        "list", "map",   "range",   "set",  "reversed",  "str",    "tuple", "zip"};
    return std::find(std::begin(classes), std::end(classes), name) != std::end(classes);
}

Value function_of(Heap& heap, const Named& n, bool of_python) {
    const Value f = heap.function(n.name, n.body);
    f.as<Callable>().type = is_class(n.name);
    f.as<Callable>().builtin = of_python && std::string_view(n.name) != "assert" &&
                               std::string_view(n.name) != "dumps";
    return f;
}

} // namespace

void add_globals(Interpreter& in) {
    constexpr Named jinja[] = {{"range", range},
                               {"dict", dict},
                               {"namespace", space},
                               {"joiner", joiner},
                               {"cycler", cycler}};
    for (const Named& n : jinja) in.set_global(n.name, function_of(in.heap(), n, false));
}

std::vector<std::pair<std::string, Value>> python_builtins(Interpreter& in) {
    std::vector<std::pair<std::string, Value>> out;
    for (const Named& n : python) {
        const auto made = in.imported.find(n.name);
        out.emplace_back(n.name,
                         made != in.imported.end()
                             ? made->second
                             : in.imported.emplace(n.name, function_of(in.heap(), n, true))
                                   .first->second);
    }
    out.emplace_back("six", import_module(in, "six"));
    return out;
}

} // namespace rs::tmpl
