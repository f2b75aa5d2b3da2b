// SPDX-License-Identifier: Apache-2.0
// rs-notify accept, work, queue.
#include <unistd.h>

#include <optional>

#include "base/text.hpp"
#include "notify/listener.hpp"
#include "notify/worker.hpp"
#include "rs-notify.hpp"

using namespace rs;
using namespace std::chrono_literals;
using notify_tool::seconds_of;

namespace {

// How what comes is looked at.
struct Hearing {
    std::string queue, key_file, keys, callbacks, from;
};

void add_hearing(CLI::App& sub, Hearing& h) {
    sub.add_option("--queue", h.queue, "the queue")->type_name("DIR")->required();
    sub.add_option("--key-file", h.key_file, "the key that has to have signed")->type_name("FILE");
    sub.add_option("--keys", h.keys, "keys by source, instead of one for all")->type_name("DIR");
    sub.add_option("--callbacks", h.callbacks, "who hears of what; QUEUE/callbacks if not given")->type_name("DIR");
    sub.add_option("--from", h.from, "the only source that is heard")->type_name("WORD");
}

notify::Reception reception_of(const Hearing& h, std::optional<notify::Key>& key) {
    notify::Reception out;
    if (!h.key_file.empty()) key.emplace(notify::Key::load(h.key_file));
    out.key = key ? &*key : nullptr;
    if (!h.keys.empty() && key) fail(Exit::usage, "--keys and --key-file exclude one another");
    out.keys = h.keys;
    out.callbacks = h.callbacks;
    out.from = h.from;
    if (!h.from.empty() && !is_word(h.from)) fail(Exit::usage, cat("--from ", printable(h.from), ": not a word"));
    return out;
}

// ---- accept ----

std::string read_one() {
    if (::isatty(STDIN_FILENO) != 0) fail(Exit::usage, "standard input is the terminal, not a notification", "see 'rs-notify accept --help'");
    const auto until = notify::Clock::now() + 30s;
    std::string text;
    for (char piece[notify::max_notification_bytes + 1]; text.size() <= notify::max_notification_bytes;) {
        if (!notify::wait_readable({STDIN_FILENO}, until)) fail(Exit::data, "standard input: no notification within 30 s");
        const std::size_t n = io::read_some(STDIN_FILENO, std::as_writable_bytes(std::span(piece)), "standard input");
        if (n == 0) break;
        text.append(piece, n);
    }
    return text;
}

Exit run_accept(tool::Command& command, const Hearing& o) {
    std::optional<notify::Key> key;
    const notify::Reception reception = reception_of(o, key);
    const std::string text = read_one();
    notify::Queue queue = notify::Queue::open(o.queue);
    notify::Notification n;
    const notify::Answer answer = notify::receive(queue, text, reception, &n);
    const char* const word = answer == notify::Answer::accepted ? "accepted" : "known";
    nlohmann::json& j = command.result();
    j["answer"] = word;
    j["source"] = n.source;
    j["name"] = n.name;
    j["generation"] = n.generation.str();
    if (!command.json()) command.line(cat(word, " ", n.id(), " ", n.generation.str()), [] { return nlohmann::json(); });
    return Exit::ok;
}

// ---- work ----

struct WorkOptions {
    Hearing hearing;
    std::string listen, stop_file, log, backoff = "10", max_backoff = "1h", timeout = "0";
    unsigned jobs = 4, tries = 10;
    bool once = false;
};

Exit run_work(tool::Command& command, const WorkOptions& o) {
    std::optional<notify::Key> key;
    notify::WorkOptions w;
    w.reception = reception_of(o.hearing, key);
    w.jobs = o.jobs;
    w.tries = o.tries;
    w.backoff = seconds_of(o.backoff, "--backoff");
    w.max_backoff = seconds_of(o.max_backoff, "--max-backoff");
    w.timeout = seconds_of(o.timeout, "--timeout");
    w.stop_file = o.stop_file;
    w.listen = o.listen;
    w.once = o.once;
    if (o.once && !o.listen.empty()) fail(Exit::usage, "--once and --listen exclude one another");
    notify_tool::Log log(command, o.log);
    w.log = [&](const std::string& who, std::string_view line) { log.add(who, line); };
    w.alarm = [&](const std::string& what) {
        if (!o.log.empty()) log.add("rs-notify", what);
        command.console().warn(what);
    };
    notify::Queue queue = notify::Queue::open(o.hearing.queue);
    const auto result = notify::work(queue, w);
    if (!result) fail(Exit::temp_fail, cat(printable(o.hearing.queue), ": another process works on it"));
    nlohmann::json& j = command.result();
    j["done"] = result->done;
    j["failed"] = result->failed;
    j["given_up"] = result->given_up;
    command.console().note(cat(result->done, " done, ", result->failed, " failed"));
    return Exit::ok;
}

// ---- queue ----

struct QueueOptions {
    std::string queue, max_age = "0";
    bool retry = false, check = false;
};

std::string state_of(const notify::Item& i) {
    if (!i.wanted) return i.done ? "done" : "nothing";
    if (i.given_up) return "given up";
    return i.tries > 0 ? "retries" : "waits";
}

nlohmann::json object_of(const notify::Item& i) {
    nlohmann::json j{{"source", i.source}, {"name", i.name}, {"program", tool::json_text(i.program)}, {"state", state_of(i)}};
    if (i.wanted) j["wanted"] = i.wanted.str();
    if (i.wanted && i.since.seconds > 0) j["since"] = format_utc(i.since);
    if (i.done) j["done"] = i.done.str();
    j["tries"] = i.tries;
    j["status"] = i.status;
    if (i.tries > 0 && i.waiting()) j["retry"] = format_utc(i.retry);
    return j;
}

std::string line_of(const notify::Item& i) {
    std::string out = cat(i.key(), "  ", state_of(i));
    if (i.wanted) out += cat("  wants ", i.wanted.str());
    if (i.wanted && i.since.seconds > 0) out += cat("  since ", format_utc(i.since));
    if (i.done) out += cat("  has ", i.done.str());
    if (i.tries > 0) out += cat("  failed ", i.tries, i.tries == 1 ? " time" : " times", ", status ", i.status);
    if (i.tries > 0 && i.waiting()) out += cat("  again ", format_utc(i.retry));
    return out;
}

Exit run_queue(tool::Command& command, const QueueOptions& o) {
    // What looks only makes nothing.
    static_cast<void>(io::open_dir(o.queue));
    notify::Queue queue = notify::Queue::open(o.queue);
    if (o.retry) command.result()["retried"] = queue.retry_all();
    std::vector<std::string> damaged;
    std::size_t waiting = 0, given_up = 0, late = 0;
    const auto limit = seconds_of(o.max_age, "--max-age").count();
    const UtcTime now = now_utc();
    // Asked only if it matters, since whoever begins to work meanwhile would find the lock taken.
    std::optional<bool> idle;
    for (const notify::Item& i : queue.items(&damaged)) {
        bool is_late = i.waiting() && limit > 0 && i.since.seconds > 0 && now.seconds - i.due_since().seconds > limit;
        if (is_late && !idle) idle = queue.try_work().has_value();
        is_late = is_late && *idle;
        waiting += i.waiting() ? 1 : 0;
        given_up += i.given_up ? 1 : 0;
        late += is_late ? 1 : 0;
        if (!o.check || i.given_up || is_late) command.line(line_of(i), [&] { return object_of(i); });
    }
    for (const std::string& path : damaged) command.console().warn(cat(printable(path), ": damaged"));
    nlohmann::json& j = command.result();
    j["waiting"] = waiting;
    j["given_up"] = given_up;
    j["late"] = late;
    j["damaged"] = damaged.size();
    std::string counted;
    for (const auto& [name, value] : queue.counters()) {
        if (name == "sequence") continue;
        j[name] = value;
        counted += cat(counted.empty() ? "" : ", ", value, " ", name);
    }
    if (!command.json() && !o.check) command.line(counted, [] { return nlohmann::json(); });
    return o.check && given_up + late + damaged.size() > 0 ? Exit::warned : Exit::ok;
}

} // namespace

