// SPDX-License-Identifier: Apache-2.0
// Methods and attributes of int, float and range, and what Python has besides.
#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "template/methods/methods.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

Table<Method> integer_methods() {
    static constexpr auto table = sorted<Method>({
        {"bit_length",
         [](Call& c, const Value& s) -> Value {
             static_cast<void>(c.bind({}, 0));
             const std::int64_t n = s.integer();
             std::uint64_t size =
                 n < 0 ? -static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n);
             std::int64_t bits = 0;
             for (; size != 0; size >>= 1) ++bits;
             return bits;
         }},
        {"bit_count",
         [](Call& c, const Value& s) -> Value {
             static_cast<void>(c.bind({}, 0));
             const std::int64_t n = s.integer();
             return std::int64_t{__builtin_popcountll(n < 0 ? -static_cast<std::uint64_t>(n)
                                                            : static_cast<std::uint64_t>(n))};
         }},
        {"conjugate", [](Call&, const Value& s) -> Value { return s.integer(); }},
        {"as_integer_ratio",
         [](Call& c, const Value& s) {
             return c.heap.tuple({s.integer(), std::int64_t{1}});
         }},
    });
    return table;
}

Table<Method> real_methods() {
    static constexpr auto table = sorted<Method>({
        {"is_integer",
         [](Call& c, const Value& s) -> Value {
             static_cast<void>(c.bind({}, 0));
             return std::isfinite(s.real()) && s.real() == std::floor(s.real());
         }},
        {"conjugate", [](Call&, const Value& s) -> Value { return s.real(); }},
    });
    return table;
}

Table<Method> range_methods() {
    static constexpr auto table = sorted<Method>({
        {"count",
         [](Call& c, const Value& s) -> Value {
             return std::int64_t{contains(s, *c.bind({"/value"}, 1)[0])};
         }},
        {"index",
         [](Call& c, const Value& s) -> Value {
             const Value& v = *c.bind({"/value"}, 1)[0];
             if (!contains(s, v)) raise("ValueError", cat(repr(v), " is not in range"));
             return (v.integer() - s.as<Range>().start) / s.as<Range>().step;
         }},
    });
    return table;
}

std::optional<Value> plain_attribute(const Value& of, std::string_view name) {
    if (of.is_int()) {
        if (name == "real" || name == "numerator") return of.integer();
        if (name == "imag") return std::int64_t{0};
        if (name == "denominator") return std::int64_t{1};
    } else if (of.is(ValueKind::real)) {
        if (name == "real") return of.real();
        if (name == "imag") return 0.0;
    } else if (of.is(ValueKind::range)) {
        const Range& r = of.as<Range>();
        if (name == "start") return r.start;
        if (name == "stop") return r.stop;
        if (name == "step") return r.step;
    }
    return std::nullopt;
}

bool missing_here(const Value& of, std::string_view name) {
    // Of objects of every kind, and what each kind has besides; is defined must not say no where Python says yes.
    static constexpr std::string_view all[] = {
        "__class__",  "__delattr__",   "__dir__",         "__doc__",
        "__eq__",     "__format__",    "__ge__",          "__getattribute__",
        "__gt__",     "__hash__",      "__init__",        "__init_subclass__",
        "__le__",     "__lt__",        "__ne__",          "__new__",
        "__reduce__", "__reduce_ex__", "__repr__",        "__setattr__",
        "__sizeof__", "__str__",       "__subclasshook__"};
    static constexpr std::pair<ValueKind, std::string_view> some[] = {
        {ValueKind::text,
         " __add__ __contains__ __getitem__ __getnewargs__ __iter__ __len__ __mod__ __mul__ "
         "__rmod__ __rmul__ capitalize casefold center count encode endswith expandtabs find "
         "format format_map index isalnum isalpha isascii isdecimal isdigit isidentifier islower "
         "isnumeric isprintable isspace istitle isupper join ljust lower lstrip maketrans "
         "partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip "
         "split splitlines startswith strip swapcase title translate upper zfill "},
        {ValueKind::bytes,
         " __add__ __bytes__ __contains__ __getitem__ __getnewargs__ __iter__ __len__ __mod__ "
         "__mul__ __rmod__ __rmul__ capitalize center count decode endswith expandtabs find "
         "fromhex hex index isalnum isalpha isascii isdigit islower isspace istitle isupper join "
         "ljust lower lstrip maketrans partition removeprefix removesuffix replace rfind rindex "
         "rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title "
         "translate upper zfill "},
        {ValueKind::list,
         " __add__ __class_getitem__ __contains__ __delitem__ __getitem__ __iadd__ __imul__ "
         "__iter__ __len__ __mul__ __reversed__ __rmul__ __setitem__ append clear copy count "
         "extend index insert pop remove reverse sort "},
        {ValueKind::tuple, " __add__ __class_getitem__ __contains__ __getitem__ __getnewargs__ "
                           "__iter__ __len__ __mul__ __rmul__ count index "},
        {ValueKind::dict, " __class_getitem__ __contains__ __delitem__ __getitem__ __ior__ "
                          "__iter__ __len__ __or__ __reversed__ __ror__ __setitem__ clear copy "
                          "fromkeys get items keys pop popitem setdefault update values "},
        {ValueKind::set, " __and__ __class_getitem__ __contains__ __iand__ __ior__ __isub__ "
                         "__iter__ __ixor__ __len__ __or__ __rand__ __ror__ __rsub__ __rxor__ "
                         "__sub__ __xor__ add clear copy difference difference_update discard "
                         "intersection intersection_update isdisjoint issubset issuperset pop "
                         "remove symmetric_difference symmetric_difference_update union update "},
        {ValueKind::integer,
         " __abs__ __add__ __and__ __bool__ __ceil__ __divmod__ __float__ __floor__ __floordiv__ "
         "__getnewargs__ __index__ __int__ __invert__ __lshift__ __mod__ __mul__ __neg__ __or__ "
         "__pos__ __pow__ __radd__ __rand__ __rdivmod__ __rfloordiv__ __rlshift__ __rmod__ "
         "__rmul__ __ror__ __round__ __rpow__ __rrshift__ __rshift__ __rsub__ __rtruediv__ "
         "__rxor__ __sub__ __truediv__ __trunc__ __xor__ from_bytes to_bytes "},
        {ValueKind::real,
         " __abs__ __add__ __bool__ __ceil__ __divmod__ __float__ __floor__ __floordiv__ "
         "__getformat__ __getnewargs__ __int__ __mod__ __mul__ __neg__ __pos__ __pow__ __radd__ "
         "__rdivmod__ __rfloordiv__ __rmod__ __rmul__ __round__ __rpow__ __rsub__ __rtruediv__ "
         "__sub__ __truediv__ __trunc__ as_integer_ratio fromhex hex "},
        {ValueKind::range, " __bool__ __contains__ __getitem__ __iter__ __len__ __reversed__ "},
    };
    return std::find(std::begin(all), std::end(all), name) != std::end(all) ||
           std::any_of(std::begin(some), std::end(some), [&](const auto& s) {
               const bool kind = s.first == of.kind() ||
                                 (s.first == ValueKind::integer && of.is(ValueKind::boolean));
               return kind && s.second.find(cat(" ", name, " ")) != std::string_view::npos;
           });
}

} // namespace rs::tmpl
