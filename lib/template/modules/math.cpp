// SPDX-License-Identifier: Apache-2.0
// math: what the C library computes, with the errors of Python. Functions that Python computes in a way of its own (hypot,
// fsum, gamma) would differ in the last digit, and are not there.
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/text.hpp"
#include "template/modules/modules.hpp"
#include "template/values/iterate.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

double real_of(const Value& v) {
    must_be_defined(v);
    if (!v.is_number()) raise("TypeError", cat("must be real number, not ", type_name(v)));
    return v.as_real();
}

// What went in, and the flags that the result stands for, as Python reads them.
double judged(double result, bool finite_arguments, bool can_overflow) {
    if (std::isnan(result) && finite_arguments) raise("ValueError", "math domain error");
    if (std::isinf(result) && finite_arguments) {
        if (can_overflow) raise("OverflowError", "math range error");
        raise("ValueError", "math domain error");
    }
    return result;
}

template <double (*F)(double), bool CanOverflow = false>
Value of_one(Call& c) {
    positional_only(c, 1, 1);
    const double x = real_of(c.args[0]), out = F(x);
    if (std::isnan(out) && !std::isnan(x)) raise("ValueError", "math domain error");
    return judged(out, std::isfinite(x), CanOverflow);
}

template <double (*F)(double, double)>
Value of_two(Call& c) {
    positional_only(c, 2, 2);
    return F(real_of(c.args[0]), real_of(c.args[1]));
}

Value whole(double r) {
    if (std::isnan(r)) raise("ValueError", "cannot convert float NaN to integer");
    if (std::isinf(r)) raise("OverflowError", "cannot convert float infinity to integer");
    if (r >= 0x1p63 || r < -0x1p63) raise("OverflowError", "an integer beyond 64 bits");
    return static_cast<std::int64_t>(r);
}

template <double (*F)(double)>
Value rounded(Call& c) {
    positional_only(c, 1, 1);
    if (c.args[0].is_int()) return c.args[0].integer();
    return whole(F(real_of(c.args[0])));
}

double logarithm(const Value& v, double (*f)(double)) {
    const double x = real_of(v);
    if (x <= 0) raise("ValueError", "math domain error");
    return f(x);
}

Value log(Call& c) {
    positional_only(c, 1, 2);
    const double x = logarithm(c.args[0], std::log);
    if (c.args.size() == 1) return x;
    const double base = logarithm(c.args[1], std::log);
    if (base == 0) raise("ZeroDivisionError", "float division by zero");
    return x / base;
}

Value pow(Call& c) {
    positional_only(c, 2, 2);
    const double x = real_of(c.args[0]), y = real_of(c.args[1]), out = std::pow(x, y);
    if (!std::isfinite(x) || !std::isfinite(y)) return out;
    if (std::isinf(out) && x == 0) raise("ValueError", "math domain error");
    return judged(out, true, true);
}

Value fmod(Call& c) {
    positional_only(c, 2, 2);
    const double x = real_of(c.args[0]), y = real_of(c.args[1]);
    if (std::isinf(y) && std::isfinite(x)) return x;
    const double out = std::fmod(x, y);
    if (std::isnan(out) && !std::isnan(x) && !std::isnan(y))
        raise("ValueError", "math domain error");
    return out;
}

template <bool (*F)(double)>
Value is(Call& c) {
    positional_only(c, 1, 1);
    return F(real_of(c.args[0]));
}

std::int64_t absolute(std::int64_t v) {
    if (v == INT64_MIN) raise("OverflowError", "an integer beyond 64 bits");
    return v < 0 ? -v : v;
}

Value gcd(Call& c) {
    std::int64_t out = 0;
    if (!c.named.empty()) raise("TypeError", "math.gcd() takes no keyword arguments");
    for (const Value& v : c.args) out = std::gcd(out, absolute(int_of(v)));
    return out;
}

Value lcm(Call& c) {
    std::int64_t out = 1;
    if (!c.named.empty()) raise("TypeError", "math.lcm() takes no keyword arguments");
    for (const Value& v : c.args) {
        const std::int64_t n = absolute(int_of(v));
        if (n == 0 || out == 0)
            out = 0;
        else if (__builtin_mul_overflow(out / std::gcd(out, n), n, &out))
            raise("OverflowError", "an integer beyond 64 bits");
    }
    return out;
}

Value factorial(Call& c) {
    positional_only(c, 1, 1);
    const std::int64_t n = int_of(c.args[0]);
    if (n < 0) raise("ValueError", "factorial() not defined for negative values");
    if (n > 20) raise("OverflowError", "an integer beyond 64 bits");
    std::int64_t out = 1;
    for (std::int64_t i = 2; i <= n; ++i) out *= i;
    return out;
}

