// SPDX-License-Identifier: Apache-2.0
// UTC instants and intervals, as people write them. Neither locale nor time zone is ever asked.
//
// The calendar is the proleptic Gregorian one of ISO 8601, with a year 0; a day has 86,400 seconds
// (POSIX time, no leap seconds). Wall-clock time is for people: nothing is ordered or timed by it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rs {

// seconds: since 1970-01-01T00:00:00Z, rounded down, may be negative. nanoseconds: 0 to
// 999,999,999, always added. So -0.25 s is {-1, 750'000'000}, and the members compare in order.
struct UtcTime {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;

    auto operator<=>(const UtcTime&) const = default;
};

// The system's wall clock. It may jump both ways from one call to the next: deadlines need another.
[[nodiscard]] UtcTime now_utc();

struct CivilTime {
    std::int64_t year = 1970; // astronomical: 0 is 1 BC
    unsigned month = 1;       // 1 to 12
    unsigned day = 1;         // 1 to 31
    unsigned hour = 0;        // 0 to 23
    unsigned minute = 0;      // 0 to 59
    unsigned second = 0;      // 0 to 59

    auto operator<=>(const CivilTime&) const = default;
};

// Right for every UtcTime; the nanoseconds are dropped.
[[nodiscard]] CivilTime to_civil(UtcTime time);

// ISO 8601 week: it begins on Monday and belongs to the year of its Thursday, so that
// 2027-01-01, a Friday, is in week 53 of 2026.
struct IsoWeek {
    std::int64_t year = 1970;
    unsigned week = 1; // 1 to 53

    auto operator<=>(const IsoWeek&) const = default;
};

[[nodiscard]] IsoWeek iso_week(UtcTime time);

// "2026-11-20T12:00:00Z"; the nanoseconds are dropped. The year has at least four digits, and a
// minus sign before year 0 ("-0043-03-15T..."). Right for every UtcTime.
[[nodiscard]] std::string format_utc(UtcTime time);

// The inverse, for years 0000 to 9999: "2026-11-20", "2026-11-20T12:00", "2026-11-20T12:00:30",
// each with or without a Z behind it, all of them UTC, each number with as many digits as here; and
// "@SECONDS" since 1970, decimal, with a minus sign if negative.
// Nothing if it is none of these, if there is no such day, for 24:00 and for second 60.
[[nodiscard]] std::optional<UtcTime> parse_utc(std::string_view text);

// An interval as rdiff-backup writes it, in seconds: "3D", "2W", "1D12h". Units are s, m, h, D, W,
// M (30 days) and Y (365 days); case matters. Each unit stands at most once, the larger first.
// Nothing if it is not one, or if it does not fit in 64 bits. "0s" is an interval.
[[nodiscard]] std::optional<std::uint64_t> parse_age(std::string_view text);

} // namespace rs
