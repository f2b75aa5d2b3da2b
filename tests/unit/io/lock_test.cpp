// SPDX-License-Identifier: Apache-2.0
#include "io/lock.hpp"

#include <doctest/doctest.h>

#include <signal.h>

#include <chrono>

#include "unit/base/support.hpp"
#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::io;

namespace {

// A child that holds a lock from the end of the constructor until it is ended.
class Holder {
public:
    Holder(const TempDir& temp, const std::string& name, LockMode mode) {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            const auto lock = Lock::try_at(temp.dir(), name, mode);
            if (!lock || ::write(ends[1], "x", 1) != 1) ::_exit(1);
            for (;;) ::pause();
        }
        ::close(ends[1]);
        char ready = 0;
        REQUIRE(::read(ends[0], &ready, 1) == 1);
        ::close(ends[0]);
    }
    ~Holder() { end(); }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

    void end() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

private:
    pid_t pid_ = 0;
};

} // namespace

TEST_CASE("exclusive locks exclude all others, shared ones only exclusive ones") {
    const TempDir temp;
    const auto both = [&](LockMode a, LockMode b) {
        const auto first = Lock::try_at(temp.dir(), "lock", a);
        REQUIRE(first);
        return Lock::try_at(temp.dir(), "lock", b).has_value();
    };
    CHECK(both(LockMode::shared, LockMode::shared));
    CHECK_FALSE(both(LockMode::shared, LockMode::exclusive));
    CHECK_FALSE(both(LockMode::exclusive, LockMode::shared));
    CHECK_FALSE(both(LockMode::exclusive, LockMode::exclusive));
}

TEST_CASE("a lock is held by an object, wherever it moves, and goes with it") {
    const TempDir temp;
    auto first = Lock::try_at(temp.dir(), "lock", LockMode::exclusive);
    REQUIRE(first);
    CHECK(::fcntl(first->fd(), F_GETFD) == FD_CLOEXEC);
    {
        const Lock second = std::move(*first);
        first.reset();
        CHECK_FALSE(Lock::try_at(temp.dir(), "lock", LockMode::shared));
    }
    CHECK(Lock::try_at(temp.dir(), "lock", LockMode::exclusive));
}

TEST_CASE("a lock file is created empty, and its content is never looked at or changed") {
    const TempDir temp;
    { const Lock lock = Lock::wait_at(temp.dir(), "lock", LockMode::shared); }
    CHECK(temp.read("lock") == "");
    temp.write("other", "1234\n");
    CHECK(Lock::try_at(temp.dir(), "other", LockMode::exclusive));
    CHECK(temp.read("other") == "1234\n");
}

TEST_CASE("a lock that another process holds is busy until that process ends, however it ends") {
    const TempDir temp;
    for (const LockMode mode : {LockMode::shared, LockMode::exclusive}) {
        CAPTURE(static_cast<int>(mode));
        Holder holder(temp, "lock", mode);
        CHECK_FALSE(Lock::try_at(temp.dir(), "lock", LockMode::exclusive));
        CHECK(Lock::try_at(temp.dir(), "lock", LockMode::shared).has_value() ==
              (mode == LockMode::shared));
        holder.end(); // SIGKILL
        CHECK(Lock::try_at(temp.dir(), "lock", LockMode::exclusive));
    }
}

TEST_CASE("a lock outlives the object while a forked child shares its descriptor") {
    const TempDir temp;
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    auto lock = Lock::try_at(temp.dir(), "lock", LockMode::exclusive);
    REQUIRE(lock);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        char end = 0;
        ::close(ends[1]);
        (void)!::read(ends[0], &end, 1); // until the parent closes its end
        ::_exit(0);
    }
    lock.reset();
    CHECK_FALSE(Lock::try_at(temp.dir(), "lock", LockMode::exclusive));
    ::close(ends[0]);
    ::close(ends[1]);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    CHECK(Lock::try_at(temp.dir(), "lock", LockMode::exclusive));
}

TEST_CASE("wait_at comes back once the lock is free") {
    const TempDir temp;
    Holder holder(temp, "lock", LockMode::exclusive);
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const pid_t waiter = ::fork();
    REQUIRE(waiter >= 0);
    if (waiter == 0) {
        int result = 1;
        try {
            (void)!::write(ends[1], "x", 1);
            const Lock lock = Lock::wait_at(temp.dir(), "lock", LockMode::exclusive);
            result = 0;
        } catch (...) {
        }
        ::_exit(result);
    }
    char ready = 0;
    REQUIRE(::read(ends[0], &ready, 1) == 1);
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(::waitpid(waiter, nullptr, WNOHANG) == 0); // it waits
    holder.end();
    int status = 0;
    REQUIRE(::waitpid(waiter, &status, 0) == waiter);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("an open file is locked as it is, also a directory and a file that may only be read") {
    const TempDir temp;
    temp.write("file", "x");
    REQUIRE(::chmod(temp.path("file").c_str(), 0400) == 0);
    const auto on_file = Lock::try_fd(open_at(temp.dir(), "file"), LockMode::exclusive, "file");
    CHECK(on_file);
    CHECK_FALSE(Lock::try_fd(open_at(temp.dir(), "file"), LockMode::shared, "file"));
    const auto on_dir = Lock::try_fd(open_dir(temp.path()).fd, LockMode::shared, "dir");
    CHECK(on_dir);
    CHECK_FALSE(Lock::try_fd(open_dir(temp.path()).fd, LockMode::exclusive, "dir"));
}

TEST_CASE("waiting for a limited time ends with nothing, or with the lock as soon as it is free") {
    const TempDir temp;
    temp.write("lock", "");
    const auto start = std::chrono::steady_clock::now();
    const auto seconds_since_start = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    {
        const Holder holder(temp, "lock", LockMode::exclusive);
        CHECK_FALSE(Lock::try_fd(open_at(temp.dir(), "lock"), LockMode::exclusive, "lock", 1));
        CHECK(seconds_since_start() > 0.9);
    }
    CHECK(Lock::try_fd(open_at(temp.dir(), "lock"), LockMode::exclusive, "lock", 3600));
    CHECK(seconds_since_start() < 60);
}

TEST_CASE("a lock file that is a symbolic link, or that cannot be made, is exit 73") {
    const TempDir temp;
    temp.write("kept", "");
    REQUIRE(::symlink("kept", temp.path("link").c_str()) == 0);
    REQUIRE(::symlink("nowhere", temp.path("dangling").c_str()) == 0);
    for (const std::string name : {"link", "dangling", "no/such"}) {
        CAPTURE(name);
        const Failure failure =
            failure_of([&] { (void)Lock::try_at(temp.dir(), name, LockMode::shared); });
        CHECK(failure.code == Exit::cant_create);
        CHECK(failure.names(temp.path(name)));
        CHECK(code_of([&] { (void)Lock::wait_at(temp.dir(), name, LockMode::shared); }) ==
              Exit::cant_create);
    }
    CHECK_FALSE(exists_at(temp.dir(), "nowhere"));
}
