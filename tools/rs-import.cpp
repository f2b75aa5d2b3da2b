// SPDX-License-Identifier: Apache-2.0
// rs-import(1): a dump stream into a directory, all or nothing.
#include <unistd.h>

#include "base/text.hpp"
#include "tool/command.hpp"
#include "tree/importer.hpp"
#include "tree/signature.hpp"
#include "tree/verify.hpp"

using namespace rs;

int import_main(int argc, char** argv);

namespace {

struct Options {
    std::string directory;
    bool have = false, check = false, signature = false, proven = false, rollback = false;
    bool numeric_owner = false, no_owner = false, no_devices = false, no_setuid = false, copy = false;
};

Exit run_import(tool::Command& command, const Options& o) {
    if (::isatty(STDIN_FILENO) != 0)
        fail(Exit::usage, "standard input is the terminal, not a stream", "see 'rs-import --help'");
    tree::Target target(o.directory);
    tree::ImportOptions options;
    options.write.owner = !o.no_owner;
    options.write.numeric_owner = o.numeric_owner;
    options.write.special = !o.no_devices;
    options.setuid = !o.no_setuid;
    options.link_unchanged = !o.copy;
    io::FdSource source(STDIN_FILENO, "standard input");
    const tree::ImportResult r = tree::import_stream(target, options, source, command.console());
    nlohmann::json& j = command.result();
    j["generation"] = r.generation.str();
    j["entries"] = r.totals.entries;
    j["kept_entries"] = r.kept_entries;
    j["files"] = r.totals.files;
    j["tree_bytes"] = r.totals.bytes;
    j["written_bytes"] = r.written_bytes;
    j["received_bytes"] = r.received_bytes;
    j["new_chunks"] = r.new_chunks;
    j["changed_while_read"] = r.changed_while_read;
    command.console().note(cat(printable(o.directory), ": generation ", r.generation.str(), ", ",
                               count_of(r.totals.entries, "entry"), ", ", count_of(r.kept_entries, "entry"), " kept, ",
                               human_bytes(r.written_bytes), " written"));
    if (r.changed_while_read)
        command.console().warn(cat("generation ", r.generation.str(), ": some files changed while they were dumped"));
    return Exit::ok;
}

Exit run_check(tool::Command& command, const Options& o) {
    tree::Target target(o.directory);
    const tree::CheckResult r = tree::check_tree(
        target,
        [&](const tree::Difference& d) {
            command.line(cat(printable(d.path.empty() ? "." : d.path), ": ", d.what), [&] {
                nlohmann::json j;
                tool::add_path(j, "path", d.path);
                j["what"] = d.what;
                return j;
            });
        },
        command.console());
    nlohmann::json& j = command.result();
    j["generation"] = r.generation.str();
    j["entries"] = r.entries;
    j["checked_bytes"] = r.checked_bytes;
    j["differences"] = r.differences;
    if (r.differences == 0) {
        command.console().note(cat(printable(o.directory), ": is generation ", r.generation.str(), ", ",
                                   human_bytes(r.checked_bytes), " read"));
        return Exit::ok;
    }
    fail(Exit::data, cat(printable(o.directory), ": ", count_of(r.differences, "name"), " not as generation ", r.generation.str(), " has it"),
         "the next import through 'rs-import --have' brings back what differs");
}

Exit run(tool::Command& command, const Options& o) {
    const int modes = int{o.have} + int{o.check} + int{o.signature} + int{o.proven} + int{o.rollback};
    if (modes > 1) fail(Exit::usage, "--have, --check, --signature, --proven and --rollback exclude one another");
    if (o.have || o.signature) {
        if (o.have) tool::require_pipe(STDOUT_FILENO, "the have stream");
        command.stream_on_stdout();
        const tree::Target target(o.directory);
        io::FdSink sink(STDOUT_FILENO, "standard output");
        if (o.have)
            tree::write_have(target, sink, command.console());
        else
            tree::write_signature(target, sink);
        sink.flush();
        return Exit::ok;
    }
    if (o.check) return run_check(command, o);
    if (o.proven || o.rollback) {
        tree::Target target(o.directory);
        target.require_imported();
        target.lock();
        if (o.proven)
            target.drop_previous();
        else
            target.roll_back();
        return Exit::ok;
    }
    return run_import(command, o);
}

} // namespace

int import_main(int argc, char** argv) {
    tool::Command command("rs-import", "Read a stream from standard input into a directory, all or nothing.");
    Options o;
    CLI::App& app = command.app();
    app.add_option("DIR", o.directory, "directory that the stream replaces")->required();
    app.add_flag("--have", o.have, "write what DIR holds to standard output");
    app.add_flag("--check", o.check, "compare DIR with what was imported");
    app.add_flag("--signature", o.signature, "print the SHA-256 of each file, for sha256sum -c");
    app.add_flag("--proven", o.proven, "DIR is good: drop the previous tree");
    app.add_flag("--rollback", o.rollback, "bring the previous tree back");
    app.add_flag("--numeric-owner", o.numeric_owner, "owners by number, not by name");
    app.add_flag("--no-owner", o.no_owner, "all names belong to the caller");
    app.add_flag("--no-devices", o.no_devices, "leave devices out");
    app.add_flag("--no-setuid", o.no_setuid, "refuse a stream with setuid or setgid files");
    app.add_flag("--copy", o.copy, "copy unchanged files instead of linking them");
    return command.run(argc, argv, [&] { return run(command, o); });
}
