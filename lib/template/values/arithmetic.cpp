// SPDX-License-Identifier: Apache-2.0
// + - * / // % ** as Python computes them, integers within 64 bits.
#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "template/interpreter.hpp"
#include "template/text/format.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

[[noreturn]] void bad_operands(std::string_view op, const Value& a, const Value& b) {
    if (op == "**") op = "** or pow()";
    raise("TypeError", cat("unsupported operand type(s) for ", op, ": '", type_name(a), "' and '",
                           type_name(b), "'"));
}

[[noreturn]] void overflow() { raise("OverflowError", "an integer beyond 64 bits"); }

std::int64_t power(std::int64_t base, std::int64_t exponent) {
    std::int64_t out = 1;
    while (exponent > 0) {
        if ((exponent & 1) != 0 && __builtin_mul_overflow(out, base, &out)) overflow();
        exponent >>= 1;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) overflow();
    }
    return out;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
    if (b == 0) raise("ZeroDivisionError", "integer division or modulo by zero");
    if (b == -1) {
        std::int64_t out = 0;
        if (__builtin_sub_overflow(std::int64_t{0}, a, &out)) overflow();
        return out;
    }
    const std::int64_t q = a / b;
    return (a % b != 0 && (a % b < 0) != (b < 0)) ? q - 1 : q;
}

} // namespace

Value unary(char op, const Value& v) {
    must_be_defined(v);
    const bool minus = op == '-';
    if (v.is(ValueKind::real)) return minus ? -v.real() : v.real();
    if (!v.is_int())
        raise("TypeError",
              cat("bad operand type for unary ", minus ? "-" : "+", ": '", type_name(v), "'"));
    if (minus && v.integer() == INT64_MIN) overflow();
    return minus ? -v.integer() : v.integer();
}

Value Interpreter::binary(std::string_view op, const Value& a, const Value& b) {
    must_be_defined(a);
    if (op == "%" && a.is(ValueKind::text)) {
        const bool markup = a.as<Text>().markup;
        std::string out = format_percent(*this, a.text(), b, markup);
        return markup ? heap_.markup(std::move(out)) : heap_.text(std::move(out));
    }
    must_be_defined(b);
    const auto sequence = [](const Value& v) {
        return v.is(ValueKind::text) || v.is(ValueKind::list) || v.is(ValueKind::tuple) ||
               v.is(ValueKind::bytes);
    };
    if (op == "+" && sequence(a)) {
        if (a.kind() != b.kind()) {
            if (a.is(ValueKind::text))
                raise("TypeError",
                      cat("can only concatenate str (not \"", type_name(b), "\") to str"));
            raise("TypeError", cat("can only concatenate ", type_name(a), " (not \"", type_name(b),
                                   "\") to ", type_name(a)));
        }
        if (a.is(ValueKind::text)) {
            if (!a.as<Text>().markup && !b.as<Text>().markup)
                return heap_.text(cat(a.text(), b.text()));
            return heap_.markup(cat(escape(heap_, a).text(), escape(heap_, b).text()));
        }
        if (a.is(ValueKind::bytes)) return heap_.bytes(cat(a.text(), b.text()));
        std::vector<Value> items = a.items();
        items.insert(items.end(), b.items().begin(), b.items().end());
        return a.is(ValueKind::list) ? heap_.list(std::move(items)) : heap_.tuple(std::move(items));
    }
    if (op == "*" && ((sequence(a) && b.is_int()) || (a.is_int() && sequence(b)))) {
        const Value& s = sequence(a) ? a : b;
        const std::int64_t n = std::max<std::int64_t>(0, (sequence(a) ? b : a).integer());
        const bool text = s.is(ValueKind::text) || s.is(ValueKind::bytes);
        const std::size_t size = text ? s.text().size() : s.items().size() * sizeof(Value);
        if (size > 0 && static_cast<std::uint64_t>(n) > settings_.limits.memory_bytes / size)
            raise("MemoryError", "the template needs more memory than its limit");
        if (text) {
            std::string out;
            for (std::int64_t i = 0; i < n && size > 0; ++i) out += s.text();
            if (s.is(ValueKind::bytes)) return heap_.bytes(std::move(out));
            return s.as<Text>().markup ? heap_.markup(std::move(out)) : heap_.text(std::move(out));
        }
        std::vector<Value> items;
        for (std::int64_t i = 0; i < n && size > 0; ++i)
            items.insert(items.end(), s.items().begin(), s.items().end());
        return s.is(ValueKind::list) ? heap_.list(std::move(items)) : heap_.tuple(std::move(items));
    }
    if (op == "-" && a.is(ValueKind::set) && b.is(ValueKind::set))
        return call_method(*this, a, "difference", {b});
    if (!a.is_number() || !b.is_number()) bad_operands(op, a, b);
    if (a.is_int() && b.is_int() && op != "/") {
        const std::int64_t x = a.integer(), y = b.integer();
        std::int64_t out = 0;
        if (op == "+"   ? __builtin_add_overflow(x, y, &out)
            : op == "-" ? __builtin_sub_overflow(x, y, &out)
                        : op == "*" && __builtin_mul_overflow(x, y, &out))
            overflow();
        if (op == "+" || op == "-" || op == "*") return out;
        if (op == "//") return floor_div(x, y);
        if (op == "%") {
            if (y == 0) raise("ZeroDivisionError", "integer modulo by zero");
            if (y == -1) return std::int64_t{0};
            out = x % y;
            return out != 0 && (out < 0) != (y < 0) ? out + y : out;
        }
        if (y >= 0) return power(x, y);
        if (x == 0) raise("ZeroDivisionError", "0.0 cannot be raised to a negative power");
        return std::pow(static_cast<double>(x), static_cast<double>(y));
    }
    const double x = a.as_real(), y = b.as_real();
    if (op == "+") return x + y;
    if (op == "-") return x - y;
    if (op == "*") return x * y;
    if (op == "**") {
        if (x == 0 && y < 0) raise("ZeroDivisionError", "0.0 cannot be raised to a negative power");
        if (x < 0 && y != std::floor(y)) raise("NotSupported", "complex numbers");
        const double out = std::pow(x, y);
        if (std::isinf(out) && !std::isinf(x) && !std::isinf(y))
            raise("OverflowError", "(34, 'Numerical result out of range')");
        return out;
    }
    if (y == 0)
        raise("ZeroDivisionError",
              op == "/" ? (a.is_int() && b.is_int() ? "division by zero" : "float division by zero")
              : op == "//" ? "float floor division by zero"
                           : "float modulo");
    if (op == "/") return x / y;
    double mod = std::fmod(x, y);
    if (mod != 0 && (mod < 0) != (y < 0)) mod += y;
    if (op == "%") return mod == 0 ? std::copysign(0.0, y) : mod;
    const double div = (x - mod) / y, whole = std::floor(div);
    return div == 0 ? std::copysign(0.0, x / y) : div - whole > 0.5 ? whole + 1 : whole;
}

} // namespace rs::tmpl
