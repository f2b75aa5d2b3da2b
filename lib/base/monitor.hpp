// SPDX-License-Identifier: Apache-2.0
// How the library reports while it works: it never prints and never exits by itself.
#pragma once

#include <cstdint>
#include <string>

namespace rs {

// All calls come from the thread that called into the library.
class Monitor {
public:
    virtual ~Monitor() = default;

    // Something was skipped or looks wrong; the work goes on and the tool ends with Exit::warned.
    virtual void warn(const std::string& message) = 0;
    // Said only with -v.
    virtual void note(const std::string& message) = 0;
    // `done` of `total` bytes; total 0: not known. Cheap: call it as often as once a chunk group.
    // Throws Interrupted when the process was asked to stop, so long loops call it; with 0, 0 if that is all they want.
    virtual void progress(std::uint64_t done_bytes, std::uint64_t total_bytes) = 0;
};

// Swallows everything; for tests and for steps whose messages another step repeats.
class SilentMonitor final : public Monitor {
public:
    void warn(const std::string&) override {}
    void note(const std::string&) override {}
    void progress(std::uint64_t, std::uint64_t) override {}
};

} // namespace rs
