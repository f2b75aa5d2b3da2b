// SPDX-License-Identifier: Apache-2.0
#include "instance/description.hpp"

#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "base/closest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "template/values/json.hpp"
#include "template/values/value.hpp"

namespace rs::instance {

namespace {

constexpr std::size_t max_bytes = std::size_t{256} << 20; // of values

constexpr std::pair<const char*, std::string Description::*> texts[] = {
    {"name", &Description::name},           {"software-type", &Description::software_type},
    {"computer", &Description::computer},   {"partition", &Description::partition},
    {"network", &Description::network},     {"address", &Description::address},
    {"role", &Description::role},
};
constexpr std::pair<const char*, Json Description::*> objects[] = {
    {"parameters", &Description::parameters},
    {"shared", &Description::shared},
    {"connections", &Description::connections},
    {"roles", &Description::roles},
};

// Whoever renders an instance is who it belongs to, and who will run it.
std::string user_name() {
    const passwd* const who = ::getpwuid(::geteuid());
    return who != nullptr ? std::string(who->pw_name) : cat(::geteuid());
}

// What cron and sshd start has a PATH of their own, and finds the tools where these ones are.
std::string tools_directory() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::string("/usr/bin") : self.parent_path().string();
}

profile::Option given(std::string value) {
    return {std::move(value),
            {{profile::Option::Change::What::set, {std::make_shared<const std::string>("(given to the instance)"), 0}}}};
}

// What is no text where one is wanted, or something that no role has.
void check_roles(const Description& d, const std::string& shown) {
    for (const auto& [role, what] : d.roles.items()) {
        const std::string named = cat(shown, ": roles: ", printable(role));
        if (!what.is_object()) fail(Exit::config, cat(named, " is an object"));
        for (const auto& [member, value] : what.items()) {
            if (member != "software-type" && member != "parameters") fail(Exit::config, cat(named, ": has software-type and parameters only"));
            if (member == "parameters" ? !value.is_object() : !value.is_string())
                fail(Exit::config, cat(named, ": ", member, member == "parameters" ? " is an object" : " is a text"));
        }
        if (!what.contains("software-type") || !what.contains("parameters")) fail(Exit::config, cat(named, ": has software-type and parameters"));
    }
}

} // namespace

std::string Description::current_type() const {
    return role.empty() ? software_type : roles.at(role).at("software-type").get<std::string>();
}

const Json& Description::current_parameters() const { return role.empty() ? parameters : roles.at(role).at("parameters"); }

void Description::take_role(const std::string& chosen, const std::string& where) {
    if (!chosen.empty() && !roles.contains(chosen))
        fail(Exit::config, cat(printable(where), ": role: ", printable(chosen), " is not among its roles"));
    role = chosen;
}

Description parse_description(std::string_view text, const std::string& where) {
    const std::string shown = printable(where);
    try { // as templates will see it: numbers that fit, and not nested without end
        tmpl::Heap heap(max_bytes);
        static_cast<void>(tmpl::parse_json(heap, text));
    } catch (const tmpl::Failure& e) {
        fail(Exit::config, cat(shown, ": ", e.type, ": ", e.message));
    }
    const Json j = Json::parse(text, nullptr, false);
    if (!j.is_object()) fail(Exit::config, cat(shown, ": not a JSON object"));
    Description d;
    for (const auto& [member, value] : j.items()) {
        bool known = false;
        for (const auto& [name, field] : texts) {
            if (member != name) continue;
            known = true;
            if (!value.is_string()) fail(Exit::config, cat(shown, ": ", name, " is a text"));
            d.*field = value.get<std::string>();
        }
        for (const auto& [name, field] : objects) {
            if (member != name) continue;
            known = true;
            if (value.type() != (d.*field).type())
                fail(Exit::config, cat(shown, ": ", name, " is ", (d.*field).is_array() ? "a list" : "an object"));
            d.*field = value;
        }
        if (known) continue;
        Closest closest(member);
        for (const auto& [name, field] : texts) closest.consider(name);
        for (const auto& [name, field] : objects) closest.consider(name);
        fail(Exit::config, cat(shown, ": ", printable(member), " is nothing that an instance is given"),
             closest.found().empty() ? std::string() : cat("perhaps ", closest.found(), "?"));
    }
    check_roles(d, shown);
    d.take_role(std::string(d.role), where);
    return d;
}

Json description_json(const Description& d) {
    Json out = Json::object();
    for (const auto& [name, field] : texts)
        if (!(d.*field).empty()) out[name] = d.*field;
    for (const auto& [name, field] : objects)
        if (!(d.*field).empty()) out[name] = d.*field;
    return out;
}

profile::Sections sections_of(const Description& d, const std::string& software, const std::string& stack) {
    profile::Sections out;
    if (const Json& now = d.current_parameters(); !now.empty()) {
        profile::Section& parameters = out["slap-parameter"];
        for (const auto& [name, value] : now.items()) parameters[name] = given(option_value(value));
    }
    profile::Section& connection = out["slap-connection"];
    connection["computer-id"] = given(d.computer);
    connection["partition-id"] = given(d.partition.empty() ? d.name : d.partition);
    connection["address"] = given(d.address.empty() ? "localhost" : d.address);
    connection["role"] = given(d.role);
    connection["software-release-url"] = given(software);
    connection["stack"] = given(stack);
    connection["user"] = given(user_name());
    connection["tools"] = given(tools_directory());
    return out;
}

} // namespace rs::instance
