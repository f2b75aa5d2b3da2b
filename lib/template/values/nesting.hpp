// SPDX-License-Identifier: Apache-2.0
// For who walks down into something: stops before the stack ends.
#pragma once

#include <cstddef>

namespace rs::tmpl {

// The place on the stack where a rendering begins; Nesting measures from there. One at a time in a thread, which needs 6 MiB
// of stack from here on: the usual 8 less what its callers took.
class StackBase {
public:
    StackBase();
    ~StackBase();
    StackBase(const StackBase&) = delete;
    StackBase& operator=(const StackBase&) = delete;
};

// RecursionError if little of the stack is left.
void check_stack();

} // namespace rs::tmpl
