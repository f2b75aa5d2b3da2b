// SPDX-License-Identifier: Apache-2.0
// ssh-server: an sshd of the instance's own, at which each key can do one thing. On one machine, where no address is given,
// nobody needs it: then the url is that of the program itself.
//
// One for each instance, as in the original: it needs no right but the instance's own, what it may be used for is in one
// directory with it, and it goes when the instance goes.
#include <algorithm>
#include <span>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "instance/recipes/port.hpp"
#include "instance/recipes/ssh.hpp"
#include "profile/blanks.hpp"

namespace rs::instance {

namespace {

// A word within "..." of authorized_keys(5): sshd takes a backslash away only in front of a quote.
std::string quoted(const std::string& command) {
    std::string out;
    for (const char c : command) {
        if (c == '"') out += '\\';
        out += c;
    }
    return out;
}

// Lines "[TYPE BASE64]... PROGRAM [ARG...]", and for each of `keys` what `command` says.
std::string authorized_keys(Part& part) {
    std::string out;
    const auto add = [&](const std::string& key, const std::string& command) {
        out += cat("restrict,command=\"", quoted(command), "\" ", key, "\n");
    };
    const std::string command = part.get("command"), keys = part.get("keys"), lines = part.get("authorized");
    if (command.find('\n') != std::string::npos) part.fail("command", "has several lines");
    for (const std::string& key : public_keys(part, "keys", keys)) add(key, shell_quote(command));
    for (const std::string_view line : profile::filled_lines(lines)) {
        const auto words = profile::words(line);
        // Keys that are not published yet are not there; a path is not the type of a key.
        std::size_t first = 0;
        std::string listed, program;
        for (; first + 1 < words.size() && !words[first].starts_with('/'); first += 2) listed += cat(words[first], " ", words[first + 1], " ");
        if (first == words.size() || !words[first].starts_with('/'))
            part.fail("authorized", cat(printable(line.substr(0, 80)), ": not TYPE BASE64 PROGRAM"));
        for (const std::string_view word : std::span(words).subspan(first)) program += cat(program.empty() ? "" : " ", shell_quote(word));
        for (const std::string& key : public_keys(part, "authorized", listed)) add(key, program);
    }
    return out;
}

std::string configuration(const std::string& root, const std::string& host_key, unsigned port, const std::string& user) {
    return cat("# Made from a profile by rs-render: what is changed here is lost the next time.\n"
               "Port ", port, "\nHostKey ", host_key, "\nPidFile none\nAuthorizedKeysFile ", root, "/etc/ssh/authorized_keys\n",
               "AllowUsers ", user, "\n"
               // The tree is its owner's alone; what lies above it is not ours to judge.
               "StrictModes no\n"
               "UsePAM no\nPermitRootLogin forced-commands-only\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
               "AuthenticationMethods publickey\nDisableForwarding yes\nPermitTTY no\nPermitUserRC no\nPermitUserEnvironment no\n"
               // To bash a shell of this level is none of the first, and it runs no ~/.bashrc: what that prints would be in
               // the streams, and what it takes would be taken by each of them.
               "SetEnv SHLVL=2\n"
               "PrintMotd no\nMaxSessions 1\nMaxStartups 100:30:300\nLoginGraceTime 60\n"
               // A line that has died is noticed within a minute.
               "ClientAliveInterval 15\nClientAliveCountMax 4\nTCPKeepAlive yes\n"
               "Compression no\nLogLevel ERROR\n");
}

std::string service(const std::string& root) {
    return cat("#!/bin/sh\n"
               "# The instance's own sshd, in the foreground. Made by rs-render: what is changed here is lost the next time.\n"
               "set -eu\n"
               "# What it needs as root, and a machine without a running sshd may lack.\n"
               "[ \"$(id -u)\" -ne 0 ] || mkdir -p /run/sshd\n"
               "exec /usr/sbin/sshd -D -e -f ", shell_quote(root + "/etc/ssh/sshd_config"), "\n");
}

std::string promise(const std::string& host, unsigned port, const std::string& key_file, const std::string& log) {
    return cat("#!/bin/sh\n"
               "# Kept while the instance's own sshd answers with its own key. Made by rs-render.\n"
               "set -eu\n"
               "read -r type key _ <", shell_quote(key_file), "\n"
               "if ssh-keyscan -T 10 -p ", port, " ", shell_quote(host), " 2>/dev/null | grep -qF -e \"$type $key\"; then exit 0; fi\n"
               "echo \"no sshd with our key answers at ", shell_quote(host), " port ", port,
               "; does the service sshd run? look at \"", shell_quote(log), " >&2\n"
               "exit 1\n");
}

} // namespace

void recipe_ssh_server(Part& part) {
    Plan& plan = part.builder.plan();
    const std::string command = part.require("command"), address = part.builder.description().address;
    if (address.empty()) {
        static_cast<void>(authorized_keys(part)); // what is wrong is wrong here as well
        part.set("url", cat("exec:", command));
        return;
    }
    const std::string& root = plan.root();
    const std::string key = cat(root, "/", path_below(root, part.get("private-key", "etc/ssh/id"), cat("[", part.name(), "]")));
    if (root.find_first_of(" \t\n\"%") != std::string::npos)
        part.fail("command", cat(printable(root), ": sshd cannot be told of a directory with blanks, quotes or percent signs"));
    const std::string port_file = "etc/ssh/port";
    const unsigned port = own_port(part, "port", port_file);
    const std::string user = part.resolver().require("slap-connection", "user");
    const bool six = address.find(':') != std::string::npos;
    const std::string url = cat("ssh://", user, "@", six ? "[" : "", address, six ? "]" : "", ":", port, "/");
    static_cast<void>(ssh_url(part, "command", url));
    part.set("port", cat(port));
    part.set("url", url);
    plan.file(part.name(), port_file, cat(port, "\n"));
    plan.file(part.name(), "etc/ssh/sshd_config", configuration(root, key, port, user));
    plan.file(part.name(), "etc/ssh/authorized_keys", authorized_keys(part));
    plan.file(part.name(), "etc/service/sshd", service(root), program_mode);
    plan.file(part.name(), "etc/promise/sshd", promise(address, port, key + ".pub", root + "/var/log/sshd.log"), program_mode);
}

} // namespace rs::instance
