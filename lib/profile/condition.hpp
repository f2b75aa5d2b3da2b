// SPDX-License-Identifier: Apache-2.0
// What [section:expression] asks.
#pragma once

#include <string>

namespace rs::profile {

// An expression of Python, as far as templates know them, over what zc.buildout offers: python2, python3, python27...,
// cpython, linux, posix, bits64, little_endian... as plain truths, sys.version_info, sys.maxsize, sys.platform,
// platform.machine(), platform.system(), os.name, os.path, os.access(). Python is 3.11 here, whatever is installed.
// Error(Exit::config) if it is none of these.
[[nodiscard]] bool condition_holds(const std::string& expression);

} // namespace rs::profile
