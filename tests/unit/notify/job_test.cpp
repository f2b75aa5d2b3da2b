// SPDX-License-Identifier: Apache-2.0
#include "notify/job.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "notify/runner.hpp"

using namespace rs;
using namespace rs::notify;
using namespace std::chrono_literals;

namespace {

Row run(const std::string& script, RunOptions o = {}) {
    o.argv = {"/bin/sh", "-c", script};
    return run_program(o);
}

RunOptions tries(unsigned n) {
    RunOptions o;
    o.tries = n;
    o.backoff = 0s;
    return o;
}

} // namespace

TEST_CASE("a tail keeps the end, from the beginning of a line on, and says what is missing") {
    Tail tail(10);
    CHECK(tail.text().empty());
    tail.add("12345\n");
    CHECK(tail.text() == "12345\n");
    for (int i = 0; i < 100; ++i) tail.add(cat("line ", i, "\n"));
    CHECK(tail.text().ends_with("]\nline 99\n"));
    CHECK(tail.text().starts_with("["));
    CHECK(tail.text().size() < 60);
    Tail exact(4);
    exact.add("abcd");
    CHECK(exact.text() == "abcd");
    exact.add("efgh");
    CHECK(exact.text().ends_with("\nefgh"));
}

TEST_CASE("output and errors are one, in their order; the status is that of the program") {
    const Row r = run("echo one; echo two >&2; echo three; exit 3");
    CHECK(r.output == "one\ntwo\nthree\n");
    CHECK(r.outcome == Outcome::failed);
    CHECK(r.status == 3);
    CHECK(r.tries == 1);
    CHECK(run("kill -TERM $$").status == 128 + SIGTERM);
    CHECK(run("cat; echo end").output == "end\n"); // nothing on standard input
    CHECK(run("exit 0").outcome == Outcome::ok);
}

TEST_CASE("as many tries as needed, and no more than were granted") {
    const Row failed = run("exit 5", tries(3));
    CHECK(failed.tries == 3);
    CHECK(failed.outcome == Outcome::failed);
    CHECK(run("exit 0", tries(3)).tries == 1);
    // 64, 77 and 78 will be the same the next time.
    for (const int status : {64, 77, 78}) CHECK(run(cat("exit ", status), tries(3)).tries == 1);
    RunOptions warned = tries(3);
    warned.warned = true;
    CHECK(run("exit 1", warned).outcome == Outcome::warned);
    CHECK(run("exit 1", warned).tries == 1);
    CHECK(run("exit 1", tries(2)).outcome == Outcome::failed);
}

TEST_CASE("a program that cannot be run has failed, too") {
    RunOptions o;
    o.argv = {"/nonexistent/program"};
    const Row r = run_program(o);
    CHECK(r.outcome == Outcome::failed);
    CHECK(r.status == 127);
    CHECK(r.error.find("/nonexistent/program") != std::string::npos);
}

TEST_CASE("the limit ends the whole group, also one that does not want to, and whoever holds the pipe") {
    RunOptions o;
    o.timeout = 1s;
    const auto start = Clock::now();
    const Row r = run("trap '' TERM; (trap '' TERM; sleep 100) & echo $!; while :; do sleep 100; done", o);
    CHECK(Clock::now() - start < 3s);
    CHECK(r.status == static_cast<int>(Exit::unavailable));
    CHECK(r.error.find("limit") != std::string::npos);
    const auto child = parse_u64(r.output.substr(0, r.output.find('\n')));
    REQUIRE(child);
    for (int i = 0; i < 500 && ::kill(static_cast<pid_t>(*child), 0) == 0; ++i) ::usleep(10'000); // until init has reaped it
    CHECK(::kill(static_cast<pid_t>(*child), 0) != 0);
}

TEST_CASE("what a program has started and left behind is not waited for") {
    const auto start = Clock::now();
    const Row r = run("echo before; sleep 30 & echo $!");
    CHECK(Clock::now() - start < 10s);
    CHECK(r.outcome == Outcome::ok);
    const auto child = parse_u64(r.output.substr(7, r.output.find('\n', 7) - 7));
    REQUIRE(child);
    CHECK(::kill(static_cast<pid_t>(*child), SIGKILL) == 0); // it goes on until now
}

TEST_CASE("a lot of output is taken, and its end kept") {
    std::size_t heard = 0;
    RunOptions o;
    o.heard = [&](std::string_view text) { heard += text.size(); };
    const Row r = run("i=0; while [ $i -lt 20000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done; echo last", o);
    CHECK(heard == 20000 * 41 + 5);
    CHECK(r.output.size() <= max_row_output_bytes + 100);
    CHECK(r.output.ends_with("\nlast\n"));
}
