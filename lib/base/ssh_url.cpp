// SPDX-License-Identifier: Apache-2.0
#include "base/ssh_url.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace rs {

namespace {

bool is_plain(std::string_view text, std::string_view besides) {
    const auto alnum = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !text.empty() && text.size() <= 255 && text.front() != '-' &&
           std::ranges::all_of(text, [&](char c) { return alnum(c) || besides.find(c) != std::string_view::npos; });
}

} // namespace

std::optional<SshUrl> parse_ssh_url(std::string_view text) {
    if (!is_ssh(text)) return std::nullopt;
    std::string_view rest = text.substr(std::string_view("ssh://").size());
    rest = rest.substr(0, rest.find('/'));
    SshUrl out;
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
        out.user = rest.substr(0, at);
        rest.remove_prefix(at + 1);
        if (!is_plain(out.user, "._-")) return std::nullopt;
    }
    std::string_view port;
    if (rest.starts_with('[')) {
        const std::size_t close = rest.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        port = rest.substr(close + 1);
        out.host = rest.substr(1, close - 1);
        if (!is_plain(out.host, ".:%")) return std::nullopt;
    } else {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        port = rest.substr(colon);
        out.host = rest.substr(0, colon);
        if (!is_plain(out.host, "._-")) return std::nullopt;
    }
    if (port.empty()) return out;
    const auto number = port.starts_with(':') ? parse_u64(port.substr(1)) : std::nullopt;
    if (!number || *number < 1 || *number > 65535) return std::nullopt;
    out.port = cat(*number);
    return out;
}

} // namespace rs
