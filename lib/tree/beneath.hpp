// SPDX-License-Identifier: Apache-2.0
// Opening a path below a directory, never outside it: openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS.
#pragma once

#include <string>

namespace rs::tree {

// A descriptor, or -1 and errno (ELOOP: a link on the way; EXDEV: it leads out).
[[nodiscard]] int open_beneath(int dir, const std::string& path, int flags);

} // namespace rs::tree
