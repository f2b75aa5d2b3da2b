// SPDX-License-Identifier: Apache-2.0
// rs-render template: a template and its context to text.
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "io/file.hpp"
#include "profile/context.hpp"
#include "profile/imports.hpp"
#include "profile/loader.hpp"
#include "rs-render.hpp"
#include "template/interpreter.hpp"
#include "template/syntax/parser.hpp"

using namespace rs;

namespace {

struct Options {
    std::string file, output, stack, profile;
    std::vector<std::string> contexts, lines, definitions, imports, settings;
    bool check = false;
};

// Where -o writes: whole or not at all, with the permissions that the file has.
struct Output {
    io::Dir dir;
    std::string name;
    mode_t mode = 0666;
};

Output open_output(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    Output out;
    out.name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    if (out.name.empty() || out.name == "." || out.name == "..")
        fail(Exit::usage, cat("-o ", printable(path), ": not the name of a file"));
    try {
        out.dir = io::open_dir(slash == std::string::npos ? "."
                               : slash == 0               ? "/"
                                                          : path.substr(0, slash));
    } catch (const Error& e) { // it is no input of ours that is missing
        if (e.code() != Exit::no_input) throw;
        fail(Exit::cant_create, e.what());
    }
    const mode_t mask = ::umask(0); // there is one thread
    out.mode = 0666 & ~mask;
    struct stat st {};
    if (::fstatat(out.dir.get(), out.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) {
        // A new file takes its place: that would be the end of a device or a link.
        if (!S_ISREG(st.st_mode))
            fail(Exit::cant_create, cat(printable(path), ": is there and is not a regular file"),
                 "without -o it goes to standard output");
        out.mode = st.st_mode & 0777;
    } else if (errno != ENOENT) {
        fail_errno(Exit::cant_create, path, "look at");
    }
    return out;
}

Exit run(tool::Command& command, const Options& o) {
    if (std::count(o.contexts.begin(), o.contexts.end(), "-") + (o.file == "-" ? 1 : 0) > 1)
        fail(Exit::usage, "standard input cannot be read twice");
    if (o.check && !o.output.empty()) fail(Exit::usage, "--check writes nothing: without -o");
    if (!o.settings.empty() && o.profile.empty()) fail(Exit::usage, "--set needs --profile");
    profile::Imports imports;
    for (const std::string& i : o.imports) {
        const std::size_t equals = i.find('=');
        if (equals == std::string::npos || equals == 0)
            fail(Exit::usage, cat("--import ", printable(i), ": not NAME=FILE"));
        imports.add(i.substr(0, equals), i.substr(equals + 1), Exit::usage);
    }
    const tmpl::SourcePtr source = tmpl::make_source(o.file == "-" ? "standard input" : o.file,
                                                     profile::read_template(o.file));
    if (o.check) {
        static_cast<void>(tmpl::parse(*source));
        return Exit::ok;
    }
    tmpl::Settings settings;
    settings.load = [&](const std::string& name) { return imports.load(name); };
    tmpl::Interpreter interpreter(std::move(settings));
    std::optional<profile::Resolver> resolver;
    if (!o.profile.empty()) {
        resolver.emplace(profile::load(o.profile, o.settings, {}, o.stack));
        static_cast<void>(resolver->section("buildout"));
    }
    profile::Context context(interpreter, Exit::usage, resolver ? &*resolver : nullptr, "buildout");
    for (const std::string& path : o.contexts)
        context.add_json(profile::read_template(path), path == "-" ? "standard input" : path);
    for (const std::string& line : o.lines) context.add_line(line);
    for (const std::string& definition : o.definitions) context.define(definition);

    const std::string out = interpreter.render(source, context.values());
    if (o.output.empty()) {
        io::write_all(STDOUT_FILENO, as_bytes(out), "standard output");
    } else {
        const Output to = open_output(o.output);
        io::write_file_atomic(to.dir, to.name, as_bytes(out), to.mode);
    }
    command.result()["bytes"] = out.size();
    return Exit::ok;
}

} // namespace

void render_tool::add_template(tool::Command& command, std::function<Exit()>& chosen) {
    const auto o = std::make_shared<Options>();
    CLI::App* const sub =
        command.app().add_subcommand("template", "a template and its context to text");
    // Each value is one option's: a template may be called as if it were one more file of context.
    const auto several = [&](const char* names, std::vector<std::string>& values, const char* what,
                             const char* type) {
        return sub->add_option(names, values, what)
            ->type_name(type)
            ->expected(1)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    };
    sub->add_option("FILE", o->file, "the template; - is standard input")->required();
    several("-c,--context", o->contexts, "names for it: a JSON object", "FILE");
    several("--context-line", o->lines, "one more name: TYPE NAME EXPRESSION", "LINE");
    several("-D,--define", o->definitions, "one more name, a text", "NAME=VALUE");
    several("--import", o->imports,
            "what it may import: a template, or a folder", "NAME=FILE");
    sub->add_option("--profile", o->profile, "where context lines find options")->type_name("FILE");
    several("--set", o->settings, "an option over those of the profile",
            "SECTION:OPTION=VALUE");
    add_stack(*sub, o->stack);
    sub->add_option("-o,--output", o->output, "write to this file instead, whole or not at all")
        ->type_name("FILE");
    sub->add_flag("--check", o->check, "only parse");
    sub->callback([&command, &chosen, o] {
        if (o->output.empty()) command.stream_on_stdout();
        chosen = [&command, o] { return run(command, *o); };
    });
}
