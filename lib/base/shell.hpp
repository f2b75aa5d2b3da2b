// SPDX-License-Identifier: Apache-2.0
// Words of the shell: for programs that are generated, and output for eval.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rs {

// As a POSIX shell would cut them, but nothing is expanded: '...', "...", backslashes. A quote that is not closed, or a
// backslash at the end: Error(Exit::config).
[[nodiscard]] std::vector<std::string> shell_words(std::string_view text);

// The word as the shell reads it back, one word whatever is in it: in '...' unless it is plain.
[[nodiscard]] std::string shell_quote(std::string_view word);

} // namespace rs
