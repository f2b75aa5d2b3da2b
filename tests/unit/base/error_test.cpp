// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "base/text.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;

TEST_CASE("exit codes are the numbers of rs(7)") {
    struct Row {
        Exit code;
        int number;
    };
    static constexpr Row rows[] = {
        {Exit::ok, 0},           {Exit::warned, 1},       {Exit::usage, 64},
        {Exit::data, 65},        {Exit::no_input, 66},    {Exit::unavailable, 69},
        {Exit::software, 70},    {Exit::cant_create, 73}, {Exit::io, 74},
        {Exit::temp_fail, 75},   {Exit::fenced, 77},      {Exit::config, 78},
    };
    for (const Row& row : rows) CHECK(static_cast<int>(row.code) == row.number);
}

TEST_CASE("an error carries its code, its message and its hint") {
    const Failure plain = failure_of([] { fail(Exit::fenced, "store: epoch 3 is old"); });
    CHECK(plain.code == Exit::fenced);
    CHECK(plain.message == "store: epoch 3 is old");
    CHECK(plain.hint.empty());
    CHECK(failure_of([] { fail(Exit::usage, "what", "do this"); }).hint == "do this");
}

TEST_CASE("context goes in front of the message and everything else stays") {
    const Error inner(Exit::data, "digest mismatch", "fetch it again");
    const Error outer = inner.within("index g12").within("reading store");
    CHECK(std::string(outer.what()) == "reading store: index g12: digest mismatch");
    CHECK(outer.code() == Exit::data);
    CHECK(outer.hint() == "fetch it again");
    CHECK(std::string(inner.what()) == "digest mismatch");
}

TEST_CASE("a failed system call is told as path, action and cause") {
    const Failure failure =
        failure_of([] { fail_errno(Exit::no_input, "some/path", "open", ENOENT); });
    CHECK(failure.code == Exit::no_input);
    CHECK(failure.message == cat("some/path: cannot open: ", std::strerror(ENOENT)));
    CHECK(failure.hint.empty());
}

TEST_CASE("the object of a failed system call is made printable") {
    CHECK(failure_of([] { fail_errno(Exit::io, "a\nb\x1b[1m", "read", EACCES); })
              .names("a\\012b\\033[1m: cannot read: "));
}

TEST_CASE("without a number the cause is errno") {
    const Failure failure = failure_of([] {
        errno = ENOTDIR;
        fail_errno(Exit::no_input, "x", "open");
    });
    CHECK(failure.names(std::strerror(ENOTDIR)));
}

TEST_CASE("a full or broken disk is exit 74 wherever it is met") {
    struct Row {
        int err;
        Exit code;
        bool hint;
    };
    static constexpr Row rows[] = {
        {ENOSPC, Exit::io, true},           {EDQUOT, Exit::io, true},
        {EIO, Exit::io, false},             {EROFS, Exit::io, false},
        {EACCES, Exit::cant_create, false}, {EEXIST, Exit::cant_create, false},
        {ENOENT, Exit::cant_create, false}, {EINTR, Exit::cant_create, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.err);
        const Failure failure =
            failure_of([&] { fail_errno(Exit::cant_create, "x", "create", row.err); });
        CHECK(failure.code == row.code);
        CHECK(failure.hint.empty() != row.hint);
    }
}

TEST_CASE("a closed pipe is an error of its own kind") {
    CHECK_THROWS_AS(fail_errno(Exit::cant_create, "x", "write", EPIPE), PipeClosed);
    CHECK(code_of([] { fail_errno(Exit::cant_create, "x", "write", EPIPE); }) == Exit::io);
}

TEST_CASE("an interruption knows its signal and asks to be tried again") {
    const Interrupted interrupted(SIGTERM);
    CHECK(interrupted.signal() == SIGTERM);
    CHECK(interrupted.code() == Exit::temp_fail);
}

TEST_CASE("an assertion that holds does nothing, one that does not ends the process in every build") {
    RS_ASSERT(1 + 1 == 2);
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::signal(SIGABRT, SIG_DFL); // not doctest's
        ::dup2(ends[1], 2);
        RS_ASSERT(1 + 1 == 3);
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string said;
    char piece[256];
    for (ssize_t n = 0; (n = ::read(ends[0], piece, sizeof piece)) > 0;)
        said.append(piece, static_cast<std::size_t>(n));
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
    CHECK(said.find("1 + 1 == 3") != std::string::npos);
    CHECK(said.find("error_test.cpp:") != std::string::npos);
}
