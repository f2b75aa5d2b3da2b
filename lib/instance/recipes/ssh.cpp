// SPDX-License-Identifier: Apache-2.0
#include "instance/recipes/ssh.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "profile/blanks.hpp"

namespace rs::instance {

namespace {

constexpr std::array<std::string_view, 7> key_types{"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                                    "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com",
                                                    "sk-ecdsa-sha2-nistp256@openssh.com"};

bool is_base64(std::string_view text) {
    return !text.empty() && text.size() <= 8192 && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/' || c == '=';
    });
}

} // namespace

std::vector<std::string> public_keys(Part& part, std::string_view option, std::string_view text) {
    std::vector<std::string> out;
    const auto words = profile::words(text);
    for (std::size_t i = 0; i < words.size(); i += 2) {
        if (i + 1 == words.size() || std::ranges::find(key_types, words[i]) == key_types.end() || !is_base64(words[i + 1]))
            part.fail(option, cat(printable(words[i].substr(0, 80)), ": not TYPE BASE64 of a public key"));
        out.push_back(cat(words[i], " ", words[i + 1]));
    }
    return out;
}

std::optional<SshUrl> ssh_url(Part& part, std::string_view option, std::string_view text) {
    if (!is_ssh(text)) return std::nullopt;
    const auto url = parse_ssh_url(text);
    if (!url || url->user.empty() || url->port.empty())
        part.fail(option, cat(printable(text.substr(0, 200)), ": not ssh://USER@HOST:PORT/"));
    return url;
}

} // namespace rs::instance
