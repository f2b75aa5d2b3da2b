// SPDX-License-Identifier: Apache-2.0
// Filters of numbers and of values of any kind.
#include <cmath>

#include "base/text.hpp"
#include "template/filters/filters.hpp"
#include "template/text/format.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

// int(v): nothing where Python has a TypeError or a ValueError.
std::optional<Value> as_integer(const Value& v, std::int64_t base) {
    try {
        if (v.is(ValueKind::text)) return parse_integer(v.text(), static_cast<int>(base));
    } catch (const Failure& e) {
        if (e.type != "ValueError") throw;
        return std::nullopt;
    }
    if (v.is_int()) return v.integer();
    if (!v.is(ValueKind::real) || std::isnan(v.real())) return std::nullopt;
    if (std::isinf(v.real())) raise("OverflowError", "cannot convert float infinity to integer");
    if (std::abs(v.real()) >= 9.2e18) raise("OverflowError", "an integer beyond 64 bits");
    return static_cast<std::int64_t>(v.real());
}

Value int_filter(Call& c) {
    const auto a = c.bind({"value", "default", "base"}, 1);
    const Value otherwise = a[1] != nullptr ? *a[1] : Value(std::int64_t{0});
    const Value& v = *a[0];
    must_be_defined(v);
    const std::int64_t base = int_arg(a[2], 10);
    const bool bad_base = base != 0 && (base < 2 || base > 36);
    if (!(bad_base && v.is(ValueKind::text)))
        if (const auto n = as_integer(v, base)) return *n;
    try {
        if (!v.is(ValueKind::text)) return otherwise;
        const double d = parse_real(v.text());
        return as_integer(d, 10).value_or(otherwise);
    } catch (const Failure& e) {
        if (e.type != "ValueError") throw;
        return otherwise;
    }
}

Value filesizeformat(Call& c) {
    const auto a = c.bind({"value", "binary"}, 1);
    must_be_defined(*a[0]);
    if (!a[0]->is_number() && !a[0]->is(ValueKind::text))
        raise("TypeError", cat("float() argument must be a string or a real number, not '",
                               type_name(*a[0]), "'"));
    const double bytes = a[0]->is_number() ? a[0]->as_real() : parse_real(a[0]->text());
    const bool binary = bool_arg(a[1], false);
    const double base = binary ? 1024 : 1000;
    if (bytes == 1) return c.heap.text("1 Byte");
    if (bytes < base) {
        if (std::isinf(bytes)) raise("OverflowError", "cannot convert float infinity to integer");
        return c.heap.text(cat(static_cast<std::int64_t>(std::max(bytes, -9.2e18)), " Bytes"));
    }
    if (std::isnan(bytes)) return c.heap.text(binary ? "nan YiB" : "nan YB");
    double unit = base;
    static constexpr std::string_view prefixes = "kMGTPEZY";
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
        unit *= base;
        if (bytes >= unit && i + 1 < prefixes.size()) continue;
        char number[400];
        std::snprintf(number, sizeof number, "%.1f", base * bytes / unit);
        const char prefix = binary && i == 0 ? 'K' : prefixes[i];
        return c.heap.text(cat(number, " ", std::string(1, prefix), binary ? "iB" : "B"));
    }
    return {};
}

Value float_filter(Call& c) {
    const auto a = c.bind({"value", "default"}, 1);
    const Value& v = *a[0];
    must_be_defined(v);
    if (v.is_number()) return v.as_real();
    try {
        if (v.is(ValueKind::text)) return parse_real(v.text());
    } catch (const Failure&) {
    }
    return a[1] != nullptr ? *a[1] : Value(0.0);
}

Value round_filter(Call& c) {
    const auto a = c.bind({"value", "precision", "method"}, 1);
    const std::int64_t precision = int_arg(a[1], 0);
    const std::string how = text_arg(a[2], "common");
    if (how != "common" && how != "ceil" && how != "floor")
        raise("FilterArgumentError", "method must be common, ceil or floor");
    if (!a[0]->is_number())
        raise("TypeError", cat("type ", type_name(*a[0]), " doesn't define __round__ method"));
    if (how == "common") return round_half_even(*a[0], precision);
    const double scale = std::pow(10.0, static_cast<double>(precision)),
                 scaled = a[0]->as_real() * scale;
    // Python's floor and ceil give integers, which have no -0.
    return ((how == "ceil" ? std::ceil(scaled) : std::floor(scaled)) + 0.0) / scale;
}

Value sum_filter(Call& c) {
    const auto a = c.bind({"iterable", "attribute", "start"}, 1);
    Value total = a[2] != nullptr ? *a[2] : Value(std::int64_t{0});
    each(c.heap, *a[0], [&](const Value& item) {
        total = c.interpreter.binary("+", total,
                                     a[1] != nullptr && !a[1]->is(ValueKind::none)
                                         ? by_attribute(c.interpreter, item, *a[1], nullptr)
                                         : item);
        return true;
    });
    return total;
}

Value tojson(Call& c) {
    const auto a = c.bind({"value", "indent"}, 1);
    const std::string json = to_json(
        *a[0], true, a[1] == nullptr || a[1]->is(ValueKind::none) ? -1 : int_arg(a[1], -1), true);
    std::string out;
    for (const char ch : json) {
        if (ch == '<')
            out += "\\u003c";
        else if (ch == '>')
            out += "\\u003e";
        else if (ch == '&')
            out += "\\u0026";
        else if (ch == '\'')
            out += "\\u0027";
        else
            out += ch;
    }
    return c.heap.markup(std::move(out));
}

} // namespace

Table<Builtin> data_filters() {
    static constexpr auto table = sorted<Builtin>({
        {"filesizeformat", filesizeformat},
        {"pprint", pprint},
        {"random",
         [](Call&) -> Value {
             raise("NotSupported", "random: the same input gives the same text");
         }},
        {"abs",
         [](Call& c) -> Value {
             const Value& v = *c.bind({"x"}, 1)[0];
             must_be_defined(v);
             if (v.is(ValueKind::real)) return std::abs(v.real());
             if (!v.is_int())
                 raise("TypeError", cat("bad operand type for abs(): '", type_name(v), "'"));
             if (v.integer() == INT64_MIN) raise("OverflowError", "an integer beyond 64 bits");
             return v.integer() < 0 ? -v.integer() : v.integer();
         }},
        {"attr",
         [](Call& c) -> Value {
             const auto a = c.bind({"obj", "name"}, 2);
             if (a[0]->is(ValueKind::dict)) {
                 if (auto m = method(c.interpreter, *a[0], str(*a[1]))) return *m;
                 return c.heap.missing(cat("'dict object' has no attribute ", repr(*a[1])));
             }
             return c.interpreter.attribute(*a[0], str(*a[1]));
         }},
        {"default",
         [](Call& c) -> Value {
             const auto a = c.bind({"value", "default_value", "boolean"}, 1);
             const bool replace =
                 a[0]->is(ValueKind::undefined) || (bool_arg(a[2], false) && !truth(*a[0]));
             return !replace ? *a[0] : a[1] != nullptr ? *a[1] : c.heap.text("");
         }},
        {"float", float_filter},
        {"int", int_filter},
        {"round", round_filter},
        {"sum", sum_filter},
        {"tojson", tojson},
    });
    return table;
}

} // namespace rs::tmpl
