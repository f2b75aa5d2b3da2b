// SPDX-License-Identifier: Apache-2.0
// rs-render template for many templates, one after another in one process, as tests/lib/templates.py compares them with
// python3-jinja2: to start a process for each takes longer than to render it.
//
//   render-many CONTEXT.json [NAME=FILE...]
//
// Standard input is templates, output is what became of them, in their order. A template is its length in decimal, a newline,
// and its bytes; an answer is its exit status, a blank, a length, a newline, and the text or the message.
#include <iostream>
#include <string>

#include "base/error.hpp"
#include "profile/context.hpp"
#include "profile/imports.hpp"
#include "template/interpreter.hpp"

using namespace rs;

namespace {

struct Answer {
    int status = 0;
    std::string text;
};

Answer answer(const std::string& text, const std::string& context_file, profile::Imports& imports) {
    try {
        tmpl::Settings settings;
        settings.limits.steps = 20'000'000; // some seconds: more than Python is given
        settings.load = [&](const std::string& name) { return imports.load(name); };
        tmpl::Interpreter interpreter(std::move(settings));
        profile::Context context(interpreter, Exit::usage);
        context.add_json(profile::read_template(context_file), context_file);
        return {0, interpreter.render(tmpl::make_source("standard input", text), context.values())};
    } catch (const Error& e) {
        return {static_cast<int>(e.code()), e.what()};
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 64;
    profile::Imports imports;
    for (int i = 2; i < argc; ++i) {
        const std::string word = argv[i];
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) return 64;
        imports.add(word.substr(0, equals), word.substr(equals + 1), Exit::usage);
    }
    std::string line;
    while (std::getline(std::cin, line)) {
        std::string text(std::stoul(line), '\0');
        if (!std::cin.read(text.data(), static_cast<std::streamsize>(text.size()))) return 65;
        const Answer a = answer(text, argv[1], imports);
        std::cout << a.status << ' ' << a.text.size() << '\n' << a.text << std::flush;
    }
    return 0;
}
