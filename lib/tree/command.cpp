// SPDX-License-Identifier: Apache-2.0
// rs-export --exec: the output of a command is a file; its exit status decides whether there is one.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/interrupt.hpp"
#include "tree/exporter.hpp"
#include "tree/owners.hpp"
#include "tree/parent_merge.hpp"

namespace rs::tree {

namespace {

// A child whose standard output we read. It is killed when the object goes before wait().
class Child {
public:
    explicit Child(const std::vector<std::string>& argv) : name_(argv.at(0)) {
        int out[2], status[2];
        if (::pipe2(out, O_CLOEXEC) != 0) fail_errno(Exit::unavailable, name_, "make a pipe for");
        output_ = io::Fd(out[0]);
        io::Fd child_output(out[1]);
        // The second pipe carries the errno of a failed exec; a successful one closes it.
        if (::pipe2(status, O_CLOEXEC) != 0) fail_errno(Exit::unavailable, name_, "make a pipe for");
        const io::Fd status_read(status[0]);
        io::Fd status_write(status[1]);
        std::vector<char*> args;
        for (const std::string& a : argv) args.push_back(const_cast<char*>(a.c_str()));
        args.push_back(nullptr);
        const pid_t parent = ::getpid();
        pid_ = ::fork();
        if (pid_ < 0) fail_errno(Exit::unavailable, name_, "start");
        if (pid_ == 0) {
            // A group of its own, so that what it starts can be ended with it.
            ::setpgid(0, 0);
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (const int s : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) ::signal(s, SIG_DFL);
            // Ours may be the have stream, of which nothing must get lost.
            const int nothing = ::open("/dev/null", O_RDONLY);
            if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
            if (::getppid() == parent && ::dup2(child_output.get(), STDOUT_FILENO) >= 0)
                ::execvp(args[0], args.data());
            const int err = errno;
            [[maybe_unused]] const ssize_t n = ::write(status_write.get(), &err, sizeof err);
            ::_exit(127);
        }
        child_output.abandon();
        status_write.abandon();
        int err = 0;
        ssize_t n = 0;
        while ((n = ::read(status_read.get(), &err, sizeof err)) < 0 && errno == EINTR) {
        }
        if (n == sizeof err) {
            reap();
            fail(Exit::unavailable, cat(printable(name_), ": cannot run it: ", std::strerror(err)));
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(-pid_, SIGKILL);
        reap();
    }

    [[nodiscard]] int output() const { return output_.get(); }

    void wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR)
            if (const int signal = io::stop_signal.load(); signal != 0) throw Interrupted(signal); // ~Child ends it
        pid_ = -1;
        if (WIFSIGNALED(status))
            fail(Exit::unavailable, cat(printable(name_), ": killed by signal ", WTERMSIG(status)),
                 "nothing is published; the previous generation stays the newest");
        if (WEXITSTATUS(status) != 0)
            fail(Exit::unavailable, cat(printable(name_), ": exited with status ", WEXITSTATUS(status)),
                 "nothing is published; the previous generation stays the newest");
    }

private:
    int reap() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }

    std::string name_;
    io::Fd output_;
    pid_t pid_ = -1;
};

stream::Entry plain_entry(stream::Type type, const std::string& path, std::uint32_t mode,
                          const stream::Stamp& time, Owners& owners) {
    stream::Entry e;
    e.type = type;
    e.path = path;
    e.mode = mode;
    e.uid = ::geteuid();
    e.gid = ::getegid();
    e.user = owners.user_name(::geteuid());
    e.group = owners.group_name(::getegid());
    e.mtime = time;
    return e;
}

} // namespace

ExportResult export_command(const std::string& name, const std::vector<std::string>& argv,
                            const ExportOptions& options, stream::HaveReader* have, io::Sink& sink,
                            Monitor& monitor) {
    if (name.empty() || name.find('/') != std::string::npos || !stream::path_fault(name).empty())
        fail(Exit::usage, cat("--exec ", printable(name), ": not a file name"));
    const stream::Header header = dump_header(options, have);
    const chunk::Hasher hasher(header.key);
    stream::StreamWriter writer(sink, header, options.writer);
    stream::ContentWriter content(writer, hasher, have != nullptr ? &have->table() : nullptr, options.sha256,
                                  monitor);
    ParentMerge merge(have, writer);
    Owners owners;
    Child child(argv);

    merge.advance("");
    merge.replace();
    writer.entry(plain_entry(stream::Type::directory, "", 0700, header.time, owners));
    const stream::HaveEntry* old = merge.advance(name);
    merge.replace();
    if (old != nullptr && old->entry.type != stream::Type::file) old = nullptr;
    stream::Entry file = plain_entry(stream::Type::file, name, 0600, header.time, owners);
    // How long the output will be is not known; the last one's length is the best guess.
    file.params = chunk::choose_params(old != nullptr ? old->entry.params.method : chunk::Method::content,
                                       old != nullptr ? old->bytes : 0,
                                       old != nullptr ? &old->entry.params : nullptr);
    writer.entry(file);
    content.begin(file.params, old);
    io::widen_pipe(child.output());
    content.region(UINT64_MAX, [&](MutableSpan into) {
        return io::read_some(child.output(), into, cat("output of ", argv[0]));
    });
    const auto read = content.end();
    child.wait();
    if (read.bytes == 0)
        fail(Exit::unavailable, cat(printable(argv[0]), ": exited with status 0 but wrote nothing"),
             "nothing is published; an empty dump is not taken for a good one");
    writer.end(read.sha256);
    merge.finish();
    writer.finish(false, std::nullopt);

    ExportResult result;
    result.generation = header.generation;
    if (header.parent) result.parent = header.parent->generation;
    result.entries = 2;
    result.files = 1;
    result.tree_bytes = read.bytes;
    result.read_bytes = content.totals().read_bytes;
    result.new_bytes = content.totals().new_bytes;
    result.new_chunks = content.totals().new_chunks;
    return result;
}

} // namespace rs::tree
