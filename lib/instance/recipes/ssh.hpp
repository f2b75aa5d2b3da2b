// SPDX-License-Identifier: Apache-2.0
// What the recipes for both ends of ssh have in common: keys and addresses, which come from others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ssh_url.hpp"
#include "instance/recipes.hpp"

namespace rs::instance {

// The public keys of an option: "TYPE BASE64 TYPE BASE64 ...", blanks or line ends between. Each of them comes back as
// "TYPE BASE64". What is no public key is an error of the option: it would be read as something else in a file of keys.
[[nodiscard]] std::vector<std::string> public_keys(Part& part, std::string_view option, std::string_view text);

// One with a user and a port. Error of the option if it is another one of ssh; nothing if it is not of ssh.
[[nodiscard]] std::optional<SshUrl> ssh_url(Part& part, std::string_view option, std::string_view text);

} // namespace rs::instance
