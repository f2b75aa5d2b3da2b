// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "base/text.hpp"
#include "template/values/literal.hpp"

namespace rs::tmpl {

namespace {

constexpr int max_depth = 100; // what parse_literal() takes

void must_be_literal(const Value& v, int depth) {
    if (depth > max_depth) raise("RecursionError", "dumps() of a value nested too deeply");
    switch (v.kind()) {
    case Kind::undefined: raise("UndefinedError", v.as<Missing>().message);
    case Kind::real:
        if (!std::isfinite(v.real()))
            raise("NotSupported", cat("dumps() of ", repr(v), ", which has no literal"));
        return;
    case Kind::text:
        if (v.as<Text>().markup)
            raise("NotSupported", "dumps() of a text that was escaped: put string in front");
        return;
    case Kind::tuple:
        if (record(v) != nullptr) raise("NotSupported", cat("dumps() of a ", type_name(v)));
        [[fallthrough]];
    case Kind::list:
        for (const Value& item : v.items()) must_be_literal(item, depth + 1);
        return;
    case Kind::dict:
    case Kind::set:
        if (v.as<Dict>().ordered)
            raise("NotSupported", "dumps() of an OrderedDict: put dict() around it");
        for (const Dict::Slot& s : v.as<Dict>().slots) {
            if (!s.live) continue;
            must_be_literal(s.key, depth + 1);
            must_be_literal(s.value, depth + 1);
        }
        return;
    case Kind::none:
    case Kind::boolean:
    case Kind::integer:
    case Kind::bytes: return;
    default: raise("NotSupported", cat("dumps() of a ", type_name(v)));
    }
}

} // namespace

std::string typed_literal(Heap& heap, const Value& value) {
    must_be_literal(value, 0);
    const std::string text = repr(value);
    std::string out(literal_mark);
    for (const char c : text) {
        // Both stand only inside of strings, where an escape means the same.
        if (c == '$')
            out += "\\x24";
        else if (c == ';')
            out += "\\x3b";
        else
            out += c;
    }
    // A backslash in front would make the escape a text: repr() doubles those, so there is always an even number of them.
    heap.spend(out.size());
    return out;
}

} // namespace rs::tmpl
