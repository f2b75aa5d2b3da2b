// SPDX-License-Identifier: Apache-2.0
#include "store/retention.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"
#include "retention_support.hpp"

using namespace rs;
using namespace rs::store;
using namespace rs::test;

namespace {

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
