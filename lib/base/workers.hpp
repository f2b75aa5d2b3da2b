// SPDX-License-Identifier: Apache-2.0
// Threads that do jobs in the order they are handed over.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace rs {

// Used by one thread. The threads inside start with the first jobs; those that cannot be had are done without, none
// at all is Error(Exit::temp_fail). What a job uses must outlive this object, which therefore is the last member of
// whoever owns both.
class Workers {
public:
    explicit Workers(unsigned threads) : count_(threads == 0 ? 1 : threads) {}
    // Jobs that have begun are waited for, the others are dropped.
    ~Workers();
    struct Dropped {}; // what the future of such a job throws
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    [[nodiscard]] unsigned count() const { return count_; }

    // Calls job(thread), thread being a number below count() that no other job has at the same time. The future gives
    // what it returned, or throws what it threw.
    template <typename Job>
    [[nodiscard]] auto submit(Job&& job) {
        using Result = std::invoke_result_t<std::decay_t<Job>&, unsigned>;
        auto task = std::make_shared<std::packaged_task<Result(unsigned)>>(
            [job = std::forward<Job>(job)](unsigned thread) mutable -> Result {
                if (thread == dropped) throw Dropped();
                return job(thread);
            });
        Task queued([task](unsigned thread) { (*task)(thread); });
        // The last one: if push() throws, it goes before the task, which then breaks no promise.
        auto result = task->get_future();
        push(std::move(queued));
        return result;
    }

private:
    using Task = std::packaged_task<void(unsigned)>;
    // A task that goes without having run while somebody holds its future takes memory for the error that it leaves
    // there, and there may be none: std::terminate(). So those that are dropped run as well, and do only this.
    static constexpr unsigned dropped = ~0U;
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
