// SPDX-License-Identifier: Apache-2.0
// Calls of functions, filters and tests, and how arguments find their parameters.
#include <algorithm>

#include "base/text.hpp"
#include "template/interpreter.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {
std::string_view shown_parameter(std::string_view name) {
    return name.starts_with('/') ? name.substr(1) : name;
}
} // namespace

std::vector<const Value*> Call::bind(std::initializer_list<std::string_view> names,
                                     std::size_t required) const {
    std::vector<const Value*> out(names.size());
    if (args.size() > names.size())
        raise("TypeError",
              cat(what, "() takes at most ", names.size(), " arguments (", args.size(), " given)"));
    for (std::size_t i = 0; i < args.size(); ++i) out[i] = &args[i];
    for (const auto& [key, value] : named) {
        const auto at = std::find(names.begin(), names.end(), key);
        if (at == names.end())
            raise("TypeError", cat(what, "() got an unexpected keyword argument '", key, "'"));
        const auto i = static_cast<std::size_t>(at - names.begin());
        if (out[i] != nullptr)
            raise("TypeError", cat(what, "() got multiple values for argument '", key, "'"));
        out[i] = &value;
    }
    for (std::size_t i = 0; i < required; ++i)
        if (out[i] == nullptr)
            raise("TypeError",
                  cat(what, "() missing required argument '",
                      shown_parameter(*(names.begin() + static_cast<std::ptrdiff_t>(i))), "'"));
    return out;
}

Value Interpreter::call(const Value& callee, std::vector<Value> args,
                        std::vector<std::pair<std::string, Value>> named) {
    step();
    must_be_defined(callee);
    Value function = callee;
    if (callee.is(ValueKind::names))
        if (const auto at = callee.as<Names>().values.find("__call__");
            at != callee.as<Names>().values.end())
            function = at->second;
    if (!function.is(ValueKind::callable))
        raise("TypeError", cat("'", type_name(callee), "' object is not callable"));
    Callable& c = function.as<Callable>();
    Call call{*this, heap_, c.name, std::move(args), std::move(named)};
    return c.call(call);
}

Value Interpreter::apply_filter(const std::string& name, std::vector<Value> args,
                                std::vector<std::pair<std::string, Value>> named) {
    step();
    const Builtin f = find_filter(name);
    if (f == nullptr) {
        const std::string close = close_filter(name);
        raise("TemplateAssertionError", cat("No filter named ", repr_text(name), ".",
                                            close.empty() ? "" : cat(" Perhaps '", close, "'?")));
    }
    Call call{*this, heap_, name, std::move(args), std::move(named)};
    if (call.args.empty()) raise("TypeError", cat(name, "() is missing what it filters"));
    return f(call);
}

bool Interpreter::apply_test(const std::string& name, std::vector<Value> args,
                             std::vector<std::pair<std::string, Value>> named) {
    const Builtin f = find_test(name);
    if (f == nullptr) {
        const std::string close = close_test(name);
        raise("TemplateAssertionError", cat("No test named ", repr_text(name), ".",
                                            close.empty() ? "" : cat(" Perhaps '", close, "'?")));
    }
    Call call{*this, heap_, name, std::move(args), std::move(named)};
    return truth(f(call));
}

} // namespace rs::tmpl
