// SPDX-License-Identifier: Apache-2.0
// Threads that do jobs in the order they are handed over.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace rs {

// Used by one thread. The threads inside start with the first job. What a job uses must outlive this object, which
// therefore is the last member of whoever owns both.
class Workers {
public:
    explicit Workers(unsigned threads) : count_(threads == 0 ? 1 : threads) {}
    // Jobs that have begun are waited for, the others are dropped.
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    [[nodiscard]] unsigned count() const { return count_; }

    // Calls job(thread), thread being a number below count() that no other job has at the same time. The future gives
    // what it returned, or throws what it threw.
    template <typename Job>
    [[nodiscard]] auto submit(Job&& job) {
        std::packaged_task<std::invoke_result_t<std::decay_t<Job>&, unsigned>(unsigned)> task(std::forward<Job>(job));
        auto result = task.get_future();
        push(Task([task = std::move(task)](unsigned thread) mutable { task(thread); }));
        return result;
    }

private:
    using Task = std::packaged_task<void(unsigned)>;
    void push(Task&& task);
    void run(unsigned thread);

    unsigned count_;
    std::mutex mutex_;
    std::condition_variable added_;
    std::deque<Task> tasks_;       // guarded by mutex_
    bool stopping_ = false;        // guarded by mutex_
    std::vector<std::thread> threads_;
};

// As many threads as this machine runs at once, but no more than `most`.
[[nodiscard]] unsigned worker_count(unsigned most);

} // namespace rs
