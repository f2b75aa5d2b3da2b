// SPDX-License-Identifier: Apache-2.0
#include "store/retention.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

using namespace rs;
using namespace rs::store;

namespace {

constexpr std::int64_t hour = 3600;
constexpr std::int64_t day = 86400;
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

UtcTime at(std::string_view text) {
    const auto time = parse_utc(text);
    REQUIRE(time);
    return *time;
}

Candidate gen(std::string_view id, UtcTime time, bool proven = true) {
    const auto parsed = Generation::parse(id);
    REQUIRE(parsed);
    return {*parsed, time, proven};
}

Candidate gen(std::string_view id, std::string_view time, bool proven = true) {
    return gen(id, at(time), proven);
}

// A policy of rules only, with the smallest floor, so that the rules show.
Policy rules(const std::vector<std::string>& texts) {
    Policy policy;
    policy.floor = 1;
    for (const std::string& text : texts) {
        const auto rule = parse_rule(text);
        REQUIRE(rule);
        policy.rules.push_back(*rule);
    }
    return policy;
}

// The ids that are kept, in the order of the input: "1.1 1.3".
std::string kept(const std::vector<Candidate>& history, const Policy& policy, UtcTime now) {
    std::string out;
    for (const Decision& decision : plan_retention(history, policy, now))
        if (decision.keep()) out += (out.empty() ? "" : " ") + decision.id.str();
    return out;
}

// One line per candidate: "1.3: newest, last", and a hyphen for those that go.
std::string plan_text(const std::vector<Decision>& plan) {
    std::string out;
    for (const Decision& decision : plan) {
        std::string why;
        for (const std::string& reason : decision.reasons)
            why += (why.empty() ? "" : ", ") + reason;
        out += cat(decision.id.str(), ": ", why.empty() ? "-" : why, "\n");
    }
    return out;
}

// 1.1, 1.2 ... one a step, the last of them at `newest`.
std::vector<Candidate> steady(std::size_t n, std::int64_t step, UtcTime newest,
                              bool proven = true) {
    std::vector<Candidate> out;
    for (std::size_t i = 1; i <= n; ++i) {
        const auto back = static_cast<std::int64_t>(n - i) * step;
        out.push_back({Generation{1, i}, {newest.seconds - back, newest.nanoseconds}, proven});
    }
    return out;
}

} // namespace

TEST_CASE("a rule is a number of backups, an age or a time") {
    struct Row {
        const char* text;
        Rule::Kind kind;
        std::uint64_t amount;
        std::int64_t seconds;
    };
    using enum Rule::Kind;
    static constexpr Row rows[] = {
        {"3B", newest, 3, 0},
        {"1B", newest, 1, 0},
        {"18446744073709551615B", newest, no_limit, 0},
        {"2W", within, 1209600, 0},
        {"1D12h", within, 129600, 0},
        {"0s", within, 0, 0},
        {"2026-11-20", since, 0, 1795132800},
        {"2026-11-20T12:00Z", since, 0, 1795176000},
        {"@1795176000", since, 0, 1795176000},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const auto rule = parse_rule(row.text);
        REQUIRE(rule);
        CHECK(rule->kind == row.kind);
        CHECK(rule->amount == row.amount);
        CHECK(rule->time == UtcTime{row.seconds, 0});
        CHECK(rule->text == row.text);
    }
}

TEST_CASE("what is not a rule is refused") {
    // clang-format off
    static constexpr const char* rows[] = {
        "", "B", "0B", "00B", "-1B", "+1B", "3 B", " 3B", "3b", "3B3B", "1W3B", "3BW", "3",
        "18446744073709551616B", "2w", "1W2W", "1h2D", "2026-02-30", "2026-11-20T24:00", "now",
    };
    // clang-format on
    for (const char* row : rows) {
        CAPTURE(row);
        CHECK_FALSE(parse_rule(row).has_value());
    }
}

TEST_CASE("a history of nothing has a plan of nothing") {
    CHECK(plan_retention({}, Policy{}, at("2026-11-20")).empty());
    CHECK(plan_retention({}, rules({"1B"}), at("2026-11-20")).empty());
}

