// SPDX-License-Identifier: Apache-2.0
// What an instance is given by who asks for it: a JSON object, that stays in its tree as etc/instance.json.
//
//   name           what it is called there, such as Name0; the minute of its dumps follows from it
//   software-type  which of its software's kinds it is, such as export
//   computer, partition, network    where it is; text
//   address        the name or number by which other machines reach its computer
//   parameters     an object: text, or any JSON
//   shared         a list of what shares the instance: {"name": ..., "parameters": {...}}
//   roles          an object: what else it can become, by the name of a role: {"leader": {"software-type": ..., "parameters": {...}}}
//   role           which of them it is; empty: none, then software-type and parameters are what it is
//   connections    an object: what those that it has asked for have published, by their names: {"Name1": {"ip": ...}}
#pragma once

#include <string>
#include <string_view>

#include "instance/literal.hpp"
#include "profile/option.hpp"

namespace rs::instance {

struct Description {
    std::string name, software_type, computer, partition, network, address, role;
    Json parameters = Json::object(), shared = Json::array(), connections = Json::object(), roles = Json::object();

    // What it is now: those of its role, if it has one. A parameter that is in its own and not in those of the role is gone then.
    [[nodiscard]] std::string current_type() const;
    [[nodiscard]] const Json& current_parameters() const;

    // Not among its roles: Error(Exit::config); `where` for messages.
    void take_role(const std::string& chosen, const std::string& where);
};

// `where` for messages. Not such an object, unknown members, values of another type, a role that is not among the roles:
// Error(Exit::config).
[[nodiscard]] Description parse_description(std::string_view text, const std::string& where);

[[nodiscard]] Json description_json(const Description& d);

// As a profile sees it: [slap-parameter] with the current parameters, [slap-connection] with computer-id, partition-id, role,
// address (localhost unless given), software-release-url (`software`, its first profile), stack (where the profiles of the stack
// are); and of the process that renders it: user (its name, who will run all of it) and tools (the directory of the rs- tools).
// What is no text is a literal, !py!...
[[nodiscard]] profile::Sections sections_of(const Description& d, const std::string& software, const std::string& stack);

} // namespace rs::instance
