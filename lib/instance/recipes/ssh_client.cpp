// SPDX-License-Identifier: Apache-2.0
// ssh-client: how the instance reaches others: with its own key, and only those whose keys it was told.
#include <set>

#include "base/shell.hpp"
#include "base/text.hpp"
#include "instance/recipes/ssh.hpp"
#include "profile/blanks.hpp"

namespace rs::instance {

namespace {

// Each of the urls, which may have NAME= in front, with the key at the same place; those that are not of ssh need none. What is
// not published yet has neither: NAME= alone is left out.
std::string known_hosts(Part& part) {
    const std::string urls = part.get("urls"), text = part.get("keys");
    std::vector<std::string_view> words;
    for (std::string_view word : profile::words(urls)) {
        const std::size_t scheme = word.find(':'), name = word.substr(0, scheme).find('=');
        if (name != std::string_view::npos) word.remove_prefix(name + 1);
        if (!word.empty()) words.push_back(word);
    }
    const auto keys = public_keys(part, "keys", text);
    std::set<std::string> lines;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto url = ssh_url(part, "urls", words[i]);
        if (!url) continue;
        if (words.size() != keys.size()) part.fail("keys", cat("there are ", keys.size(), ", and ", words.size(), " urls"));
        lines.insert(cat(url->port == "22" ? url->host : cat("[", url->host, "]:", url->port), " ", keys[i], "\n"));
    }
    std::string out;
    for (const std::string& line : lines) out += line;
    return out;
}

} // namespace

void recipe_ssh_client(Part& part) {
    Plan& plan = part.builder.plan();
    const std::string& root = plan.root();
    const std::string key = cat(root, "/", path_below(root, part.get("private-key", "etc/ssh/id"), cat("[", part.name(), "]")));
    const std::string config = cat(root, "/etc/ssh/config");
    const std::string hosts = known_hosts(part);
    if (!hosts.empty() && root.find_first_of(" \t\n\"%") != std::string::npos)
        part.fail("urls", cat(printable(root), ": ssh cannot be told of a directory with blanks, quotes or percent signs"));
    plan.file(part.name(), "etc/ssh/known_hosts", hosts);
    plan.file(part.name(), "etc/ssh/config",
              cat("# Made from a profile by rs-render: what is changed here is lost the next time.\n"
                  "BatchMode yes\nIdentityFile ", key, "\nIdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile ", root,
                  "/etc/ssh/known_hosts\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\nUpdateHostKeys no\n"
                  "PreferredAuthentications publickey\nForwardX11 no\nForwardAgent no\nRequestTTY no\nControlMaster no\n"
                  // A line that is cut or stalls is noticed within a minute.
                  "ConnectTimeout 30\nServerAliveInterval 15\nServerAliveCountMax 4\n"
                  // Streams are compressed already; a cipher that processors have instructions for comes first.
                  "Compression no\nCiphers aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com\n"
                  "LogLevel ERROR\n"));
    part.set("command", cat("ssh -F ", shell_quote(config)));
}

} // namespace rs::instance
