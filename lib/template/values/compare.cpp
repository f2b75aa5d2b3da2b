// SPDX-License-Identifier: Apache-2.0
// Equal, less, and the hash that follows from equal.
#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "template/values/nesting.hpp"
#include "template/values/value.hpp"

namespace rs::tmpl {

namespace {

std::string exception_types(const Value& a, const Value& b, const char* op) {
    return cat("'", op, "' not supported between instances of '", type_name(a), "' and '",
               type_name(b), "'");
}

} // namespace

bool equals(const Value& a, const Value& b) {
    check_stack();
    if (a.is(Kind::undefined) || b.is(Kind::undefined)) {
        const bool one = a.is(Kind::undefined) && lenient(a),
                   other = b.is(Kind::undefined) && lenient(b);
        return one && other;
    }
    if (a.is_number() && b.is_number()) {
        if (a.is_int() && b.is_int()) return a.integer() == b.integer();
        return compare(a, b, "==") == 0;
    }
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
    case Kind::none: return true;
    case Kind::text:
    case Kind::bytes: return a.text() == b.text();
    case Kind::list:
    case Kind::tuple: {
        if (a.object() == b.object()) return true;
        const auto &x = a.items(), &y = b.items();
        if (x.size() != y.size()) return false;
        for (std::size_t i = 0; i < x.size(); ++i)
            if (!equals(x[i], y[i])) return false;
        return true;
    }
    case Kind::dict:
    case Kind::set: {
        if (a.object() == b.object()) return true;
        if (a.as<Dict>().live != b.as<Dict>().live) return false;
        if (a.as<Dict>().ordered && b.as<Dict>().ordered) { // then the order counts
            const auto next = [](const Dict& d, std::size_t& i) {
                while (!d.slots[i].live) ++i;
                return d.slots[i++];
            };
            std::size_t i = 0, k = 0;
            for (std::size_t n = 0; n < a.as<Dict>().live; ++n) {
                const Dict::Slot x = next(a.as<Dict>(), i), y = next(b.as<Dict>(), k);
                if (!equals(x.key, y.key) || !equals(x.value, y.value)) return false;
            }
            return true;
        }
        for (const Dict::Slot& s : a.as<Dict>().slots) {
            if (!s.live) continue;
            const Value* const other = find(b.as<Dict>(), s.key);
            if (other == nullptr || (a.is(Kind::dict) && !equals(s.value, *other))) return false;
        }
        return true;
    }
    case Kind::range: {
        const Range &x = a.as<Range>(), &y = b.as<Range>();
        return x.size() == y.size() &&
               (x.size() == 0 || (x.start == y.start && (x.size() == 1 || x.step == y.step)));
    }
    case Kind::view:
        if (a.object() == b.object() || a.as<View>().what == View::What::values)
            return a.object() == b.object();
        raise("NotSupported", cat("to compare ", type_name(a), ": put list() or set() around it"));
    default: return a.object() == b.object();
    }
}

int compare(const Value& a, const Value& b, const char* op) {
    check_stack();
    must_be_defined(a);
    must_be_defined(b);
    if (a.is_number() && b.is_number()) {
        if (a.is_int() && b.is_int())
            return a.integer() < b.integer() ? -1 : a.integer() > b.integer();
        // long double holds both exactly on the machines that we run on.
        const long double x = a.is(Kind::real) ? static_cast<long double>(a.real())
                                               : static_cast<long double>(a.integer());
        const long double y = b.is(Kind::real) ? static_cast<long double>(b.real())
                                               : static_cast<long double>(b.integer());
        if (std::isnan(x) || std::isnan(y)) return 2; // neither less nor equal nor greater
        return x < y ? -1 : x > y;
    }
    if (a.kind() == b.kind() && (a.is(Kind::text) || a.is(Kind::bytes))) {
        const int order = a.text().compare(b.text());
        return order < 0 ? -1 : order > 0;
    }
    if (a.kind() == b.kind() && (a.is(Kind::list) || a.is(Kind::tuple))) {
        const auto &x = a.items(), &y = b.items();
        for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
            if (!equals(x[i], y[i])) return compare(x[i], y[i], op);
        return x.size() < y.size() ? -1 : x.size() > y.size();
    }
    if (a.is(Kind::set) && b.is(Kind::set)) { // a part of the other one, or nothing of that
        const auto within = [](const Dict& x, const Dict& y) {
            return std::all_of(x.slots.begin(), x.slots.end(), [&](const Dict::Slot& s) {
                return !s.live || find(y, s.key) != nullptr;
            });
        };
        const bool less = within(a.as<Dict>(), b.as<Dict>()),
                   more = within(b.as<Dict>(), a.as<Dict>());
        return less && more ? 0 : less ? -1 : more ? 1 : 2;
    }
    raise("TypeError", exception_types(a, b, op));
}

std::size_t hash_of(const Value& v) {
    check_stack();
    switch (v.kind()) {
    case Kind::undefined: return lenient(v) ? 0x756e64 : 0;
    case Kind::none: return 0x6e6f6e65;
    case Kind::boolean:
    case Kind::integer: return std::hash<std::int64_t>()(v.integer());
    case Kind::real: {
        const double r = v.real();
        if (std::abs(r) < 9e18 && r == std::floor(r))
            return std::hash<std::int64_t>()(static_cast<std::int64_t>(r));
        return std::hash<double>()(r);
    }
    case Kind::text:
    case Kind::bytes: return std::hash<std::string_view>()(v.text());
    case Kind::tuple: {
        std::size_t out = 0x345678;
        for (const Value& item : v.items()) out = out * 1000003 ^ hash_of(item);
        return out;
    }
    case Kind::list:
    case Kind::dict:
    case Kind::set: raise("TypeError", cat("unhashable type: '", type_name(v), "'"));
    case Kind::range: return static_cast<std::size_t>(v.as<Range>().size());
    default: return std::hash<const void*>()(v.object());
    }
}

} // namespace rs::tmpl
