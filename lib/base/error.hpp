// SPDX-License-Identifier: Apache-2.0
// What can go wrong, and what the operator does next.
//
// Two families that are never mixed: a bug of ours is RS_ASSERT (active in every build, aborts);
// bad input and a bad environment are rs::Error. Expected outcomes are values, not errors.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>

namespace rs {

// The exit codes of every tool: rs(7), EXIT STATUS. The numbers follow sysexits(3).
enum class Exit : int {
    ok = 0,
    warned = 1,       // finished, but something was skipped or looks wrong, all of it reported
    usage = 64,       // wrong usage
    data = 65,        // corrupt, truncated or foreign input
    no_input = 66,    // input missing
    unavailable = 69, // peer or child failed
    software = 70,    // a bug of ours
    cant_create = 73, // output cannot be created
    io = 74,          // I/O error, disk full
    temp_fail = 75,   // busy, or try again later
    fenced = 77,      // not the leader, or the epoch is old
    config = 78,      // error in a profile, template or parameters
};

// what(): "path: what is wrong" in lower case without a full stop. hint: what to do, or empty.
class Error : public std::runtime_error {
public:
    Error(Exit code, const std::string& message, std::string hint = {})
        : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}

    [[nodiscard]] Exit code() const noexcept { return code_; }
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

    // The same error with "context: " in front of its message; the cause is kept.
    [[nodiscard]] Error within(std::string_view context) const;

private:
    Exit code_;
    std::string hint_;
};

[[noreturn]] void fail(Exit code, const std::string& message, std::string hint = {});

// Throws "object: cannot doing: strerror(err)". ENOSPC, EDQUOT, EIO, EROFS and ENOMEM become Exit::io
// whatever `code` says, EMFILE and ENFILE Exit::temp_fail: they need the same answer everywhere. EPIPE becomes
// PipeClosed.
[[noreturn]] void fail_errno(Exit code, std::string_view object, std::string_view doing,
                             int err = errno);

// The reader of our output has gone. It has told why; we clean up and say nothing (exit 74).
class PipeClosed : public Error {
public:
    PipeClosed() : Error(Exit::io, "output: the reader closed the pipe") {}
};

// The user or the system asked us to stop (SIGINT, SIGTERM, SIGHUP). `signal` is its number.
class Interrupted : public Error {
public:
    explicit Interrupted(int signal)
        : Error(Exit::temp_fail, "interrupted"), signal_(signal) {}
    [[nodiscard]] int signal() const noexcept { return signal_; }

private:
    int signal_;
};

[[noreturn]] void assertion_failed(const char* what, const char* file, int line) noexcept;

} // namespace rs

#define RS_ASSERT(cond)                                                                            \
    do {                                                                                           \
        if (!(cond)) [[unlikely]]                                                                  \
            ::rs::assertion_failed(#cond, __FILE__, __LINE__);                                     \
    } while (false)