Value isqrt(Call& c) {
    positional_only(c, 1, 1);
    const std::int64_t n = int_of(c.args[0]);
    if (n < 0) raise("ValueError", "isqrt() argument must be nonnegative");
    auto out = static_cast<std::int64_t>(std::sqrt(static_cast<double>(n)));
    while (out > 0 && out > n / out) --out; // a double has fewer digits
    while (out + 1 <= n / (out + 1)) ++out;
    return out;
}

Value isclose(Call& c) {
    const auto v = bind(c, {"a", "b", "rel_tol", "abs_tol"}, 2, 2);
    const double a = real_of(*v[0]), b = real_of(*v[1]),
                 relative = v[2] != nullptr ? real_of(*v[2]) : 1e-9,
                 least = v[3] != nullptr ? real_of(*v[3]) : 0;
    if (relative < 0 || least < 0) raise("ValueError", "tolerances must be non-negative");
    if (a == b) return true;
    if (std::isinf(a) || std::isinf(b)) return false;
    const double apart = std::fabs(b - a);
    return apart <= std::fabs(relative * b) || apart <= std::fabs(relative * a) || apart <= least;
}

Value prod(Call& c) {
    const auto a = bind(c, {"iterable", "start"}, 1, 1);
    Value out = a[1] != nullptr ? *a[1] : Value(std::int64_t{1});
    const Next next = iterate(c.heap, *a[0]);
    while (const auto v = next()) out = c.interpreter.binary("*", out, *v);
    return out;
}

Value modf(Call& c) {
    positional_only(c, 1, 1);
    double integral = 0;
    const double x = real_of(c.args[0]), rest = std::modf(x, &integral);
    return c.heap.tuple({rest, integral});
}

constexpr Function functions[] = {
    {"acos", of_one<std::acos>},
    {"acosh", of_one<std::acosh>},
    {"asin", of_one<std::asin>},
    {"asinh", of_one<std::asinh>},
    {"atan", of_one<std::atan>},
    {"atan2", of_two<std::atan2>},
    {"atanh", of_one<std::atanh>},
    {"ceil", rounded<std::ceil>},
    {"copysign", of_two<std::copysign>},
    {"cos", of_one<std::cos>},
    {"cosh", of_one<std::cosh, true>},
    {"degrees", of_one<[](double x) { return x * (180.0 / std::numbers::pi); }>},
    {"exp", of_one<std::exp, true>},
    {"expm1", of_one<std::expm1, true>},
    {"fabs", of_one<std::fabs>},
    {"factorial", factorial},
    {"floor", rounded<std::floor>},
    {"fmod", fmod},
    {"gcd", gcd},
    {"isclose", isclose},
    {"isfinite", is<std::isfinite>},
    {"isinf", is<std::isinf>},
    {"isnan", is<std::isnan>},
    {"isqrt", isqrt},
    {"lcm", lcm},
    {"log", log},
    {"log10",
     [](Call& c) -> Value {
         positional_only(c, 1, 1);
         return logarithm(c.args[0], std::log10);
     }},
    {"log1p", of_one<std::log1p>},
    {"log2",
     [](Call& c) -> Value {
         positional_only(c, 1, 1);
         return logarithm(c.args[0], std::log2);
     }},
    {"modf", modf},
    {"pow", pow},
    {"prod", prod},
    {"radians", of_one<[](double x) { return x * (std::numbers::pi / 180.0); }>},
    {"sin", of_one<std::sin>},
    {"sinh", of_one<std::sinh, true>},
    {"sqrt", of_one<std::sqrt>},
    {"tan", of_one<std::tan>},
    {"tanh", of_one<std::tanh>},
    {"trunc", rounded<std::trunc>},
};
constexpr const char* digits = "its last digit would not be that of Python";
constexpr Refusal refusals[] = {{"dist", digits},  {"erf", digits},   {"erfc", digits},
                                {"fsum", digits},  {"gamma", digits}, {"hypot", digits},
                                {"lgamma", digits}};

} // namespace

Value module_math(Interpreter& in) {
    const Value out = make_module(in, "math", functions, refusals);
    set_attribute(out, "pi", std::numbers::pi);
    set_attribute(out, "e", std::numbers::e);
    set_attribute(out, "tau", 2 * std::numbers::pi);
    set_attribute(out, "inf", HUGE_VAL);
    set_attribute(out, "nan", std::nan(""));
    return out;
}

} // namespace rs::tmpl