TEST_CASE("an empty policy keeps everything, whatever its floor") {
    Policy policy;
    CHECK(policy.empty());
    policy.floor = 1;
    CHECK(policy.empty());
    const std::vector<Candidate> history{gen("1.1", "2001-01-01", false), gen("1.2", "2001-01-02"),
                                         gen("1.3", "2001-01-03"), gen("1.4", "2001-01-04", false)};
    CHECK(plan_text(plan_retention(history, policy, at("2026-11-20"))) ==
          "1.1: no rule\n"
          "1.2: no rule\n"
          "1.3: proven floor, no rule\n"
          "1.4: newest, awaiting proof, no rule\n");
}

TEST_CASE("each count alone makes a policy that is not empty") {
    static constexpr std::uint64_t Policy::*counts[] = {
        &Policy::keep_last,   &Policy::keep_hourly,  &Policy::keep_daily,
        &Policy::keep_weekly, &Policy::keep_monthly, &Policy::keep_yearly};
    for (const auto count : counts) {
        Policy policy;
        policy.floor = 1;
        policy.*count = 1;
        CHECK_FALSE(policy.empty());
        CHECK(kept(steady(9, 400 * day, at("2026-11-20")), policy, at("2026-11-20")) == "1.9");
    }
    CHECK_FALSE(rules({"1B"}).empty());
}

TEST_CASE("each form of rule keeps what it says") {
    // Hourly backups; 1.30 is from 2026-11-20T12:00, 1.1 from 2026-11-19T07:00.
    const UtcTime now = at("2026-11-20T12:30");
    const auto history = steady(30, hour, at("2026-11-20T12:00"));
    struct Row {
        const char* rule;
        std::size_t kept;
    };
    // clang-format off
    static constexpr Row rows[] = {
        {"1B", 1},          {"3B", 3},
        {"30B", 30},        {"31B", 30},
        {"18446744073709551615B", 30},
        {"0s", 1},          {"29m59s", 1},
        {"30m", 1},         {"1h29m", 1},
        {"1h29m59s", 1},    {"1h30m", 2},
        {"1D", 24},         {"1D30m", 25},
        {"2W", 30},         {"584942417355Y", 30},
        {"2026-11-20", 13}, {"2026-11-20T10:00", 3},
        {"2026-11-20T10:00:01", 2}, {"2026-11-20T12:00:00Z", 1},
        {"2026-11-19T07:00", 30},   {"1970-01-01", 30},
        {"2030-01-01", 1},  {"@1795168800", 3},
    };
    // clang-format on
    for (const Row& row : rows) {
        CAPTURE(row.rule);
        const auto plan = plan_retention(history, rules({row.rule}), now);
        for (std::size_t i = 0; i < history.size(); ++i) {
            CAPTURE(i);
            CHECK(plan[i].id == history[i].id);
            CHECK(plan[i].keep() == (i >= history.size() - row.kept));
        }
    }
}

TEST_CASE("an age is exact to the nanosecond, and its limit is inside") {
    const UtcTime now{1000, 500};
    struct Row {
        UtcTime time;
        bool kept;
    };
    static constexpr Row rows[] = {
        {{990, 500}, true},          {{990, 499}, false}, {{990, 501}, true},
        {{989, 999'999'999}, false}, {{991, 0}, true},    {{989, 500}, false},
        {{990, 999'999'999}, true},  {{990, 0}, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.time.seconds);
        CAPTURE(row.time.nanoseconds);
        const std::vector<Candidate> history{gen("1.1", row.time), gen("1.2", now)};
        CHECK(plan_retention(history, rules({"10s"}), now)[0].keep() == row.kept);
    }
    // "since" has whole seconds; anything later in that second is not before it.
    const std::vector<Candidate> history{gen("1.1", UtcTime{989, 999'999'999}),
                                         gen("1.2", UtcTime{990, 0}), gen("1.3", UtcTime{990, 1}),
                                         gen("1.4", now)};
    CHECK(kept(history, rules({"@990"}), now) == "1.2 1.3 1.4");
}

TEST_CASE("times at both ends of the range neither overflow nor change what is kept") {
    const UtcTime first{std::numeric_limits<std::int64_t>::min(), 0};
    const UtcTime last{std::numeric_limits<std::int64_t>::max(), 999'999'999};
    const std::vector<Candidate> history{gen("1.1", first), gen("1.2", UtcTime{}),
                                         gen("1.3", last)};
    CHECK(kept(history, rules({"18446744073709551614s"}), last) == "1.2 1.3");
    CHECK(kept(history, rules({"18446744073709551615s"}), {last.seconds, 0}) == "1.1 1.2 1.3");
    CHECK(kept(history, rules({"1s"}), first) == "1.1 1.2 1.3");
    Policy policy = rules({});
    policy.keep_yearly = policy.keep_weekly = no_limit;
    CHECK(plan_text(plan_retention(history, policy, last)) ==
          "1.1: weekly -292277022657-W04, yearly -292277022657\n"
          "1.2: weekly 1970-W01, yearly 1970\n"
          "1.3: newest, proven floor, weekly 292277026596-W48, yearly 292277026596\n");
}

