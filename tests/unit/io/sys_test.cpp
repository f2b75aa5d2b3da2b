// SPDX-License-Identifier: Apache-2.0
#include "io/sys.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>

#include <algorithm>

#include "unit/base/support.hpp"
#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::io;

// RS_FAULT is read once in a process, so each case below runs itself again in a fresh one:
// with RS_UNIT_DIR set it is that process, does its work in that directory and ends with a status.

namespace {

const char* child_dir() { return std::getenv("RS_UNIT_DIR"); }

// The status of this very program when it runs only the present test case, under the fault.
int run_again(const std::string& fault, const TempDir& temp) {
    return run_child([&] {
        ::setenv("RS_FAULT", fault.c_str(), 1);
        ::setenv("RS_UNIT_DIR", temp.path().c_str(), 1);
        const int null = ::open("/dev/null", O_WRONLY);
        ::dup2(null, 1);
        ::dup2(null, 2);
        std::string filter = cat("-tc=", doctest::getContextOptions()->currentTest->m_name);
        std::replace(filter.begin(), filter.end(), ',', '?'); // a comma would part two filters
        ::execl("/proc/self/exe", "unit", filter.c_str(), static_cast<char*>(nullptr));
        return 98;
    });
}

constexpr int done = 40; // and the code of the Error is added: 40 went well

int replace_file() {
    const Dir dir = open_dir(child_dir());
    const Exit code = code_of([&] { write_file_atomic(dir, "file", as_bytes("new text")); });
    return done + static_cast<int>(code);
}

} // namespace

TEST_CASE("an atomic write that fails at any of its calls leaves the old file and nothing beside it") {
    if (child_dir() != nullptr) ::_exit(replace_file());
    struct Row {
        std::string_view fault;
        Exit code;
    };
    // Calls: open, write, fsync, close, rename, fsync of the directory.
    static constexpr Row rows[] = {
        {"open:1:ENOSPC", Exit::io},  {"open:1:EACCES", Exit::cant_create},
        {"write:1:ENOSPC", Exit::io}, {"write:1:EIO", Exit::io},
        {"fsync:1:EIO", Exit::io},    {"close:1:EIO", Exit::io},
        {"close:1:EDQUOT", Exit::io}, {"rename:1:EIO", Exit::io},
        {"rename:1:EACCES", Exit::cant_create},
        {"any:1:EIO", Exit::io},      {"any:2:EIO", Exit::io},
        {"any:3:EIO", Exit::io},      {"any:4:EIO", Exit::io},
        {"any:5:EIO", Exit::io},      {"any:1+:EIO", Exit::io},
        {"any:2+:EIO", Exit::io},     {"any:5+:EIO", Exit::io},
    };
    for (const Row& row : rows) {
        CAPTURE(row.fault);
        const TempDir temp;
        temp.write("file", "old text");
        CHECK(run_again(std::string(row.fault), temp) == done + static_cast<int>(row.code));
        CHECK(temp.read("file") == "old text");
        CHECK(list_dir(temp.dir()) == std::vector<std::string>{"file"});
    }
}

TEST_CASE("an atomic write whose last flush failed has the new file in place and says that it failed") {
    if (child_dir() != nullptr) ::_exit(replace_file());
    const TempDir temp;
    temp.write("file", "old text");
    CHECK(run_again("fsync:2:EIO", temp) == done + static_cast<int>(Exit::io));
    CHECK(temp.read("file") == "new text");
    CHECK(list_dir(temp.dir()) == std::vector<std::string>{"file"});
}

TEST_CASE("a process killed at any call of an atomic write leaves the old file or the new one") {
    if (child_dir() != nullptr) ::_exit(replace_file());
    for (int call = 1; call <= 7; ++call) {
        CAPTURE(call);
        const TempDir temp;
        temp.write("file", "old text");
        CHECK(run_again(cat("any:", call, ":kill"), temp) == (call <= 6 ? 128 + SIGKILL : done));
        CHECK(temp.read("file") == (call <= 5 ? "old text" : "new text"));
    }
}

