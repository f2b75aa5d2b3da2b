// SPDX-License-Identifier: Apache-2.0
// Templates, and expressions: whatever is rendered ends within its limits, in a text or in an error with a place.
#include "fuzz.hpp"
#include "template/interpreter.hpp"
#include "template/values/literal.hpp"

using namespace rs;

namespace {

void render(const std::string& text) {
    static_cast<void>(fuzz::run([&] {
        tmpl::Settings settings;
        settings.limits.memory_bytes = 32 << 20;
        settings.limits.output_bytes = 1 << 20;
        settings.limits.steps = 20'000;
        // It may import itself, and one that has a macro.
        settings.load = [&](const std::string& name) {
            return name == "self" ? tmpl::make_source(name, text)
                   : name == "m"  ? tmpl::make_source(name, "{% macro f(a, b=1) %}{{ a }}{{ b }}{% endmacro %}")
                                  : nullptr;
        };
        tmpl::Interpreter in(std::move(settings));
        auto context = tmpl::python_builtins(in);
        context.emplace_back("t", in.heap().text("a text"));
        context.emplace_back("n", std::int64_t{3});
        context.emplace_back("l", in.heap().list({std::int64_t{2}, in.heap().text("x"), tmpl::Value()}));
        const tmpl::Value d = in.heap().dict();
        tmpl::put(in.heap(), d.as<tmpl::Dict>(), in.heap().text("k"), 1.5);
        context.emplace_back("d", d);
        static_cast<void>(in.render(tmpl::make_source("t", text), context));
    }));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 1 << 14) return 0;
    const std::string text(as_text(fuzz::bytes(data, size)));
    render(text);
    render("{{ " + text + " }}");
    tmpl::Heap heap(32 << 20);
    try {
        static_cast<void>(tmpl::parse_literal(heap, text));
    } catch (const tmpl::Failure&) {
    }
    return 0;
}
