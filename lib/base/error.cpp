// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/text.hpp"

namespace rs {

Error Error::within(std::string_view context) const {
    return Error(code_, cat(context, ": ", what()), hint_);
}

void fail(Exit code, const std::string& message, std::string hint) {
    throw Error(code, message, std::move(hint));
}

void fail_errno(Exit code, std::string_view object, std::string_view doing, int err) {
    if (err == EPIPE) throw PipeClosed();
    std::string hint;
    if (err == ENOSPC || err == EDQUOT || err == EIO || err == EROFS || err == ENOMEM) code = Exit::io;
    if (err == EMFILE || err == ENFILE) {
        code = Exit::temp_fail;
        hint = "too few open files are allowed (ulimit -n, LimitNOFILE)";
    }
    if (err == ENOSPC || err == EDQUOT)
        hint = "free some space there, then run the same command again";
    throw Error(code, cat(printable(object), ": cannot ", doing, ": ", std::strerror(err)), hint);
}

void assertion_failed(const char* what, const char* file, int line) noexcept {
    // The one place in the library that writes to stderr: there is nobody left to report to.
    std::fprintf(stderr, "internal error: %s (%s:%d); please report it\n", what, file, line);
    std::abort();
}

} // namespace rs
