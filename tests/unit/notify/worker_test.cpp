// SPDX-License-Identifier: Apache-2.0
#include "notify/worker.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <sstream>
#include <thread>

#include "base/text.hpp"
#include "unit/base/support.hpp"
#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::notify;
using namespace std::chrono_literals;

namespace {

struct Fixture {
    TempDir temp;
    Queue queue = Queue::open(temp.path("q"));
    WorkOptions options;
    std::vector<std::string> log, alarms;

    Fixture() {
        options.once = true;
        options.backoff = 0s;
        options.log = [this](const std::string& who, std::string_view line) { log.push_back(cat(who, ": ", line)); };
        options.alarm = [this](const std::string& what) { alarms.push_back(what); };
    }
    // A program of the shell, in which $d is the directory.
    std::string program(const std::string& name, const std::string& script) {
        temp.write(name, cat("#!/bin/sh\nd='", temp.path(), "'\n", script, "\n"));
        REQUIRE(::chmod(temp.path(name).c_str(), 0700) == 0);
        return temp.path(name);
    }
    void tell(const std::string& name, std::uint64_t counter, const std::vector<std::string>& programs) {
        static_cast<void>(queue.accept({"C1", name, {1, counter}, ""}, programs));
    }
};

} // namespace

TEST_CASE_FIXTURE(Fixture, "each is asked for once, in the order of the telling, and knows what for") {
    options.jobs = 1;
    const std::string p = program("p", "echo \"$RS_NOTIFY_SOURCE $RS_NOTIFY_NAME $RS_NOTIFY_GENERATION\" >>$d/ran; echo said");
    for (const char* name : {"c", "a", "b"}) tell(name, 7, {p});
    tell("a", 9, {p}); // asked for anew: behind the others
    const auto result = work(queue, options);
    REQUIRE(result);
    CHECK(result->done == 3);
    CHECK(temp.read("ran") == "C1 c 1.7\nC1 b 1.7\nC1 a 1.9\n");
    CHECK(std::ranges::count(log, "C1:a:p: said") == 1);
    CHECK(work(queue, options)->done == 0);
    CHECK(alarms.empty());
}

TEST_CASE_FIXTURE(Fixture, "several at a time, but never two of the same, and no more than are allowed") {
    options.jobs = 3;
    const std::string p = program("p", "mkdir $d/run.$RS_NOTIFY_NAME || echo twice >>$d/wrong\n"
                                       "ls -d $d/run.* | wc -l >>$d/counts\nsleep 0.2\nrmdir $d/run.$RS_NOTIFY_NAME");
    for (int i = 0; i < 9; ++i) tell(cat("n", i), 1, {p});
    CHECK(work(queue, options)->done == 9);
    CHECK(temp.read("wrong") == "(missing)");
    std::istringstream counts(temp.read("counts"));
    int most = 0, n = 0;
    while (counts >> n) most = std::max(most, n);
    CHECK(most > 1);
    CHECK(most <= 3);
}

TEST_CASE_FIXTURE(Fixture, "what comes while it runs is done afterwards") {
    const std::string p = program("p", "echo $RS_NOTIFY_GENERATION >>$d/ran\n"
                                       "[ $RS_NOTIFY_GENERATION != 1.1 ] || : >$d/started\n"
                                       "[ $RS_NOTIFY_GENERATION != 1.1 ] || while [ ! -e $d/told ]; do sleep 0.01; done");
    tell("a", 1, {p});
    std::jthread other([&] {
        while (temp.read("started") == "(missing)") ::usleep(1000);
        Queue mine = Queue::open(temp.path("q"));
        static_cast<void>(mine.accept({"C1", "a", {1, 2}, ""}, {p}));
        static_cast<void>(mine.accept({"C1", "a", {1, 3}, ""}, {p}));
        temp.write("told", "x");
    });
    CHECK(work(queue, options)->done == 2);
    CHECK(temp.read("ran") == "1.1\n1.3\n");
}

TEST_CASE_FIXTURE(Fixture, "what fails is tried again, and given up loudly") {
    options.tries = 3;
    const std::string p = program("p", "echo x >>$d/ran; exit 5");
    tell("a", 1, {p});
    const auto result = work(queue, options);
    CHECK(result->failed == 3);
    CHECK(result->given_up == 1);
    CHECK(temp.read("ran") == "x\nx\nx\n");
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].find("given up") != std::string::npos);
    CHECK(work(queue, options)->failed == 0);
}

TEST_CASE_FIXTURE(Fixture, "one failure does not hold up the others, and is not repeated at once") {
    options.backoff = 100s;
    const std::string bad = program("bad", "exit 5"), good = program("good", "exit 1"), gone = temp.path("gone");
    tell("a", 1, {bad, good, gone});
    const auto result = work(queue, options);
    CHECK(result->done == 1); // 1: done, with something that was told
    CHECK(result->failed == 1);
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].find("has gone") != std::string::npos);
    CHECK(queue.items().size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "nothing is started while the stop file is there") {
    options.stop_file = temp.path("takeover");
    const std::string p = program("p", ": >$d/takeover; echo x >>$d/ran");
    options.jobs = 1;
    for (const char* name : {"a", "b", "c"}) tell(name, 1, {p});
    CHECK(work(queue, options)->done == 1);
    CHECK(temp.read("ran") == "x\n");
    CHECK(work(queue, options)->done == 0);
    REQUIRE(::unlink(options.stop_file.c_str()) == 0);
    CHECK(work(queue, options)->done == 1);
}

TEST_CASE_FIXTURE(Fixture, "the limit of a run is a failure of it") {
    options.timeout = 1s;
    options.tries = 1;
    const std::string p = program("p", "sleep 100");
    tell("a", 1, {p});
    CHECK(work(queue, options)->given_up == 1);
}

TEST_CASE_FIXTURE(Fixture, "another who works is not disturbed") {
    const auto lock = queue.try_work();
    CHECK_FALSE(work(queue, options));
}