TEST_CASE("writes that are cut short are continued") {
    if (child_dir() != nullptr) ::_exit(replace_file());
    for (const std::string fault : {"write:1:short", "write:1+:short", "any:1+:short"}) {
        CAPTURE(fault);
        const TempDir temp;
        temp.write("file", "old text");
        CHECK(run_again(fault, temp) == done);
        CHECK(temp.read("file") == "new text");
    }
}

TEST_CASE("a fault is made at its call, or there and later, and calls of other names are not counted") {
    if (child_dir() != nullptr) {
        const Dir dir = open_dir(child_dir());
        int failed = 0;
        for (int i = 0; i < 5; ++i)
            if (sys::mkdirat(dir.get(), cat("d", i).c_str(), 0700) != 0) failed |= 1 << i;
        ::_exit(failed);
    }
    struct Row {
        std::string_view fault;
        int failed;
    };
    static constexpr Row rows[] = {
        {"mkdir:1:EIO", 1},  {"mkdir:5:EIO", 16},      {"mkdir:6:EIO", 0},   {"mkdir:3+:ENOSPC", 28},
        {"any:2:EACCES", 2}, {"mkdir:1+:EDQUOT", 31}, {"unlink:1+:EIO", 0}, {"mkdir:1+:short", 0},
        {"", 0},
    };
    for (const Row& row : rows) {
        CAPTURE(row.fault);
        const TempDir temp;
        CHECK(run_again(std::string(row.fault), temp) == row.failed);
    }
}

TEST_CASE("a fault that cannot be read ends the program with 64 at the first call") {
    if (child_dir() != nullptr) ::_exit(replace_file());
    static constexpr std::string_view rows[] = {
        "write", "write:1", "write:1:", "write:0:EIO", "write:-1:EIO", "write:x:EIO", "write::EIO",
        "write:1:EFOO", "write:1:eio", "wrte:1:EIO", ":1:EIO", "write:1 :EIO", "write:+:EIO",
        "write:1++:EIO", "write:1:EIO:", "read:1:EIO", " ",
    };
    for (const std::string_view row : rows) {
        CAPTURE(row);
        const TempDir temp;
        temp.write("file", "old text");
        CHECK(run_again(std::string(row),
                        temp) == 64);
        CHECK(temp.read("file") == "old text");
    }
}

TEST_CASE("without a fault the wrappers do what the calls of their names do") {
    const TempDir temp;
    const int dir = temp.dir().get();
    CHECK(sys::openat(dir, "none", O_RDONLY) == -1);
    CHECK(errno == ENOENT);
    Fd fd(sys::openat(dir, "file", O_RDWR | O_CREAT | O_EXCL, 0640));
    REQUIRE(fd);
    CHECK(::fcntl(fd.get(), F_GETFD) == FD_CLOEXEC);
    CHECK(sys::openat(dir, "file", O_RDWR | O_CREAT | O_EXCL, 0640) == -1);
    CHECK(errno == EEXIST);
    CHECK(sys::write(fd.get(), as_bytes("0123456789")) == 10);
    CHECK(sys::pwrite(fd.get(), as_bytes("ab"), 2) == 2);
    CHECK(sys::ftruncate(fd.get(), 5) == 0);
    CHECK(temp.read("file") == "01ab4");
    CHECK(sys::fsync(fd.get()) == 0);
    CHECK(sys::syncfs(fd.get()) == 0);
    CHECK(sys::close(fd.release()) == 0);
    CHECK(sys::close(-1) == -1);
    CHECK(sys::linkat(dir, "file", dir, "second", 0) == 0);
    CHECK(sys::symlinkat("file", dir, "link") == 0);
    CHECK(sys::mkdirat(dir, "dir", 0700) == 0);
    CHECK(sys::mknodat(dir, "fifo", S_IFIFO | 0600, 0) == 0);
    CHECK(sys::renameat2(dir, "second", dir, "third", 0) == 0);
    CHECK(list_dir(temp.dir()) == std::vector<std::string>{"dir", "fifo", "file", "link", "third"});
    CHECK(sys::unlinkat(dir, "third", 0) == 0);
    CHECK(sys::unlinkat(dir, "dir", AT_REMOVEDIR) == 0);
    CHECK(sys::unlinkat(dir, "third", 0) == -1);
    CHECK(errno == ENOENT);
}
