// SPDX-License-Identifier: Apache-2.0
// Macros and call blocks: parameters, defaults, what comes besides.
#include <algorithm>

#include "base/text.hpp"
#include "template/placed.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {
constexpr std::size_t most_calls_shown = 8;
} // namespace

void note_call(Placed& e, const Source& source, std::size_t at) {
    if (e.trace.size() < most_calls_shown)
        e.trace.push_back(cat("in ", e.passing, ", called at ", shown_place(source, at)));
    else if (e.trace.size() == most_calls_shown)
        e.trace.emplace_back("and so on");
    e.passing.clear();
}

Value Interpreter::make_macro(const Node& n, Activation* in, const Body& defaults,
                              const std::string& name) {
    Callable* const c = heap_.make<Callable>();
    c->name = name;
    c->macro = true;
    c->call = [this, &n, in, &defaults, name, running = running_](Call& call) {
        return run_macro(n, in, defaults, name, running, call);
    };
    const bool has_caller = n.kind == Node::Kind::macro;
    c->find = [this, &n, name, has_caller](std::string_view what) -> std::optional<Value> {
        const Meaning& m = *n.meaning;
        if (what == "name") return has_caller ? heap_.text(name) : Value();
        if (what == "catch_kwargs") return m.kwargs.slot >= 0;
        if (what == "catch_varargs") return m.varargs.slot >= 0;
        if (what == "caller") return n.ignore;
        if (what == "explicit_caller")
            return std::find(n.names.begin(), n.names.end(), "caller") != n.names.end();
        if (what != "arguments") return std::nullopt;
        std::vector<Value> names;
        for (const std::string& p : n.names) names.push_back(heap_.text(p));
        return heap_.tuple(std::move(names));
    };
    return {ValueKind::callable, c};
}

Value Interpreter::run_macro(const Node& n, Activation* in, const Body& defaults,
                             const std::string& name, const Running& running, Call& call) {
    const Deeper guard(*this, "macros");
    const Meaning& m = *n.meaning;
    const std::size_t count = n.names.size(), given = std::min(count, call.args.size());
    const std::string shown = n.kind == Node::Kind::macro ? repr_text(name) : "None";
    const auto take = [&](std::string_view key) {
        const auto at = std::find_if(call.named.begin(), call.named.end(),
                                     [&](const auto& a) { return a.first == key; });
        if (at == call.named.end()) return Value::unset();
        const Value v = at->second;
        call.named.erase(at);
        return v;
    };
    Activation* const inner = activation(in, m.slots);
    bool has_caller = false;
    for (std::size_t i = 0; i < count; ++i) {
        Value v = i < given ? call.args[i] : take(n.names[i]);
        has_caller |= n.names[i] == "caller" && (i >= given || given == count);
        variable(m.variables[i], inner) = v;
    }
    if (m.caller.slot >= 0 && !has_caller) {
        const Value v = take("caller");
        variable(m.caller, inner) =
            v.is_unset() || v.is(ValueKind::none) ? heap_.missing("No caller defined") : v;
    }
    if (m.kwargs.slot >= 0) {
        const Value extra = heap_.dict();
        for (const auto& [key, value] : call.named)
            put(heap_, extra.as<Dict>(), heap_.text(key), value);
        variable(m.kwargs, inner) = extra;
    } else if (!call.named.empty()) {
        const std::string& key = call.named[0].first;
        raise("TypeError",
              key == "caller"
                  ? cat("macro ", shown,
                        " does not use caller(), so that it cannot be called by a call block")
                  : cat("macro ", shown, " takes no keyword argument ", repr_text(key)));
    }
    if (m.varargs.slot >= 0)
        variable(m.varargs, inner) =
            heap_.tuple({call.args.begin() + static_cast<std::ptrdiff_t>(given), call.args.end()});
    else if (call.args.size() > count)
        raise("TypeError", cat("macro ", shown, " takes not more than ", count, " argument(s)"));
    try {
        running_ = running;
        enter(m.frame, inner);
        for (std::size_t i = 0; i < count; ++i) {
            Value& v = variable(m.variables[i], inner);
            if (!v.is_unset()) continue;
            const std::size_t first_default = count - defaults.size();
            const Value otherwise =
                i >= first_default
                    ? eval(*defaults[i - first_default], inner)
                    : heap_.missing(cat("parameter ", repr_text(n.names[i]), " was not provided"));
            variable(m.variables[i], inner) = otherwise;
        }
        std::string out;
        static_cast<void>(run(n.body, inner, out));
        return heap_.text(std::move(out));
    } catch (Placed& e) {
        e.passing = n.kind == Node::Kind::macro ? cat("the macro '", name, "'") : "a call block";
        throw;
    }
}

void Interpreter::call_block(const Node& n, Activation* in, std::string& out) {
    const Value caller = make_macro(n, in, n.other, "");
    const Node& c = *n.kids[0];
    const Value callee = eval(*c.kids[0], in);
    std::vector<Value> args;
    std::vector<std::pair<std::string, Value>> named;
    arguments(c.arguments, in, args, named, &caller);
    placed(c.at, [&] { write(out, str(call(callee, std::move(args), std::move(named)))); });
}

} // namespace rs::tmpl
