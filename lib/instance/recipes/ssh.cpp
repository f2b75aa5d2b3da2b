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

bool alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_base64(std::string_view text) {
    return !text.empty() && text.size() <= 8192 &&
           std::ranges::all_of(text, [](char c) { return alnum(c) || c == '+' || c == '/' || c == '='; });
}

// A name or a number of a host, or of a user: nothing that ssh or a file of its configuration could take for something else.
bool is_plain(std::string_view text, std::string_view besides) {
    return !text.empty() && text.size() <= 255 && text.front() != '-' &&
           std::ranges::all_of(text, [&](char c) { return alnum(c) || besides.find(c) != std::string_view::npos; });
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
    constexpr std::string_view scheme = "ssh://";
    if (!text.starts_with(scheme)) return std::nullopt;
    std::string_view rest = text.substr(scheme.size());
    rest = rest.substr(0, rest.find('/'));
    SshUrl out;
    const std::size_t at = rest.rfind('@');
    if (at != std::string_view::npos) out.user = rest.substr(0, at);
    std::string_view host = at == std::string_view::npos ? rest : rest.substr(at + 1);
    const std::size_t colon = host.rfind(':');
    if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
        out.port = host.substr(colon + 1);
        host = host.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    out.host = host;
    const auto port = parse_u64(out.port);
    if (!is_plain(out.user, "._-") || !is_plain(out.host, ".-:%_") || !port || *port < 1 || *port > 65535)
        part.fail(option, cat(printable(text.substr(0, 200)), ": not ssh://USER@HOST:PORT/"));
    return out;
}

} // namespace rs::instance
