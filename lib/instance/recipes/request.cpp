// SPDX-License-Identifier: Apache-2.0
// request: another instance is asked for, which etc/requests.json says to who deploys; what it has published is the options
// connection-NAME, for each NAME of `return` and `return-optional`, empty as long as it is not there.
#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "instance/literal.hpp"
#include "instance/recipes.hpp"
#include "profile/blanks.hpp"

namespace rs::instance {

namespace {

constexpr std::string_view parameter_mark = "config-", placement_mark = "sla-";

std::string state_of(Part& part) {
    std::string state = part.get("state", "started");
    for (const char* const known : {"started", "stopped", "destroyed"})
        if (state == known) return state;
    part.fail("state", cat(printable(state), ": not started, stopped or destroyed"));
}

// Options that begin with `mark`, by what is behind it.
Json options_with(Part& part, std::string_view mark) {
    Json out = Json::object();
    for (const std::string& option : part.options()) {
        if (!option.starts_with(mark) || option.size() == mark.size()) continue;
        try {
            out[option.substr(mark.size())] = json_value(part.get(option));
        } catch (const Error& e) {
            part.fail(option, e.what(), e.hint());
        }
    }
    return out;
}

// A constraint that is empty is none.
Json placement_of(Part& part) {
    Json out = options_with(part, placement_mark);
    for (auto item = out.begin(); item != out.end();) item = item.value() == "" ? out.erase(item) : std::next(item);
    return out;
}

// Gives the part what the instance `name` has published of the words of `option`.
void connect(Part& part, const std::string& name, const char* option, bool needed) {
    Builder& builder = part.builder;
    const Json& connections = builder.description().connections;
    const auto published = connections.find(name);
    const std::string wanted = part.get(option);
    for (const std::string_view word : profile::words(wanted)) {
        builder.requests().back()["return"].push_back(word);
        std::string value;
        if (published != connections.end() && published->is_object() && published->contains(word))
            value = option_value((*published)[std::string(word)]);
        if (value.empty() && needed) builder.awaited.push_back(cat(name, ": ", word));
        part.set(cat("connection-", word), std::move(value));
    }
}

void ask(Part& part, bool needed) {
    const std::string name = part.require("name"), type = part.get("software-type"), url = part.get("software-url");
    Builder& builder = part.builder;
    for (const Json& other : builder.requests())
        if (other["name"] == name)
            part.fail("name", cat(printable(name), " is asked for by another part, too"), "each request has a name of its own");
    Json& request = builder.requests().emplace_back(Json::object());
    request["name"] = name;
    if (!type.empty()) request["software-type"] = type;
    if (!url.empty()) request["software-url"] = url;
    request["state"] = state_of(part);
    request["shared"] = part.flag("shared", part.flag("slave", false));
    request["parameters"] = options_with(part, parameter_mark);
    request["placement"] = placement_of(part);
    request["return"] = Json::array();
    connect(part, name, "return", needed);
    connect(part, name, "return-optional", false);
    // Names are what tells instances from each other here.
    part.set("instance_guid", name);
    part.set("instance-guid", name);
}

} // namespace

void recipe_request(Part& part) { ask(part, true); }
void recipe_request_optional(Part& part) { ask(part, false); }

} // namespace rs::instance
