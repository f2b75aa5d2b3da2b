// SPDX-License-Identifier: Apache-2.0
// value.name, value[key], value[from:to:step].
#include <algorithm>

#include "base/closest.hpp"
#include "base/text.hpp"
#include "template/interpreter.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {
// Methods and keys that were perhaps meant.
std::string hint_for(const Value& of, std::string_view name) {
    Closest known(name);
    if (of.is(ValueKind::dict))
        for (const Dict::Slot& s : of.as<Dict>().slots)
            if (s.live && s.key.is(ValueKind::text)) known.consider(s.key.text());
    if (known.found().empty()) known.consider(close_method(of, name));
    return known.found().empty() ? std::string() : cat("perhaps '", known.found(), "'?");
}
} // namespace

Value Interpreter::attribute(const Value& of, std::string_view name) {
    must_be_defined(of);
    if (of.is(ValueKind::names)) {
        const Names& names = of.as<Names>();
        if (names.find)
            if (auto v = names.find(name)) return *v;
        if (const auto at = names.values.find(name); at != names.values.end()) return at->second;
        if (names.what == Names::What::module)
            return heap_.missing(cat("the template or module ", repr_text(names.name),
                                     " has no attribute ", repr_text(name)));
        return heap_.missing(
            cat("'", type_name(of), " object' has no attribute ", repr_text(name)));
    }
    if (const Record* const r = record(of)) {
        for (std::size_t i = 0; i < r->fields.size(); ++i)
            if (r->fields[i] == name) return r->items[i];
        if (r->find)
            if (auto v = r->find(name)) return *v;
    }
    if (of.is(ValueKind::tuple) && of.as<List>().group && (name == "grouper" || name == "list"))
        return of.items()[name == "grouper" ? 0 : 1];
    if (of.is(ValueKind::callable) && of.as<Callable>().find)
        if (auto v = of.as<Callable>().find(name)) return *v;
    if (auto m = method(*this, of, name)) return *m;
    if (of.is(ValueKind::dict))
        if (const Value* const v = find(of.as<Dict>(), heap_.text(std::string(name)))) return *v;
    const Value none =
        heap_.missing(cat("'", type_name(of), " object' has no attribute ", repr_text(name)));
    none.as<Missing>().hint = [of, name = std::string(name)] { return hint_for(of, name); };
    return none;
}

Value Interpreter::item(const Value& of, const Value& key) {
    must_be_defined(of);
    if (of.is(ValueKind::dict)) {
        must_be_defined(key);
        const bool hashable =
            !key.is(ValueKind::list) && !key.is(ValueKind::dict) && !key.is(ValueKind::set);
        if (hashable)
            if (const Value* const v = find(of.as<Dict>(), key)) return *v;
    } else if (key.is_int() &&
               (of.is(ValueKind::list) || of.is(ValueKind::tuple) || of.is(ValueKind::text) ||
                of.is(ValueKind::range) || of.is(ValueKind::bytes))) {
        const std::int64_t n = length(of);
        std::int64_t i = key.integer();
        if (i < 0) i += n;
        if (i >= 0 && i < n) {
            if (of.is(ValueKind::text)) {
                std::string one = slice_text(of, i, i + 1);
                return of.as<Text>().markup ? heap_.markup(std::move(one))
                                            : heap_.text(std::move(one));
            }
            if (of.is(ValueKind::bytes))
                return std::int64_t{
                    static_cast<unsigned char>(of.text()[static_cast<std::size_t>(i)])};
            if (of.is(ValueKind::range)) return of.as<Range>().start + i * of.as<Range>().step;
            return of.items()[static_cast<std::size_t>(i)];
        }
    }
    must_be_defined(key);
    if (of.is(ValueKind::names) && of.as<Names>().what == Names::What::object)
        if (const auto get = of.as<Names>().values.find("__getitem__");
            get != of.as<Names>().values.end())
            try {
                return call(get->second, {key});
            } catch (const Failure& e) { // as Jinja2 does: then it may be an attribute
                if (e.type != "IndexError" && e.type != "KeyError" && e.type != "TypeError") throw;
            }
    if (key.is(ValueKind::text)) return attribute(of, key.text());
    return heap_.missing(cat("'", type_name(of), " object' has no element ", repr(key)));
}

Value Interpreter::slice(const Value& of, const Value& start, const Value& stop,
                         const Value& step) {
    must_be_defined(of);
    const bool sliceable = of.is(ValueKind::list) || of.is(ValueKind::tuple) ||
                           of.is(ValueKind::text) || of.is(ValueKind::range) ||
                           of.is(ValueKind::bytes);
    for (const Value* const v : {&start, &stop, &step}) {
        must_be_defined(*v);
        if (sliceable && !v->is(ValueKind::none) && !v->is_int())
            raise("TypeError",
                  "slice indices must be integers or None or have an __index__ method");
    }
    if (of.is(ValueKind::dict)) raise("TypeError", "unhashable type: 'slice'");
    if (!sliceable) raise("TypeError", cat("'", type_name(of), "' object is not subscriptable"));
    const std::int64_t n = length(of), by = step.is(ValueKind::none) ? 1 : step.integer();
    if (by == 0) raise("ValueError", "slice step cannot be zero");
    const auto bound = [&](const Value& v, std::int64_t otherwise) {
        if (v.is(ValueKind::none)) return otherwise;
        std::int64_t i = v.integer();
        if (i < 0) i = i < -n ? (by < 0 ? -1 : 0) : i + n;
        return by < 0 ? std::min(i, n - 1) : std::min(i, n);
    };
    const std::int64_t from = bound(start, by < 0 ? n - 1 : 0), to = bound(stop, by < 0 ? -1 : n);
    const auto as_text = [&](std::string text) {
        return of.as<Text>().markup ? heap_.markup(std::move(text)) : heap_.text(std::move(text));
    };
    if (of.is(ValueKind::text) && by == 1) return as_text(slice_text(of, from, std::max(from, to)));
    if (of.is(ValueKind::range)) {
        const Range& r = of.as<Range>();
        Range* const part = heap_.make<Range>();
        part->start = r.start + from * r.step;
        part->stop = r.start + to * r.step;
        part->step = r.step * by;
        return {ValueKind::range, part};
    }
    std::vector<Value> items;
    std::string text;
    const std::vector<std::string> chars =
        of.is(ValueKind::text) ? split_characters(of.text()) : std::vector<std::string>();
    for (std::int64_t i = from; by > 0 ? i < to : i > to; i += by) {
        if (of.is(ValueKind::text))
            text += chars[static_cast<std::size_t>(i)];
        else if (of.is(ValueKind::bytes))
            text += of.text()[static_cast<std::size_t>(i)];
        else
            items.push_back(of.items()[static_cast<std::size_t>(i)]);
        if (by > 0 ? i > INT64_MAX - by : i < INT64_MIN - by) break;
    }
    if (of.is(ValueKind::text)) return as_text(std::move(text));
    if (of.is(ValueKind::bytes)) return heap_.bytes(std::move(text));
    return of.is(ValueKind::list) ? heap_.list(std::move(items)) : heap_.tuple(std::move(items));
}

} // namespace rs::tmpl
