// SPDX-License-Identifier: Apache-2.0
#include "base/workers.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>

using rs::Workers;

TEST_CASE("one worker does its jobs in the order they came") {
    std::vector<int> order;
    std::vector<std::future<int>> results;
    Workers workers(1);
    for (int i = 0; i < 100; ++i)
        results.push_back(workers.submit([&order, i](unsigned thread) {
            order.push_back(i);
            return static_cast<int>(thread) + i;
        }));
    for (int i = 0; i < 100; ++i) CHECK(results[static_cast<std::size_t>(i)].get() == i);
    for (int i = 0; i < 100; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("no two jobs have the number of one thread at the same time") {
    constexpr unsigned threads = 3;
    std::atomic<int> busy[threads] = {};
    std::atomic<bool> shared{false};
    std::vector<std::future<void>> results;
    Workers workers(threads);
    for (int i = 0; i < 300; ++i)
        results.push_back(workers.submit([&](unsigned thread) {
            if (thread >= threads || ++busy[thread] != 1) shared = true;
            std::this_thread::yield();
            --busy[thread];
        }));
    for (auto& result : results) result.get();
    CHECK_FALSE(shared.load());
}

TEST_CASE("what a job throws comes out of its future, and the others go on") {
    Workers workers(2);
    auto bad = workers.submit([](unsigned) -> int { throw std::runtime_error("no"); });
    auto good = workers.submit([](unsigned) { return 1; });
    CHECK_THROWS_WITH(bad.get(), "no");
    CHECK(good.get() == 1);
}

TEST_CASE("at the end the running job is waited for and the others are dropped") {
    std::promise<void> begun, go_on;
    std::atomic<int> done{0};
    std::future<void> dropped;
    std::thread releases;
    {
        Workers workers(1);
        auto running = workers.submit([&](unsigned) {
            begun.set_value();
            go_on.get_future().wait();
            ++done;
        });
        dropped = workers.submit([&](unsigned) { ++done; });
        begun.get_future().wait();
        // The destructor below has to wait, and by then the second job must have been given up.
        releases = std::thread([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            go_on.set_value();
        });
    }
    releases.join();
    CHECK(done == 1);
    CHECK_THROWS_AS(dropped.get(), Workers::Dropped);
}

TEST_CASE("no thread is started for nothing, and 0 threads are one") {
    CHECK(Workers(0).count() == 1);
    CHECK(rs::worker_count(1) == 1);
    CHECK(rs::worker_count(4) <= 4);
    CHECK(rs::worker_count(4) >= 1);
}
