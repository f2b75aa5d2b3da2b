// SPDX-License-Identifier: Apache-2.0
// pull-backup: a program that pulls a dump into a store and forgets what is too old: for who wants backups, and no fallbacks.
#include "base/shell.hpp"
#include "base/text.hpp"
#include "instance/recipes/ssh.hpp"
#include "instance/recipes/wrapper.hpp"

namespace rs::instance {

namespace {

// What reads a have stream and writes the dump: a program of this machine, or the one that our key is bound to.
std::string other_end(Part& part) {
    const std::string url = part.require("url");
    if (url.starts_with("exec:/")) return shell_quote(std::string_view(url).substr(5));
    const auto ssh = ssh_url(part, "url", url);
    if (!ssh) part.fail("url", cat(printable(url), ": neither exec:/PROGRAM nor ssh://USER@HOST:PORT/"));
    std::string out;
    for (const std::string& word : words_of(part, "ssh")) out += cat(shell_quote(word), " ");
    if (out.empty()) part.fail("ssh", "is needed to reach an address of ssh: ${PART:command} of a part that is an ssh-client");
    return cat(out, "-p ", ssh->port, " -- ", ssh->destination());
}

} // namespace

void recipe_pull_backup(Part& part) {
    const std::string name = part.require("name"), other = other_end(part), number = part.get("generation-file");
    std::string keep = part.get("keep");
    if (keep.empty()) keep = part.get("remove-backup-older-than", "2W");
    const std::string root = part.builder.plan().root();
    // Not in the store: both would be lost together.
    const std::string made = cat(root, "/", path_below(root, cat("var/", name, ".store.made"), cat("[", part.name(), "] name")));
    part.builder.plan().directory(part.name(), "var");
    const std::string out = number.empty() ? std::string(">/dev/null") : std::string(">\"$number.new\"");
    part.builder.plan().file(
        part.name(), wrapper_path(part),
        cat(tools_head(part),
            "store=", shell_quote(part.require("store")), "\nname=", shell_quote(name), "\nmade=", shell_quote(made), "\n",
            number.empty() ? std::string() : cat("number=", shell_quote(number), "\n"),
            "# Made once: a store that has vanished, with a disk that is not mounted, is no new history.\n"
            "if [ ! -e \"$store/rs-store\" ]; then\n"
            "    [ ! -e \"$made\" ] || {\n"
            "        echo \"$store: has vanished; mount it or bring it back; to begin a new history, remove $made\" >&2\n"
            "        exit 66\n"
            "    }\n"
            "    rs-store --quiet init \"$store\"\n"
            "fi\n"
            "[ -e \"$made\" ] || : >\"$made\"\n"
            "status=0\n"
            "rs-pull --quiet --store \"$store\" --name \"$name\" --have |\n    ", other, " |\n"
            "    rs-pull --quiet --store \"$store\" --name \"$name\" ", out, " || status=$?\n"
            "# 1 is done, with something that was told.\n"
            "[ \"$status\" -le 1 ] || exit \"$status\"\n",
            number.empty() ? "" : "mv -- \"$number.new\" \"$number\"\n",
            "# The dump is held, whatever becomes of the old ones.\n"
            "rs-store --quiet prune \"$store\" --name \"$name\" --keep ", shell_quote(keep), " || {\n"
            "    echo \"$store: the dump of $name is here, but old ones were not removed\" >&2\n"
            "    exit 1\n"
            "}\n"
            "exit \"$status\"\n"),
        part.mode().value_or(program_mode));
}

} // namespace rs::instance
