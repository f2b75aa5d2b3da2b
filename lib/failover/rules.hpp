// SPDX-License-Identifier: Apache-2.0
// Rules that a test can take away, to show that it would see them missing. The library has no such switch: only who
// compiles these sources with RS_MUTANTS (tests/model) gets one.
#pragma once

namespace rs::failover {

enum class Rule {
    none,
    prove_before_publish,
    stop_at_half_lease,
    compare_epoch_when_acquiring,
    only_proven_wins,
    pass_over_the_idle,
};

#ifdef RS_MUTANTS
inline Rule broken_rule = Rule::none;
inline bool holds(Rule rule) { return rule != broken_rule; }
#else
constexpr bool holds(Rule) { return true; }
#endif

} // namespace rs::failover
