// SPDX-License-Identifier: Apache-2.0
#include "elect/probe.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::elect {

namespace {

constexpr Time period{10'000}; // and the limit of it

} // namespace

Probe::Said Probe::look(bool leading, Time now) {
    if (program_.empty()) return {};
    Said said;
    if (task_ && task_->hear(now)) {
        said.well = task_->status() == 0 && !task_->broken();
        if (!said.well)
            said.text = cat("the service here is not well", task_->complaint().empty() ? "" : ": ", task_->complaint());
        else if (unwell_)
            said.text = "the service here is well again";
        unwell_ = !said.well;
        task_.reset();
    }
    if (task_ || !leading || now < due_) return said;
    due_ = now + period;
    try {
        task_ = std::make_unique<Task>(std::vector<std::string>{program_}, TaskOptions{.limit = period});
    } catch (const Error& e) {
        return {e.what(), false};
    }
    return said;
}

} // namespace rs::elect
