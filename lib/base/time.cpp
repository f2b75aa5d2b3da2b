// SPDX-License-Identifier: Apache-2.0
// Days to dates and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
// https://howardhinnant.github.io/date_algorithms.html, days_from_civil and civil_from_days.
// The idea: let the year begin on 1 March, so that the leap day is its last day and the lengths of
// the months are a line, (153 m + 2) / 5; then count in eras of 400 years, which all have the same
// 146,097 days.
//
// Rejected: gmtime_r (its year is an int, and it fails beyond), std::chrono::year (16 bits), timegm
// (not standard), strftime and strptime (locale, and strptime takes " 1" for "01").
#include "base/time.hpp"

#include <array>
#include <charconv>
#include <chrono>

#include "base/text.hpp"

namespace rs {

namespace {

constexpr std::int64_t day_seconds = 86400;
constexpr std::int64_t era_days = 146097;    // days in 400 Gregorian years
constexpr std::int64_t epoch_shift = 719468; // days from 0000-03-01 to 1970-01-01

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

struct Date {
    std::int64_t year;
    unsigned month, day;
};

constexpr Date civil_from_days(std::int64_t days) {
    days += epoch_shift;
    const std::int64_t era = floor_div(days, era_days);
    const auto doe = static_cast<unsigned>(days - era * era_days); // day of era, 0 to 146,096
    const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100); // from 1 March, 0 to 365
    const unsigned mp = (5 * doy + 2) / 153;                      // 0 is March, 11 is February
    const unsigned month = mp < 10 ? mp + 3 : mp - 9;
    return {era * 400 + yoe + (month <= 2 ? 1 : 0), month, doy - (153 * mp + 2) / 5 + 1};
}

constexpr std::int64_t days_from_civil(Date date) {
    const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    const std::int64_t era = floor_div(year, 400);
    const auto yoe = static_cast<unsigned>(year - era * 400);
    const unsigned mp = date.month > 2 ? date.month - 3 : date.month + 9;
    const unsigned doy = (153 * mp + 2) / 5 + date.day - 1;
    const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * era_days + doe - epoch_shift;
}

static_assert(days_from_civil({1970, 1, 1}) == 0);
static_assert(days_from_civil({2000, 3, 1}) == 11017);

constexpr bool is_leap(std::int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr unsigned month_days(std::int64_t year, unsigned month) {
    if (month == 2) return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Takes exactly `width` decimal digits off the front of `text`.
std::optional<unsigned> take_digits(std::string_view& text, std::size_t width) {
    if (text.size() < width) return std::nullopt;
    unsigned value = 0;
    for (const char c : text.substr(0, width)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    text.remove_prefix(width);
    return value;
}

bool take(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

void append_padded(std::string& out, std::uint64_t value, std::size_t width) {
    const std::string digits = cat(value);
    if (digits.size() < width) out.append(width - digits.size(), '0');
    out += digits;
}

} // namespace

UtcTime now_utc() {
    using namespace std::chrono;
    const auto now = system_clock::now().time_since_epoch();
    const auto whole = floor<seconds>(now);
    return {whole.count(),
            static_cast<std::uint32_t>(duration_cast<nanoseconds>(now - whole).count())};
}

CivilTime to_civil(UtcTime time) {
    const std::int64_t days = floor_div(time.seconds, day_seconds);
    const auto rest = static_cast<unsigned>(time.seconds % day_seconds +
                                            (time.seconds % day_seconds < 0 ? day_seconds : 0));
    const Date date = civil_from_days(days);
    return {date.year, date.month, date.day, rest / 3600, rest / 60 % 60, rest % 60};
}

IsoWeek iso_week(UtcTime time) {
    const std::int64_t days = floor_div(time.seconds, day_seconds);
    const std::int64_t since_monday = (days + 3) - 7 * floor_div(days + 3, 7); // day 0: a Thursday
    const std::int64_t thursday = days - since_monday + 3;
    const std::int64_t year = civil_from_days(thursday).year;
    const std::int64_t day_of_year = thursday - days_from_civil({year, 1, 1});
    return {year, static_cast<unsigned>(day_of_year / 7 + 1)};
}

std::string format_utc(UtcTime time) {
    const CivilTime c = to_civil(time);
    std::string out;
    if (c.year < 0) out += '-';
    append_padded(out, static_cast<std::uint64_t>(c.year < 0 ? -c.year : c.year), 4);
    out += '-';
    append_padded(out, c.month, 2);
    out += '-';
    append_padded(out, c.day, 2);
    out += 'T';
    append_padded(out, c.hour, 2);
    out += ':';
    append_padded(out, c.minute, 2);
    out += ':';
    append_padded(out, c.second, 2);
    out += 'Z';
    return out;
}

std::optional<UtcTime> parse_utc(std::string_view text) {
    if (take(text, '@')) {
        std::int64_t seconds = 0;
        const char* const last = text.data() + text.size();
        const auto [end, err] = std::from_chars(text.data(), last, seconds);
        if (err != std::errc{} || end != last) return std::nullopt;
        return UtcTime{seconds, 0};
    }
    const auto year = take_digits(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    const auto month = take_digits(text, 2);
    if (!month || *month < 1 || *month > 12 || !take(text, '-')) return std::nullopt;
    const auto day = take_digits(text, 2);
    if (!day || *day < 1 || *day > month_days(*year, *month)) return std::nullopt;

    std::int64_t seconds = days_from_civil({*year, *month, *day}) * day_seconds;
    if (take(text, 'T')) {
        const auto hour = take_digits(text, 2);
        if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
        const auto minute = take_digits(text, 2);
        if (!minute || *minute > 59) return std::nullopt;
        seconds += *hour * 3600 + *minute * 60;
        if (take(text, ':')) {
            const auto second = take_digits(text, 2);
            if (!second || *second > 59) return std::nullopt;
            seconds += *second;
        }
    }
    take(text, 'Z');
    if (!text.empty()) return std::nullopt;
    return UtcTime{seconds, 0};
}

std::optional<std::uint64_t> parse_age(std::string_view text) {
    struct Unit {
        char letter;
        std::uint64_t seconds;
    };
    // rdiff-backup(1), TIME FORMATS: a month is 30 days, a year 365.
    static constexpr std::array<Unit, 7> units{{{'Y', 365 * day_seconds},
                                                {'M', 30 * day_seconds},
                                                {'W', 7 * day_seconds},
                                                {'D', day_seconds},
                                                {'h', 3600},
                                                {'m', 60},
                                                {'s', 1}}};
    if (text.empty()) return std::nullopt;
    std::uint64_t total = 0;
    std::size_t next = 0; // units[0] to units[next - 1] may not come any more
    while (!text.empty()) {
        std::uint64_t number = 0, part = 0;
        const char* const last = text.data() + text.size();
        const auto [end, err] = std::from_chars(text.data(), last, number);
        if (err != std::errc{} || end == last) return std::nullopt;
        while (next < units.size() && units[next].letter != *end) ++next;
        if (next == units.size()) return std::nullopt;
        if (__builtin_mul_overflow(number, units[next].seconds, &part) ||
            __builtin_add_overflow(total, part, &total))
            return std::nullopt;
        ++next;
        text = std::string_view(end + 1, static_cast<std::size_t>(last - end - 1));
    }
    return total;
}

} // namespace rs