TEST_CASE("several rules are a union, and every reason is given in the order of the rules") {
    Policy policy = rules({"2W", "2B", "2026-11-19"});
    policy.floor = 2;
    policy.keep_last = 1;
    policy.keep_hourly = 1;
    policy.keep_daily = 2;
    policy.keep_weekly = 2;
    policy.keep_monthly = 2;
    policy.keep_yearly = 2;
    const std::vector<Candidate> history{
        gen("1.1", "2025-12-31T23:00"), gen("1.2", "2026-10-01"), gen("1.3", "2026-11-12"),
        gen("1.4", "2026-11-18"),       gen("1.5", "2026-11-19"), gen("1.6", "2026-11-20T12:00")};
    CHECK(plan_text(plan_retention(history, policy, at("2026-11-20T12:30"))) ==
          "1.1: yearly 2025\n"
          "1.2: monthly 2026-10\n"
          "1.3: within 2W, weekly 2026-W46\n"
          "1.4: within 2W\n"
          "1.5: proven floor, within 2W, 2B, since 2026-11-19, daily 2026-11-19\n"
          "1.6: newest, proven floor, within 2W, 2B, since 2026-11-19, last, hourly 2026-11-20T12, "
          "daily 2026-11-20, weekly 2026-W47, monthly 2026-11, yearly 2026\n");
}

TEST_CASE("of each calendar bucket the newest generation stays, and empty buckets use nothing up") {
    const std::vector<Candidate> history{
        gen("1.1", "2024-12-29T10:00"),    // Sunday, 2024-W52
        gen("1.2", "2024-12-30T10:00"),    // Monday, 2025-W01
        gen("1.3", "2025-01-05T23:59:59"), // Sunday
        gen("1.4", "2025-01-06T00:00"),    // Monday
        gen("1.5", "2026-12-31T10:00"),    // 2026-W53
        gen("1.6", "2027-01-01T10:00"),    // 2026-W53
        gen("1.7", "2027-01-01T10:59:59"), gen("1.8", "2027-01-01T11:00"),
        gen("1.9", "2027-02-01T11:00"),
    };
    const UtcTime now = at("2027-02-02");
    struct Row {
        std::uint64_t Policy::*count;
        std::uint64_t n;
        const char* kept;
    };
    static constexpr Row rows[] = {
        {&Policy::keep_last, 2, "1.8 1.9"},
        {&Policy::keep_last, 99, "1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9"},
        {&Policy::keep_hourly, 2, "1.8 1.9"},
        {&Policy::keep_hourly, 3, "1.7 1.8 1.9"},
        {&Policy::keep_hourly, 4, "1.5 1.7 1.8 1.9"},
        {&Policy::keep_hourly, no_limit, "1.1 1.2 1.3 1.4 1.5 1.7 1.8 1.9"},
        {&Policy::keep_daily, 2, "1.8 1.9"},
        {&Policy::keep_daily, 4, "1.4 1.5 1.8 1.9"},
        {&Policy::keep_weekly, 2, "1.8 1.9"},
        {&Policy::keep_weekly, 4, "1.3 1.4 1.8 1.9"},
        {&Policy::keep_weekly, 5, "1.1 1.3 1.4 1.8 1.9"},
        {&Policy::keep_weekly, 6, "1.1 1.3 1.4 1.8 1.9"},
        {&Policy::keep_monthly, 2, "1.8 1.9"},
        {&Policy::keep_monthly, 4, "1.4 1.5 1.8 1.9"},
        {&Policy::keep_monthly, 9, "1.2 1.4 1.5 1.8 1.9"},
        {&Policy::keep_yearly, 1, "1.9"},
        {&Policy::keep_yearly, 2, "1.5 1.9"},
        {&Policy::keep_yearly, 9, "1.2 1.4 1.5 1.9"},
    };
    for (const Row& row : rows) {
        CAPTURE(&row - rows);
        Policy policy = rules({});
        policy.*row.count = row.n;
        CHECK(kept(history, policy, now) == row.kept);
    }
}

