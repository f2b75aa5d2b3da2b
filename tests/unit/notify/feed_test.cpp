// SPDX-License-Identifier: Apache-2.0
#include "notify/feed.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "base/text.hpp"
#include "notify/feed_xml.hpp"
#include "unit/base/support.hpp"
#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::notify;

namespace {

Row row(std::int64_t seconds, Outcome outcome = Outcome::ok) {
    Row r;
    r.time = {seconds, 0};
    r.title = "Dumping wiki";
    r.outcome = outcome;
    r.status = outcome == Outcome::failed ? 3 : 0;
    r.generation = "3.118";
    r.output = "one\ntwo\n";
    r.id = new_row_id();
    return r;
}

std::size_t occurrences(const std::string& text, std::string_view what) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++n;
    return n;
}

} // namespace

TEST_CASE("rows come back as they were, each on a line of its own") {
    const TempDir temp;
    const std::string path = temp.path("feed");
    Row a = row(1000), b = row(2000, Outcome::failed), c = row(3000, Outcome::warned);
    b.output = std::string("quote \" nul \0 bad \xff\n", 20);
    b.error = "killed by signal 9";
    b.status = 137;
    b.tries = 3;
    b.seconds = 1.25;
    for (const Row& r : {a, b, c}) append_row(path, r);
    const Feed feed = read_feed(path);
    REQUIRE(feed.rows.size() == 3);
    CHECK(feed.damaged_lines == 0);
    CHECK(feed.rows[0].json() == a.json());
    CHECK(feed.rows[1].json() == b.json());
    CHECK(feed.rows[1].outcome == Outcome::failed);
    CHECK(feed.rows[1].status == 137);
    CHECK(feed.rows[1].tries == 3);
    CHECK(feed.rows[1].seconds == 1.25);
    CHECK(feed.rows[1].output == std::string("quote \" nul \0 bad \xEF\xBF\xBD\n", 22));
    CHECK(feed.rows[2].outcome == Outcome::warned);
    CHECK(occurrences(temp.read("feed"), "\n") == 3);
}

TEST_CASE("a row that a crash has cut is left out, and damages no other") {
    const TempDir temp;
    const std::string path = temp.path("feed");
    append_row(path, row(1000));
    temp.write("feed", temp.read("feed") + R"({"time":"2026-)");
    CHECK(read_feed(path).rows.size() == 1);
    CHECK(read_feed(path).damaged_lines == 0);
    append_row(path, row(2000));
    CHECK(read_feed(path).rows.size() == 2);
    CHECK(read_feed(path).damaged_lines == 1);
    CHECK_FALSE(read_feed(path).last_damaged);
    temp.write("feed", temp.read("feed") + "{}\n");
    CHECK(read_feed(path).last_damaged);
}

TEST_CASE("the newest rows are kept, whoever writes at the same time") {
    const TempDir temp;
    const std::string path = temp.path("feed");
    constexpr int writers = 4, each = 60;
    for (int w = 0; w < writers; ++w) {
        const pid_t pid = ::fork();
        REQUIRE(pid >= 0);
        if (pid == 0) {
            for (int i = 0; i < each; ++i) append_row(path, row(w * 1000 + i), 500);
            ::_exit(0);
        }
    }
    for (int w = 0; w < writers; ++w) {
        int status = 0;
        REQUIRE(::wait(&status) > 0);
        CHECK(status == 0);
    }
    const Feed feed = read_feed(path);
    CHECK(feed.rows.size() == writers * each);
    std::set<std::string> ids;
    for (const Row& r : feed.rows) ids.insert(r.id);
    CHECK(ids.size() == writers * each);
    for (int i = 0; i < 40; ++i) append_row(path, row(9000 + i), 10);
    const Feed after = read_feed(path);
    CHECK(after.rows.size() >= 10);
    CHECK(after.rows.size() < 20);
    CHECK(after.rows.back().time.seconds == 9039);
}

TEST_CASE("an id is a random UUID") {
    const std::string id = new_row_id();
    REQUIRE(id.size() == 9 + 36);
    CHECK(id.starts_with("urn:uuid:"));
    CHECK(id[9 + 14] == '4');
    CHECK(std::string_view("89ab").find(id[9 + 19]) != std::string_view::npos);
    CHECK(new_row_id() != id);
}

TEST_CASE("health: of the last row, by its state and its age") {
    using State = Health::State;
    const auto of = [](std::vector<Row> rows, bool damaged, std::int64_t now, std::uint64_t limit) {
        return health_of({std::move(rows), 1, damaged, {4000, 0}}, {now, 0}, limit).state;
    };
    CHECK(of({}, false, 5000, 1000) == State::none);
    CHECK(of({}, false, 5000, 999) == State::stalled); // nothing has ever run
    CHECK(of({}, true, 5000, 10) == State::failed);
    CHECK(of({row(1000)}, true, 1001, 10) == State::failed);
    CHECK(of({row(1000)}, false, 5000, 0) == State::ok);
    CHECK(of({row(1000)}, false, 5000, 4000) == State::ok);
    CHECK(of({row(1000)}, false, 5001, 4000) == State::stalled);
    CHECK(of({row(5300)}, false, 5000, 10) == State::ok);
    CHECK(of({row(5301)}, false, 5000, 10) == State::stalled); // a clock that was wrong
    CHECK(of({row(9000)}, false, 5000, 0) == State::ok);
    CHECK(of({row(1000, Outcome::failed), row(2000)}, false, 2001, 10) == State::ok);
    CHECK(of({row(1000), row(2000, Outcome::failed)}, false, 2001, 10) == State::failed);
    CHECK(of({row(1000, Outcome::warned)}, false, 1001, 10) == State::ok);
}

TEST_CASE("Atom and RSS are well-formed whatever a row holds, newest first") {
    Row bad = row(0);
    bad.title = "<&\">\x01\xEF\xBF\xBF";
    bad.output = "</pre><script>\x1b]]>";
    const Feed feed{{bad, row(86'400, Outcome::failed), row(1'800'000'000)}, 0, false, {}};
    const std::string atom = atom_of(feed, {"T & <t>", "http://h/?a&b", 2});
    CHECK(occurrences(atom, "<entry>") == 2);
    CHECK(atom.find("2027-01-15T08:00:00Z") < atom.find("1970-01-02T00:00:00Z"));
    CHECK(atom.find("<updated>2027-01-15T08:00:00Z</updated>") < atom.find("<entry>"));
    CHECK(atom.find("<title>T &amp; &lt;t&gt;</title>") != std::string::npos);
    const std::string rss = rss_of(feed, {"t", "", 50});
    CHECK(occurrences(rss, "<item>") == 3);
    CHECK(rss.find("<pubDate>Fri, 02 Jan 1970 00:00:00 +0000</pubDate>") != std::string::npos);
    CHECK(rss.find("<pubDate>Fri, 15 Jan 2027 08:00:00 +0000</pubDate>") != std::string::npos);
    CHECK(rss.find('\x01') == std::string::npos);
    CHECK(rss.find("\xEF\xBF\xBF") == std::string::npos);
    CHECK(rss.find("<script>") == std::string::npos);
    CHECK(occurrences(rss, "&amp;lt;script&amp;gt;") == 1);
    CHECK(atom_of({}, {"t", "", 1}).find("<updated>1970-01-01T00:00:00Z</updated>") != std::string::npos);
}
