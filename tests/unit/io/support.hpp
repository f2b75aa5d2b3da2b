// SPDX-License-Identifier: Apache-2.0
// What tests of files share: a directory that goes away again, and a child process.
#pragma once

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "io/file.hpp"

namespace rs::test {

// A new directory below $TMPDIR; removed with all that is in it.
class TempDir {
public:
    TempDir() {
        const char* const base = std::getenv("TMPDIR");
        path_ = cat(base != nullptr && *base != '\0' ? base : "/tmp", "/rs-unit-XXXXXX");
        REQUIRE(::mkdtemp(path_.data()) != nullptr);
        dir_ = io::open_dir(path_);
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string path(std::string_view name) const { return cat(path_, "/", name); }
    [[nodiscard]] const io::Dir& dir() const { return dir_; }

    // Plain calls, not those under test.
    void write(const std::string& name, std::string_view text) const {
        const int fd = ::open(path(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        REQUIRE(fd >= 0);
        REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        ::close(fd);
    }
    // "(missing)" if there is none.
    [[nodiscard]] std::string read(const std::string& name) const {
        const int fd = ::open(path(name).c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) return "(missing)";
        std::string out;
        char piece[4096];
        for (ssize_t n = 0; (n = ::read(fd, piece, sizeof piece)) > 0;)
            out.append(piece, static_cast<std::size_t>(n));
        ::close(fd);
        return out;
    }

private:
    std::string path_;
    io::Dir dir_;
};

// The status with which f() ends in a child process: what it returns, 99 if it throws, 128 + n if
// signal n ended it. doctest's checks do not work in there.
template <class F>
[[nodiscard]] int run_child(F&& f) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTERM, SIGINT})
            ::signal(signal, SIG_DFL); // not doctest's
        int result = 99;
        try {
            result = f();
        } catch (...) {
        }
        ::_exit(result);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace rs::test
