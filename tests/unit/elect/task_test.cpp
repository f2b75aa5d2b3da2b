// SPDX-License-Identifier: Apache-2.0
#include "elect/task.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "elect/answers.hpp"
#include "elect/poll.hpp"
#include "elect/work.hpp"

using namespace rs;
using namespace rs::elect;
using namespace std::chrono_literals;

namespace {

void finish(Task& task) {
    while (!task.hear(boot_time()))
        wait_for(task.fds(), std::min(task.deadline().value_or(Time::max()), boot_time() + 100ms));
}

} // namespace

TEST_CASE("a task gives what was printed, and the first line of what was complained") {
    Task task(
        {"sh", "-c", "echo one; echo two; echo 'x: error: no \"way\"' >&2; echo more >&2; exit 3"},
        {.limit = 60s});
    finish(task);
    CHECK(task.status() == 3);
    CHECK_FALSE(task.broken());
    CHECK(task.text() == "one\ntwo\n");
    CHECK(task.complaint() == "no \"way\"");
}

TEST_CASE("what takes too long is ended, with what it has started, also if that does not listen") {
    const Time begin = boot_time();
    Task task({"sh", "-c", "trap '' TERM; sleep 60 & wait; sleep 60"}, {.limit = 50ms});
    finish(task);
    CHECK(task.broken());
    CHECK(boot_time() - begin < 30s);
}

TEST_CASE("what was killed and has not ended yet is waited for with a pause") {
    Task task({"sh", "-c", "trap '' TERM; echo ready; sleep 60"}, {.limit = 60s});
    while (task.text().empty() && !task.hear(boot_time()))
        wait_for(task.fds(), boot_time() + 100ms);
    const Time now = boot_time();
    task.stop(now);
    CHECK(task.deadline() == now + 500ms);
    REQUIRE_FALSE(task.hear(now + 500ms));
    CHECK(task.deadline() == now + 1500ms);
    finish(task);
    CHECK(task.broken());
}

TEST_CASE("more than any answer has is none, and stops whoever says it") {
    Task task({"yes"}, {.limit = 60s});
    finish(task);
    CHECK(task.broken());
    CHECK(task.text().size() <= max_answer_bytes);
}

TEST_CASE("what cannot be run is an error at once") {
    CHECK_THROWS_AS(Task({"/no/such/program"}, {}), Error);
}

TEST_CASE("what dumps may take as long as a dump does") {
    using failover::Step;
    const Config config;
    CHECK(limit_of({Deed::step, Step::publish, 4}, config) == 24h);
    CHECK(limit_of({Deed::rejoin}, config) == 24h);
    CHECK(limit_of({Deed::freeze}, config) == 60s);
}

TEST_CASE("work is a program and its step") {
    using failover::Step;
    CHECK(command_of({Deed::step, Step::raise, 4}, "/i") ==
          std::vector<std::string>{"/i/bin/takeover", "--step", "raise", "--epoch", "4"});
    CHECK(command_of({Deed::unlock}, "/i") ==
          std::vector<std::string>{"/i/bin/takeover", "--step", "unlock"});
    CHECK(command_of({Deed::start, Step::done, 4}, "/i") ==
          std::vector<std::string>{"/i/bin/rejoin", "--step", "start", "--epoch", "4"});
    CHECK(command_of({Deed::branch}, "/i") ==
          std::vector<std::string>{"/i/bin/rejoin", "--step", "branch"});
}
