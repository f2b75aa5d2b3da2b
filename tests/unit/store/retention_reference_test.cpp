// SPDX-License-Identifier: Apache-2.0
// Retention against a naive reading of its rules, over random histories (NEEDS.md B27).
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "retention_support.hpp"
#include "store/retention.hpp"

using namespace rs;
using namespace rs::store;
using namespace rs::test;

namespace {

constexpr int histories = 100'000; // NEEDS.md B27
constexpr int fewer_histories = 25'000;

struct Case {
    std::vector<Candidate> history;
    Policy policy;
    UtcTime now;
};

// Between 1930 and 2140, so that nanoseconds since 1970 fit in 64 bits.
Case random_case(SplitMix& random) {
    static constexpr std::int64_t steps[] = {0,       60,      hour,     6 * hour, day,
                                             2 * day, 7 * day, 31 * day, 366 * day};
    static constexpr std::int64_t parts[] = {0, 0, 0, 1, 500'000'000, 999'999'999};
    Case out;
    const auto part = [&] { return static_cast<std::uint32_t>(random.one_of(parts)); };
    // From 1990 to 2100, often just at midnight or at the turn of an hour.
    std::int64_t now = random.in(631152000, 4102444800);
    if (random.chance(30)) now -= now % day;
    if (random.chance(20)) now -= now % hour;
    out.now = {now, part()};

    const auto size = static_cast<std::size_t>(random.in(0, 40));
    const std::int64_t step = random.one_of(steps);
    const int glitches = static_cast<int>(random.one_of({0, 0, 5, 25, 80}));
    const int proven = static_cast<int>(random.one_of({0, 5, 50, 90, 100}));
    const std::size_t unproven_tail = random.chance(30) ? random.index(10) : 0;
    std::uint64_t epoch = static_cast<std::uint64_t>(random.in(1, 3)), counter = 1;
    if (random.chance(2)) epoch = max_generation_part - 41;
    UtcTime time{now - static_cast<std::int64_t>(size) * step + random.in(-step, step), part()};
    for (std::size_t i = 0; i < size; ++i) {
        Candidate c{Generation{epoch, counter}, time, random.chance(proven)};
        if (i + unproven_tail >= size) c.proven = false;
        if (random.chance(glitches)) {
            switch (random.in(0, 5)) {
            case 0: c.time.seconds = now + random.in(0, 400 * day); break;
            case 1: c.time = out.now; break;
            case 2: c.time.seconds -= random.in(0, 400 * day); break;
            case 3: time.seconds -= random.in(0, 3 * step); break; // set back for good
            case 4: c.time = out.history.empty() ? c.time : out.history.back().time; break;
            case 5: c.time = {now, part()}; break;
            }
        }
        out.history.push_back(c);
        time.seconds += random.chance(30) ? random.in(0, 2 * step) : step;
        if (random.chance(20)) time.nanoseconds = part();
        counter += random.chance(80) ? 1 : static_cast<std::uint64_t>(random.in(1, 5));
        if (random.chance(5)) {
            ++epoch;
            if (random.chance(50)) counter = 1;
        }
    }
    for (std::size_t i = size; i > 1; --i)
        std::swap(out.history[i - 1], out.history[random.index(i)]);

    if (random.chance(40)) out.policy.floor = static_cast<std::uint64_t>(random.in(0, 6));
    if (random.chance(10)) return out; // no rule
    const std::int64_t wanted = random.one_of({0, 0, 1, 1, 2, 3});
    for (std::int64_t i = 0; i < wanted; ++i) {
        std::string text;
        // Half of the limits are met exactly by a generation.
        const std::int64_t seconds = size > 0 && random.chance(50)
                                         ? out.history[random.index(size)].time.seconds
                                         : now - random.in(-day, 41 * (step + 1));
        switch (random.in(0, 3)) {
        case 0: text = cat(random.in(1, 12), "B"); break;
        case 1: text = cat(std::max<std::int64_t>(now - seconds, 0), "s"); break;
        case 2: text = cat("@", seconds); break;
        case 3: text = cat(random.in(0, 3), "W", random.in(0, 9), "D"); break;
        }
        const auto rule = parse_rule(text);
        REQUIRE(rule);
        out.policy.rules.push_back(*rule);
    }
    for (std::uint64_t* count :
         {&out.policy.keep_last, &out.policy.keep_hourly, &out.policy.keep_daily,
          &out.policy.keep_weekly, &out.policy.keep_monthly, &out.policy.keep_yearly}) {
        if (!random.chance(35)) continue;
        *count = random.chance(3) ? no_limit : static_cast<std::uint64_t>(random.in(1, 9));
    }
    return out;
}

std::string case_text(const Case& c) {
    std::string out =
        cat("now @", c.now.seconds, "+", c.now.nanoseconds, " floor ", c.policy.floor);
    for (const Rule& rule : c.policy.rules) out += cat(" ", rule.text);
    out += cat(" last ", c.policy.keep_last, " hourly ", c.policy.keep_hourly, " daily ",
               c.policy.keep_daily, " weekly ", c.policy.keep_weekly, " monthly ",
               c.policy.keep_monthly, " yearly ", c.policy.keep_yearly, "\n");
    for (const Candidate& g : c.history)
        out += cat("  ", g.id.str(), " ", format_utc(g.time), " +", g.time.nanoseconds,
                   g.proven ? " proven" : "", "\n");
    return out;
}

// The reference: each sentence of the header's list, asked again for each generation. It shares
// nothing with the code but to_civil and iso_week.
std::vector<Decision> reference(const Case& c) {
    const auto& all = c.history;
    const auto newer = [](const Candidate& a, const Candidate& b) { // a is newer than b
        if (a.id.epoch != b.id.epoch) return a.id.epoch > b.id.epoch;
        return a.id.counter > b.id.counter;
    };
    const auto ns = [](UtcTime t) { return t.seconds * 1'000'000'000 + t.nanoseconds; };
    const auto time_of = [&](const Candidate& x) {
        return ns(x.time) > ns(c.now) ? c.now : x.time;
    };
    bool any_proven = false;
    for (const Candidate& x : all)
        if (x.proven) any_proven = true;
    const auto counted = [&](const Candidate& x) { return any_proven ? x.proven : true; };

    // Hourly, daily, weekly, monthly, yearly; those without a count are passed over to save time.
    static constexpr const char* names[5] = {"hourly", "daily", "weekly", "monthly", "yearly"};
    const std::uint64_t keeps[5] = {c.policy.keep_hourly, c.policy.keep_daily, c.policy.keep_weekly,
                                    c.policy.keep_monthly, c.policy.keep_yearly};
    const auto label = [&](const Candidate& x, std::size_t b) -> std::string {
        const CivilTime t = to_civil(time_of(x));
        const IsoWeek w = iso_week(time_of(x));
        const int y = static_cast<int>(t.year);
        char text[32];
        switch (b) {
        case 0: std::snprintf(text, 32, "%04d-%02u-%02uT%02u", y, t.month, t.day, t.hour); break;
        case 1: std::snprintf(text, 32, "%04d-%02u-%02u", y, t.month, t.day); break;
        case 2: std::snprintf(text, 32, "%04d-W%02u", static_cast<int>(w.year), w.week); break;
        case 3: std::snprintf(text, 32, "%04d-%02u", y, t.month); break;
        default: std::snprintf(text, 32, "%04d", y); break;
        }
        return text;
    };
    std::vector<std::array<std::string, 5>> labels(all.size());
    for (std::size_t b = 0; b < 5; ++b)
        for (std::size_t i = 0; i < all.size() && keeps[b] != 0; ++i)
            labels[i][b] = label(all[i], b);
    std::vector<std::array<bool, 5>> heads(all.size());
    for (std::size_t b = 0; b < 5; ++b)
        for (std::size_t i = 0; i < all.size() && keeps[b] != 0; ++i) {
            heads[i][b] = counted(all[i]);
            for (std::size_t j = 0; j < all.size(); ++j)
                if (counted(all[j]) && newer(all[j], all[i]) && labels[j][b] == labels[i][b])
                    heads[i][b] = false;
        }

    std::vector<Decision> out;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Candidate& x = all[i];
        std::uint64_t newer_ones = 0, newer_proven = 0, newer_counted = 0;
        std::uint64_t newer_heads[5] = {};
        for (std::size_t j = 0; j < all.size(); ++j) {
            if (!newer(all[j], x)) continue;
            ++newer_ones;
            if (all[j].proven) ++newer_proven;
            if (counted(all[j])) ++newer_counted;
            for (std::size_t b = 0; b < 5; ++b)
                if (heads[j][b]) ++newer_heads[b];
        }
        Decision d{x.id, {}};
        if (newer_ones == 0) d.reasons.push_back("newest");
        if (x.proven && (newer_proven == 0 || newer_proven < c.policy.floor))
            d.reasons.push_back("proven floor");
        if (!x.proven && any_proven && newer_proven == 0) d.reasons.push_back("awaiting proof");
        std::uint64_t sum = c.policy.rules.size() + (c.policy.keep_last != 0 ? 1 : 0);
        for (const std::uint64_t n : keeps)
            if (n != 0) ++sum;
        if (sum == 0) d.reasons.push_back("no rule");
        for (const Rule& rule : c.policy.rules) {
            const std::int64_t age = ns(c.now) - ns(time_of(x));
            if (rule.kind == Rule::Kind::within &&
                age <= static_cast<std::int64_t>(rule.amount) * 1'000'000'000)
                d.reasons.push_back("within " + rule.text);
            if (rule.kind == Rule::Kind::since &&
                (ns(time_of(x)) >= ns(rule.time) || ns(time_of(x)) >= ns(c.now)))
                d.reasons.push_back("since " + rule.text);
            if (rule.kind == Rule::Kind::newest && counted(x) && newer_counted < rule.amount)
                d.reasons.push_back(rule.text);
        }
        if (counted(x) && newer_counted < c.policy.keep_last) d.reasons.push_back("last");
        for (std::size_t b = 0; b < 5; ++b)
            if (heads[i][b] && newer_heads[b] < keeps[b])
                d.reasons.push_back(std::string(names[b]) + " " + labels[i][b]);
        out.push_back(std::move(d));
    }
    return out;
}

std::vector<Decision> plan_of(const Case& c) { return plan_retention(c.history, c.policy, c.now); }

// One more rule, or a larger count, or a larger floor.
void grow(Policy& policy, const Case& c, SplitMix& random) {
    std::uint64_t* const counts[] = {&policy.keep_last,   &policy.keep_hourly,  &policy.keep_daily,
                                     &policy.keep_weekly, &policy.keep_monthly, &policy.keep_yearly,
                                     &policy.floor};
    const std::int64_t what = random.in(0, 9);
    if (what < 7) {
        std::uint64_t& count = *counts[what];
        const auto more = static_cast<std::uint64_t>(random.in(1, 5));
        count = count > no_limit - more ? no_limit : count + more;
        return;
    }
    const std::string text = what == 7   ? cat(random.in(1, 12), "B")
                             : what == 8 ? cat(random.in(0, 400), "D")
                                         : cat("@", c.now.seconds - random.in(-day, 400 * day));
    const auto rule = parse_rule(text);
    REQUIRE(rule);
    const auto where = static_cast<std::ptrdiff_t>(random.index(policy.rules.size() + 1));
    policy.rules.insert(policy.rules.begin() + where, *rule);
}

} // namespace

TEST_CASE("100,000 random histories are planned as a naive reading of the rules plans them") {
    std::map<std::string, int> seen; // the first word of each reason: the cases are not vacuous
    int removed_proven = 0, removed_unproven = 0, kept_unproven_by_age = 0, nobody_proven = 0;
    for (int n = 0; n < histories; ++n) {
        const std::uint64_t seed = 0xa9000000U + static_cast<std::uint64_t>(n);
        CAPTURE(seed);
        SplitMix random(seed);
        const Case c = random_case(random);
        const auto plan = plan_of(c);
        if (plan != reference(c)) {
            CAPTURE(case_text(c));
            REQUIRE(plan_text(plan) == plan_text(reference(c)));
        }
        if (n % 10 != 0) continue; // a tenth is enough to see what occurs
        bool any_proven = false;
        for (std::size_t i = 0; i < plan.size(); ++i) {
            const bool proven = c.history[i].proven;
            any_proven = any_proven || proven;
            if (!plan[i].keep()) ++(proven ? removed_proven : removed_unproven);
            if (!proven && plan[i].keep() && plan[i].reasons[0].starts_with("within"))
                ++kept_unproven_by_age;
            for (const std::string& reason : plan[i].reasons) {
                const std::string word = reason.substr(0, reason.find(' '));
                ++seen[word.ends_with('B') ? "B" : word];
            }
        }
        if (!any_proven && !plan.empty()) ++nobody_proven;
    }
    for (const char* word : {"newest", "proven", "awaiting", "no", "within", "since", "B", "last",
                             "hourly", "daily", "weekly", "monthly", "yearly"}) {
        CAPTURE(word);
        CHECK(seen[word] > 1000);
    }
    CHECK(seen.size() == 13);
    CHECK(removed_proven > 1000);
    CHECK(removed_unproven > 1000);
    CHECK(kept_unproven_by_age > 1000);
    CHECK(nobody_proven > 1000);
}

TEST_CASE("in 100,000 random histories nothing that must stay goes, whatever the policy") {
    for (int n = 0; n < histories; ++n) {
        const std::uint64_t seed = 0xb2700000U + static_cast<std::uint64_t>(n);
        CAPTURE(seed);
        SplitMix random(seed);
        const Case c = random_case(random);
        const auto plan = plan_of(c);
        REQUIRE(plan.size() == c.history.size());

        // By number, oldest first; true: kept.
        std::vector<std::pair<Candidate, bool>> line;
        for (std::size_t i = 0; i < plan.size(); ++i)
            line.emplace_back(c.history[i], plan[i].keep());
        std::sort(line.begin(), line.end(), [](const auto& a, const auto& b) {
            return std::pair(a.first.id.epoch, a.first.id.counter) <
                   std::pair(b.first.id.epoch, b.first.id.counter);
        });
        bool good = line.empty() || line.back().second;
        std::uint64_t proven = 0;
        for (auto it = line.rbegin(); it != line.rend(); ++it) {
            const auto& [candidate, keep] = *it;
            if (candidate.proven) {
                ++proven;
                if (proven <= std::max<std::uint64_t>(c.policy.floor, 1)) good = good && keep;
            } else if (proven == 0 && keep == false) {
                // Newer than each proven one: only to go if there is none at all.
                good = good && std::none_of(line.begin(), line.end(),
                                            [](const auto& x) { return x.first.proven; });
            }
            if (c.policy.empty()) good = good && keep;
        }
        if (!good) {
            CAPTURE(case_text(c));
            FAIL(plan_text(plan));
        }
    }
}

TEST_CASE("in 25,000 random histories one more rule or a larger count never removes more") {
    for (int n = 0; n < fewer_histories; ++n) {
        const std::uint64_t seed = 0xc0000000U + static_cast<std::uint64_t>(n);
        CAPTURE(seed);
        SplitMix random(seed);
        Case c = random_case(random);
        if (c.policy.empty()) continue;
        const auto before = plan_of(c);
        grow(c.policy, c, random);
        const auto after = plan_of(c);
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (!before[i].keep() || after[i].keep()) continue;
            CAPTURE(case_text(c));
            FAIL(cat("no longer kept: ", before[i].id.str()));
        }
    }
}

TEST_CASE("in 25,000 random histories unproven generations never make a proven one go") {
    for (int n = 0; n < fewer_histories; ++n) {
        const std::uint64_t seed = 0xd0000000U + static_cast<std::uint64_t>(n);
        CAPTURE(seed);
        SplitMix random(seed);
        const Case c = random_case(random);
        Case proven_only{{}, c.policy, c.now};
        std::set<Generation> kept_among_all;
        const auto all = plan_of(c);
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!c.history[i].proven) continue;
            proven_only.history.push_back(c.history[i]);
            if (all[i].keep()) kept_among_all.insert(all[i].id);
        }
        for (const Decision& decision : plan_of(proven_only)) {
            if (decision.keep() == kept_among_all.contains(decision.id)) continue;
            CAPTURE(case_text(c));
            FAIL(cat("decided differently: ", decision.id.str()));
        }
    }
}
