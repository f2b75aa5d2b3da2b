// SPDX-License-Identifier: Apache-2.0
#include "template/interpreter.hpp"

#include "base/closest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "template/placed.hpp"
#include "template/syntax/parser.hpp"
#include "template/values/nesting.hpp"

namespace rs::tmpl {

Interpreter::Interpreter(Settings settings)
    : settings_(std::move(settings)), heap_(settings_.limits.memory_bytes) {
    add_globals(*this);
}

void Interpreter::step(std::size_t items) {
    constexpr std::size_t items_per_step = 64;
    steps_ += 1 + items / items_per_step;
    if (steps_ > settings_.limits.steps) raise("Limit", "the template runs too long");
}

// ---- variables ----

Activation* Interpreter::activation(Activation* parent, std::int32_t slots) {
    const auto count = static_cast<std::size_t>(slots);
    heap_.spend(sizeof(Activation) + 32 + count * sizeof(Value));
    activations_.push_back(std::make_unique<Activation>());
    Activation* const out = activations_.back().get();
    out->parent = parent;
    out->slots.assign(count, Value::unset());
    return out;
}

Value& Interpreter::variable(const Variable& v, Activation* in) {
    for (std::int32_t i = 0; i < v.functions_up; ++i) in = in->parent;
    return in->slots[static_cast<std::size_t>(v.slot)];
}

void Interpreter::enter(const Frame& frame, Activation* in) {
    for (const Load& l : frame.loads)
        in->slots[static_cast<std::size_t>(l.to)] = l.from == Load::From::context ? look_up(l.name)
                                                    : l.from == Load::From::variable
                                                        ? variable(l.variable, in)
                                                        : Value::unset();
}

void Interpreter::leave(const Frame& frame, Activation* in) {
    for (const std::int32_t slot : frame.slots)
        in->slots[static_cast<std::size_t>(slot)] = Value::unset();
}

Value Interpreter::look_up(const std::string& name) const {
    const Context& c = *running_.context;
    if (const auto v = c.set.find(name); v != c.set.end()) return v->second;
    if (const auto v = c.outside.find(name); v != c.outside.end()) return v->second;
    if (const auto v = globals_.find(name); v != globals_.end()) return v->second;
    return Value::unset();
}

std::string Interpreter::close_name(std::string_view name) const {
    Closest closest(name);
    for (const auto& [known, value] : running_.context->set) closest.consider(known);
    for (const auto& [known, value] : running_.context->outside) closest.consider(known);
    for (const auto& [known, value] : globals_) closest.consider(known);
    return closest.found().empty() ? std::string() : cat("perhaps '", closest.found(), "'?");
}

Context* Interpreter::new_context() {
    contexts_.push_back(std::make_unique<Context>());
    return contexts_.back().get();
}

// ---- rendering ----

namespace {
std::string hint_for(const Failure& f) {
    if (!f.hint.empty()) return f.hint;
    if (f.type == "UndefinedError")
        return "'is defined' asks whether it is there, default() gives it a value";
    if (f.type == "TemplateNotFound") return "--import NAME=FILE says where a template is";
    return {};
}
} // namespace

std::string Interpreter::render(const SourcePtr& source,
                                const std::vector<std::pair<std::string, Value>>& context) {
    const StackBase stack;
    try {
        auto module = std::make_unique<Module>();
        module->source = source;
        module->tree = parse(*source);
        const Module& kept = *modules_.insert_or_assign("", std::move(module)).first->second;
        running_ = {&kept, new_context()};
        for (const auto& [name, value] : context) running_.context->outside[name] = value;
        Activation* const in = activation(nullptr, kept.tree.meaning.slots);
        std::string out;
        enter(kept.tree.meaning.frame, in);
        static_cast<void>(run(kept.tree.body, in, out));
        return out;
    } catch (const Placed& e) {
        fail_at(*e.source, e.at,
                e.failure.type == "NotSupported" ? cat("not supported: ", e.failure.message)
                                                 : cat(e.failure.type, ": ", e.failure.message),
                hint_for(e.failure), e.trace);
    } catch (const Failure& e) {
        fail(Exit::config, cat(source->name, ": ", e.type, ": ", e.message));
    }
}

void Interpreter::write(std::string& out, std::string_view text) {
    written_ += text.size();
    if (written_ > settings_.limits.output_bytes)
        raise("Limit", cat("more output than ", human_bytes(settings_.limits.output_bytes)));
    out += text;
}

} // namespace rs::tmpl
