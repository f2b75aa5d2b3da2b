// SPDX-License-Identifier: Apache-2.0
// rs-notify feed.
#include "base/text.hpp"
#include "notify/feed_xml.hpp"
#include "rs-notify.hpp"

using namespace rs;
using notify_tool::seconds_of;

namespace {

struct Options {
    std::vector<std::string> files;
    std::string format = "text", title, link, max_age = "0";
    std::size_t rows = 50;
    bool check = false, brief = false;
};

std::string line_of(const notify::Row& row) {
    return cat(format_utc(row.time), "  ", notify::word_of(row.outcome), "  ", printable(row.title),
               row.generation.empty() ? "" : " ", row.generation, "  ", human_seconds(row.seconds),
               row.tries > 1 ? cat("  ", row.tries, " tries") : "", row.status != 0 ? cat("  status ", row.status) : "",
               row.error.empty() ? "" : "  ", printable(row.error));
}

Exit check(tool::Command& command, const Options& o) {
    const auto limit = static_cast<std::uint64_t>(seconds_of(o.max_age, "--max-age").count());
    Exit code = Exit::ok;
    for (const std::string& file : o.files) {
        const notify::Health health = notify::health_of(notify::read_feed_or_none(file), now_utc(), limit);
        const bool bad = health.state == notify::Health::State::failed || health.state == notify::Health::State::stalled;
        if (bad) code = Exit::warned;
        constexpr const char* words[] = {"none", "ok", "failed", "stalled"};
        command.line(cat(printable(file), ": ", printable(health.text)), [&] {
            nlohmann::json j{{"state", words[static_cast<int>(health.state)]}, {"text", health.text}};
            tool::add_path(j, "feed", file);
            return j;
        });
    }
    return code;
}

Exit run_feed(tool::Command& command, const Options& o) {
    if (o.check) return check(command, o);
    if (o.files.size() != 1) fail(Exit::usage, "more than one feed", "--check takes several");
    const std::string& file = o.files.front();
    notify::Feed feed = notify::read_feed(file);
    if (feed.damaged_lines > 0) command.console().warn(cat(printable(file), ": ", count_of(feed.damaged_lines, "damaged line"), " left out"));
    if (o.format == "atom" || o.format == "rss") {
        const notify::FeedHead head{o.title.empty() ? file : o.title, o.link, o.rows};
        const std::string text = o.format == "atom" ? notify::atom_of(feed, head) : notify::rss_of(feed, head);
        command.stream_on_stdout();
        std::fputs(text.c_str(), stdout);
        return Exit::ok;
    }
    const std::size_t skipped = feed.rows.size() - std::min(feed.rows.size(), o.rows);
    for (notify::Row& row : std::span(feed.rows).subspan(skipped)) {
        if (o.brief) row.output.clear();
        command.line(line_of(row), [&] { return nlohmann::json::parse(row.json()); });
    }
    return Exit::ok;
}

} // namespace

void notify_tool::add_feed(tool::Command& command, std::function<Exit()>& chosen) {
    CLI::App* sub = nullptr;
    const auto o = add<Options>(command, chosen, "feed", "show or check the runs of a program", sub, run_feed);
    sub->add_option("FEED", o->files, "file that rs-notify run keeps")->required();
    sub->add_option("--format", o->format, "text, atom or rss")->check(CLI::IsMember({"text", "atom", "rss"}))->type_name("FORMAT");
    sub->add_option("-n,--rows", o->rows, "the newest so many")->check(CLI::Range(1, 1'000'000))->type_name("N");
    sub->add_flag("--brief", o->brief, "without what was printed");
    sub->add_option("--title", o->title, "title of the feed")->type_name("TEXT");
    sub->add_option("--link", o->link, "where it can be had")->type_name("URL");
    sub->add_flag("--check", o->check, "exit 1 if the last run failed or is too old");
    sub->add_option("--max-age", o->max_age, "what is too old; 0: nothing")->type_name("TIME");
}
