// SPDX-License-Identifier: Apache-2.0
// Addresses of ssh: ssh://[USER@]HOST[:PORT]/, an IPv6 address in brackets, as in RFC 3986.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rs {

struct SshUrl {
    std::string user, host, port; // host without brackets; user and port may be empty

    // What stands behind ssh(1).
    [[nodiscard]] std::string destination() const { return user.empty() ? host : user + "@" + host; }
};

// True if it begins as one.
[[nodiscard]] inline bool is_ssh(std::string_view text) { return text.starts_with("ssh://"); }

// Nothing if it is none. Users and hosts have letters, digits and . _ - (a host also : and %), and begin with no dash: nothing
// that ssh, a file of its configuration or a shell could take for something else.
[[nodiscard]] std::optional<SshUrl> parse_ssh_url(std::string_view text);

} // namespace rs
