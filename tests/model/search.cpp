// SPDX-License-Identifier: Apache-2.0
#include "model/search.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.hpp"

namespace rs::model {

namespace {

std::uint64_t hash(const Code& code) {
    std::uint64_t h = 0x9e3779b97f4a7c15;
    for (std::uint64_t word : code) {
        // The finaliser of MurmurHash3: all bits of the word reach all bits of the result.
        word ^= h;
        word = (word ^ (word >> 33)) * 0xff51afd7ed558ccd;
        word = (word ^ (word >> 33)) * 0xc4ceb9fe1a85ec53;
        h = (word ^ (word >> 33)) + 0x9e3779b97f4a7c15 * (h | 1);
    }
    return h == 0 ? 1 : h;
}

// Hashes of the states that were seen.
class Seen {
public:
    explicit Seen(std::uint64_t most) {
        std::uint64_t size = 1024;
        while (size < most * 3 / 2) size *= 2;
        slots_.resize(size);
    }
    // True if it is new.
    bool add(std::uint64_t h) {
        for (std::uint64_t at = h & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
            if (slots_[at] == h) return false;
            if (slots_[at] != 0) continue;
            slots_[at] = h;
            return true;
        }
    }

private:
    std::vector<std::uint64_t> slots_;
};

// Where a state was come to from: the place of its parent, and which successor of it.
struct Origin {
    std::uint32_t parent;
    std::uint32_t which;
};

constexpr std::uint32_t no_parent = 0xffffffff;

std::string trace_of(const std::vector<Origin>& origins, std::uint32_t last, std::uint32_t which, const Options& options) {
    std::vector<std::uint32_t> path;
    if (which != no_parent) path.push_back(which);
    while (origins[last].parent != no_parent) {
        path.push_back(origins[last].which);
        last = origins[last].parent;
    }
    World world = initial(options)[origins[last].which];
    std::string text;
    unsigned step = 0;
    for (auto it = path.rbegin(); it != path.rend(); ++it) {
        std::uint32_t k = 0;
        std::optional<World> next;
        successors(world, options, true, [&](const World& w, const Label& label, const Violation&) {
            if (k++ != *it) return;
            text += cat("  ", ++step, ". ", label, "\n");
            next = w;
        });
        // As the search has it: from the canonical form.
        world = decode(encode(*next));
    }
    return text;
}

} // namespace

Found search(const Options& options, const Limits& limits) {
    Found found;
    Seen seen(limits.states + limits.states / 8);
    std::vector<Origin> origins;
    std::vector<Code> border, next;
    std::uint32_t border_begin = 0;
    const std::vector<World> beginnings = initial(options);
    for (std::uint32_t i = 0; i < beginnings.size(); ++i) {
        border.push_back(encode(beginnings[i]));
        seen.add(hash(border.back()));
        origins.push_back({no_parent, i});
    }
    for (unsigned depth = 0; depth < limits.depth && !border.empty(); ++depth) {
        for (std::uint32_t b = 0; b < border.size(); ++b) {
            const std::uint32_t place = border_begin + b;
            const World world = decode(border[b]);
            if (limits.sample != 0 && place % limits.sample == 0) {
                if (const std::string trace = try_to_heal(world, found, limits); !trace.empty()) {
                    found.trace = trace_of(origins, place, no_parent, options) + trace;
                    found.states = origins.size();
                    return found;
                }
            }
            std::uint32_t which = 0;
            successors(world, options, false, [&](const World& w, const Label&, const Violation& violation) {
                ++found.transitions;
                const std::uint32_t k = which++;
                if (!found.violation.empty()) return;
                if (!violation.what.empty()) {
                    found.violation = violation.what;
                    found.trace = trace_of(origins, place, k, options);
                    return;
                }
                if (origins.size() >= limits.states) return;
                const Code code = encode(w);
                if (!seen.add(hash(code))) return;
                origins.push_back({place, k});
                next.push_back(code);
            });
            if (!found.violation.empty() || origins.size() >= limits.states) {
                found.states = origins.size();
                return found;
            }
        }
        border_begin += static_cast<std::uint32_t>(border.size());
        found.depth = depth + 1;
        border.swap(next);
        next.clear();
    }
    found.complete = border.empty();
    found.states = origins.size();
    return found;
}

} // namespace rs::model