void notify_tool::add_queue(tool::Command& command, std::function<Exit()>& chosen) {
    CLI::App* sub = nullptr;
    const auto accept = add<Hearing>(command, chosen, "accept", "queue the notification on standard input", sub, run_accept);
    add_hearing(*sub, *accept);

    const auto work = add<WorkOptions>(command, chosen, "work", "do what the queue asks for", sub, run_work);
    add_hearing(*sub, work->hearing);
    sub->add_flag("--once", work->once, "until nothing is due, instead of for ever");
    sub->add_option("--listen", work->listen, "socket at which notifications come in")->type_name("PATH");
    sub->add_option("--jobs", work->jobs, "programs at a time")->check(CLI::Range(1, 1000));
    sub->add_option("--tries", work->tries, "of one generation, until it is given up")->check(CLI::Range(1, 1'000'000));
    sub->add_option("--backoff", work->backoff, "after the first failure; doubled from then on")->type_name("TIME");
    sub->add_option("--max-backoff", work->max_backoff, "the longest that becomes")->type_name("TIME");
    sub->add_option("--timeout", work->timeout, "limit of each run; 0: none")->type_name("TIME");
    sub->add_option("--stop-file", work->stop_file, "while it is there nothing is started")->type_name("FILE");
    sub->add_option("--log", work->log, "what is done and what it prints, live")->type_name("FILE");

    const auto queue = add<QueueOptions>(command, chosen, "queue", "what a queue holds", sub, run_queue);
    sub->add_option("QUEUE", queue->queue, "the queue")->required();
    sub->add_flag("--retry", queue->retry, "what failed is due now");
    sub->add_flag("--check", queue->check, "only what nobody does any more; 1 if there is any");
    sub->add_option("--max-age", queue->max_age, "of --check: what waits so long, and nobody works")->type_name("TIME");
}
