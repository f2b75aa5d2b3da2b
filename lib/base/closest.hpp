// SPDX-License-Identifier: Apache-2.0
// "perhaps NAME?": which of the known names a wrong one may have been meant to be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rs {

// Give it every candidate, then ask. Close is what needs at most a third of its letters inserted, removed, replaced or
// swapped with the next (optimal string alignment distance); of several equally close ones the first by bytes.
class Closest {
public:
    explicit Closest(std::string_view wrong) : wrong_(wrong) {}
    void consider(std::string_view candidate);
    // Empty if none was close.
    [[nodiscard]] const std::string& found() const { return best_; }

private:
    std::string wrong_, best_;
    std::size_t distance_ = static_cast<std::size_t>(-1);
};

} // namespace rs
