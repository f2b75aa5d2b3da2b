// SPDX-License-Identifier: Apache-2.0
// Looks at every state that the failover can come into, breadth first, and at what must hold in each.
//
//   failover            a quick look: so many states as a few seconds allow
//   failover --full     20 million states, and 100,000 walks
//   failover --mutants  each rule taken away in turn must be seen missing (the program that is compiled with RS_MUTANTS)
//   --states N, --depth N, --faults N (0 to 15) on one path of the search; --walks N, --seed N of the first of them
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "base/text.hpp"
#include "failover/rules.hpp"
#include "model/search.hpp"

using namespace rs;
using namespace rs::model;

namespace {

bool report(const char* title, Found (*way)(const Options&, const Limits&), const Options& options, const Limits& limits) {
    const auto begin = std::chrono::steady_clock::now();
    const Found found = way(options, limits);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%s: %llu states, depth %u%s, %llu transitions, ", title, static_cast<unsigned long long>(found.states),
                found.depth, found.complete ? " (all there are)" : "", static_cast<unsigned long long>(found.transitions));
    if (found.takeovers != 0) std::printf("%llu takeovers finished, ", static_cast<unsigned long long>(found.takeovers));
    std::printf("%llu times all was well again and somebody led within %u ticks; %.1f s, %.0f states/s\n",
                static_cast<unsigned long long>(found.samples), found.most_steps, seconds,
                static_cast<double>(found.states) / seconds);
    if (!found.violation.empty()) std::printf("violated: %s\n%s", found.violation.c_str(), found.trace.c_str());
    std::fflush(stdout);
    return found.violation.empty();
}

#ifdef RS_MUTANTS
struct Mutant {
    const char* name;
    failover::Rule rule;
    bool stores_fence;
    const char* seen_as; // the beginning of what it must be seen as
    bool lasts = false;  // it is seen by that nobody leads when all is well again
};

constexpr Mutant mutants[] = {
    {"no prove before publish", failover::Rule::prove_before_publish, true, "published without a yes"},
    {"half-lease rule off", failover::Rule::stop_at_half_lease, true, "two instances act"},
    {"acquire without comparing the epoch", failover::Rule::compare_epoch_when_acquiring, true, "an epoch was given twice"},
    {"unproven may win", failover::Rule::only_proven_wins, true, "elected with"},
    {"an idle winner is waited for", failover::Rule::pass_over_the_idle, true, "all is well again, and nobody leads", true},
    {"store without fence", failover::Rule::none, false, "a store accepted an older epoch"},
};

int look_at_mutants(const Options& options, const Limits& limits) {
    int missed = 0;
    for (const Mutant& mutant : mutants) {
        failover::broken_rule = mutant.rule;
        Options with = options;
        with.stores_fence = mutant.stores_fence;
        std::printf("%s: ", mutant.name);
        Limits tried = limits;
        // That nobody leads is not what the others are to be seen by.
        if (!mutant.lasts) tried.sample = 0;
        const Found found = search(with, tried);
        if (found.violation.starts_with(mutant.seen_as))
            std::printf("seen after %llu states: %s\n%s", static_cast<unsigned long long>(found.states), found.violation.c_str(),
                        found.trace.c_str());
        else {
            std::printf("NOT SEEN in %llu states, depth %u (%s)\n%s", static_cast<unsigned long long>(found.states), found.depth,
                        found.violation.c_str(), found.trace.c_str());
            ++missed;
        }
        std::fflush(stdout);
    }
    failover::broken_rule = failover::Rule::none;
    return missed == 0 ? 0 : 1;
}
#endif

} // namespace

int main(int argc, char** argv) {
    Options options;
    Limits limits;
    bool mutated = false;
    for (int i = 1; i < argc; ++i) {
        const std::string arg = argv[i];
        const auto number = [&]() -> std::uint64_t {
            const auto value = i + 1 < argc ? parse_u64(argv[++i]) : std::nullopt;
            return value.value_or(0);
        };
        if (arg == "--full") {
            limits.states = 20'000'000;
            limits.walks = 100'000;
        }
        else if (arg == "--mutants") mutated = true;
        else if (arg == "--states") limits.states = number();
        else if (arg == "--walks") limits.walks = number();
        else if (arg == "--seed") limits.seed = number();
        else if (arg == "--depth") limits.depth = static_cast<unsigned>(number());
        else if (arg == "--faults") options.faults = static_cast<std::uint32_t>(std::min<std::uint64_t>(number(), 15));
        else {
            std::fprintf(stderr, "usage: failover [--full | --mutants] [--states N] [--depth N] [--faults N] [--walks N] [--seed N]\n");
            return 64;
        }
    }
    if (!mutated) {
        const bool near = report("all states", search, options, limits);
        const bool far = report("random walks", walk, options, limits);
        return near && far ? 0 : 1;
    }
#ifdef RS_MUTANTS
    return look_at_mutants(options, limits);
#else
    std::fprintf(stderr, "failover: --mutants: not compiled with RS_MUTANTS\n");
    return 64;
#endif
}
