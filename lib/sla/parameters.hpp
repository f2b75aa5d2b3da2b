// SPDX-License-Identifier: Apache-2.0
// The parameters of an instance, read from what people and programs write them in.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rs::sla {

using Json = nlohmann::ordered_json; // members stay in the order that they came in

struct Parameter {
    std::string id; // not empty, valid UTF-8
    Json value;     // of any type from JSON, text from all else; valid UTF-8, without NUL
};
// In the order that they came in, each id once.
using Parameters = std::vector<Parameter>;

enum class Format {
    xml,  // read_instance_xml()
    json, // one object
    text, // lines ID=VALUE, empty ones and those that begin with # left out
};
// "xml", "json", "text".
[[nodiscard]] std::optional<Format> parse_format(std::string_view word);

constexpr std::size_t max_parameter_bytes = 16 << 20;
constexpr int max_json_depth = 100;

// Without a format the first character that is not blank says it: < is XML, { is JSON.
// A single parameter "_" in XML or JSON is a JSON object in a text, and that holds them.
// Bad form, an id that comes twice, text that is not UTF-8: Error(Exit::config) with `name` and line.
[[nodiscard]] Parameters read_parameters(std::string_view bytes, std::optional<Format> format, std::string_view name);

} // namespace rs::sla
