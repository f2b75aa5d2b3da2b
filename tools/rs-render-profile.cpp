// SPDX-License-Identifier: Apache-2.0
// rs-render profile: what the options of a profile come to, and where each of them comes from.
#include <unistd.h>

#include <memory>
#include <unordered_set>

#include "base/text.hpp"
#include "io/file.hpp"
#include "profile/loader.hpp"
#include "profile/resolver.hpp"
#include "profile/writer.hpp"
#include "rs-render.hpp"

using namespace rs;

namespace {

constexpr std::size_t max_text_bytes = 64 << 20;

struct Options {
    std::string file, text, stack;
    std::vector<std::string> settings, sections, gets;
    bool all = false, raw = false, origin = false;
};

constexpr std::string_view sign_of(profile::Option::Change::What what) {
    using What = profile::Option::Change::What;
    return what == What::set ? "=" : what == What::add ? "+=" : "-=";
}

// From the last = on: what was said before it has no part in the value.
std::vector<profile::Option::Change> counting(const profile::Option& option) {
    auto begin = option.history.end();
    while (begin != option.history.begin())
        if ((--begin)->what == profile::Option::Change::What::set) break;
    return {begin, option.history.end()};
}

void show(const Options& o, const std::string& name, const profile::Section& section,
          const std::function<std::string(const std::string&)>& value, nlohmann::json& sections) {
    nlohmann::json& options = sections[tool::json_text(name)] = nlohmann::json::object();
    for (const auto& [option_name, option] : section) {
        nlohmann::json& item = options[tool::json_text(option_name)];
        if (!o.origin) {
            item = tool::json_text(value(option_name));
            continue;
        }
        item["value"] = tool::json_text(value(option_name));
        for (const auto& change : counting(option)) {
            nlohmann::json& at = item["origin"].emplace_back();
            at["sign"] = sign_of(change.what);
            tool::add_path(at, "file", change.place.file ? *change.place.file : "");
            if (change.place.line > 0) at["line"] = change.place.line;
        }
    }
}

void show(const Options& o, const std::string& name, const profile::Section& section,
          const std::function<std::string(const std::string&)>& value, std::string& cfg) {
    cfg += cat(cfg.empty() ? "" : "\n", "[", name, "]\n");
    for (const auto& [option_name, option] : section) {
        if (o.origin)
            for (const auto& change : counting(option))
                cfg += cat("# ", sign_of(change.what), " ", show(change.place), "\n");
        try {
            cfg += profile::assignment(option_name, value(option_name));
        } catch (const Error& e) {
            throw e.within(cat("[", printable(name), "]"));
        }
    }
}

Exit run(tool::Command& command, const Options& o) {
    if (!o.gets.empty() && (o.all || o.raw || o.origin || !o.sections.empty()))
        fail(Exit::usage, "--get gives values alone: not with --section, --all, --raw or --origin");
    if (!o.text.empty() && (o.all || o.raw || o.origin || !o.gets.empty() || o.sections.size() > 1))
        fail(Exit::usage, "--substitute gives a text alone: not with --get, --all, --raw, --origin "
                          "or several --section");
    profile::Resolver resolver(profile::load(o.file, o.settings, {}, o.stack));
    if (!o.raw) static_cast<void>(resolver.section("buildout")); // what is wrong there is wrong for all

    if (!o.text.empty()) {
        const Buffer text = io::read_file(io::open_file(o.text).get(), max_text_bytes, o.text);
        if (!valid_utf8(as_text(text)))
            fail(Exit::config, cat(printable(o.text), ": not UTF-8"));
        const std::string out = resolver.substitute(
            o.sections.empty() ? "buildout" : o.sections[0], as_text(text), o.text);
        command.result()["text"] = tool::json_text(out);
        if (!command.json()) io::write_all(STDOUT_FILENO, as_bytes(out), "standard output");
        return Exit::ok;
    }
    if (!o.gets.empty()) {
        std::string out;
        for (const std::string& get : o.gets) {
            const std::size_t colon = get.find(':');
            if (colon == std::string::npos)
                fail(Exit::usage, cat("--get ", printable(get), ": not SECTION:OPTION"));
            const std::string value =
                resolver.require(get.substr(0, colon), get.substr(colon + 1));
            command.result()["values"][tool::json_text(get)] = tool::json_text(value);
            out += cat(value, "\n");
        }
        if (!command.json()) io::write_all(STDOUT_FILENO, as_bytes(out), "standard output");
        return Exit::ok;
    }

    std::vector<std::string> names = o.sections;
    if (names.empty()) {
        std::unordered_set<std::string> wanted;
        if (!o.all && !o.raw) {
            resolver.look_at_parts();
            wanted = {resolver.seen().begin(), resolver.seen().end()};
        }
        for (const auto& [name, section] : resolver.raw())
            if (o.all || o.raw || wanted.contains(name)) names.push_back(name);
    }
    std::string cfg;
    nlohmann::json& sections = command.result()["sections"] = nlohmann::json::object();
    for (const std::string& name : names) {
        const profile::Section* const raw = o.raw ? resolver.raw().find(name) : nullptr;
        const profile::Section& section = raw != nullptr ? *raw : resolver.section(name);
        const auto value = [&](const std::string& option) {
            return raw != nullptr ? raw->find(option)->value : resolver.require(name, option);
        };
        if (command.json())
            show(o, name, section, value, sections);
        else
            show(o, name, section, value, cfg);
    }
    for (const std::string& part : resolver.parts())
        command.result()["parts"].push_back(tool::json_text(part));
    if (!command.json()) io::write_all(STDOUT_FILENO, as_bytes(cfg), "standard output");
    return Exit::ok;
}

} // namespace

void render_tool::add_profile(tool::Command& command, std::function<Exit()>& chosen) {
    const auto o = std::make_shared<Options>();
    CLI::App* const sub =
        command.app().add_subcommand("profile", "what the options of a profile come to");
    sub->add_option("FILE", o->file, "the profile; what it extends is read as well")->required();
    sub->add_option("--get", o->gets, "only this value; may be given several times")
        ->type_name("SECTION:OPTION");
    sub->add_option("--section", o->sections, "only this section; may be given several times")
        ->type_name("NAME");
    sub->add_flag("--all", o->all, "every section, needed or not");
    sub->add_flag("--raw", o->raw, "as the files have it: no reference filled in");
    sub->add_flag("--origin", o->origin, "with the place that each value comes from");
    sub->add_option("--substitute", o->text, "this text, with ${...} filled in and $$ made $")
        ->type_name("TEXT");
    add_stack(*sub, o->stack);
    sub->add_option("--set", o->settings, "an option that lies over those of the files")
        ->type_name("SECTION:OPTION=VALUE");
    sub->callback([&command, &chosen, o] { chosen = [&command, o] { return run(command, *o); }; });
}
