// SPDX-License-Identifier: Apache-2.0
#include "profile/schedule.hpp"

#include <time.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::profile {

namespace {

struct Unit {
    std::string_view name;
    unsigned first, last;
    std::string_view names; // three letters each, the first stands for `first`
};
constexpr std::array<Unit, 5> units = {{{"minute", 0, 59, ""},
                                        {"hour", 0, 23, ""},
                                        {"day", 1, 31, ""},
                                        {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
                                        {"weekday", 0, 7, "sunmontuewedthufrisat"}}};
enum { minute, hour, day, month, weekday };

struct Word {
    std::string_view systemd, cron, fields;
};
constexpr Word words[] = {
    {"minutely", "", "* * * * *"},         {"hourly", "@hourly", "0 * * * *"},   {"daily", "@daily", "0 0 * * *"},
    {"", "@midnight", "0 0 * * *"},        {"weekly", "@weekly", "0 0 * * 0"},   {"monthly", "@monthly", "0 0 1 * *"},
    {"yearly", "@yearly", "0 0 1 1 *"},    {"", "@annually", "0 0 1 1 *"},
};
constexpr int years_ahead = 9; // February 29 comes after eight years at the latest, around 2100

std::uint64_t hash_of(std::string_view name) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> out(1);
    for (const char c : text) {
        if (c == separator)
            out.emplace_back();
        else
            out.back() += c;
    }
    return out;
}

std::vector<std::string> split_blanks(std::string_view text) {
    std::vector<std::string> out;
    std::string word;
    for (const char c : text) {
        if (c != ' ' && c != '\t') {
            word += c;
            continue;
        }
        if (!word.empty()) out.push_back(word);
        word.clear();
    }
    if (!word.empty()) out.push_back(word);
    return out;
}

class Reading {
public:
    explicit Reading(std::string_view text) : text_(text) {}

    [[noreturn]] void bad(std::string_view why) const {
        fail(Exit::config, cat("schedule '", printable(text_), "': ", why),
             "for example daily, *:15, Mon-Fri 4:30, 10-1 0:00, or the five fields of crontab(5); # in front disables it");
    }

    [[nodiscard]] unsigned number(std::string_view word, const Unit& unit) const {
        const auto value = parse_u64(word);
        if (!value || word.size() > 2) bad(cat("'", printable(word), "' is not a ", unit.name));
        if (*value < unit.first || *value > unit.last)
            bad(cat(unit.name, " ", *value, " is not between ", unit.first, " and ", unit.last));
        return static_cast<unsigned>(*value);
    }

    // "*", N, NAME, N-M, with /STEP behind "*" or a range; lists of them. Gives the bits.
    [[nodiscard]] std::uint64_t cron_field(const std::string& field, const Unit& unit) const {
        std::uint64_t bits = 0;
        for (const std::string& item : split(field, ',')) {
            const std::vector<std::string> steps = split(item, '/');
            unsigned first = unit.first, last = unit.last;
            const bool all = steps[0] == "*";
            const std::vector<std::string> ends = split(steps[0], '-');
            if (!all) {
                if (ends.size() > 2) bad(cat("'", printable(item), "' is not a ", unit.name));
                first = cron_value(ends[0], unit);
                last = ends.size() == 2 ? cron_value(ends[1], unit) : first;
                if (last < first) bad(cat("'", printable(item), "' ends before it begins"));
            }
            std::uint64_t step = 1;
            if (steps.size() > 1) {
                const auto value = parse_u64(steps[1]);
                if (steps.size() > 2 || !value || *value == 0 || *value > 59) bad(cat("'", printable(item), "' has no step"));
                if (!all && ends.size() == 1) bad(cat("'", printable(item), "' is a step from one ", unit.name, "; cron wants a range before it"));
                step = *value;
            }
            for (std::uint64_t n = first; n <= last; n += step) bits |= std::uint64_t{1} << n;
        }
        return bits;
    }

