// SPDX-License-Identifier: Apache-2.0
// Which generations of one name a prune keeps, and why. Pure: no I/O, no clock.
//
// Retention is where backups die: failed runs count, a clock that stood wrong for a day makes
// everything look old, and the last good one is rotated out (NEEDS.md A9). So numbers order, times
// only label, and what was proven by an import counts before what was only received.
//
// Words. "Newer" and "older" compare generation numbers (epoch, then counter), never times. The
// TIME of a generation is its UTC time, or `now` if that is earlier; its AGE is now minus TIME,
// exact to the nanosecond and never negative. The COUNTED generations are the proven ones; if not
// one is proven, they are all generations. A policy is EMPTY if it has no rules and each of its
// keep_ counts is 0.
//
// A generation is kept if at least one of these holds, else removed. What is quoted is the reason
// that is given for it.
//
//  1. "newest": no generation is newer.
//  2. "proven floor": it is proven, and fewer than F proven ones are newer; F is the policy's
//     floor, or 1 if that is 0.
//  3. "awaiting proof": it is unproven, at least one generation is proven, and it is newer than
//     each that is.
//  4. "no rule": the policy is EMPTY.
//  5. For each element of policy.rules, in that order:
//     a. within S seconds, "within 2W": its AGE is at most S. Proven or not.
//     b. since T, "since 2026-11-20": its TIME is not before T, or not before `now` if that is
//        earlier than T. Proven or not.
//     c. newest N, "3B": it is COUNTED, and fewer than N COUNTED ones are newer.
//  6. keep_last N, "last": it is COUNTED, and fewer than N COUNTED ones are newer.
//  7. keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly N: "hourly 2026-11-20T12",
//     "daily 2026-11-20", "weekly 2026-W47" (ISO 8601), "monthly 2026-11", "yearly 2026". Each
//     COUNTED generation is in the bucket that its TIME has in the UTC calendar. It is the head of
//     that bucket if no newer COUNTED one is in the same bucket. It is kept if it is a head, and
//     fewer than N newer generations are heads of their buckets, of the same kind. (So hours and
//     days without a backup use nothing up, and a bucket that appears again after the clock went
//     back is not counted again.)
//
// What follows from them:
//  - An unproven generation older than the newest proven one is kept by an age (5a, 5b) or not at
//    all, but for an EMPTY policy.
//  - No unproven generation makes a proven one go, however many there are and whatever their times.
//  - More rules, larger counts and a larger floor never remove more, except the first rule or
//    count: it ends 4.
//  - The oldest generation is not kept to fill up a count, as restic does.
//  - While proofs stay away, the unproven ones newer than the last proof pile up: 3 has no limit.
//  - With no proofs at all only the newest is safe from the counts; with the first proof the
//    unproven ones before it lose theirs. Who proves nothing yet but will, gives an age as well.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/generation.hpp"
#include "base/time.hpp"

namespace rs::store {

struct Candidate {
    Generation id;
    UtcTime time; // from the exporter's clock; may be wrong in any way
    bool proven = false;
};

struct Rule {
    enum class Kind { within, since, newest };

    Kind kind = Kind::newest;
    std::uint64_t amount = 0; // within: seconds; newest: generations
    UtcTime time;             // since
    std::string text;         // as it was given, for the reasons
};

// "3B": the newest 3, at least 1; "2W", "1D12h": within that age, as parse_age reads it;
// "2026-11-20", "@1795176000": since then, as parse_utc reads it. Nothing if it is none of these.
[[nodiscard]] std::optional<Rule> parse_rule(std::string_view text);

// keep_*: generations, or buckets; 0 means that there is no such rule.
struct Policy {
    std::vector<Rule> rules;
    std::uint64_t keep_last = 0;
    std::uint64_t keep_hourly = 0;
    std::uint64_t keep_daily = 0;
    std::uint64_t keep_weekly = 0;
    std::uint64_t keep_monthly = 0;
    std::uint64_t keep_yearly = 0;
    std::uint64_t floor = 3; // newest proven generations that no rule removes; 0 counts as 1

    // True if there is no rule to prune by; the floor is not one.
    [[nodiscard]] bool empty() const;
};

struct Decision {
    Generation id;
    std::vector<std::string> reasons; // in the order of the list above; none: remove

    [[nodiscard]] bool keep() const { return !reasons.empty(); }
    bool operator==(const Decision&) const = default;
};

// One decision per candidate, in the order of the candidates, which may be any: what is decided for
// each does not depend on it. Error(Exit::data) if two candidates have the same id: then nothing
// can be said of either. Time n log n, memory n.
[[nodiscard]] std::vector<Decision> plan_retention(std::span<const Candidate> candidates,
                                                   const Policy& policy, UtcTime now);

// True if `new_bytes` is less than (100 - percent)% of the median of the last five of
// `previous_bytes_newest_last` (of all, if they are fewer; of an even number, the lower of the
// middle two). False if there are none. percent: 0 to 100; more counts as 100, which is never
// reached.
[[nodiscard]] bool suspicious_shrink(std::span<const std::uint64_t> previous_bytes_newest_last,
                                     std::uint64_t new_bytes, unsigned percent = 50);

} // namespace rs::store
