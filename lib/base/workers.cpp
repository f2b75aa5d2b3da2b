// SPDX-License-Identifier: Apache-2.0
#include "base/workers.hpp"

#include <algorithm>

namespace rs {

Workers::~Workers() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    added_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void Workers::push(Task&& task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    if (const auto thread = static_cast<unsigned>(threads_.size()); thread < count_)
        threads_.emplace_back([this, thread] { run(thread); });
    added_.notify_one();
}

void Workers::run(unsigned thread) {
    for (;;) {
        Task task;
        {
            std::unique_lock lock(mutex_);
            added_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
            if (stopping_) return;
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task(thread);
    }
}

unsigned worker_count(unsigned most) { return std::clamp(std::thread::hardware_concurrency(), 1U, most); }

} // namespace rs
