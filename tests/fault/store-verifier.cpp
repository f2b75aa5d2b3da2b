// SPDX-License-Identifier: Apache-2.0
// Looks at many stores in one process: reads the path of one a line, answers each with a line.
//
//     OK NAME E.C DIGEST; ...     a full check found nothing, and these generations are there
//     BAD what is wrong
//
// powerloss.py makes states of a store faster than processes start.
#include <iostream>
#include <string>

#include "base/error.hpp"
#include "base/monitor.hpp"
#include "base/text.hpp"
#include "store/check.hpp"
#include "store/references.hpp"

namespace {

std::string verdict(const std::string& path) {
    using namespace rs;
    try {
        const store::Store s(path);
        SilentMonitor monitor;
        std::string bad, good;
        store::check(s, {.read_data = true, .budget_seconds = {}},
                     [&](const store::Finding& f) { bad += cat(f.object, ": ", f.what, "; "); }, monitor);
        if (!bad.empty()) return "BAD " + bad;
        for (const store::GenerationPlace& place : store::all_generations(s)) {
            const auto dir = s.open_name(place.name);
            const auto g = dir ? store::try_load_generation(*dir, place.id, place.line) : std::nullopt;
            if (!g) return cat("BAD ", place.str(), ": vanished");
            good += cat(place.str(), " ", to_hex(as_text(g->digest)), "; ");
        }
        return "OK " + good;
    } catch (const Error& e) {
        return cat("BAD ", e.what());
    }
}

} // namespace

int main() {
    std::string path;
    while (std::getline(std::cin, path)) std::cout << verdict(path) << '\n' << std::flush;
    return 0;
}
