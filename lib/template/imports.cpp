// SPDX-License-Identifier: Apache-2.0
// import and include: other templates, with and without what this one sees.
#include "base/text.hpp"
#include "template/placed.hpp"
#include "template/syntax/parser.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

const Module& Interpreter::load(const std::string& name) {
    if (const auto there = modules_.find(name); there != modules_.end()) return *there->second;
    SourcePtr source = settings_.load ? settings_.load(name) : nullptr;
    if (!source) raise("TemplateNotFound", name);
    auto module = std::make_unique<Module>();
    module->source = std::move(source);
    module->tree = parse(*module->source);
    return *modules_.emplace(name, std::move(module)).first->second;
}

// The context of what is imported or included with context: all that is visible in the place of n.
Context* Interpreter::seen_from(const Node& n, Activation* in) {
    Context* const c = new_context();
    c->outside = running_.context->outside;
    for (const auto& [name, value] : running_.context->set) c->outside[name] = value;
    for (const auto& [name, v] : n.meaning->visible)
        if (const Value& value = variable(v, in); !value.is_unset()) c->outside[name] = value;
    heap_.spend(c->outside.size() * (sizeof(Value) + 48));
    return c;
}

Value Interpreter::run_module(const Module& module, Context* context, const std::string& name) {
    const Deeper guard(*this, "imports");
    running_ = {&module, context};
    std::string out;
    try {
        Activation* const inner = activation(nullptr, module.tree.meaning.slots);
        enter(module.tree.meaning.frame, inner);
        static_cast<void>(run(module.tree.body, inner, out));
    } catch (Placed& e) {
        e.passing = cat("the template ", repr_text(name));
        throw;
    }
    Names* const names = heap_.make<Names>();
    names->what = Names::What::module;
    names->name = name;
    for (const auto& [key, value] : context->exported) names->values[key] = value;
    const Value body = heap_.text(std::move(out));
    names->find = [body](std::string_view attribute) {
        return attribute == "__str__" ? std::optional(body) : std::nullopt;
    };
    return {ValueKind::names, names};
}

// A template that sees nothing is the same wherever it is imported: it runs once.
Value Interpreter::default_module(const std::string& name) {
    const auto there = default_modules_.find(name);
    if (there != default_modules_.end()) return there->second;
    const Value module = run_module(load(name), new_context(), name);
    default_modules_[name] = module;
    return module;
}

Value Interpreter::import(const Node& n, Activation* in) {
    const Value name = eval(*n.kids[0], in);
    return placed(n.kids[0]->at, [&] {
        must_be_defined(name);
        if (!name.is(ValueKind::text)) raise("NotSupported", cat("to import a ", type_name(name)));
        const std::string text(name.text());
        return n.flag ? run_module(load(text), seen_from(n, in), text) : default_module(text);
    });
}

void Interpreter::include(const Node& n, Activation* in, std::string& out) {
    const Value name = eval(*n.kids[0], in);
    placed(n.kids[0]->at, [&] {
        must_be_defined(name);
        std::vector<std::string> tried;
        const Module* module = nullptr;
        const auto try_one = [&](const Value& v) {
            tried.push_back(str(v));
            try {
                module = &load(tried.back());
            } catch (const Failure& e) {
                if (e.type != "TemplateNotFound") throw;
            }
            return module == nullptr;
        };
        if (name.is(ValueKind::text))
            static_cast<void>(try_one(name));
        else
            each(heap_, name, try_one);
        if (module == nullptr) {
            if (n.ignore) return;
            raise("TemplateNotFound", tried.empty() ? "no name was given" : tried.front());
        }
        if (!n.flag && n.meaning->captured) // Jinja2 writes it in front of what the block writes
            raise("NotSupported", "to include without context where the text is captured");
        if (!n.flag) {
            write(out, str(default_module(tried.back())));
            return;
        }
        Context* const context = seen_from(n, in);
        const Deeper guard(*this, "includes");
        running_ = {module, context};
        try {
            Activation* const inner = activation(nullptr, module->tree.meaning.slots);
            enter(module->tree.meaning.frame, inner);
            static_cast<void>(run(module->tree.body, inner, out));
        } catch (Placed& e) {
            e.passing = cat("the template ", repr_text(tried.back()));
            throw;
        }
    });
}

} // namespace rs::tmpl
