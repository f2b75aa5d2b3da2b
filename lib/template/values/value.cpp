// SPDX-License-Identifier: Apache-2.0
#include "template/values/value.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace rs::tmpl {

void raise(std::string type, std::string message, std::string hint) {
    throw Failure{std::move(type), std::move(message), std::move(hint)};
}

namespace {

[[noreturn]] void not_a(const char* wanted, const Value& v) {
    if (v.is(Kind::undefined) && !v.is_unset()) undefined_error(v);
    raise("TypeError", cat("expected ", wanted, ", not ", v.is_unset() ? "nothing" : type_name(v)));
}

} // namespace

std::string_view Value::text() const {
    if (kind_ != Kind::text && kind_ != Kind::bytes) not_a("str", *this);
    return as<Text>().bytes;
}

std::vector<Value>& Value::items() const {
    if (kind_ != Kind::list && kind_ != Kind::tuple) not_a("list", *this);
    return as<List>().items;
}

std::int64_t Range::size() const {
    if (step > 0) return start < stop ? (stop - start - 1) / step + 1 : 0;
    return start > stop ? (start - stop - 1) / -step + 1 : 0;
}

void undefined_error(const Value& v) {
    const Missing& m = v.as<Missing>();
    raise("UndefinedError", m.message, m.hint ? m.hint() : "");
}

void Heap::must_fit(std::size_t bytes) const {
    if (bytes > left_) raise("MemoryError", "the template needs more memory than its limit");
}

void Heap::spend(std::size_t bytes) {
    must_fit(bytes);
    left_ -= bytes;
}

Value Heap::text(std::string bytes) {
    spend(bytes.size());
    Text* const t = make<Text>();
    t->ascii = std::all_of(bytes.begin(), bytes.end(),
                           [](char c) { return static_cast<signed char>(c) >= 0; });
    t->bytes = std::move(bytes);
    return {Kind::text, t};
}

Value Heap::markup(std::string bytes) {
    const Value v = text(std::move(bytes));
    v.as<Text>().markup = true;
    return v;
}

Value Heap::bytes(std::string bytes) {
    Value v = text(std::move(bytes));
    return {Kind::bytes, v.object()};
}

Value Heap::list(std::vector<Value> items) {
    spend(items.size() * sizeof(Value));
    List* const l = make<List>();
    l->items = std::move(items);
    return {Kind::list, l};
}

Value Heap::tuple(std::vector<Value> items) {
    return {Kind::tuple, list(std::move(items)).object()};
}
Value Heap::dict() { return {Kind::dict, make<Dict>()}; }
Value Heap::set() { return {Kind::set, make<Dict>()}; }

Value Heap::missing(std::string message) {
    Missing* const m = make<Missing>();
    m->message = std::move(message);
    return {Kind::undefined, m};
}

Value Heap::function(std::string name, std::function<Value(Call&)> call) {
    Callable* const c = make<Callable>();
    c->name = std::move(name);
    c->call = std::move(call);
    return {Kind::callable, c};
}

Value Heap::iterator(std::string type, Next next) {
    Iterator* const i = make<Iterator>();
    i->type = std::move(type);
    i->next = std::move(next);
    return {Kind::iterator, i};
}

std::string type_name(const Value& v) {
    switch (v.kind()) {
    case Kind::undefined: return v.as<Missing>().lenient ? "Undefined" : "StrictUndefined";
    case Kind::none: return "NoneType";
    case Kind::boolean: return "bool";
    case Kind::integer: return "int";
    case Kind::real: return "float";
    case Kind::text: return "str";
    case Kind::bytes: return "bytes";
    case Kind::list: return "list";
    case Kind::tuple: return record(v) != nullptr ? record(v)->type : "tuple";
    case Kind::dict: return v.as<Dict>().ordered ? "OrderedDict" : "dict";
    case Kind::set: return v.as<Dict>().frozen ? "frozenset" : "set";
    case Kind::range: return "range";
    case Kind::view:
        return v.as<View>().what == View::What::keys     ? "dict_keys"
               : v.as<View>().what == View::What::values ? "dict_values"
                                                         : "dict_items";
    case Kind::callable:
        return v.as<Callable>().macro  ? "Macro"
               : v.as<Callable>().type ? "type"
                                       : "builtin_function_or_method";
    case Kind::iterator: return v.as<Iterator>().type;
    case Kind::names:
        return v.as<Names>().what == Names::What::space    ? "Namespace"
               : v.as<Names>().what == Names::What::loop   ? "LoopContext"
               : v.as<Names>().what == Names::What::object ? v.as<Names>().name
                                                           : "module";
    }
    return "object";
}

const Record* record(const Value& v) {
    return v.is(Kind::tuple) ? dynamic_cast<const Record*>(v.object()) : nullptr;
}

bool truth(const Value& v) {
    switch (v.kind()) {
    case Kind::undefined: return !lenient(v);
    case Kind::none: return false;
    case Kind::boolean: return v.boolean();
    case Kind::integer: return v.integer() != 0;
    case Kind::real: return v.real() != 0;
    case Kind::text:
    case Kind::bytes: return !v.text().empty();
    case Kind::list:
    case Kind::tuple: return !v.items().empty();
    case Kind::dict:
    case Kind::set: return v.as<Dict>().live > 0;
    case Kind::range: return v.as<Range>().size() > 0;
    case Kind::view: return truth(v.as<View>().of);
    case Kind::callable:
    case Kind::iterator:
    case Kind::names: return true;
    }
    return true;
}

} // namespace rs::tmpl
