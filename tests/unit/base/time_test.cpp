// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <limits>
#include <random>

#include "base/text.hpp"

using namespace rs;

namespace {

constexpr std::int64_t day = 86400;
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

std::string shown(const std::optional<UtcTime>& time) {
    return time ? cat(time->seconds, "+", time->nanoseconds, "ns") : "nothing";
}

std::string shown(const std::optional<std::uint64_t>& seconds) {
    return seconds ? cat(*seconds, "s") : "nothing";
}

} // namespace

TEST_CASE("times are ordered by seconds, then by nanoseconds") {
    CHECK(UtcTime{5, 0} < UtcTime{5, 1});
    CHECK(UtcTime{5, 999'999'999} < UtcTime{6, 0});
    CHECK(UtcTime{-1, 750'000'000} < UtcTime{0, 0});
    CHECK(UtcTime{lowest, 0} < UtcTime{highest, 0});
    CHECK(UtcTime{7, 3} == UtcTime{7, 3});
}

TEST_CASE("the clock is the one that the C library reads") {
    const std::int64_t before = std::time(nullptr);
    const UtcTime now = now_utc();
    const std::int64_t after = std::time(nullptr);
    // time(2) may lag behind by a clock tick, so that it is still at the second before.
    CHECK(now.seconds >= before);
    CHECK(now.seconds <= after + 1);
    CHECK(now.nanoseconds < 1'000'000'000);
}

TEST_CASE("a time is written as ISO 8601, whatever the year") {
    struct Row {
        std::int64_t seconds;
        const char* text;
    };
    static constexpr Row rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {1795176000, "2026-11-20T12:00:00Z"},
        {951782400, "2000-02-29T00:00:00Z"},
        {4107542399, "2100-02-28T23:59:59Z"},
        {4107542400, "2100-03-01T00:00:00Z"},
        {2147483648, "2038-01-19T03:14:08Z"},
        {-2147483649, "1901-12-13T20:45:51Z"},
        {253402300799, "9999-12-31T23:59:59Z"},
        {253402300800, "10000-01-01T00:00:00Z"},
        {-62167219200, "0000-01-01T00:00:00Z"},
        {-62167219201, "-0001-12-31T23:59:59Z"},
        {-377705116800, "-9999-01-01T00:00:00Z"},
        {-377705116801, "-10000-12-31T23:59:59Z"},
        {highest, "292277026596-12-04T15:30:07Z"},
        {lowest, "-292277022657-01-27T08:29:52Z"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.seconds);
        CHECK(format_utc({row.seconds, 0}) == row.text);
        CHECK(format_utc({row.seconds, 999'999'999}) == row.text);
    }
}

