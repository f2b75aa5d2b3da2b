// SPDX-License-Identifier: Apache-2.0
// rs-pull(1): a dump stream into a store, what a store has, and a generation out of it.
#include <unistd.h>

#include <memory>
#include <thread>

#include "base/text.hpp"
#include "store/emit.hpp"
#include "store/pull.hpp"
#include "store/select.hpp"
#include "tool/command.hpp"

using namespace rs;

int pull_main(int argc, char** argv);

namespace {

struct Options {
    std::string store, name, emit, have, limit;
    std::uint64_t lowest_epoch = 0;
    bool have_given = false, branch = false, accept_shrink = false;
    unsigned shrink_percent = 50, threads = 0;
    int level = chunk::default_level;
};

Exit run_have(tool::Command& command, const Options& o) {
    tool::require_pipe(STDOUT_FILENO, "the have stream");
    command.stream_on_stdout();
    const store::Store s(o.store);
    io::FdSink sink(STDOUT_FILENO, "standard output");
    store::write_have(s, o.name, sink, command.console());
    sink.flush();
    return Exit::ok;
}

Exit run_emit(tool::Command& command, const Options& o) {
    tool::require_pipe(STDOUT_FILENO, "the stream");
    command.stream_on_stdout();
    const auto limit = o.limit.empty() ? 0 : parse_size(o.limit);
    if (!limit || (!o.limit.empty() && *limit == 0))
        fail(Exit::usage, cat("--limit ", printable(o.limit), ": not a rate"), "bytes per second, for example 500K or 10M");
    const store::Store s(o.store);
    const store::GenerationFile generation = store::select_generation(s, o.name, o.emit, now_utc());
    io::Fd have_file;
    std::unique_ptr<io::FdSource> source;
    std::unique_ptr<stream::HaveReader> have;
    if (o.have_given) {
        if (o.have != "-") have_file = io::open_file(o.have);
        source = std::make_unique<io::FdSource>(have_file ? have_file.get() : STDIN_FILENO,
                                                o.have == "-" ? "standard input" : o.have);
        have = std::make_unique<stream::HaveReader>(*source);
    }
    stream::WriterOptions writer;
    writer.level = o.level;
    writer.threads = o.threads != 0 ? o.threads : std::max(1U, std::thread::hardware_concurrency());
    io::FdSink sink(STDOUT_FILENO, "standard output", *limit);
    const store::EmitResult r = store::emit(s, generation, have.get(), sink, writer, command.console());
    sink.flush();
    // What was not used of the have stream is read, so that its writer does not die of a closed pipe.
    if (source) {
        Buffer rest(64 << 10);
        while (source->read(rest) > 0) {
        }
    }
    nlohmann::json& j = command.result();
    j["name"] = o.name;
    j["generation"] = generation.id().str();
    j["copied_entries"] = r.copied_entries;
    j["sent_entries"] = r.sent_entries;
    j["sent_chunks"] = r.sent_chunks;
    j["sent_bytes"] = r.sent_bytes;
    command.console().note(cat(o.name, " ", generation.id().str(), ": ", count_of(r.sent_entries, "entry"), " and ",
                               human_bytes(r.sent_bytes), " sent, ", count_of(r.copied_entries, "entry"), " known there"));
    return Exit::ok;
}

Exit run_pull(tool::Command& command, const Options& o) {
    if (::isatty(STDIN_FILENO) != 0)
        fail(Exit::usage, "standard input is the terminal, not a stream", "see 'rs-pull --help'");
    const store::Store s(o.store);
    store::PullOptions options;
    options.name = o.name;
    options.branch = o.branch;
    options.lowest_epoch = o.lowest_epoch;
    options.accept_shrink = o.accept_shrink;
    options.shrink_percent = o.shrink_percent;
    io::FdSource source(STDIN_FILENO, "standard input");
    const store::PullResult r = store::pull(s, options, source, command.console());
    nlohmann::json& j = command.result();
    j["name"] = o.name;
    j["generation"] = r.generation.str();
    j["branch"] = r.line == store::Line::branch;
    j["already_there"] = r.already_there;
    j["suspicious"] = r.suspicious;
    j["changed_while_read"] = r.changed_while_read;
    j["entries"] = r.totals.entries;
    j["files"] = r.totals.files;
    j["tree_bytes"] = r.totals.bytes;
    j["received_bytes"] = r.received_bytes;
    j["new_chunks"] = r.new_chunks;
    j["new_bytes"] = r.new_bytes;
    j["stored_bytes"] = r.stored_bytes;
    j["healed_chunks"] = r.healed_chunks;
    if (!command.json()) command.line(r.generation.str(), [] { return nlohmann::json(); });
    command.console().note(cat(o.name, " ", r.generation.str(), r.already_there ? ": was here already, " : ": ",
                               human_bytes(r.totals.bytes), " in ", count_of(r.totals.files, "file"), ", ",
                               human_bytes(r.received_bytes), " received, ", human_bytes(r.new_bytes), " new, ",
                               human_bytes(r.stored_bytes), " stored"));
    if (r.healed_chunks > 0) command.console().note(cat(count_of(r.healed_chunks, "lost chunk"), " healed"));
    if (r.changed_while_read)
        command.console().warn(cat(o.name, " ", r.generation.str(), ": some files changed while they were dumped"));
    if (r.suspicious)
        command.console().warn(cat(o.name, " ", r.generation.str(), ": ", human_bytes(r.totals.bytes),
                                   ", much less than the generations before it; retention is frozen "
                                   "(rs-store prune --accept-shrink ends that)"));
    return Exit::ok;
}

Exit run(tool::Command& command, const Options& o) {
    if (!o.emit.empty()) return run_emit(command, o);
    if (o.have_given) {
        if (!o.have.empty() && o.have != "-")
            fail(Exit::usage, "--have with a file goes with --emit", "alone, --have writes what the store holds");
        return run_have(command, o);
    }
    return run_pull(command, o);
}

} // namespace

