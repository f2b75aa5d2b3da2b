// SPDX-License-Identifier: Apache-2.0
// rs-export(1): a directory, the output of a command or an archive to a dump stream.
#include <sys/file.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "archive/export.hpp"
#include "base/text.hpp"
#include "io/lock.hpp"
#include "tool/command.hpp"
#include "tree/exporter.hpp"
#include "tree/patterns.hpp"
#include "tree/signature.hpp"

using namespace rs;

int export_main(int argc, char** argv);

namespace {

struct Options {
    std::string directory, exec_name, have, generation, limit, host, instance;
    std::vector<std::string> command, excludes, exclude_files;
    bool from_archive = false, signature = false, one_file_system = false, no_sha256 = false, allow_changed = false, dry_run = false;
    int level = chunk::default_level;
    unsigned threads = 0, wait = 60;
    std::uint64_t epoch = 0;
};

// Counts what would be sent.
class CountingSink final : public io::Sink {
public:
    void write(ByteSpan bytes) override { bytes_ += bytes.size(); }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    std::uint64_t bytes_ = 0;
};

// Passes on, and counts.
class CountedSink final : public io::Sink {
public:
    explicit CountedSink(io::Sink& to) : to_(to) {}
    void write(ByteSpan bytes) override {
        bytes_ += bytes.size();
        to_.write(bytes);
    }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    io::Sink& to_;
    std::uint64_t bytes_ = 0;
};

// The directory, locked shared, so that nobody who takes the lock to replace it does so while we read.
io::Dir open_locked(const std::string& path, unsigned wait) {
    for (;;) {
        io::Dir dir = io::open_dir(path);
        io::Fd copy(::openat(dir.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        auto lock = io::Lock::try_fd(std::move(copy), io::LockMode::shared, path, wait);
        if (!lock)
            fail(Exit::temp_fail, cat(printable(path), ": is being replaced by another process"),
                 "try again when it has ended, or wait longer with --wait");
        // Replaced while we waited: what we locked is no longer what the path says.
        const io::Dir again = io::open_dir(path);
        const struct stat a = io::stat_fd(dir.get(), path), b = io::stat_fd(again.get(), path);
        if (a.st_ino != b.st_ino || a.st_dev != b.st_dev) continue;
        // flock belongs to the open file: the copy stays open as long as the process.
        static std::vector<io::Lock> held;
        held.push_back(std::move(*lock));
        return dir;
    }
}

std::string host_name() {
    char name[256] = "";
    if (::gethostname(name, sizeof name - 1) != 0) return "";
    return name;
}

tree::ExportResult export_archive(const tree::ExportOptions& options, stream::HaveReader* have, io::Sink& sink,
                                  Monitor& monitor) {
    archive::Options how;
    how.sha256 = options.sha256;
    how.writer = options.writer;
    how.excluded = options.walk.excluded;
    io::FdSource in(STDIN_FILENO, "standard input");
    const archive::ExportResult a =
        archive::export_archive(in, how, have, tree::dump_header(options, have), sink, monitor);
    tree::ExportResult r;
    r.generation = a.generation;
    r.parent = a.parent;
    r.entries = a.entries;
    r.unchanged_entries = a.unchanged_entries;
    r.files = a.files;
    r.tree_bytes = a.tree_bytes;
    r.read_bytes = a.read_bytes;
    r.new_bytes = a.new_bytes;
    r.new_chunks = a.new_chunks;
    return r;
}

Exit run(tool::Command& command, const Options& o) {
    const bool exec = !o.exec_name.empty();
    if (int{exec} + int{o.from_archive} + int{!o.directory.empty()} != 1)
        fail(Exit::usage, "give a directory, or --exec NAME -- COMMAND, or --from-archive", "see 'rs-export --help'");
    if (o.from_archive && o.have == "-")
        fail(Exit::usage, "--have=-: standard input is the archive", "write the have stream to a file first");
    if (o.from_archive && ::isatty(STDIN_FILENO) != 0)
        fail(Exit::usage, "standard input is the terminal, not an archive", "see 'rs-export --help'");
    if (exec && o.command.empty()) fail(Exit::usage, "--exec: no command", "rs-export --exec NAME -- COMMAND [ARG ...]");
    if (!exec && !o.command.empty()) fail(Exit::usage, "a command without --exec NAME", "see 'rs-export --help'");

    tree::ExportOptions options;
    options.sha256 = !o.no_sha256;
    options.allow_changed = o.allow_changed;
    options.writer.level = o.level;
    options.writer.threads = o.threads != 0 ? o.threads : std::max(1U, std::thread::hardware_concurrency());
    options.host = o.host.empty() ? host_name() : o.host;
    options.instance = o.instance;
    if (!o.generation.empty()) {
        options.generation = Generation::parse(o.generation);
        if (!options.generation)
            fail(Exit::usage, cat("--generation ", printable(o.generation), ": not EPOCH.COUNTER"), "for example 3.118");
    }
    if (o.epoch != 0 && options.generation) fail(Exit::usage, "--epoch and --generation exclude one another");
    if (o.epoch != 0) options.epoch = o.epoch;
    const auto limit = o.limit.empty() ? 0 : parse_size(o.limit);
    if (!limit || (!o.limit.empty() && *limit == 0))
        fail(Exit::usage, cat("--limit ", printable(o.limit), ": not a rate"), "bytes per second, for example 500K or 10M");
    tree::Patterns patterns;
    for (const std::string& p : o.excludes) patterns.add(p);
    for (const std::string& file : o.exclude_files) {
        const io::Fd fd = io::open_file(file);
        patterns.add_lines(as_text(io::read_file(fd.get(), 16 << 20, file)), file);
    }
    options.walk.one_file_system = o.one_file_system;
    if (!patterns.empty())
        options.walk.excluded = [&](std::string_view path, bool directory) { return patterns.excluded(path, directory); };

    if (o.signature) {
        if (o.directory.empty() || !o.have.empty() || o.dry_run)
            fail(Exit::usage, "--signature is of a directory, and sends nothing", "see 'rs-export --help'");
        command.stream_on_stdout();
        const io::Dir root = open_locked(o.directory, o.wait);
        io::FdSink sink(STDOUT_FILENO, "standard output");
        tree::sign_tree(root, options.walk, options.writer.threads, sink, command.console());
        sink.flush();
        return Exit::ok;
    }
    if (!o.dry_run) {
        tool::require_pipe(STDOUT_FILENO, "the stream");
        command.stream_on_stdout();
    }
    std::optional<io::Dir> root;
    if (!o.directory.empty()) root = open_locked(o.directory, o.wait);

    io::Fd have_file;
    std::unique_ptr<io::FdSource> have_source;
    std::unique_ptr<stream::HaveReader> have;
    if (!o.have.empty()) {
        if (o.have != "-") have_file = io::open_file(o.have);
        const int fd = have_file ? have_file.get() : STDIN_FILENO;
        have_source = std::make_unique<io::FdSource>(fd, o.have == "-" ? "standard input" : o.have);
        have = std::make_unique<stream::HaveReader>(*have_source);
    }
    if (have && options.generation && options.generation->epoch < have->header().generation.epoch) {
        // An old leader's dump: no delta of the new line. The store answers 77, or keeps it with --branch.
        command.console().note("the other side has seen a later epoch; everything is sent");
        have.reset();
    }
    CountingSink nowhere;
    std::unique_ptr<io::FdSink> out;
    if (!o.dry_run) out = std::make_unique<io::FdSink>(STDOUT_FILENO, "standard output", *limit);
    CountedSink sink(o.dry_run ? static_cast<io::Sink&>(nowhere) : *out);
    const tree::ExportResult r =
        exec             ? tree::export_command(o.exec_name, o.command, options, have.get(), sink, command.console())
        : o.from_archive ? export_archive(options, have.get(), sink, command.console())
                         : tree::export_directory(*root, options, have.get(), sink, command.console());
    if (out) out->flush();

    nlohmann::json& j = command.result();
    j["generation"] = r.generation.str();
    if (r.parent) j["parent"] = r.parent->str();
    j["entries"] = r.entries;
    j["unchanged_entries"] = r.unchanged_entries;
    j["files"] = r.files;
    j["tree_bytes"] = r.tree_bytes;
    j["read_bytes"] = r.read_bytes;
    j["new_bytes"] = r.new_bytes;
    j["new_chunks"] = r.new_chunks;
    j["stream_bytes"] = sink.bytes();
    j["dry_run"] = o.dry_run;
    for (const std::string& path : r.changed) j["changed"].push_back(tool::json_text(path));
    const std::string text = cat(r.generation.str(), ": ", count_of(r.entries, "entry"), ", ", human_bytes(r.tree_bytes), ", ",
                                 count_of(r.unchanged_entries, "entry"), " unchanged, ", human_bytes(r.new_bytes),
                                 " new, ", human_bytes(sink.bytes()), o.dry_run ? " would be sent" : " sent");
    if (o.dry_run && !command.json())
        command.line(text, [] { return nlohmann::json(); });
    else
        command.console().note(text);
    return r.changed.empty() ? Exit::ok : Exit::warned;
}

} // namespace

int export_main(int argc, char** argv) {
    tool::Command command("rs-export", "Write a directory, or the output of a command, to a stream on standard output.");
    Options o;
    CLI::App& app = command.app();
    command.usage("rs-export [OPTIONS] DIR\n       rs-export [OPTIONS] --exec NAME -- COMMAND [ARG...]\n"
                  "       rs-export [OPTIONS] --from-archive <ARCHIVE");
    app.add_option("DIR", o.directory, "directory to export");
    app.add_option("--exec", o.exec_name, "export the output of a command as file NAME")->type_name("NAME");
    app.add_flag("--from-archive", o.from_archive, "export the tar, cpio or zip on standard input");
    app.add_option("--have", o.have, "what the other side holds; - is standard input")->type_name("FILE");
    app.add_option("--exclude", o.excludes, "leave out names that match")->type_name("PATTERN")->allow_extra_args(false);
    app.add_option("--exclude-from", o.exclude_files, "patterns from a file, one a line")->type_name("FILE")->allow_extra_args(false);
    app.add_flag("--one-file-system", o.one_file_system, "do not cross mount points");
    app.add_option("--generation", o.generation, "number of the generation")->type_name("E.C");
    app.add_option("--epoch", o.epoch, "the next number in this epoch")->check(CLI::Range(std::uint64_t{1}, max_generation_part))->type_name("E");
    app.add_option("--host", o.host, "host of origin, if not this one")->type_name("NAME");
    app.add_option("--instance", o.instance, "instance of origin")->type_name("NAME");
    app.add_option("--limit", o.limit, "bytes per second, such as 500K or 10M")->type_name("RATE");
    app.add_option("--level", o.level, "zstd level")->check(CLI::Range(chunk::min_level(), chunk::max_level()));
    app.add_option("--threads", o.threads, "threads that compress")->check(CLI::Range(1, 256));
    app.add_option("--wait", o.wait, "seconds to wait while DIR is replaced")->check(CLI::Range(0, 86400));
    app.add_flag("--no-sha256", o.no_sha256, "do not compute the proof of each file");
    app.add_flag("--allow-changed", o.allow_changed, "go on when a file changes while it is read");
    app.add_flag("--dry-run", o.dry_run, "send nothing, say what would be sent");
    app.add_flag("--signature", o.signature, "send nothing, print the SHA-256 of each file");
    // What follows -- is the command, options of its own included.
    std::vector<char*> own(argv, argv + argc);
    for (int i = 1; i < argc; ++i)
        if (std::string_view(argv[i]) == "--") {
            own.resize(static_cast<std::size_t>(i));
            for (int k = i + 1; k < argc; ++k) o.command.emplace_back(argv[k]);
            break;
        }
    // "rs-export -- DIR": the end of options, and a directory whose name may begin with a dash.
    const bool has_exec = std::any_of(own.begin(), own.end(), [](const char* a) {
        return std::string_view(a) == "--exec" || std::string_view(a).starts_with("--exec=");
    });
    return command.run(static_cast<int>(own.size()), own.data(), [&] {
        if (!has_exec && o.command.size() == 1 && o.directory.empty()) o.directory.swap(o.command[0]), o.command.clear();
        return run(command, o);
    });
}