    // A list of numbers, "*", or START/STEP, which becomes the range that cron wants.
    [[nodiscard]] std::string calendar_field(std::string_view field, const Unit& unit) const {
        std::string out;
        for (const std::string& item : split(field, ',')) {
            if (!out.empty()) out += ',';
            const std::vector<std::string> steps = split(item, '/');
            if (item == "*") {
                out += item;
                continue;
            }
            const unsigned start = number(steps[0], unit);
            if (steps.size() == 1) {
                out += item;
                continue;
            }
            const auto step = parse_u64(steps[1]);
            if (steps.size() > 2 || !step || *step == 0 || *step > 99) bad(cat("'", printable(item), "' has no step"));
            if (start + *step > unit.last) bad(cat("'", printable(item), "': the step reaches no second ", unit.name));
            out += cat(steps[0], "-", start + (unit.last - start) / *step * *step, "/", *step);
        }
        return out;
    }

    // Names and ranges of names to sorted numbers; nothing if the word holds no weekday.
    [[nodiscard]] std::optional<std::string> weekdays(std::string_view word) const {
        std::vector<std::string> out;
        for (const std::string& item : split(word, ',')) {
            if (item.empty()) continue;
            const std::vector<std::string> ends = split(item, '-');
            const auto first = weekday_of(ends[0]);
            if (!first && out.empty()) return std::nullopt;
            const auto last = ends.size() == 2 ? weekday_of(ends[1]) : first;
            if (!first || !last || ends.size() > 2) bad(cat("'", printable(item), "' is not a weekday"));
            if (*first <= *last) {
                out.push_back(ends.size() == 1 ? cat(*first) : cat(*first, "-", *last));
                continue;
            }
            // Over the end of the week, which cron does not go.
            out.push_back(*last == 0 ? "0" : cat("0-", *last));
            out.push_back(*first == 6 ? "6" : cat(*first, "-6"));
        }
        if (out.empty()) return std::nullopt;
        std::sort(out.begin(), out.end());
        std::string all;
        for (const std::string& item : out) all += cat(all.empty() ? "" : ",", item);
        return all;
    }

private:
    [[nodiscard]] unsigned cron_value(const std::string& word, const Unit& unit) const {
        const std::string name = lower(word);
        for (std::size_t at = 0; name.size() == 3 && at < unit.names.size(); at += 3)
            if (unit.names.substr(at, 3) == name) return unit.first + static_cast<unsigned>(at / 3);
        return number(word, unit);
    }

    [[nodiscard]] static std::optional<unsigned> weekday_of(std::string_view word) {
        static constexpr std::string_view full[] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
        const std::string name = lower(word);
        for (unsigned i = 0; i < 7; ++i)
            if (name == full[i] || name == full[i].substr(0, 3)) return i;
        return std::nullopt;
    }

    std::string_view text_;
};

// [WEEKDAYS] [[*-]MONTH-DAY] [HOUR:MINUTE[:0]]
std::array<std::string, 5> from_calendar(const Reading& in, std::vector<std::string> parts) {
    if (parts.size() > 3) in.bad(cat("is ", parts.size(), " words, where a crontab has five fields and a calendar three"));
    std::array<std::string, 5> out = {"0", "0", "*", "*", "*"};
    if (const auto days = in.weekdays(parts[0])) {
        out[weekday] = *days;
        parts.erase(parts.begin());
    }
    std::optional<std::string> date, time;
    for (const std::string& part : parts) {
        const bool is_time = part.find(':') != std::string::npos;
        if (time || (is_time ? time : date)) in.bad(cat("'", printable(part), "' comes too late: weekdays, then the date, then the time"));
        (is_time ? time : date) = part;
    }
    if (date) {
        std::vector<std::string> d = split(*date, '-');
        if (d.size() == 3) {
            if (d[0] != "*") in.bad("cron knows no years");
            d.erase(d.begin());
        }
        if (d.size() != 2) in.bad(cat("'", printable(*date), "' is not MONTH-DAY"));
        out[month] = in.calendar_field(d[0], units[month]);
        out[day] = in.calendar_field(d[1], units[day]);
        if (out[day] != "*" && out[weekday] != "*") in.bad("cron cannot ask for a day of the month and a weekday at once");
    }
    if (time) {
        const std::vector<std::string> t = split(*time, ':');
        if (t.size() > 3) in.bad(cat("'", printable(*time), "' is not HOUR:MINUTE"));
        if (t.size() == 3 && (t[2].empty() || t[2].size() > 2 || t[2].find_first_not_of('0') != std::string::npos)) in.bad("cron knows no seconds");
        out[hour] = in.calendar_field(t[0], units[hour]);
        out[minute] = in.calendar_field(t[1], units[minute]);
    }
    return out;
}

bool looks_like_cron(const std::vector<std::string>& parts) {
    return parts.size() == 5 && std::none_of(parts.begin(), parts.end(), [](const std::string& p) { return p.find(':') != std::string::npos; });
}

} // namespace

