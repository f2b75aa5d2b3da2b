// SPDX-License-Identifier: Apache-2.0
#include "instance/builder.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "instance/recipes.hpp"
#include "instance/walk.hpp"
#include "profile/loader.hpp"

namespace rs::instance {

namespace {

constexpr std::size_t max_profiles = 10; // that choose each other: software types

} // namespace

Builder::Builder(Description description, std::string root, std::string stack)
    : description_(std::move(description)), stack_(std::move(stack)), plan_(std::move(root)) {}

std::string Builder::read(const std::string& path) const {
    if (!path.starts_with(cat(plan_.root(), "/"))) return profile::read_file(path);
    if (auto content = kept(path, "a file of the instance")) return std::move(*content);
    rs::fail(Exit::no_input, cat(printable(path), ": there is no such file in the instance"));
}

std::optional<std::string> Builder::kept(std::string_view path, const std::string& what) const {
    const std::string below = path_below(plan_.root(), path, what);
    const auto planned = plan_.entries().find(below);
    if (planned != plan_.entries().end() && planned->second.kind == Kind::file) return planned->second.content;
    struct stat st{};
    if (::stat(plan_.root().c_str(), &st) != 0 && errno == ENOENT) return std::nullopt;
    return try_file(io::open_dir(plan_.root()), below);
}

void Builder::build(const std::string& profile, const std::vector<std::string>& settings) {
    if (++depth_ > max_profiles) rs::fail(Exit::config, cat("more than ", max_profiles, " profiles choose each other"));
    if (software_.empty()) software_ = profile; // also for the profiles that it chooses
    profile::Sections given = sections_of(description_, software_, stack_);
    given["buildout"]["directory"] = {
        plan_.root(), {{profile::Option::Change::What::set, {std::make_shared<const std::string>("(--root)"), 0}}}};
    profile::Resolver resolver(
        profile::load(profile, settings, given, stack_, [this](const std::string& path) { return read(path); }));
    resolver.on_part([&](const std::string& name) {
        Part part(*this, resolver, name);
        // What an instance has only if it was given something.
        if (const auto condition = part.find("only-if"); condition && condition->empty()) return;
        const std::string recipe = part.require("recipe");
        if (recipe.find('/') != std::string::npos) return recipe_program(part);
        const Recipe found = find_recipe(recipe);
        if (found == nullptr) {
            const std::string close = close_recipe(recipe);
            part.fail("recipe", cat(printable(recipe), ": no such recipe"),
                      close.empty() ? "a recipe of your own is the path of an executable" : cat("perhaps ", close, "?"));
        }
        found(part);
    });
    resolver.look_at_parts();
    --depth_;
}

void Builder::finish() {
    if (!cron_lines.empty()) {
        std::string text;
        for (const CronLine& line : cron_lines) text += line.line;
        plan_.file(cron_lines.front().part, "etc/crontab", std::move(text));
    }
    const auto put = [&](const char* path, const Json& value) {
        if (!value.empty())
            plan_.secret("what the instance is given, publishes and asks for", path, // keys may be among it
                         cat(value.dump(1, ' ', false, Json::error_handler_t::replace), "\n"));
    };
    put("etc/instance.json", description_json(description_));
    put("etc/published.json", published_);
    put("etc/requests.json", requests_);
}

std::optional<std::string> Part::find(std::string_view option) { return resolver_.get(name_, option); }

std::string Part::get(std::string_view option, std::string_view otherwise) {
    return find(option).value_or(std::string(otherwise));
}

std::string Part::require(std::string_view option) {
    if (auto value = find(option); value && !value->empty()) return std::move(*value);
    fail(option, "is needed by the recipe, and missing or empty");
}

std::vector<std::string> Part::options() {
    std::vector<std::string> out;
    for (const auto& [name, option] : resolver_.section(name_))
        if (name != "recipe" && name != "<part-dependencies>") out.push_back(name);
    return out;
}

std::optional<mode_t> Part::mode() {
    const auto text = find("mode");
    if (!text || text->empty()) return std::nullopt;
    if (const auto mode = parse_mode(*text)) return *mode;
    fail("mode", cat(printable(*text), ": not an octal mode such as 0644"), "setuid, setgid and sticky bits are not given");
}

bool Part::flag(std::string_view option, bool otherwise) {
    const auto text = find(option);
    if (!text || text->empty()) return otherwise;
    std::string lower = *text;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    for (const char* const yes : {"true", "yes", "on", "1", "!py!true"})
        if (lower == yes) return true;
    for (const char* const no : {"false", "no", "off", "0", "!py!false"})
        if (lower == no) return false;
    fail(option, cat(printable(*text), ": neither true nor false"));
}

void Part::fail(std::string_view option, const std::string& why, std::string hint) {
    rs::fail(Exit::config, cat(resolver_.place(name_, option), ": [", printable(name_), "] ", printable(option), ": ", why),
             std::move(hint));
}

} // namespace rs::instance
