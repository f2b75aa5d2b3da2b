// SPDX-License-Identifier: Apache-2.0
#include "base/workers.hpp"

#include <algorithm>

#include "base/thread.hpp"

namespace rs {

Workers::~Workers() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    added_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    for (Task& task : tasks_) task(dropped);
}

void Workers::push(Task&& task) {
    // The thread first: what is queued is done, and what submit() failed with is not.
    if (const auto thread = static_cast<unsigned>(threads_.size()); thread < count_) {
        threads_.reserve(count_);
        try {
            threads_.push_back(start_thread([this, thread] { run(thread); }));
        } catch (const Error&) {
            if (threads_.empty()) throw;
            count_ = thread; // those that are there do it all
        }
    }
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
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
