// SPDX-License-Identifier: Apache-2.0
// rs-render instance: the tree of an instance, made what its profile says.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/text.hpp"
#include "instance/builder.hpp"
#include "instance/installer.hpp"
#include "io/child.hpp"
#include "io/file.hpp"
#include "rs-render.hpp"

using namespace rs;

namespace {

using instance::Change;

constexpr std::size_t max_given_bytes = 16 << 20;

struct Options {
    std::string file, root, given, stack;
    std::optional<std::string> role;
    std::vector<std::string> settings;
    bool again = false, dry_run = false, diff = false;
};

std::string absolute(const std::string& path) {
    std::string out = std::filesystem::absolute(path).lexically_normal().string();
    while (out.size() > 1 && out.ends_with('/')) out.pop_back();
    return out;
}

std::string sign(const Change& change) { return {static_cast<char>(change.what)}; }

void tell(tool::Command& command, const Change& change) {
    constexpr const char* kinds[] = {"directory", "file", "link"};
    const std::string text = cat(sign(change), " ", printable(change.path), change.kind == instance::Kind::directory ? "/" : "",
                                 change.mode_only ? " (mode)" : "");
    if (!command.json()) {
        command.line(text, [] { return nlohmann::json(); });
        return;
    }
    nlohmann::json& j = command.result()["changes"].emplace_back();
    j["what"] = sign(change);
    tool::add_path(j, "path", change.path);
    j["kind"] = kinds[static_cast<int>(change.kind)];
    j["mode_only"] = change.mode_only;
}

// As diff(1) shows it; what is not there is empty.
void show_diff(const instance::Plan& plan, const Change& change) {
    if (change.kind != instance::Kind::file || change.mode_only) return;
    const io::Fd fresh(::memfd_create("new", MFD_CLOEXEC));
    if (!fresh) fail_errno(Exit::io, "memfd", "create");
    const auto entry = plan.entries().find(change.path);
    // What goes may be a secret, too: nobody knows any more.
    if (change.what == Change::What::remove || (entry != plan.entries().end() && entry->second.secret)) {
        io::write_all(STDOUT_FILENO, as_bytes(cat(sign(change), " ", printable(change.path), " (not shown)\n")), "standard output");
        return;
    }
    if (entry != plan.entries().end()) io::write_all(fresh.get(), as_bytes(entry->second.content), "memfd");
    if (::lseek(fresh.get(), 0, SEEK_SET) != 0) fail_errno(Exit::io, "memfd", "rewind");
    const bool is_new = change.what == Change::What::create;
    io::Child diff({"diff", "-u", "--label", is_new ? "/dev/null" : cat("a/", change.path), "--label", cat("b/", change.path),
                    is_new ? "/dev/null" : cat(plan.root(), "/", change.path), "-"},
                   fresh.get());
    const Buffer text = io::read_file(diff.output(), std::size_t{1} << 30, "diff");
    if (diff.status() > 1) fail(Exit::unavailable, "diff: failed");
    io::write_all(STDOUT_FILENO, text, "standard output");
}

// What is asked for has been asked for, and the tree is there: but options are empty that will have a value.
Exit outcome(tool::Command& command, const instance::Builder& builder) {
    if (builder.awaited.empty()) return Exit::ok;
    constexpr std::size_t shown = 6;
    std::string text;
    for (std::size_t i = 0; i < std::min(shown, builder.awaited.size()); ++i)
        text += cat(i == 0 ? "" : ", ", printable(builder.awaited[i]));
    if (builder.awaited.size() > shown) text += cat(", and ", builder.awaited.size() - shown, " more");
    command.console().warn(cat("not published yet: ", text));
    return Exit::temp_fail;
}

Exit run(tool::Command& command, const Options& o) {
    const std::string root = absolute(o.root);
    const std::string given = o.again ? root + "/etc/instance.json" : o.given;
    instance::Description description;
    if (!given.empty()) description = instance::parse_description(as_text(io::read_file(io::open_file(given).get(), max_given_bytes, given)), given);
    if (o.role) description.take_role(*o.role, given);
    instance::Builder builder(description, root, o.stack);
    builder.build(absolute(o.file), o.settings);
    builder.finish();
    const instance::Plan& plan = builder.plan();
    command.result()["changes"] = nlohmann::json::array();
    command.result()["published"] = builder.published();
    command.result()["requests"] = builder.requests();
    command.result()["awaited"] = builder.awaited;

    const bool dry = o.dry_run || o.diff;
    struct stat st{};
    const bool there = ::stat(root.c_str(), &st) == 0;
    if (!there && dry) {
        for (const auto& [path, entry] : plan.entries()) {
            const Change change{Change::What::create, path, entry.kind, false};
            o.diff && !command.json() ? show_diff(plan, change) : tell(command, change);
        }
        return outcome(command, builder);
    }
    if (!there && ::mkdir(root.c_str(), instance::directory_mode) != 0)
        fail_errno(Exit::cant_create, root, "create directory");
    instance::Installer installer(plan);
    if (dry) {
        for (const Change& change : installer.changes())
            o.diff && !command.json() ? show_diff(plan, change) : tell(command, change);
        return outcome(command, builder);
    }
    installer.install([&](const Change& change) { tell(command, change); });
    return outcome(command, builder);
}

} // namespace

void render_tool::add_instance(tool::Command& command, std::function<Exit()>& chosen) {
    const auto o = std::make_shared<Options>();
    CLI::App* const sub = command.app().add_subcommand("instance", "the tree of an instance, from its profile");
    sub->add_option("FILE", o->file, "the profile")->required();
    sub->add_option("--root", o->root, "the tree; made if it is not there")->type_name("DIR")->required();
    sub->add_option("--given", o->given, "what the instance is given: a JSON object")->type_name("JSON");
    sub->add_flag("--again", o->again, "it is given what it was given the last time")->excludes("--given");
    sub->add_option("--role", o->role, "which of its roles it has from now on; empty: none")->type_name("NAME");
    sub->add_option("--set", o->settings, "an option that lies over those of the files")->type_name("SECTION:OPTION=VALUE");
    add_stack(*sub, o->stack);
    sub->add_flag("--dry-run", o->dry_run, "only tell what would be done");
    sub->add_flag("--diff", o->diff, "only show what would be done, as diff(1) does");
    sub->callback([&command, &chosen, o] { chosen = [&command, o] { return run(command, *o); }; });
}
