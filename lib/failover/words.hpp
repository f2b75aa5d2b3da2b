// SPDX-License-Identifier: Apache-2.0
// What the machine says, for people.
#pragma once

#include <string_view>

#include "failover/machine.hpp"

namespace rs::failover {

[[nodiscard]] std::string_view word(Role role);
[[nodiscard]] std::string_view word(Step step);
[[nodiscard]] std::string_view word(Act act);
// A sentence without its full stop; empty for nothing.
[[nodiscard]] std::string_view sentence(Why why);

} // namespace rs::failover
