// SPDX-License-Identifier: Apache-2.0
// Expressions as trees to values.
#include "base/error.hpp"
#include "base/text.hpp"
#include "template/placed.hpp"
#include "template/text/format.hpp"
#include "template/values/nesting.hpp"

namespace rs::tmpl {

using NodeKind = Node::Kind;
using ValueKind = tmpl::Kind;

namespace {

bool constant(const Node& n) {
    return n.kind == NodeKind::none || n.kind == NodeKind::boolean || n.kind == NodeKind::integer ||
           n.kind == NodeKind::real;
}

} // namespace

Value Interpreter::eval(const Node& n, Activation* in) {
    return placed(n.at, [&] {
        check_stack();
        return eval_inner(n, in);
    });
}

Value Interpreter::eval_inner(const Node& n, Activation* in) {
    switch (n.kind) {
    case NodeKind::none: return {};
    case NodeKind::boolean: return n.flag;
    case NodeKind::integer: return parse_integer(n.text, 0);
    case NodeKind::real: return n.real;
    case NodeKind::text: return heap_.text(n.text);
    case NodeKind::name: {
        const Value& v = variable(n.variable, in);
        if (!v.is_unset()) return v;
        const Value none = heap_.missing(cat(repr_text(n.text), " is undefined"));
        none.as<Missing>().hint = [this, &n] { return close_name(n.text); };
        return none;
    }
    case NodeKind::tuple:
    case NodeKind::list: {
        std::vector<Value> items;
        for (const NodePtr& k : n.kids) items.push_back(eval(*k, in));
        return n.kind == NodeKind::tuple ? heap_.tuple(std::move(items))
                                         : heap_.list(std::move(items));
    }
    case NodeKind::dict: {
        const Value d = heap_.dict();
        for (std::size_t i = 0; i < n.kids.size(); i += 2) {
            const Value key = eval(*n.kids[i], in);
            put(heap_, d.as<Dict>(), key, eval(*n.kids[i + 1], in));
        }
        return d;
    }
    case NodeKind::attribute: return attribute(eval(*n.kids[0], in), n.text);
    case NodeKind::item: return item_of(n, in);
    case NodeKind::slice: raise("NotSupported", "several slices at once");
    case NodeKind::call: return call_of(n, in);
    case NodeKind::filter:
    case NodeKind::test: return filter_or_test(n, in);
    case NodeKind::negate: return unary('-', eval(*n.kids[0], in));
    case NodeKind::positive: return unary('+', eval(*n.kids[0], in));
    case NodeKind::invert: return !truth(eval(*n.kids[0], in));
    case NodeKind::both:
    case NodeKind::either: {
        const Value a = eval(*n.kids[0], in);
        return truth(a) == (n.kind == NodeKind::both) ? eval(*n.kids[1], in) : a;
    }
    case NodeKind::binary: {
        const Value a = eval(*n.kids[0], in), b = eval(*n.kids[1], in);
        return binary(n.text, a, b);
    }
    case NodeKind::compare: return compare(n, in);
    case NodeKind::concat: {
        std::string out;
        for (const NodePtr& k : n.kids) {
            const Value v = eval(*k, in);
            out += str(v);
            heap_.must_fit(out.size());
        }
        return heap_.text(std::move(out));
    }
    case NodeKind::choice: {
        if (truth(eval(*n.kids[1], in))) return eval(*n.kids[0], in);
        if (n.kids[2]) return eval(*n.kids[2], in);
        const Value none = heap_.missing(
            "the inline if-expression evaluated to false and no else section was defined.");
        none.as<Missing>().lenient = true; // even with StrictUndefined
        return none;
    }
    default: RS_ASSERT(false);
    }
}

Value Interpreter::item_of(const Node& n, Activation* in) {
    const Value of = eval(*n.kids[0], in);
    const Node& index = *n.kids[1];
    // Of a constant Jinja2 computes it beforehand, where it is no error.
    if (index.kind == NodeKind::slice && (of.is_number() || of.is(ValueKind::none)) &&
        constant(*n.kids[0]))
        return heap_.missing(cat("'", type_name(of), " object' cannot be sliced"));
    if (index.kind != NodeKind::slice) return item(of, eval(index, in));
    const auto part = [&](std::size_t i) {
        return index.kids[i] ? eval(*index.kids[i], in) : Value();
    };
    const Value start = part(0), stop = part(1), step = part(2);
    return slice(of, start, stop, step);
}

Value Interpreter::call_of(const Node& n, Activation* in) {
    const Value callee = eval(*n.kids[0], in);
    std::vector<Value> args;
    std::vector<std::pair<std::string, Value>> named;
    arguments(n.arguments, in, args, named);
    return call(callee, std::move(args), std::move(named));
}

Value Interpreter::filter_or_test(const Node& n, Activation* in) {
    std::vector<Value> args;
    std::vector<std::pair<std::string, Value>> named;
    args.push_back(n.kids[0] ? eval(*n.kids[0], in) : captured_);
    arguments(n.arguments, in, args, named);
    if (n.kind == NodeKind::filter) return apply_filter(n.text, std::move(args), std::move(named));
    return apply_test(n.text, std::move(args), std::move(named));
}

bool Interpreter::is_in(const Value& what, const Value& in) {
    if (in.is(ValueKind::list) || in.is(ValueKind::tuple)) step(in.items().size());
    if (in.is(ValueKind::text)) step(in.text().size());
    return contains(in, what);
}

Value Interpreter::compare(const Node& n, Activation* in) {
    Value left = eval(*n.kids[0], in);
    for (std::size_t i = 0; i < n.names.size(); ++i) {
        const Value right = eval(*n.kids[i + 1], in);
        const std::string& op = n.names[i];
        bool holds = false;
        if (op == "==" || op == "!=")
            holds = equals(left, right) == (op == "==");
        else if (op == "in" || op == "not in")
            holds = is_in(left, right) == (op == "in");
        else {
            const int order = tmpl::compare(left, right, op.c_str());
            holds = order != 2 && (op == "<"    ? order < 0
                                   : op == "<=" ? order <= 0
                                   : op == ">"  ? order > 0
                                                : order >= 0);
        }
        if (!holds) return false;
        left = right;
    }
    return true;
}

void Interpreter::arguments(const Arguments& a, Activation* in, std::vector<Value>& args,
                            std::vector<std::pair<std::string, Value>>& named,
                            const Value* caller) {
    for (const NodePtr& k : a.positional) args.push_back(eval(*k, in));
    for (const auto& [key, value] : a.named) named.emplace_back(key, eval(*value, in));
    if (a.star)
        for (const Value& v : items_of(heap_, eval(*a.star, in))) args.push_back(v);
    if (caller != nullptr) named.emplace_back("caller", *caller);
    if (!a.star_star) return;
    const Value d = eval(*a.star_star, in);
    must_be_defined(d);
    if (!d.is(ValueKind::dict))
        raise("TypeError", cat("argument after ** must be a mapping, not ", type_name(d)));
    for (const Dict::Slot& s : d.as<Dict>().slots) {
        if (!s.live) continue;
        if (!s.key.is(ValueKind::text)) raise("TypeError", "keywords must be strings");
        const std::string key(s.key.text());
        for (const auto& [known, value] : named)
            if (known == key)
                raise("TypeError", cat("got multiple values for keyword argument '", key, "'"));
        named.emplace_back(key, s.value);
    }
}

} // namespace rs::tmpl
