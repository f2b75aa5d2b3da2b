// SPDX-License-Identifier: Apache-2.0
// template: a text with ${section:option} in it. jinja2: a template, with names from the profile. copy: a text as it is.

#include "base/error.hpp"
#include "base/text.hpp"
#include "instance/md5.hpp"
#include "instance/recipes.hpp"
#include "profile/blanks.hpp"
#include "profile/context.hpp"
#include "profile/imports.hpp"

namespace rs::instance {

namespace {

constexpr std::string_view inline_mark = "inline:";

struct Text {
    std::string name, content; // the file, or what stands for it
};

// What `url`, `template`, `input` or `inline` say, and the md5sum of it that the profile wants.
Text text_of(Part& part) {
    if (const auto own = part.find("inline")) return {cat("[", part.name(), "] inline"), *own};
    for (const char* const option : {"url", "template", "input"}) {
        const std::string url = part.get(option);
        if (url.empty()) continue;
        if (url.starts_with(inline_mark)) {
            std::string_view content = std::string_view(url).substr(inline_mark.size());
            if (content.starts_with('\n')) content.remove_prefix(1);
            return {cat("[", part.name(), "] ", option), std::string(content)};
        }
        if (url.find("://") != std::string::npos)
            part.fail(option, cat(printable(url), ": nothing is fetched"), "have a copy beside the profile");
        Text out{url, part.builder.read(url)};
        const std::string wanted = part.get("md5sum");
        if (!wanted.empty())
            if (const std::string is = md5_hex(out.content); is != wanted)
                part.fail("md5sum", cat(printable(url), " has ", is), "the file was changed, or the profile is of another version of it");
        return out;
    }
    part.fail("url", "is needed by the recipe, and missing or empty: as are template, input and inline");
}

// Where the text goes: `output`, which has other names in the original's recipes.
std::string output_of(Part& part) {
    for (const char* const option : {"output", "rendered", "destination", "target"})
        if (std::string path = part.get(option); !path.empty()) return path;
    return part.require("output");
}

void put(Part& part, std::string content) {
    const std::string path = output_of(part);
    const mode_t mode = part.mode().value_or(content.starts_with("#!") ? program_mode : file_mode);
    const std::string once = part.get("once");
    Plan& plan = part.builder.plan();
    if (!once.empty()) {
        // Rendered once only: what has become of it since is the administrator's.
        const std::string what = cat("[", part.name(), "]");
        const bool done = part.builder.kept(once, what).has_value();
        plan.file(part.name(), once, "");
        if (done) {
            if (const auto kept = part.builder.kept(path, what)) plan.file(part.name(), path, *kept, mode);
            return;
        }
    }
    if (part.flag("secret", false))
        plan.secret(part.name(), path, std::move(content));
    else
        plan.file(part.name(), path, std::move(content), mode);
}

// Lines of TYPE NAME WHERE: rawfile and rawfolder with a path, file and folder with SECTION:OPTION.
void add_imports(Part& part, profile::Imports& imports) {
    const std::string list = part.get("import-list");
    for (const std::string_view line : profile::filled_lines(list)) {
        const std::vector<std::string_view> words = profile::words(line);
        if (words.size() != 3) part.fail("import-list", cat(printable(line), ": not TYPE NAME PATH"));
        const std::string type(words[0]), name(words[1]), where(words[2]);
        const bool raw = type.starts_with("raw");
        if (type != "file" && type != "rawfile" && type != "folder" && type != "rawfolder")
            part.fail("import-list", cat(printable(line), ": not rawfile NAME PATH or file NAME SECTION:OPTION"),
                      "rawfolder and folder are the same for a folder of templates");
        std::string path = where;
        if (!raw) {
            const std::size_t colon = where.find(':');
            if (colon == std::string::npos) part.fail("import-list", cat(printable(where), ": not SECTION:OPTION"));
            path = part.resolver().require(colon == 0 ? part.name() : where.substr(0, colon), where.substr(colon + 1));
        }
        if (type.ends_with("folder"))
            imports.add(name, path, Exit::config);
        else
            imports.add_text(name, path, part.builder.read(path), Exit::config);
    }
}

} // namespace

void recipe_template(Part& part) {
    const Text text = text_of(part);
    put(part, part.resolver().substitute(part.name(), text.content, text.name));
}

void recipe_copy(Part& part) {
    const std::string path = output_of(part);
    put(part, text_of(part).content);
    for (const char* const option : {"output", "target"})
        if (!part.find(option)) part.set(option, path);
}

void recipe_jinja2(Part& part) {
    const Text text = text_of(part);
    const std::string encoding = part.get("encoding", "utf-8");
    if (encoding != "utf-8" && encoding != "utf8") part.fail("encoding", "is utf-8 here, and nothing else");
    const std::string extensions = part.get("extensions"), lines = part.get("context");
    for (const std::string_view extension : profile::words(extensions)) {
        if (extension != "jinja2.ext.do" && extension != "jinja2.ext.loopcontrols")
            part.fail("extensions", cat(printable(extension), ": not supported"), "do, break and continue are always there");
    }
    profile::Imports imports;
    add_imports(part, imports);
    tmpl::Settings settings;
    settings.load = [&](const std::string& name) { return imports.load(name); };
    tmpl::Interpreter in(std::move(settings));
    profile::Context context(in, Exit::config, &part.resolver(), part.name());
    for (const std::string_view line : profile::filled_lines(lines)) {
        try {
            context.add_line(std::string(line));
        } catch (const Error& e) {
            part.fail("context", e.what(), e.hint());
        }
    }
    put(part, in.render(tmpl::make_source(text.name, text.content), context.values()));
}

} // namespace rs::instance
