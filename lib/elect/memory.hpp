// SPDX-License-Identifier: Apache-2.0
// What the machine has to find again after a crash: the file `machine` in the state directory, whole or not at all.
//
//   rs-elect 1
//   epoch 3          the highest that was ever seen
//   claim 3          the one that was acquired; 0: none
//   step start       of the takeover under it
//   old gone         Predecessor: gone, held, uncertain
//   maintenance no
//   returned no      yes: it was the leader and has not re-joined yet
//   end
#pragma once

#include <string>
#include <string_view>

#include "failover/machine.hpp"
#include "io/file.hpp"

namespace rs::elect {

struct Memory {
    failover::Durable durable;
    bool returned = false;

    bool operator==(const Memory&) const = default;
};

[[nodiscard]] std::string format_memory(const Memory& memory);
// Error(Exit::data) if it is not as above.
[[nodiscard]] Memory parse_memory(std::string_view text);

// Absent: what one has that has seen nothing. Damaged: Error(Exit::data) that says what to do.
[[nodiscard]] Memory read_memory(const io::Dir& state);
// Returns when it would survive a loss of power. The file `epoch` is raised with it, for whoever else has to know.
void write_memory(const io::Dir& state, const Memory& memory);

} // namespace rs::elect
