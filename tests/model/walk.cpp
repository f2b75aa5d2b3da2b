// SPDX-License-Identifier: Apache-2.0
#include "model/search.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.hpp"

namespace rs::model {

namespace {

// SplitMix64 (Steele, Lea, Flood 2014): the same walks from one seed everywhere.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t below(std::uint64_t n) {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return (z ^ (z >> 31)) % n;
    }

private:
    std::uint64_t state_;
};

std::string trace_of(World world, const std::vector<std::uint32_t>& path, const Options& options) {
    std::string text;
    unsigned step = 0;
    for (const std::uint32_t which : path) {
        std::uint32_t k = 0;
        std::optional<World> next;
        successors(world, options, true, [&](const World& w, const Label& label, const Violation&) {
            if (k++ != which) return;
            text += cat("  ", ++step, ". ", label, "\n");
            next = w;
        });
        world = decode(encode(*next));
    }
    return text;
}

bool leads(const World& w, std::size_t i) { return w.nodes[i].machine.role == failover::Role::leading; }

} // namespace

Found walk(const Options& options, const Limits& limits) {
    Found found;
    Options hard = options;
    hard.faults = 15;
    const std::vector<World> beginnings = initial(hard);
    for (std::uint64_t n = 0; n < limits.walks; ++n) {
        Random random(limits.seed + n);
        const World begin = beginnings[random.below(beginnings.size())];
        World world = begin;
        std::vector<std::uint32_t> path;
        for (unsigned step = 0; step < limits.walk_steps; ++step) {
            // A fault at one step of twelve: most of what is on the way has to arrive for anything to come of it.
            const bool harm = world.faults > 0 && random.below(12) == 0;
            std::uint32_t which = 0, chosen = 0, fitting = 0;
            std::optional<World> next;
            successors(world, hard, false, [&](const World& w, const Label&, const Violation& violation) {
                ++found.transitions;
                const std::uint32_t k = which++;
                if (!found.violation.empty()) return;
                if (!violation.what.empty()) {
                    found.violation = violation.what;
                    path.push_back(k);
                    return;
                }
                if ((w.faults < world.faults) != harm || random.below(++fitting) != 0) return;
                chosen = k;
                next = w;
            });
            if (!found.violation.empty()) {
                found.trace = cat("  (walk ", limits.seed + n, ", not the shortest way)\n", trace_of(begin, path, hard));
                return found;
            }
            if (!next) continue;
            for (std::size_t i = 0; i < instances; ++i)
                if (!leads(world, i) && leads(*next, i) && world.nodes[i].machine.role == failover::Role::taking) ++found.takeovers;
            world = decode(encode(*next));
            path.push_back(chosen);
            ++found.states;
            found.depth = std::max(found.depth, step + 1);
        }
        if (limits.sample == 0) continue;
        const std::string trace = try_to_heal(world, found, limits);
        if (trace.empty()) continue;
        found.trace = cat("  (walk ", limits.seed + n, ", not the shortest way)\n", trace_of(begin, path, hard), trace);
        return found;
    }
    return found;
}

} // namespace rs::model
