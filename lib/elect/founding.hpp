// SPDX-License-Identifier: Apache-2.0
// The first leader of a line. One that nobody has led is at epoch 0: the export instance of a new deployment acquires the
// first one. It takes over from nobody, so that there are no steps, and the machine begins like one that was killed when its takeover
// was done.
#pragma once

#include <optional>

#include "elect/coordinator.hpp"
#include "io/file.hpp"

namespace rs::elect {

class Founding {
public:
    Founding(const Config& config, const io::Dir& state, Time pause) : config_(config), state_(state), pause_(pause) {}

    // Asks the coordinator, if it is time for that.
    void go_on(Coordinator& coordinator, Time now);

    struct Outcome {
        std::uint64_t epoch = 0; // the one that is ours; 0: somebody leads the line already
    };
    // What an answer has brought: nothing, as long as something has to be asked yet.
    [[nodiscard]] std::optional<Outcome> heard(const Reply& reply, Time now);

private:
    const Config& config_;
    const io::Dir& state_;
    const Time pause_; // between asks
    bool asked_ = false, acquires_ = false;
    std::uint64_t after_ = 0; // the epoch after which one is acquired
    Time at_{0};
};

} // namespace rs::elect
