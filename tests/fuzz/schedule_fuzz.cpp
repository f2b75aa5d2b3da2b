// SPDX-License-Identifier: Apache-2.0
// Schedules: what is taken means the same once it is in a crontab.
#include "fuzz.hpp"
#include "profile/schedule.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run([&] {
        const auto schedule = profile::Schedule::parse(as_text(fuzz::bytes(data, size)));
        const auto again = profile::Schedule::parse(schedule.fields());
        if (again.fields() != schedule.fields() || again.disabled() != schedule.disabled()) __builtin_trap();
        const auto next = schedule.next(1'800'000'000);
        if (again.next(1'800'000'000) != next || (next && *next <= 1'800'000'000)) __builtin_trap();
    });
}