TEST_CASE("order is by epoch and counter, though the clock says otherwise") {
    const std::vector<Candidate> history{gen("2.2", "2026-11-01"), gen("1.900", "2026-11-20"),
                                         gen("2.1", "2026-11-02"), gen("1.899", "2026-11-19"),
                                         gen("10.1", "1970-01-01")};
    const UtcTime now = at("2026-11-20");
    CHECK(kept(history, rules({"1B"}), now) == "10.1");
    CHECK(kept(history, rules({"2B"}), now) == "2.2 10.1");
    CHECK(kept(history, rules({"4B"}), now) == "2.2 1.900 2.1 10.1");
    Policy policy = rules({});
    policy.keep_monthly = 9;
    CHECK(plan_text(plan_retention(history, policy, now)) ==
          "2.2: monthly 2026-11\n1.900: -\n2.1: -\n1.899: -\n"
          "10.1: newest, proven floor, monthly 1970-01\n");
}

TEST_CASE("one backup from the future does not make the others look old") {
    // restic pull 3416: one snapshot of the year 2121 wiped the rest.
    const UtcTime now = at("2026-11-20T12:00");
    auto history = steady(10, day, now);
    history[4].time = at("2121-01-01");
    CHECK(kept(history, rules({"3D"}), now) == "1.5 1.7 1.8 1.9 1.10");
    history.back().time = at("2121-01-01");
    CHECK(kept(history, rules({"3D"}), now) == "1.5 1.7 1.8 1.9 1.10");
    Policy policy = rules({});
    policy.keep_daily = 2;
    const std::string text = plan_text(plan_retention(history, policy, now));
    CHECK(text.ends_with("1.8: -\n"
                         "1.9: daily 2026-11-19\n"
                         "1.10: newest, proven floor, daily 2026-11-20\n"));
    // A rule from the future is a rule of now as well.
    CHECK(kept(history, rules({"2100-01-01"}), now) == "1.5 1.10");
}

TEST_CASE("a bucket that comes back after the clock was set back is counted once") {
    const std::vector<Candidate> history{gen("1.1", "2026-11-17"), gen("1.2", "2026-11-18"),
                                         gen("1.3", "2026-11-19"), gen("1.4", "2026-11-18"),
                                         gen("1.5", "2026-11-19")};
    Policy policy = rules({});
    policy.keep_daily = 3;
    CHECK(kept(history, policy, at("2026-11-20")) == "1.1 1.4 1.5");
    policy.keep_daily = 2;
    CHECK(kept(history, policy, at("2026-11-20")) == "1.4 1.5");
}

TEST_CASE("the counts are filled with proven generations only") {
    const std::vector<Candidate> history{gen("1.1", "2026-11-15"),
                                         gen("1.2", "2026-11-16"),
                                         gen("1.3", "2026-11-17", false),
                                         gen("1.4", "2026-11-18"),
                                         gen("1.5", "2026-11-18T01:00", false),
                                         gen("1.6", "2026-11-19", false),
                                         gen("1.7", "2026-11-20", false)};
    const UtcTime now = at("2026-11-20");
    CHECK(plan_text(plan_retention(history, rules({"2B"}), now)) ==
          "1.1: -\n"
          "1.2: 2B\n"
          "1.3: -\n"
          "1.4: proven floor, 2B\n"
          "1.5: awaiting proof\n"
          "1.6: awaiting proof\n"
          "1.7: newest, awaiting proof\n");
    Policy policy = rules({});
    policy.keep_daily = 2;
    CHECK(kept(history, policy, now) == "1.2 1.4 1.5 1.6 1.7");
    // An age covers the unproven too, and counts nobody.
    CHECK(kept(history, rules({"3D"}), now) == "1.3 1.4 1.5 1.6 1.7");
    CHECK(kept(history, rules({"3D", "3B"}), now) == "1.1 1.2 1.3 1.4 1.5 1.6 1.7");
    CHECK(kept(history, rules({"2026-11-17"}), now) == "1.3 1.4 1.5 1.6 1.7");
}

