// SPDX-License-Identifier: Apache-2.0
// rs-notify run, send.
#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include "base/shell.hpp"
#include "base/text.hpp"
#include "io/lock.hpp"
#include "notify/runner.hpp"
#include "notify/spool.hpp"
#include "rs-notify.hpp"

using namespace rs;
using notify_tool::seconds_of;

namespace {

// Who is told, and of what.
struct Telling {
    std::vector<std::string> to;
    std::string source, name, generation, digest, key_file, spool, ssh = "ssh", delivery_timeout = "60";
};

void add_telling(CLI::App& sub, Telling& t) {
    sub.add_option("--to", t.to, "who is told: ssh:, exec:, unix: or queue:")
        ->type_name("TARGET")->allow_extra_args(false);
    sub.add_option("--source", t.source, "who has it")->type_name("WORD");
    sub.add_option("--name", t.name, "name of the service")->type_name("WORD");
    sub.add_option("--digest", t.digest, "what the generation consists of: 64 hex digits")->type_name("HEX");
    sub.add_option("--key-file", t.key_file, "the key that signs")->type_name("FILE");
    sub.add_option("--spool", t.spool, "where what could not be delivered waits")->type_name("DIR");
    sub.add_option("--ssh", t.ssh, "the ssh command, with options")->type_name("WORDS");
    sub.add_option("--delivery-timeout", t.delivery_timeout, "limit of each delivery")->type_name("TIME");
}

notify::TransportOptions transport_of(const Telling& t) {
    notify::TransportOptions out;
    out.ssh = shell_words(t.ssh);
    if (out.ssh.empty()) fail(Exit::usage, "--ssh: no command");
    out.timeout = seconds_of(t.delivery_timeout, "--delivery-timeout");
    return out;
}

// All that can be wrong with it but the generation, which may not be known yet.
void check(const Telling& t) {
    for (const std::string& target : t.to) notify::check_target(target);
    if (t.to.empty()) return;
    for (const auto& [option, value] : {std::pair{"--source", &t.source}, std::pair{"--name", &t.name}}) {
        if (value->empty()) fail(Exit::usage, cat("--to needs ", option));
        if (!is_word(*value))
            fail(Exit::usage, cat(option, " ", printable(*value), ": not a word of letters, digits, dots, dashes and underscores"));
    }
    if (!t.digest.empty() && (t.digest.size() != 64 || t.digest.find_first_not_of("0123456789abcdef") != std::string::npos))
        fail(Exit::usage, cat("--digest ", printable(t.digest), ": not 64 lower-case hexadecimal digits"));
}

Generation generation_of(const std::string& text, const std::string& where) {
    const auto g = Generation::parse(text);
    if (!g) fail(Exit::usage, cat(where, ": ", printable(text), ": not EPOCH.COUNTER"), "for example 3.118");
    return *g;
}

// The first line of a file that the program has written.
std::string generation_in(const std::string& path) {
    const io::Fd fd = io::open_file(path);
    const Buffer bytes = io::read_file(fd.get(), 4096, path);
    std::string text(as_text(bytes));
    text = text.substr(0, text.find('\n'));
    static_cast<void>(generation_of(text, printable(path)));
    return text;
}

std::vector<notify::Undelivered> tell(const Telling& t, Generation generation) {
    std::optional<notify::Key> key;
    if (!t.key_file.empty()) key.emplace(notify::Key::load(t.key_file));
    const notify::Notification n{t.source, t.name, generation, t.digest};
    std::optional<notify::Spool> spool;
    if (!t.spool.empty()) spool = notify::Spool::open(t.spool);
    return notify::send_to_all(t.to, n, notify::format_notification(n, key ? &*key : nullptr), transport_of(t),
                               spool ? &*spool : nullptr);
}

void complain(tool::Command& command, const std::vector<notify::Undelivered>& undelivered) {
    command.result()["undelivered"] = nlohmann::json::array();
    for (const notify::Undelivered& u : undelivered) {
        command.result()["undelivered"].push_back(tool::json_text(u.target));
        command.console().warn(cat("not told: ", u.why.what()));
    }
}

// ---- run ----

struct RunOptions {
    Telling telling;
    std::vector<std::string> command;
    std::string feed, title, lock, log, generation_file, wait = "0", backoff = "1", timeout = "0";
    unsigned tries = 1;
    bool warned = false;
};

constexpr std::chrono::seconds longest_wait{30 * 86'400};

// Who runs it says so in the file, for people; the lock is the kernel's.
std::optional<io::Lock> lock_of(const RunOptions& o) {
    if (o.lock.empty()) return std::nullopt;
    io::Fd fd(::open(o.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) fail_errno(Exit::cant_create, o.lock, "open the lock");
    io::Fd reader(::open(o.lock.c_str(), O_RDONLY | O_CLOEXEC));
    auto lock = io::Lock::try_fd(std::move(fd), io::LockMode::exclusive, o.lock,
                                 static_cast<unsigned>(std::min(seconds_of(o.wait, "--wait"), longest_wait).count()));
    if (!lock) {
        const Buffer who = io::read_file(reader.get(), 4096, o.lock);
        std::string said = printable_line(as_text(who));
        fail(Exit::temp_fail, cat(printable(o.lock), ": already running", said.empty() ? "" : ": ", said));
    }
    const std::string text = cat("process ", ::getpid(), " since ", format_utc(now_utc()));
    if (::ftruncate(lock->fd(), 0) == 0) io::pwrite_all(lock->fd(), as_bytes(text), 0, o.lock);
    return lock;
}

// The last lines of what it has printed: that, and no more, goes into somebody's mail.
void show_end(const notify::Row& row) {
    constexpr int most = 20;
    std::string_view text = row.output;
    std::size_t from = text.size();
    for (int i = 0; i <= most && from != std::string_view::npos && from > 0; ++i) from = text.rfind('\n', from - 1);
    if (from != std::string_view::npos && from < text.size()) text.remove_prefix(from + 1);
    for (std::size_t end = 0; !text.empty(); text.remove_prefix(std::min(end + 1, text.size()))) {
        end = std::min(text.find('\n'), text.size());
        std::fprintf(stderr, "%s\n", printable_line(text.substr(0, end)).c_str());
    }
}

Exit run_run(tool::Command& command, const RunOptions& o) {
    if (o.command.empty()) fail(Exit::usage, "no program", "rs-notify run [OPTIONS] -- PROGRAM [ARG ...]");
    check(o.telling);
    if (!o.telling.to.empty() && o.telling.generation.empty() == o.generation_file.empty())
        fail(Exit::usage, "--to needs either --generation or --generation-file");
    if (!o.telling.generation.empty()) static_cast<void>(generation_of(o.telling.generation, "--generation"));
    const auto held = lock_of(o);

    notify::RunOptions run;
    run.argv = o.command;
    run.tries = o.tries;
    run.backoff = seconds_of(o.backoff, "--backoff");
    run.timeout = seconds_of(o.timeout, "--timeout");
    run.warned = o.warned;
    const std::string title = o.title.empty() ? o.command.front() : o.title;
    notify_tool::Log log(command, o.log);
    std::string rest;
    run.heard = [&](std::string_view text) {
        if (o.log.empty()) return;
        rest += text;
        for (std::size_t end = 0; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1))
            log.add(title, std::string_view(rest).substr(0, end));
        if (rest.size() > (64U << 10)) rest.clear(); // no line that anybody reads
    };
    notify::Row row = notify::run_program(run);
    if (!rest.empty()) log.add(title, rest);
    row.title = title;
    std::string no_generation;
    if (row.outcome != notify::Outcome::failed && !o.generation_file.empty()) {
        try {
            row.generation = generation_in(o.generation_file);
        } catch (const Error& e) {
            row.outcome = notify::Outcome::failed;
            row.error = e.what();
            row.status = static_cast<int>(Exit::unavailable);
        }
    } else if (row.outcome != notify::Outcome::failed) {
        row.generation = o.telling.generation;
    }
    if (!o.feed.empty()) {
        try {
            notify::append_row(o.feed, row);
        } catch (const Error& e) {
            // A disk that is full keeps nobody from hearing of a dump that is there.
            command.console().warn(e.what());
        }
    }

    nlohmann::json& j = command.result();
    j["status"] = notify::word_of(row.outcome);
    j["tries"] = row.tries;
    j["seconds"] = row.seconds;
    if (!row.generation.empty()) j["generation"] = row.generation;
    const std::string summary = cat(printable(title), row.generation.empty() ? "" : " ", row.generation, ": ",
                                    notify::word_of(row.outcome), " after ", human_seconds(row.seconds));
    if (!o.log.empty()) log.add(title, summary);
    if (row.outcome == notify::Outcome::failed) {
        show_end(row);
        fail(static_cast<Exit>(row.status),
             cat(printable(title), ": failed with status ", row.status, row.tries > 1 ? cat(" after ", row.tries, " tries") : "",
                 row.error.empty() ? "" : ": ", row.error));
    }
    if (row.outcome == notify::Outcome::warned) {
        show_end(row);
        command.console().warn(cat(printable(title), ": done, with warnings"));
    }
    command.console().note(summary);
    if (o.telling.to.empty()) return Exit::ok;
    complain(command, tell(o.telling, generation_of(row.generation, "generation")));
    return Exit::ok;
}

// ---- send ----

struct SendOptions {
    Telling telling;
    bool again = false;
};

Exit run_send(tool::Command& command, const SendOptions& o) {
    std::vector<notify::Undelivered> undelivered;
    if (o.again) {
        if (o.telling.spool.empty() || !o.telling.to.empty()) fail(Exit::usage, "--again needs --spool, and no --to");
        notify::Spool spool = notify::Spool::open(o.telling.spool);
        undelivered = notify::send_again(spool, transport_of(o.telling));
    } else {
        if (o.telling.to.empty()) fail(Exit::usage, "nobody to tell", "name them with --to TARGET, or use --again");
        check(o.telling);
        undelivered = tell(o.telling, generation_of(o.telling.generation, "--generation"));
    }
    complain(command, undelivered);
    Exit code = Exit::ok;
    for (const notify::Undelivered& u : undelivered)
        if (code != Exit::unavailable) code = u.why.code() == Exit::data ? Exit::data : Exit::unavailable;
    return code;
}

} // namespace

void notify_tool::add_run(tool::Command& command, std::function<Exit()>& chosen) {
    CLI::App* sub = nullptr;
    const auto o = add<RunOptions>(command, chosen, "run", "run a program, keep a row of it, tell others", sub, run_run);
    sub->add_option("PROGRAM", o->command, "what is run, with its arguments, behind --")->type_name("");
    sub->add_option("--feed", o->feed, "file that gets a row for each run")->type_name("FILE");
    sub->add_option("--title", o->title, "what it is called, for people")->type_name("TEXT");
    sub->add_option("--lock", o->lock, "one at a time; else exit status 75")->type_name("FILE");
    sub->add_option("--wait", o->wait, "how long to wait for that")->type_name("TIME");
    sub->add_option("--log", o->log, "what it prints, live, a line at a time")->type_name("FILE");
    sub->add_option("--tries", o->tries, "until it ends with 0, so often at most")->check(CLI::Range(1, 1000));
    sub->add_option("--backoff", o->backoff, "before the second try; doubled from then on")->type_name("TIME");
    sub->add_option("--timeout", o->timeout, "limit of each try; 0: none")->type_name("TIME");
    sub->add_flag("--warned", o->warned, "status 1 is done, with something that was told");
    sub->add_option("--generation", o->telling.generation, "what is ready then")->type_name("E.C");
    sub->add_option("--generation-file", o->generation_file, "its first line says it, then")->type_name("FILE");
    add_telling(*sub, o->telling);
}

void notify_tool::add_send(tool::Command& command, std::function<Exit()>& chosen) {
    CLI::App* sub = nullptr;
    const auto o = add<SendOptions>(command, chosen, "send", "tell others of a generation", sub, run_send);
    sub->add_option("--generation", o->telling.generation, "what is ready")->type_name("E.C");
    sub->add_flag("--again", o->again, "what waits in the spool, once more");
    add_telling(*sub, o->telling);
}