void Schedule::set_fields(const std::array<std::string, 5>& fields, std::string_view text) {
    const Reading in(text);
    for (std::size_t i = 0; i < units.size(); ++i) bits_[i] = in.cron_field(fields[i], units[i]);
    if ((bits_[weekday] & 0x80) != 0) bits_[weekday] |= 1; // 7 is Sunday, too
    either_day_ = fields[day].front() != '*' && fields[weekday].front() != '*';
}

Schedule Schedule::parse(std::string_view text) {
    Schedule out;
    const Reading in(text);
    if (text.find_first_of("\r\n") != std::string_view::npos || text.find('\0') != std::string_view::npos) in.bad("is not one line");
    const std::vector<std::string> parts = split_blanks(text);
    if (parts.empty()) in.bad("is empty");
    if (parts[0].front() == '#') {
        out.disabled_ = true;
        out.fields_ = text.substr(text.find('#'));
        return out;
    }
    std::array<std::string, 5> fields;
    const auto join = [&] {
        std::string all;
        for (const std::string& f : fields) all += cat(all.empty() ? "" : " ", f);
        return all;
    };
    const auto word = std::find_if(std::begin(words), std::end(words), [&](const Word& w) {
        return parts.size() == 1 && (lower(parts[0]) == w.systemd || parts[0] == w.cron);
    });
    if (word != std::end(words)) {
        const std::vector<std::string> known = split_blanks(word->fields);
        std::copy(known.begin(), known.end(), fields.begin());
        out.fields_ = parts[0].front() == '@' ? parts[0] : join();
    } else if (parts[0].front() == '@') {
        in.bad("cron has @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually");
    } else if (looks_like_cron(parts)) {
        std::copy(parts.begin(), parts.end(), fields.begin());
        out.fields_ = join();
    } else {
        fields = from_calendar(in, parts);
        out.fields_ = join();
    }
    out.set_fields(fields, text);
    return out;
}

Schedule Schedule::hourly(std::string_view name) {
    return parse(cat(own_number(name, 60), " * * * *"));
}

unsigned own_number(std::string_view name, unsigned limit) { return static_cast<unsigned>(hash_of(name) % limit); }

std::optional<std::int64_t> Schedule::next(std::int64_t time) const {
    if (disabled_) return std::nullopt;
    const auto has = [&](unsigned unit, int value) { return (bits_[unit] >> value & 1) != 0; };
    time_t now = static_cast<time_t>(time - ((time % 60) + 60) % 60 + 60);
    struct tm t {};
    if (::localtime_r(&now, &t) == nullptr) return std::nullopt;
    const int last_year = t.tm_year + years_ahead;
    while (t.tm_year <= last_year) {
        const bool in_month = has(day, t.tm_mday), in_week = has(weekday, t.tm_wday);
        const bool day_fits = either_day_ ? in_month || in_week : in_month && in_week;
        struct tm later = t;
        later.tm_isdst = -1;
        if (!has(month, t.tm_mon + 1)) {
            later.tm_mon += 1;
            later.tm_mday = 1;
            later.tm_hour = later.tm_min = 0;
        } else if (!day_fits) {
            later.tm_mday += 1;
            later.tm_hour = later.tm_min = 0;
        } else if (has(hour, t.tm_hour) && has(minute, t.tm_min)) {
            return now;
        } else {
            now += 60;
            if (::localtime_r(&now, &t) == nullptr) return std::nullopt;
            continue;
        }
        // A day that begins an hour late, because the clock is put forward at midnight, must not lead back.
        now = std::max<time_t>(now + 60, ::mktime(&later));
        if (::localtime_r(&now, &t) == nullptr) return std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::int64_t> Schedule::period() const {
    constexpr std::int64_t start = 1767225600, year = 366 * 86400; // 2026-01-01T00:00Z
    std::optional<std::int64_t> longest;
    auto last = next(start);
    for (unsigned runs = 0; last && runs < 10'000 && (!longest || *last < start + year); ++runs) {
        const auto then = next(*last);
        if (then) longest = std::max(longest.value_or(0), *then - *last);
        last = then;
    }
    return longest;
}

} // namespace rs::profile
