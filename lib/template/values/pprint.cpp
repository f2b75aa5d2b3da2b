// SPDX-License-Identifier: Apache-2.0
// pprint: repr() with sorted dictionaries, over several lines if it is longer than 80 characters.
#include <algorithm>

#include "base/text.hpp"
#include "template/filters/filters.hpp"
#include "template/values/nesting.hpp"

namespace rs::tmpl {

namespace {

constexpr std::int64_t width = 80; // of pprint.pformat()

std::vector<const Dict::Slot*> by_key(const Value& dict) {
    std::vector<const Dict::Slot*> out;
    for (const Dict::Slot& s : dict.as<Dict>().slots)
        if (s.live) out.push_back(&s);
    std::stable_sort(out.begin(), out.end(), [](const Dict::Slot* a, const Dict::Slot* b) {
        try {
            return compare(a->key, b->key, "<") < 0;
        } catch (const Failure& e) {
            if (e.type != "TypeError") throw;
            raise("NotSupported", "pprint of keys that cannot be compared");
        }
    });
    return out;
}

std::string flat(const Value& v) {
    check_stack();
    std::string out;
    if (v.is(Kind::dict)) {
        for (const Dict::Slot* const s : by_key(v))
            out += cat(out.empty() ? "" : ", ", flat(s->key), ": ", flat(s->value));
        return cat("{", out, "}");
    }
    if (!v.is(Kind::list) && !v.is(Kind::tuple)) return repr(v);
    for (const Value& item : v.items()) out += cat(out.empty() ? "" : ", ", flat(item));
    if (v.is(Kind::list)) return cat("[", out, "]");
    return cat("(", out, v.items().size() == 1 ? ",)" : ")");
}

std::int64_t size_of(std::string_view text) {
    return characters(text);
}

// At a column, with so many characters of brackets still to come behind it.
void write(std::string& out, const Value& v, std::int64_t column, std::int64_t behind) {
    const std::string whole = flat(v);
    if (size_of(whole) <= width - column - behind) {
        out += whole;
        return;
    }
    const std::string line = cat(",\n", std::string(static_cast<std::size_t>(column + 1), ' '));
    if (v.is(Kind::dict)) {
        const auto slots = by_key(v);
        out += '{';
        for (std::size_t i = 0; i < slots.size(); ++i) {
            if (i > 0) out += line;
            const std::string key = cat(flat(slots[i]->key), ": ");
            out += key;
            write(out, slots[i]->value, column + 1 + size_of(key),
                  i + 1 == slots.size() ? behind + 1 : 1);
        }
        out += '}';
    } else if (v.is(Kind::list) || v.is(Kind::tuple)) {
        const auto& items = v.items();
        const std::string_view end = v.is(Kind::list) ? "]" : items.size() == 1 ? ",)" : ")";
        out += v.is(Kind::list) ? '[' : '(';
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) out += line;
            write(out, items[i], column + 1,
                  i + 1 == items.size() ? behind + static_cast<std::int64_t>(end.size()) : 1);
        }
        out += end;
    } else if (v.is(Kind::text) || v.is(Kind::bytes) || v.is(Kind::set) || v.is(Kind::view)) {
        raise("NotSupported", cat("pprint of a ", type_name(v), " that does not fit into a line"));
    } else {
        out += whole;
    }
}

} // namespace

Value pprint(Call& c) {
    std::string out;
    write(out, *c.bind({"value"}, 1)[0], 0, 0);
    return c.heap.text(std::move(out));
}

} // namespace rs::tmpl
