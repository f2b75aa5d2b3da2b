// SPDX-License-Identifier: Apache-2.0
// A program that is run beside us and whose standard output we read.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "io/fd.hpp"

namespace rs::io {

// It has our environment, our standard error, a process group of its own, and no other descriptor of ours; it is killed,
// with what it has started, when the object goes before wait(), and when we die.
class Child {
public:
    // argv[0] is looked up in PATH unless it has a slash. input: its standard input; below 0: /dev/null.
    // Cannot be run: Error(Exit::unavailable).
    explicit Child(const std::vector<std::string>& argv, int input = -1);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    [[nodiscard]] int output() const { return output_.get(); }

    // Waits until it has ended. Its exit status, or 128 and the signal that ended it.
    [[nodiscard]] int status();
    // The same; Error(Exit::unavailable) unless with status 0. `hint`: of that error.
    void wait(const std::string& hint = {});

private:
    int reap();

    std::string name_;
    Fd output_;
    pid_t pid_ = -1;
};

} // namespace rs::io
