// SPDX-License-Identifier: Apache-2.0
#include "failover/death.hpp"

namespace rs::failover {

Vital leader_vital(Lease lease, std::span<const Report> reports, std::uint32_t observers, Time oldest) {
    if (observers < fewest_observers) return Vital::too_few_observers;
    if (lease == Lease::unknown) return Vital::coordinator_silent;
    if (lease == Lease::held) return Vital::lease_held;
    const std::uint32_t needed = observers / 2 + 1;
    std::uint32_t against = 0, fresh = 0;
    for (std::uint32_t observer = 0; observer < observers; ++observer) {
        const Report* latest = nullptr;
        for (const Report& report : reports)
            if (report.observer == observer && report.age <= oldest && (latest == nullptr || report.age < latest->age))
                latest = &report;
        if (latest == nullptr) continue;
        ++fresh;
        if (!latest->reachable) ++against;
    }
    if (against >= needed) return Vital::dead;
    return against + (observers - fresh) >= needed ? Vital::too_few_reports : Vital::reachable;
}

} // namespace rs::failover
