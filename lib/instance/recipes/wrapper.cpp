// SPDX-License-Identifier: Apache-2.0
// wrapper: a short program of the shell that anyone can read and run by hand. promise: one in etc/promise.
#include <algorithm>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "instance/recipes/wrapper.hpp"
#include "profile/blanks.hpp"

namespace rs::instance {

std::vector<std::string> words_of(Part& part, std::string_view option) {
    try {
        return shell_words(part.get(option));
    } catch (const Error& e) {
        part.fail(option, e.what());
    }
}

std::string program_head(const Part& part) {
    return cat("#!/bin/sh\n# Made from [", printable(part.name()), "] by rs-render: what is changed here is lost the next time.\nset -eu\n");
}

std::string tools_head(Part& part) {
    return cat(program_head(part), "umask 077\nPATH=", shell_quote(part.resolver().require("slap-connection", "tools")), ":$PATH\nexport PATH\n");
}

std::string wrapper_path(Part& part) {
    const std::string path = part.get("wrapper"); // as [exporter] and [importer] of a software have it
    return path.empty() ? part.require("wrapper-path") : path;
}

namespace {

// NAME=VALUE, a line each.
std::string environment(Part& part) {
    std::string out;
    const std::string settings = part.get("environment");
    for (const std::string_view line : profile::filled_lines(settings)) {
        const std::size_t equals = line.find('=');
        const std::string_view name = line.substr(0, std::min(equals, line.size()));
        const bool valid = !name.empty() && (name[0] < '0' || name[0] > '9') &&
                           std::all_of(name.begin(), name.end(), [](char c) {
                               return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                           });
        if (equals == std::string_view::npos || !valid)
            part.fail("environment", cat(printable(line), ": not NAME=VALUE"));
        out += cat("export ", name, "=", shell_quote(line.substr(equals + 1)), "\n");
    }
    return out;
}

std::string program(Part& part) {
    std::string out = program_head(part) + environment(part);
    for (const std::string& file : words_of(part, "wait-for-files"))
        out += cat("until [ -e ", shell_quote(file), " ]; do sleep 1; done\n");
    const std::string lock = part.get("pidfile");
    if (!lock.empty()) {
        // The lock is the kernel's and goes with the process: the number in the file is for people.
        const std::string file = shell_quote(lock);
        out += cat("exec 9>>", file, "\nflock -n 9 || {\n    echo \"$0: already running with pid $(cat ", file,
                   ")\" >&2\n    exit 75\n}\necho $$ >", file, "\n");
    }
    const std::vector<std::string> words = words_of(part, "command-line");
    if (words.empty()) part.fail("command-line", "is needed by the recipe, and missing or empty");
    out += "exec";
    for (const std::string& word : words) out += cat(" ", shell_quote(word));
    if (part.flag("parameters-extra", true)) out += " \"$@\"";
    return out + "\n";
}

} // namespace

void recipe_wrapper(Part& part) {
    part.builder.plan().file(part.name(), wrapper_path(part), program(part), part.mode().value_or(program_mode));
}

void recipe_promise(Part& part) {
    const std::string name = part.get("name", part.name());
    if (name.find('/') != std::string::npos) part.fail("name", "is the name of a file in etc/promise");
    const std::string path = part.get("output", cat("etc/promise/", name));
    part.builder.plan().file(part.name(), path, program(part), part.mode().value_or(program_mode));
}

} // namespace rs::instance
