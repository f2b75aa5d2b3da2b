// SPDX-License-Identifier: Apache-2.0
// Statements: what writes, sets, decides.
#include "base/error.hpp"
#include "base/text.hpp"
#include "template/placed.hpp"
#include "template/values/nesting.hpp"

namespace rs::tmpl {

using NodeKind = Node::Kind;
using ValueKind = tmpl::Kind;

Interpreter::Flow Interpreter::run(const Body& body, Activation* in, std::string& out) {
    for (const NodePtr& n : body)
        if (const Flow f = run(*n, in, out); f != Flow::on) return f;
    return Flow::on;
}

Interpreter::Flow Interpreter::run(const Node& n, Activation* in, std::string& out) {
    return placed(n.at, [&] {
        step();
        check_stack();
        return run_inner(n, in, out);
    });
}

Interpreter::Flow Interpreter::run_inner(const Node& n, Activation* in, std::string& out) {
    switch (n.kind) {
    case NodeKind::data: write(out, n.text); return Flow::on;
    case NodeKind::output:
        for (const NodePtr& k : n.kids) {
            const Value v = eval(*k, in);
            placed(k->at, [&] { v.is(ValueKind::text) ? write(out, v.text()) : write(out, str(v)); });
        }
        return Flow::on;
    case NodeKind::loop: return loop(n, in, out);
    case NodeKind::condition:
        for (std::size_t i = 0; i < n.kids.size(); ++i) {
            const Value v = eval(*n.kids[i], in);
            if (placed(n.kids[i]->at, [&] { return truth(v); })) return run(n.bodies[i], in, out);
        }
        return run(n.other, in, out);
    case NodeKind::set: set(n, in); return Flow::on;
    case NodeKind::set_block: set_block(n, in); return Flow::on;
    case NodeKind::macro: {
        const Value m = make_macro(n, in, n.kids, n.text);
        variable(n.variable, in) = m;
        if (n.meaning->toplevel) {
            running_.context->set[n.text] = m;
            if (!n.text.starts_with("_")) running_.context->exported[n.text] = m;
        }
        return Flow::on;
    }
    case NodeKind::call_block: call_block(n, in, out); return Flow::on;
    case NodeKind::filter_block: filter_block(n, in, out); return Flow::on;
    case NodeKind::with: return with(n, in, out);
    case NodeKind::import: {
        const Value module = import(n, in);
        variable(n.variable, in) = module;
        if (n.meaning->toplevel) {
            running_.context->set[n.text] = module;
            running_.context->exported.erase(n.text);
        }
        return Flow::on;
    }
    case NodeKind::from_import: {
        const Value module = import(n, in);
        for (std::size_t i = 0; i < n.names.size(); i += 2) {
            const std::string& name = n.names[i + 1];
            const auto& values = module.as<Names>().values;
            const auto at = values.find(n.names[i]);
            const Value v =
                at != values.end()
                    ? at->second
                    : heap_.missing(cat("the template ", repr_text(module.as<Names>().name),
                                        " does not export the requested name ",
                                        repr_text(n.names[i])));
            variable(n.meaning->variables[i / 2], in) = v;
            if (!n.meaning->toplevel) continue;
            running_.context->set[name] = v;
            running_.context->exported.erase(name);
        }
        return Flow::on;
    }
    case NodeKind::include: include(n, in, out); return Flow::on;
    case NodeKind::block: block(n, in, out); return Flow::on;
    case NodeKind::discard: static_cast<void>(eval(*n.kids[0], in)); return Flow::on;
    case NodeKind::leave: return Flow::leave;
    case NodeKind::go_on: return Flow::go_on;
    default: RS_ASSERT(false);
    }
}

// ---- set ----

void Interpreter::assign(const Node& target, const Value& value, Activation* in) {
    if (target.kind == NodeKind::name) {
        variable(target.variable, in) = value;
        return;
    }
    placed(target.at, [&] {
        if (target.kind == NodeKind::attribute) {
            const Value space = eval(*target.kids[0], in);
            space.as<Names>().values[target.text] = value;
            return;
        }
        const std::vector<Value> values = items_of(heap_, value);
        if (values.size() < target.kids.size())
            raise("ValueError", cat("not enough values to unpack (expected ", target.kids.size(),
                                    ", got ", values.size(), ")"));
        if (values.size() > target.kids.size())
            raise("ValueError",
                  cat("too many values to unpack (expected ", target.kids.size(), ")"));
        for (std::size_t i = 0; i < values.size(); ++i) assign(*target.kids[i], values[i], in);
    });
}

namespace {
bool is_space(const Value& v) {
    return v.is(ValueKind::names) && v.as<Names>().what == Names::What::space;
}
} // namespace

void Interpreter::set(const Node& n, Activation* in) {
    const Node& target = *n.kids[0];
    // Jinja2 looks at the namespace before it computes what is assigned.
    if (target.kind == NodeKind::attribute && !is_space(eval(*target.kids[0], in)))
        placed(target.at, [] {
            raise("TemplateRuntimeError", "cannot assign attribute on non-namespace object");
        });
    assign(target, eval(*n.kids[1], in), in);
    if (n.meaning->toplevel) export_target(target, in);
}

// What is set outside every loop and macro is seen by blocks and importers.
void Interpreter::export_target(const Node& target, Activation* in) {
    if (target.kind == NodeKind::name) {
        const Value v = variable(target.variable, in);
        running_.context->set[target.text] = v;
        if (!target.text.starts_with("_")) running_.context->exported[target.text] = v;
    } else if (target.kind != NodeKind::attribute) {
        for (const NodePtr& k : target.kids) export_target(*k, in);
    }
}

void Interpreter::set_block(const Node& n, Activation* in) {
    std::string text;
    enter(n.meaning->frame, in);
    static_cast<void>(run(n.body, in, text));
    Value v = heap_.text(std::move(text));
    const Node& target = *n.kids[0];
    if (target.kind == NodeKind::attribute && !is_space(eval(*target.kids[0], in)))
        raise("TemplateRuntimeError", "cannot assign attribute on non-namespace object");
    if (n.kids[1]) {
        const Value before = std::exchange(captured_, v);
        v = eval(*n.kids[1], in);
        captured_ = before;
    }
    assign(target, v, in);
    if (n.meaning->toplevel) export_target(target, in);
    leave(n.meaning->frame, in);
}

void Interpreter::filter_block(const Node& n, Activation* in, std::string& out) {
    std::string text;
    enter(n.meaning->frame, in);
    static_cast<void>(run(n.body, in, text));
    const Value before = std::exchange(captured_, heap_.text(std::move(text)));
    const Value v = eval(*n.kids[0], in);
    captured_ = before;
    if (!v.is(ValueKind::text))
        raise("TypeError", cat("the filter of a block gives a ", type_name(v), ", not a text"));
    write(out, v.text());
    leave(n.meaning->frame, in);
}

Interpreter::Flow Interpreter::with(const Node& n, Activation* in, std::string& out) {
    enter(n.meaning->frame, in);
    for (std::size_t i = 0; i < n.kids.size(); i += 2)
        assign(*n.kids[i], eval(*n.kids[i + 1], in), in);
    const Flow flow = run(n.body, in, out);
    leave(n.meaning->frame, in);
    return flow;
}

// ---- blocks ----

// Without extends a block stands for itself; it sees what the template has set, not what is set around it, unless scoped.
void Interpreter::block(const Node& n, Activation* in, std::string& out) {
    if (n.ignore)
        raise("TemplateRuntimeError", cat("Required block ", repr_text(n.text), " not found"));
    const Deeper guard(*this, "blocks");
    if (n.flag) {
        Context* const c = new_context();
        const Context& outer = *running_.context;
        c->outside = outer.outside;
        c->set = outer.set;
        for (const auto& [name, v] : n.meaning->visible)
            if (const Value& value = variable(v, in); !value.is_unset()) c->set[name] = value;
        running_.context = c;
    }
    Activation* const inner = activation(nullptr, n.meaning->slots);
    enter(n.meaning->frame, inner);
    static_cast<void>(run(n.body, inner, out));
}

} // namespace rs::tmpl
