// SPDX-License-Identifier: Apache-2.0
#include "profile/schedule.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <time.h>

#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

using namespace rs;
using profile::Schedule;

namespace {

// The clock of a place while this lives.
struct Place {
    explicit Place(const char* name) {
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    ~Place() {
        ::unsetenv("TZ");
        ::tzset();
    }
};

std::string times(const std::string& text, const std::string& after, int count) {
    const Schedule s = Schedule::parse(text);
    std::int64_t at = parse_utc(after)->seconds;
    std::string out;
    for (int i = 0; i < count; ++i) {
        const auto next = s.next(at);
        if (!next) return out + "never";
        at = *next;
        out += format_utc({at, 0}).substr(0, 16) + " ";
    }
    return out;
}

} // namespace

TEST_CASE("the calendar becomes the fields of a crontab") {
    struct Row {
        const char *text, *fields;
    };
    static constexpr Row rows[] = {
        // SEMANTICS of the original, by its own tests
        {"Sat,Mon-Thu,Sun", "0 0 * * 0,1-4,6"},
        {"mon,sun *-* 2,1:23", "23 2,1 * * 0,1"},
        {"Wed, 17:48", "48 17 * * 3"},
        {"Wed-Sat,Tue 10-* 1:2", "2 1 * 10 2,3-6"},
        {"*-*-7 0:0:0", "0 0 7 * *"},
        {"10-15", "0 0 15 10 *"},
        {"monday *-12-* 17:00", "00 17 * 12 1"},
        {"*-1/2-1,3 *:30", "30 * 1,3 1-11/2 *"},
        {"*:25/20", "25-45/20 * * * *"},
        {"08:05:00", "05 08 * * *"},
        {"12,14,13,12:20,10,30", "20,10,30 12,14,13,12 * * *"},
        {"minutely", "* * * * *"},
        {"hourly", "0 * * * *"},
        {"daily", "0 0 * * *"},
        {"Weekly", "0 0 * * 0"},
        {"monthly", "0 0 1 * *"},
        {"yearly", "0 0 1 1 *"},
        // ours
        {"  daily ", "0 0 * * *"},
        {"TUESDAY", "0 0 * * 2"},
        {"Fri-Mon", "0 0 * * 0-1,5-6"}, // over the end of cron's week
        {"Sat-Sun", "0 0 * * 0,6"},
        {"*:0/15", "0-45/15 * * * *"},
        {"*:*", "* * * * *"},
        {"*-*", "0 0 * * *"},
        // cron's own, as it stands
        {"5 4 * * *", "5 4 * * *"},
        {"*/10  1-5,23 1,15 jan-JUN mon-fri", "*/10 1-5,23 1,15 jan-JUN mon-fri"},
        {"0 0 * * 7", "0 0 * * 7"},
        {"@daily", "@daily"},
        {"#12 1 * * *", "#12 1 * * *"},
        {" # off", "# off"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(Schedule::parse(row.text).fields() == row.fields);
    }
    CHECK(Schedule::parse("#12 1 * * *").disabled());
    CHECK_FALSE(Schedule::parse("12 1 * * *").disabled());
}

TEST_CASE("what cron cannot do is refused, and named") {
    struct Row {
        std::string text, why;
    };
    const Row rows[] = {
        {"", "is empty"},
        {" \t", "is empty"},
        {"7", "'7' is not MONTH-DAY"},
        {"test", "'test' is not MONTH-DAY"},
        {"121212:1:2", "no seconds"},
        {"Wed *-1", "a day of the month and a weekday at once"},
        {"08:05:40", "no seconds"},
        {"2003-03-05", "no years"},
        {"0-1", "month 0 is not between 1 and 12"},
        {"13-1", "month 13"},
        {"8/5-1", "'8/5': the step reaches no second month"},
        {"1-0", "day 0"},
        {"1-32", "day 32"},
        {"1-14/18", "'14/18'"},
        {"24:0", "hour 24"},
        {"8/16:0", "'8/16'"},
        {"0:60", "minute 60"},
        {"0:15/45", "'15/45'"},
        {"Mon-Foo", "'Mon-Foo' is not a weekday"},
        {"Mon,7", "'7' is not a weekday"},
        {"1:2 10-1", "'10-1' comes too late"},
        {"10-1 10-2", "'10-2' comes too late"},
        {"1:2:3:4", "not HOUR:MINUTE"},
        {"1:", "'' is not a minute"},
        {"a:0", "'a' is not a hour"},
        {"1/0:0", "'1/0' has no step"},
        {"daily 1:00", "'daily' is not MONTH-DAY"},
        {"* * * *", "is 4 words"},
        {"* * * * * root", "is 6 words"},
        {"60 * * * *", "minute 60"},
        {"5/10 * * * *", "a step from one minute"},
        {"9-5 * * * *", "ends before it begins"},
        {"*/0 * * * *", "has no step"},
        {"1-2-3 * * * *", "is not a minute"},
        {"* * 0 * *", "day 0"},
        {"* * * foo *", "'foo' is not a month"},
        {"* * * * 8", "weekday 8"},
        {"1,,2 * * * *", "'' is not a minute"},
        {"@reboot", "cron has @hourly"},
        {"daily\nrm -rf /", "is not one line"},
        {"#off\n* * * * * root rm", "is not one line"},
        {std::string("* * * * *\0", 10), "is not one line"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        std::string said;
        try {
            said = cat("taken: ", Schedule::parse(row.text).fields());
        } catch (const Error& e) {
            CHECK(e.code() == Exit::config);
            said = e.what();
        }
        CAPTURE(said);
        CHECK(said.find(row.why) != std::string::npos);
    }
}

TEST_CASE("the next times are those of cron") {
    const Place utc("UTC");
    CHECK(times("daily", "2026-11-20T12:00", 2) == "2026-11-21T00:00 2026-11-22T00:00 ");
    CHECK(times("30 12 * * *", "2026-11-20T12:29:59", 2) == "2026-11-20T12:30 2026-11-21T12:30 ");
    CHECK(times("30 12 * * *", "2026-11-20T12:30", 1) == "2026-11-21T12:30 ");
    CHECK(times("0 0 29 2 *", "2026-11-20", 2) == "2028-02-29T00:00 2032-02-29T00:00 ");
    CHECK(times("0 0 30 2 *", "2026-11-20", 1) == "never");
    CHECK(times("0 0 31 * *", "2026-11-20", 3) == "2026-12-31T00:00 2027-01-31T00:00 2027-03-31T00:00 ");
    CHECK(times("0 0 1 * mon", "2026-11-20", 4) == "2026-11-23T00:00 2026-11-30T00:00 2026-12-01T00:00 2026-12-07T00:00 "); // either
    CHECK(times("0 0 */2 * mon", "2026-11-20", 2) == "2026-11-23T00:00 2026-12-07T00:00 "); // both
    CHECK(times("0 0 * * 7", "2026-11-20", 1) == "2026-11-22T00:00 ");
    CHECK(times("#0 0 * * *", "2026-11-20", 1) == "never");
    CHECK(times("* * * * *", "1969-12-31T23:58:30", 2) == "1969-12-31T23:59 1970-01-01T00:00 ");
}

TEST_CASE("a period is the longest pause of a year") {
    const Place utc("UTC");
    const auto period = [](const char* text) { return profile::Schedule::parse(text).period().value_or(0); };
    CHECK(period("* * * * *") == 60);
    CHECK(period("hourly") == 3600);
    CHECK(period("7 */6 * * *") == 6 * 3600);
    CHECK(period("daily") == 86400);
    CHECK(period("0 9-17 * * 1-5") == (7 + 9) * 3600 + 2 * 86400); // over a weekend
    CHECK(period("monthly") == 31 * 86400);
    CHECK(period("yearly") == 365 * 86400);
    CHECK(period("0 0 29 2 *") == (4 * 365 + 1) * 86400);
    CHECK(period("0 0 30 2 *") == 0);
    CHECK(period("#daily") == 0);
}

TEST_CASE("a clock that is put forward or back is no trap") {
    const Place berlin("CET-1CEST,M3.5.0,M10.5.0/3");
    // 02:30 does not exist on 2027-03-28, and exists twice on 2026-10-25.
    CHECK(times("30 2 * * *", "2027-03-27T12:00", 1) == "2027-03-29T00:30 ");
    CHECK(times("30 2 * * *", "2026-10-24T12:00", 3) == "2026-10-25T00:30 2026-10-25T01:30 2026-10-26T01:30 ");
    CHECK(times("0 0 * * *", "2027-03-27T12:00", 2) == "2027-03-27T23:00 2027-03-28T22:00 ");
    const Place sao("<-03>3<-02>,M11.1.0/0,M2.3.0/0"); // the day begins at 01:00
    CHECK(times("0 0 1-10 11 *", "2026-10-31T12:00", 2) == "2026-11-02T02:00 2026-11-03T02:00 ");
}

TEST_CASE("the hourly minute follows from the name, and names spread") {
    CHECK(Schedule::hourly("wiki").fields() == Schedule::hourly("wiki").fields());
    std::set<std::string> seen;
    for (int i = 0; i < 600; ++i) seen.insert(Schedule::hourly(cat("service", i)).fields());
    CHECK(seen.size() > 55);
    // FNV-1a of "" is its offset basis, of "a" 0xaf63dc4c8601ec8c (draft-eastlake-fnv).
    CHECK(Schedule::hourly("").fields() == cat(std::uint64_t{0xcbf29ce484222325} % 60, " * * * *"));
    CHECK(Schedule::hourly("a").fields() == cat(std::uint64_t{0xaf63dc4c8601ec8c} % 60, " * * * *"));
}