TEST_CASE("seven bad days evict nothing") {
    // Security-Onion 15896: seven days of failed dumps pushed out the last good one.
    const UtcTime now = at("2026-11-20");
    auto history = steady(20, day, now);
    for (std::size_t i = 13; i < 20; ++i) history[i].proven = false;
    CHECK(kept(history, rules({"7B"}), now) ==
          "1.7 1.8 1.9 1.10 1.11 1.12 1.13 1.14 1.15 1.16 1.17 1.18 1.19 1.20");
}

TEST_CASE("a store with nobody to prove is pruned by its counts") {
    const UtcTime now = at("2026-11-20T12:00");
    auto history = steady(6, day, now, false);
    CHECK(kept(history, rules({"2B"}), now) == "1.5 1.6");
    CHECK(kept(history, rules({"0s"}), now) == "1.6");
    Policy policy = rules({});
    policy.keep_last = 3;
    policy.floor = 5;
    CHECK(kept(history, policy, now) == "1.4 1.5 1.6");
    // With the first proof the unproven ones before it lose the counts.
    history[4].proven = true;
    CHECK(kept(history, policy, now) == "1.5 1.6");
    policy.rules = rules({"3D"}).rules;
    CHECK(kept(history, policy, now) == "1.3 1.4 1.5 1.6");
}

TEST_CASE("no rule removes the newest generation or the last proven ones") {
    const UtcTime now = at("2026-11-20");
    const std::vector<Candidate> history{
        gen("1.1", "1999-01-01"), gen("1.2", "1999-01-02"), gen("1.3", "1999-01-03", false),
        gen("1.4", "1999-01-04"), gen("1.5", "1999-01-05"), gen("1.6", "1999-01-06", false)};
    Policy policy = rules({"0s"});
    struct Row {
        std::uint64_t floor;
        const char* kept;
    };
    static constexpr Row rows[] = {
        {0, "1.5 1.6"},
        {1, "1.5 1.6"},
        {2, "1.4 1.5 1.6"},
        {3, "1.2 1.4 1.5 1.6"},
        {4, "1.1 1.2 1.4 1.5 1.6"},
        {no_limit, "1.1 1.2 1.4 1.5 1.6"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.floor);
        policy.floor = row.floor;
        CHECK(kept(history, policy, now) == row.kept);
    }
    CHECK(Policy{}.floor == 3);
}

TEST_CASE("the order of the candidates does not matter") {
    const UtcTime now = at("2026-11-20");
    std::vector<Candidate> history{gen("1.3", "2026-11-20"), gen("1.1", "2026-11-18"),
                                   gen("1.2", "2026-11-19")};
    CHECK(plan_text(plan_retention(history, rules({"2B"}), now)) ==
          "1.3: newest, proven floor, 2B\n1.1: -\n1.2: 2B\n");
}

TEST_CASE("a generation that is listed twice is refused") {
    const std::vector<Candidate> history{gen("1.2", "2026-11-20"), gen("1.1", "2026-11-18"),
                                         gen("1.2", "2026-11-19")};
    try {
        (void)plan_retention(history, Policy{}, at("2026-11-20"));
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == Exit::data);
        CHECK(std::string_view(error.what()).find("1.2") != std::string_view::npos);
    }
}

// ---- random histories -------------------------------------------------------------------------

namespace {

constexpr int histories = 100'000; // NEEDS.md B27
constexpr int fewer_histories = 25'000;

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    // In [low, high], both included.
    std::int64_t in(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
    }
    bool chance(int percent) { return in(1, 100) <= percent; }
    template <std::size_t N>
    std::int64_t one_of(const std::int64_t (&values)[N]) {
        return values[static_cast<std::size_t>(in(0, N - 1))];
    }
    std::size_t index(std::size_t size) {
        return static_cast<std::size_t>(in(0, static_cast<std::int64_t>(size) - 1));
    }

private:
    // SplitMix64 (Steele, Lea, Flood 2014): cheap to seed once per history, unlike mt19937.
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    std::uint64_t state_;
};

struct Case {
    std::vector<Candidate> history;
    Policy policy;
    UtcTime now;
};

