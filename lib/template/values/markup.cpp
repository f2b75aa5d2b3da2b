// SPDX-License-Identifier: Apache-2.0
// Markup: texts that escape, safe or tojson made. What joins them is escaped, too, as markupsafe does.
#include <algorithm>

#include "base/text.hpp"
#include "template/methods/methods.hpp"
#include "template/text/format.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

Value escape(Heap& heap, const Value& v) {
    if (v.is(ValueKind::text) && v.as<Text>().markup) return v;
    std::string out;
    for (const char ch : str(v)) {
        switch (ch) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '\'': out += "&#39;"; break;
        case '"': out += "&#34;"; break;
        default: out += ch;
        }
    }
    return heap.markup(std::move(out));
}

namespace {

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

Value as_markup(Heap& heap, const Value& v) { return heap.markup(std::string(v.text())); }

} // namespace

Value markup_method(Call& c, std::string_view name, Method f, const Value& self) {
    // As markupsafe 2.1 has it: what it does not know by name is the method of str, and gives a plain str.
    if (name == "format") return c.heap.markup(format_braces(c, self.text(), true));
    if (name == "join") {
        std::vector<Value> items;
        for (const Value& v : items_of(c.heap, *c.bind({"/iterable"}, 1)[0]))
            items.push_back(escape(c.heap, v));
        c.args = {c.heap.list(std::move(items))};
        return as_markup(c.heap, f(c, self));
    }
    // CPython gives back the text itself if nothing stands in braces.
    if (name == "format_map" && self.text().find_first_of("{}") == std::string_view::npos) {
        static_cast<void>(f(c, self));
        return self;
    }
    const bool changes = one_of(name, {"capitalize", "title", "lower", "upper", "replace", "ljust",
                                       "rjust", "lstrip", "rstrip", "center", "strip", "translate",
                                       "expandtabs", "swapcase", "zfill"});
    if (changes || one_of(name, {"partition", "rpartition"}))
        for (Value& v : c.args)
            if (v.is(ValueKind::text)) v = escape(c.heap, v);
    const Value out = f(c, self);
    if (one_of(name, {"split", "rsplit", "splitlines", "partition", "rpartition"}))
        for (Value& v : out.items()) v = as_markup(c.heap, v);
    if (changes) return as_markup(c.heap, out);
    // What is not changed is given back itself in our methods; it is no Markup in Python.
    return out.is(ValueKind::text) ? c.heap.text(std::string(out.text())) : out;
}

} // namespace rs::tmpl