int pull_main(int argc, char** argv) {
    tool::Command command("rs-pull", "Read a stream from standard input into a store as a new generation.");
    Options o;
    CLI::App& app = command.app();
    command.usage("rs-pull --store STORE --name NAME [OPTIONS] <STREAM\n"
              "       rs-pull --store STORE --name NAME --have >HAVE\n"
              "       rs-pull --store STORE --name NAME --emit GEN [--have FILE] >STREAM");
    app.add_option("--store", o.store, "the store")->type_name("STORE")->required();
    app.add_option("--name", o.name, "name of the service in the store")->type_name("NAME")->required();
    auto* const have = app.add_option("--have", o.have, "write what the store holds; with --emit, read it")
                           ->type_name("[FILE]")
                           ->expected(0, 1);
    app.add_option("--emit", o.emit, "write generation GEN: latest, E.C, a time, an age")->type_name("GEN");
    app.add_flag("--branch", o.branch, "keep a fenced generation beside the main line");
    app.add_option("--lowest-epoch", o.lowest_epoch, "refuse generations of older ones")->type_name("EPOCH");
    app.add_flag("--accept-shrink", o.accept_shrink, "a much smaller generation is not suspicious");
    app.add_option("--shrink", o.shrink_percent, "percent that make a shrink suspicious")->check(CLI::Range(1, 99));
    app.add_option("--limit", o.limit, "with --emit: bytes per second, such as 500K or 10M")->type_name("RATE");
    app.add_option("--level", o.level, "with --emit: zstd level")->check(CLI::Range(chunk::min_level(), chunk::max_level()));
    app.add_option("--threads", o.threads, "with --emit: threads that compress")->check(CLI::Range(1, 256));
    return command.run(argc, argv, [&] {
        o.have_given = have->count() > 0;
        return run(command, o);
    });
}
