// SPDX-License-Identifier: Apache-2.0
// What an instance is given by who asks for it: a JSON object, that stays in its tree as etc/instance.json.
//
//   name           what it is called there, such as Name0; the minute of its dumps follows from it
//   software-type  which of its software's kinds it is, such as export
//   computer, partition, network    where it is; text
//   parameters     an object: text, or any JSON
//   shared         a list of what shares the instance: {"name": ..., "parameters": {...}}
//   connections    an object: what those that it has asked for have published, by their names: {"Name1": {"ip": ...}}
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "profile/option.hpp"

namespace rs::instance {

using Json = nlohmann::ordered_json;

struct Description {
    std::string name, software_type, computer, partition, network;
    Json parameters = Json::object(), shared = Json::array(), connections = Json::object();
};

// `where` for messages. Not such an object, unknown members, values of another type: Error(Exit::config).
[[nodiscard]] Description parse_description(std::string_view text, const std::string& where);

[[nodiscard]] Json description_json(const Description& d);

// As a profile sees it: [slap-parameter] with the parameters, [slap-connection] with computer-id, partition-id,
// software-release-url (the profile). What is no text is a literal, !py!...
[[nodiscard]] profile::Sections sections_of(const Description& d, const std::string& profile);

// A JSON value as the value of an option: text as it is, all else a literal, !py!...
[[nodiscard]] std::string option_value(const Json& value);

} // namespace rs::instance
