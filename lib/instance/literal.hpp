// SPDX-License-Identifier: Apache-2.0
// Values between JSON, which instances exchange, and the options of profiles.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace rs::instance {

using Json = nlohmann::ordered_json;

// A JSON value as the value of an option: text as it is, all else a literal, !py!... Error(Exit::config) for what a profile
// cannot hold, such as an integer beyond 64 bits.
[[nodiscard]] std::string option_value(const Json& value);

// And back: a literal as what it stands for, all else as text. Tuples become lists. Error(Exit::config), without a place, for
// a literal that is wrong or that JSON has nothing for: a set, bytes, nan, a dict with keys that are no texts.
[[nodiscard]] Json json_value(std::string_view option);

} // namespace rs::instance
