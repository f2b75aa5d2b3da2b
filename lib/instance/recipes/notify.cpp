// SPDX-License-Identifier: Apache-2.0
// notify: a program that runs another one with rs-notify(1), which tells how it went, and tells others that something is ready.
#include "base/shell.hpp"
#include "base/text.hpp"
#include "instance/recipes/wrapper.hpp"
#include "profile/blanks.hpp"

namespace rs::instance {

namespace {

// " --FLAG VALUE" for the first of the names that has a value.
std::string option(Part& part, std::string_view flag, std::initializer_list<std::string_view> names, std::string_view otherwise = {}) {
    std::string value(otherwise);
    for (const std::string_view name : names)
        if (std::string given = part.get(name); !given.empty()) {
            value = std::move(given);
            break;
        }
    return value.empty() ? std::string() : cat(" --", flag, " ", shell_quote(value));
}

// Who is told, by whom, and of what.
std::string told(Part& part) {
    const std::string targets = part.get("notify");
    const auto words = profile::words(targets);
    if (words.empty()) return {}; // who is not there yet is told nothing
    static_cast<void>(part.require("generation-file")); // a notification says what is ready
    profile::Resolver& all = part.resolver();
    const std::string own = cat(all.require("slap-connection", "computer-id"), "-", all.require("slap-connection", "partition-id"));
    std::string out = cat(option(part, "source", {"source"}, own), " --name ", shell_quote(part.require("name")),
                          option(part, "key-file", {"key-file"}), option(part, "spool", {"spool"}), option(part, "ssh", {"ssh"}));
    for (const std::string_view word : words) out += cat(" \\\n    --to ", shell_quote(word));
    return out;
}

} // namespace

void recipe_notify(Part& part) {
    std::string program = part.get("executable"), words;
    if (!program.empty()) words = cat(" ", shell_quote(program));
    else
        for (const std::string& word : words_of(part, "command-line")) words += cat(" ", shell_quote(word));
    if (words.empty()) part.fail("executable", "is needed by the recipe, or command-line; both are missing or empty");
    static_cast<void>(part.require("feed"));
    part.builder.plan().file(
        part.name(), wrapper_path(part),
        cat(tools_head(part),
            "exec rs-notify run", option(part, "title", {"title"}, part.name()), option(part, "feed", {"feed"}),
            option(part, "tries", {"tries", "max-run"}, "3"), option(part, "timeout", {"timeout"}), option(part, "lock", {"lock", "pidfile"}),
            option(part, "log", {"log"}), option(part, "generation-file", {"generation-file"}), told(part), " \\\n    --", words, " \"$@\"\n"),
        part.mode().value_or(program_mode));
}

} // namespace rs::instance
