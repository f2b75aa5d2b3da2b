// SPDX-License-Identifier: Apache-2.0
#include "failover/death.hpp"

#include <bit>
#include <vector>

#include <doctest/doctest.h>

using namespace rs::failover;

namespace {

// Bit i of `reaches` is what observer i says.
std::vector<Report> pattern(unsigned reaches, std::uint32_t observers = 3) {
    std::vector<Report> reports;
    for (std::uint32_t i = 0; i < observers; ++i) reports.push_back({i, (reaches >> i & 1) != 0, Time(10)});
    return reports;
}

} // namespace

TEST_CASE("all eight patterns of three observers: dead if two cannot reach it, and only if the lease is gone") {
    for (unsigned reaches = 0; reaches < 8; ++reaches) {
        CAPTURE(reaches);
        const auto reports = pattern(reaches);
        CHECK(leader_vital(Lease::gone, reports, 3, Time(100)) == (std::popcount(reaches) <= 1 ? Vital::dead : Vital::reachable));
        CHECK(leader_vital(Lease::held, reports, 3, Time(100)) == Vital::lease_held);
        CHECK(leader_vital(Lease::unknown, reports, 3, Time(100)) == Vital::coordinator_silent);
    }
}

TEST_CASE("an old report counts as none: in all 27 patterns of yes, no and old") {
    for (unsigned n = 0; n < 27; ++n) {
        CAPTURE(n);
        auto reports = pattern(0);
        unsigned against = 0, old = 0;
        for (unsigned i = 0, m = n; i < 3; ++i, m /= 3) {
            reports[i].reachable = m % 3 == 1;
            reports[i].age = Time(m % 3 == 2 ? 101 : 100);
            against += m % 3 == 0;
            old += m % 3 == 2;
        }
        CHECK(leader_vital(Lease::gone, reports, 3, Time(100)) == (against >= 2         ? Vital::dead
                                                                   : against + old >= 2 ? Vital::too_few_reports
                                                                                        : Vital::reachable));
    }
}

TEST_CASE("with fewer than three observers nobody is ever declared dead") {
    for (std::uint32_t observers = 0; observers < 3; ++observers)
        CHECK(leader_vital(Lease::gone, pattern(0), observers, Time(100)) == Vital::too_few_observers);
}

TEST_CASE("with five observers three have to say so") {
    CHECK(leader_vital(Lease::gone, pattern(0b00011, 5), 5, Time(100)) == Vital::dead);
    CHECK(leader_vital(Lease::gone, pattern(0b00111, 5), 5, Time(100)) == Vital::reachable);
}

TEST_CASE("one voice is one, however often it speaks; the freshest counts, and strangers do not") {
    const std::vector<Report> often{{0, false, Time(1)}, {0, false, Time(2)}, {0, false, Time(3)}, {3, false, Time(1)}};
    CHECK(leader_vital(Lease::gone, often, 3, Time(100)) == Vital::too_few_reports);
    const std::vector<Report> again{{0, false, Time(50)}, {1, false, Time(50)}, {0, true, Time(10)}, {2, true, Time(10)}};
    CHECK(leader_vital(Lease::gone, again, 3, Time(100)) == Vital::reachable);
}
