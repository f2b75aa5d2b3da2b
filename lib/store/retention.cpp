// SPDX-License-Identifier: Apache-2.0
// One walk from the newest generation to the oldest decides everything: each rule needs only to
// know how many it has passed, and the reasons come out in the order of the header's list.
#include "store/retention.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::store {

namespace {

// The label is the common beginning of the times in the bucket: "2026-11-20T12" of
// "2026-11-20T12:34:56Z". Years may have more than four digits, so it is cut from the end.
std::string label_without(UtcTime time, std::size_t tail) {
    std::string label = format_utc(time);
    label.resize(label.size() - tail);
    return label;
}

std::string hour_label(UtcTime time) { return label_without(time, 7); }
std::string day_label(UtcTime time) { return label_without(time, 10); }
std::string month_label(UtcTime time) { return label_without(time, 13); }
std::string year_label(UtcTime time) { return label_without(time, 16); }

std::string week_label(UtcTime time) {
    const IsoWeek iso = iso_week(time);
    // The year is written as format_utc does it.
    std::string year = cat(iso.year < 0 ? -iso.year : iso.year);
    if (year.size() < 4) year.insert(0, 4 - year.size(), '0');
    return cat(iso.year < 0 ? "-" : "", year, iso.week < 10 ? "-W0" : "-W", iso.week);
}

// A keep_hourly ... keep_yearly on its way through the generations.
struct Buckets {
    std::string_view name;
    std::string (*label)(UtcTime);
    std::uint64_t left; // heads that may still be kept
    std::set<std::string> seen;

    // Call for each counted generation, newest first. The bucket's label if it is kept.
    std::optional<std::string> visit(UtcTime time) {
        if (left == 0) return std::nullopt;
        std::string bucket = label(time);
        if (!seen.insert(bucket).second) return std::nullopt;
        --left;
        return bucket;
    }
};

// True if the age is at most `seconds`. `time` is not later than `now`.
bool within(UtcTime time, UtcTime now, std::uint64_t seconds) {
    // The difference of two int64 fits in uint64; the subtraction modulo 2^64 gives it. It is the
    // age rounded down if now has the larger nanoseconds, else exact or rounded up.
    const std::uint64_t age =
        static_cast<std::uint64_t>(now.seconds) - static_cast<std::uint64_t>(time.seconds);
    return now.nanoseconds > time.nanoseconds ? age < seconds : age <= seconds;
}

} // namespace

std::optional<Rule> parse_rule(std::string_view text) {
    Rule rule;
    rule.text = text;
    if (text.ends_with('B')) {
        const auto count = parse_u64(text.substr(0, text.size() - 1));
        if (!count || *count == 0) return std::nullopt;
        rule.kind = Rule::Kind::newest;
        rule.amount = *count;
        return rule;
    }
    if (const auto age = parse_age(text)) {
        rule.kind = Rule::Kind::within;
        rule.amount = *age;
        return rule;
    }
    if (const auto time = parse_utc(text)) {
        rule.kind = Rule::Kind::since;
        rule.time = *time;
        return rule;
    }
    return std::nullopt;
}

bool Policy::empty() const {
    return rules.empty() && keep_last == 0 && keep_hourly == 0 && keep_daily == 0 &&
           keep_weekly == 0 && keep_monthly == 0 && keep_yearly == 0;
}

std::vector<Decision> plan_retention(std::span<const Candidate> candidates, const Policy& policy,
                                     UtcTime now) {
    std::vector<std::size_t> order(candidates.size()); // newest first
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return candidates[a].id > candidates[b].id; });
    for (std::size_t i = 1; i < order.size(); ++i)
        if (candidates[order[i - 1]].id == candidates[order[i]].id)
            fail(Exit::data, cat("generation ", candidates[order[i]].id.str(), ": listed twice"));

    const bool any_proven = std::any_of(candidates.begin(), candidates.end(),
                                        [](const Candidate& c) { return c.proven; });
    const std::uint64_t floor = std::max<std::uint64_t>(policy.floor, 1);
    const bool no_rule = policy.empty();
    std::array<Buckets, 5> calendar{{{"hourly", hour_label, policy.keep_hourly, {}},
                                     {"daily", day_label, policy.keep_daily, {}},
                                     {"weekly", week_label, policy.keep_weekly, {}},
                                     {"monthly", month_label, policy.keep_monthly, {}},
                                     {"yearly", year_label, policy.keep_yearly, {}}}};

    std::vector<Decision> plan(candidates.size());
    std::uint64_t newer = 0, newer_proven = 0;
    for (const std::size_t i : order) {
        const Candidate& candidate = candidates[i];
        const UtcTime time = std::min(candidate.time, now);
        const bool counted = candidate.proven || !any_proven;
        const std::uint64_t newer_counted = any_proven ? newer_proven : newer;
        std::vector<std::string>& why = plan[i].reasons;
        plan[i].id = candidate.id;

        if (newer == 0) why.push_back("newest");
        if (candidate.proven && newer_proven < floor) why.push_back("proven floor");
        if (!candidate.proven && any_proven && newer_proven == 0) why.push_back("awaiting proof");
        if (no_rule) why.push_back("no rule");
        for (const Rule& rule : policy.rules) {
            switch (rule.kind) {
            case Rule::Kind::within:
                if (within(time, now, rule.amount)) why.push_back(cat("within ", rule.text));
                break;
            case Rule::Kind::since:
                if (time >= std::min(rule.time, now)) why.push_back(cat("since ", rule.text));
                break;
            case Rule::Kind::newest:
                if (counted && newer_counted < rule.amount) why.push_back(rule.text);
                break;
            }
        }
        if (counted) {
            if (newer_counted < policy.keep_last) why.push_back("last");
            for (Buckets& buckets : calendar)
                if (const auto bucket = buckets.visit(time))
                    why.push_back(cat(buckets.name, " ", *bucket));
        }
        ++newer;
        if (candidate.proven) ++newer_proven;
    }
    return plan;
}

bool suspicious_shrink(std::span<const std::uint64_t> previous_bytes_newest_last,
                       std::uint64_t new_bytes, unsigned percent) {
    // NEEDS.md A34: one odd dump among five does not move the median.
    static constexpr std::size_t window = 5;
    const std::size_t n = std::min(previous_bytes_newest_last.size(), window);
    if (n == 0) return false;
    std::array<std::uint64_t, window> last{};
    std::copy_n(previous_bytes_newest_last.end() - static_cast<std::ptrdiff_t>(n), n, last.begin());
    std::sort(last.begin(), last.begin() + static_cast<std::ptrdiff_t>(n));
    const std::uint64_t median = last[(n - 1) / 2];

    // new_bytes < median * share / 100, rounded up, in steps that cannot exceed the median.
    const std::uint64_t share = 100 - std::min(percent, 100U);
    return new_bytes < median / 100 * share + (median % 100 * share + 99) / 100;
}

} // namespace rs::store
