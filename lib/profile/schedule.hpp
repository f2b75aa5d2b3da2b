// SPDX-License-Identifier: Apache-2.0
// When something runs: what a profile says, as the fields of a crontab(5).
//
// Three notations are understood. The five fields of cron, or one of its words (@daily), which go into the crontab as
// they stand. The calendar of systemd.time(7) as far as cron can follow it:
//   minutely hourly daily weekly monthly yearly
//   [WEEKDAYS] [[*-]MONTH-DAY] [HOUR:MINUTE[:0]]    lists with commas, ranges of weekdays, START/STEP
// And a text that begins with #: nothing runs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rs::profile {

class Schedule {
public:
    // Error(Exit::config) with the text and what is wrong with it: what cron would not do exactly, too (seconds, years,
    // a day of the month together with a weekday, steps that reach nothing).
    [[nodiscard]] static Schedule parse(std::string_view text);
    // Every hour, at a minute that follows from the name: services that are started together do not dump together.
    // 64-bit FNV-1a (draft-eastlake-fnv) of the name, modulo 60.
    [[nodiscard]] static Schedule hourly(std::string_view name);

    [[nodiscard]] bool disabled() const { return disabled_; }
    // "MINUTE HOUR DAY MONTH WEEKDAY", or @word, for a line of a crontab; if disabled: the text with its #.
    [[nodiscard]] const std::string& fields() const { return fields_; }
    // The first minute after `time` in which it runs, both in seconds since 1970, by the clock of this place (TZ). Nothing
    // if disabled, or if there is none in nine years (February 30).
    [[nodiscard]] std::optional<std::int64_t> next(std::int64_t time) const;
    // The longest pause between two runs of a year, in seconds; nothing if it does not run twice. Always the same for the same
    // text and TZ: of 2026, and of those after it for what runs less often, the first 10,000 runs (a week of every minute).
    [[nodiscard]] std::optional<std::int64_t> period() const;

private:
    void set_fields(const std::array<std::string, 5>& fields, std::string_view text);

    std::string fields_;
    bool disabled_ = false;
    // Bit n: runs at minute, hour, day, month, weekday n (0 is Sunday).
    std::array<std::uint64_t, 5> bits_{};
    // cron runs on either of a day of the month and a weekday, if neither field begins with *.
    bool either_day_ = false;
};

// A number that follows from the name, by the same hash: 0 to limit - 1.
[[nodiscard]] unsigned own_number(std::string_view name, unsigned limit);

} // namespace rs::profile
