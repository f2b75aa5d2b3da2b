// SPDX-License-Identifier: Apache-2.0
// Whether the service of a leader is well: that is its own business, and a person's. It is told, and nothing follows from it.
#pragma once

#include <memory>
#include <string>

#include "elect/task.hpp"

namespace rs::elect {

class Probe {
public:
    // program: none if empty.
    explicit Probe(std::string program) : program_(std::move(program)) {}

    // Looks now and then, while `leading`. What there is to say: not well is said as often as it is seen.
    struct Said {
        std::string text; // empty: nothing
        bool well = true;
    };
    [[nodiscard]] Said look(bool leading, Time now);

private:
    const std::string program_;
    std::unique_ptr<Task> task_;
    Time due_{0};
    bool unwell_ = false;
};

} // namespace rs::elect
