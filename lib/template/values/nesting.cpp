// SPDX-License-Identifier: Apache-2.0
#include "template/values/nesting.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>

#include "template/values/value.hpp"

namespace rs::tmpl {

namespace {
constexpr std::size_t most_bytes = 6 << 20; // of stack, below the usual 8 MiB
thread_local std::uintptr_t base = 0;
thread_local std::size_t allowed = most_bytes;

std::uintptr_t here() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }
} // namespace

StackBase::StackBase() {
    base = here();
    rlimit limit{};
    if (::getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        allowed = std::min<std::size_t>(most_bytes, limit.rlim_cur / 4 * 3);
}
StackBase::~StackBase() { base = 0; }

void check_stack() {
    if (base != 0 && base - here() > allowed) raise("RecursionError", "nested too deeply");
}

} // namespace rs::tmpl