TEST_CASE("dates and weeks count on day by day through 1,200 years") {
    // An oracle that only knows how to take one step: from Monday 0000-01-03, week 1 of year 0.
    static constexpr unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const auto leap = [](std::int64_t y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; };
    std::int64_t year = 0, week_year = 0;
    unsigned month = 1, date = 3, week = 1, weekday = 1, wrong = 0;
    for (std::int64_t at = -62167219200 + 2 * day; year < 1200; at += day) {
        for (const std::int64_t second : {std::int64_t{0}, day - 1}) {
            const CivilTime c = to_civil({at + second, 0});
            const IsoWeek w = iso_week({at + second, 0});
            const bool end = second != 0;
            const CivilTime want{year, month, date, end ? 23U : 0U, end ? 59U : 0U, end ? 59U : 0U};
            if (c != want || w != IsoWeek{week_year, week}) {
                if (++wrong < 5) FAIL_CHECK(cat(year, "-", month, "-", date, " week ", week));
            }
        }
        if (date == lengths[month - 1] + (month == 2 && leap(year) ? 1U : 0U)) {
            date = 1;
            if (++month == 13) {
                month = 1;
                ++year;
            }
        } else {
            ++date;
        }
        if (++weekday == 8) {
            weekday = 1;
            ++week;
            // Week 1 is the one with 4 January in it: its Monday is 29 December to 4 January.
            if ((month == 12 && date >= 29) || (month == 1 && date <= 4)) {
                week = 1;
                week_year = month == 12 ? year + 1 : year;
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("dates and weeks are those of the C library from year -9999 to 9999") {
    const unsigned seed = 20261120;
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 20000; ++i) {
        const auto seconds =
            -377705116800 + static_cast<std::int64_t>(random() % (253402300800U + 377705116800U));
        CAPTURE(seconds);
        const std::time_t t = seconds;
        std::tm tm{};
        REQUIRE(gmtime_r(&t, &tm) != nullptr);
        const CivilTime want{
            tm.tm_year + std::int64_t{1900},   static_cast<unsigned>(tm.tm_mon + 1),
            static_cast<unsigned>(tm.tm_mday), static_cast<unsigned>(tm.tm_hour),
            static_cast<unsigned>(tm.tm_min),  static_cast<unsigned>(tm.tm_sec)};
        REQUIRE(to_civil({seconds, 0}) == want);
        char text[32];
        REQUIRE(std::strftime(text, sizeof text, "%G", &tm) > 0);
        REQUIRE(iso_week({seconds, 0}).year == std::strtoll(text, nullptr, 10));
        REQUIRE(std::strftime(text, sizeof text, "%V", &tm) > 0);
        REQUIRE(iso_week({seconds, 0}).week == std::strtoul(text, nullptr, 10));
    }
}

TEST_CASE("the ISO week at the turn of a year belongs to the year of its Thursday") {
    struct Row {
        const char* date;
        std::int64_t year;
        unsigned week;
    };
    static constexpr Row rows[] = {
        {"2026-11-20", 2026, 47}, {"2026-12-31", 2026, 53}, {"2027-01-01", 2026, 53},
        {"2027-01-03", 2026, 53}, {"2027-01-04", 2027, 1},  {"2024-12-29", 2024, 52},
        {"2024-12-30", 2025, 1},  {"2021-01-03", 2020, 53}, {"1970-01-01", 1970, 1},
        {"1969-12-28", 1969, 52}, {"1969-12-29", 1970, 1},
    };
    for (const Row& row : rows) {
        CAPTURE(row.date);
        const auto time = parse_utc(row.date);
        REQUIRE(time);
        CHECK(iso_week(*time).year == row.year);
        CHECK(iso_week(*time).week == row.week);
    }
}

TEST_CASE("a time is read in each of its forms") {
    struct Row {
        const char* text;
        std::int64_t seconds;
    };
    static constexpr Row rows[] = {
        {"2026-11-20", 1795132800},
        {"2026-11-20Z", 1795132800},
        {"2026-11-20T12:00", 1795176000},
        {"2026-11-20T12:00Z", 1795176000},
        {"2026-11-20T12:00:30", 1795176030},
        {"2026-11-20T12:00:30Z", 1795176030},
        {"1969-12-31T23:59:59Z", -1},
        {"2000-02-29", 951782400},
        {"2024-02-29T23:59", 1709251140},
        {"0000-01-01", -62167219200},
        {"0000-02-29", -62162121600},
        {"9999-12-31T23:59:59", 253402300799},
        {"@0", 0},
        {"@1795176000", 1795176000},
        {"@-86400", -86400},
        {"@9223372036854775807", highest},
        {"@-9223372036854775808", lowest},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(shown(parse_utc(row.text)) == shown(UtcTime{row.seconds, 0}));
    }
}

TEST_CASE("what is not exactly a time is refused") {
    // clang-format off
    static constexpr const char* rows[] = {
        "", "Z", "now", "2026", "2026-11", "2026-1-20", "2026-11-2", "26-11-20", "02026-11-20",
        "10000-01-01", "-0001-01-01", "+2026-11-20", "2026-11-20 ", " 2026-11-20", "2026/11/20",
        "20261120", "2026-00-20", "2026-13-20", "2026-11-00", "2026-11-31", "2026-01-32",
        "2026-02-29", "2024-02-30", "1900-02-29", "2100-02-29", "2026-04-31", "2026-06-31",
        "2026-09-31", "2026-11-20T", "2026-11-20T12", "2026-11-20T12Z", "2026-11-20T12:",
        "2026-11-20T12:0", "2026-11-20T24:00", "2026-11-20T24:00:00", "2026-11-20T12:60",
        "2026-11-20T12:00:", "2026-11-20T12:00:3", "2026-11-20T23:59:60", "2026-11-20T12:00:30.5",
        "2026-11-20T12:00:30ZZ", "2026-11-20T12:00:30z", "2026-11-20t12:00", "2026-11-20 12:00",
        "2026-11-20T12:00+01:00", "2026-11-20T12:00:30 Z", "2026-11-20T-1:00", "2026-11-20T1200",
        "2026-11--1", "2O26-11-20", "@", "@+5", "@ 5", "@5Z", "@5.5", "@0x10", "@--5",
        "@9223372036854775808", "@-9223372036854775809", "1795176000", "3D",
    };
    // clang-format on
    for (const char* row : rows) {
        CAPTURE(row);
        CHECK(shown(parse_utc(row)) == "nothing");
    }
    CHECK(shown(parse_utc(std::string_view("2026-11-20\0", 11))) == "nothing");
}

TEST_CASE("a time cut short anywhere is refused or is one of the shorter forms") {
    const std::string whole = "2026-11-20T12:34:56Z";
    for (std::size_t n = 0; n <= whole.size(); ++n) {
        CAPTURE(n);
        CHECK(parse_utc(whole.substr(0, n)).has_value() == (n == 10 || n == 16 || n >= 19));
    }
}

TEST_CASE("what was written is read back") {
    const unsigned seed = 2;
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 20000; ++i) {
        const auto seconds =
            -62167219200 + static_cast<std::int64_t>(random() % (253402300800U + 62167219200U));
        REQUIRE(shown(parse_utc(format_utc({seconds, 5}))) == shown(UtcTime{seconds, 0}));
        REQUIRE(shown(parse_utc(cat("@", seconds))) == shown(UtcTime{seconds, 0}));
    }
}

TEST_CASE("an age is the sum of its units") {
    struct Row {
        const char* text;
        std::uint64_t seconds;
    };
    static constexpr Row rows[] = {
        {"0s", 0},
        {"1s", 1},
        {"90s", 90},
        {"2m", 120},
        {"5h", 18000},
        {"3D", 259200},
        {"03D", 259200},
        {"2W", 1209600},
        {"6M", 15552000},
        {"1Y", 31536000},
        {"1D12h", 129600},
        {"1M1m", 2592060},
        {"1Y2M3W4D5h6m7s", 31536000 + 5184000 + 1814400 + 345600 + 18000 + 360 + 7},
        {"0Y5s", 5},
        {"18446744073709551615s", 18446744073709551615U},
        {"584942417355Y3W5D7h15s", 18446744073709551615U},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(shown(parse_age(row.text)) == cat(row.seconds, "s"));
    }
}

TEST_CASE("what is not exactly an age is refused") {
    // clang-format off
    static constexpr const char* rows[] = {
        "", "3", "D", "3d", "3w", "3y", "3H", "3S", "3B", "-3D", "+3D", "3 D", " 3D", "3D ", "3.5D",
        "1D12", "12h1D", "1D1D", "1D2D", "1m1M", "1s1s", "1DD", "1D,12h", "D3", "now", "2026-11-20",
        "18446744073709551616s", "307445734561825861m", "584942417355Y3W5D7h16s", "584942417356Y",
        "99999999999999999999D", "0x3D", "\u00b3D",
    };
    // clang-format on
    for (const char* row : rows) {
        CAPTURE(row);
        CHECK(shown(parse_age(row)) == "nothing");
    }
    CHECK(shown(parse_age(std::string_view("3D\0", 3))) == "nothing");
    CHECK(shown(parse_age(std::string_view("12h", 2))) == "nothing"); // what is behind is not read
}