// Between 1930 and 2140, so that nanoseconds since 1970 fit in 64 bits.
Case random_case(Random& random) {
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
void grow(Policy& policy, const Case& c, Random& random) {
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
        Random random(seed);
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
        Random random(seed);
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
        Random random(seed);
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
        Random random(seed);
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

// ---- suspicious shrink ------------------------------------------------------------------------

TEST_CASE("a dump is suspiciously small below half of the median of the last five") {
    struct Row {
        std::vector<std::uint64_t> previous;
        std::uint64_t bytes;
        unsigned percent;
        bool suspicious;
    };
    const std::vector<Row> rows{
        {{}, 0, 50, false},
        {{}, 100, 50, false},
        {{100}, 50, 50, false},
        {{100}, 49, 50, true},
        {{100}, 0, 50, true},
        {{0}, 0, 50, false},
        {{101}, 50, 50, true}, // 50 < 50.5
        {{101}, 51, 50, false},
        {{1}, 0, 50, true},
        {{100, 1000}, 50, 50, false}, // the lower of the middle two
        {{1000, 100}, 49, 50, true},
        {{10, 20, 30}, 10, 50, false},
        {{30, 10, 20}, 9, 50, true},
        {{10, 40, 20, 30}, 10, 50, false},
        {{10, 40, 20, 30}, 9, 50, true},
        {{1, 2, 1000, 1000, 1000}, 499, 50, true}, // small ones in the minority
        {{1, 1, 1, 1000, 1000}, 1, 50, false},
        {{1000, 1000, 1000, 1, 1, 1, 2, 2}, 1, 50, false}, // only the last five
        {{1, 1, 1, 1000, 1000, 1000, 1000, 1000}, 499, 50, true},
        {{10, 50, 50, 90, 90, 90}, 44, 50, true},
        {{10, 50, 50, 90, 90, 90}, 45, 50, false},
        {{1}, 0, 99, true},                                       // 0 < 0.01
        {{11'000'000, 11'000'000, 11'000'000}, 14'000, 50, true}, // gbrain 1361
        {{100}, 99, 0, true},
        {{100}, 100, 0, false},
        {{100}, 9, 90, true},
        {{100}, 10, 90, false},
        {{100}, 0, 99, true},
        {{100}, 1, 99, false},
        {{100}, 0, 100, false},
        {{100}, 0, 101, false},
        {{100}, 0, std::numeric_limits<unsigned>::max(), false},
        {{no_limit}, no_limit, 0, false},
        {{no_limit}, no_limit - 1, 0, true},
        {{no_limit}, no_limit / 2, 50, true}, // half of an odd number, rounded down
        {{no_limit}, no_limit / 2 + 1, 50, false},
        {{no_limit, no_limit, no_limit, no_limit}, 1, 50, true},
    };
    for (const Row& row : rows) {
        CAPTURE(&row - rows.data());
        CHECK(suspicious_shrink(row.previous, row.bytes, row.percent) == row.suspicious);
    }
    CHECK(suspicious_shrink(std::vector<std::uint64_t>{100}, 49));
    CHECK_FALSE(suspicious_shrink(std::vector<std::uint64_t>{100}, 50));
}

TEST_CASE("the shrink limit is exact for random sizes") {
    __extension__ using Wide = unsigned __int128;
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const auto size = [&] {
            return static_cast<std::uint64_t>(
                       random.in(0, std::numeric_limits<std::int64_t>::max() - 1)) >>
                   random.in(0, 62);
        };
        std::vector<std::uint64_t> previous(static_cast<std::size_t>(random.in(1, 9)));
        for (std::uint64_t& bytes : previous) bytes = size() * 2 + (random.chance(50) ? 1 : 0);
        const auto percent = static_cast<unsigned>(random.in(0, 100));
        // The median is the value that has fewer than half below it, by counting.
        const std::size_t first = previous.size() > 5 ? previous.size() - 5 : 0;
        std::vector<std::uint64_t> last(previous.begin() + static_cast<std::ptrdiff_t>(first),
                                        previous.end());
        std::uint64_t median = 0;
        for (const std::uint64_t x : last) {
            const auto below =
                std::count_if(last.begin(), last.end(), [&](auto y) { return y < x; });
            const auto upto =
                std::count_if(last.begin(), last.end(), [&](auto y) { return y <= x; });
            const auto rank = static_cast<std::ptrdiff_t>(last.size() - 1) / 2; // from 0
            if (below <= rank && rank < upto) median = x;
        }
        const Wide limit = Wide{median} * (100 - percent); // in hundredths of a byte
        const auto edge = static_cast<std::uint64_t>(limit / 100);
        for (const std::uint64_t bytes : {edge == 0 ? 0 : edge - 1, edge, edge + 1, size()})
            REQUIRE(suspicious_shrink(previous, bytes, percent) == (Wide{bytes} * 100 < limit));
    }
}
