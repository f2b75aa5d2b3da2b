// SPDX-License-Identifier: Apache-2.0
// Exclude patterns, one a line, and a path to try them on: the last line.
#include "fuzz.hpp"
#include "tree/patterns.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run([&] {
        const std::string_view text = as_text(fuzz::bytes(data, size));
        const auto cut = text.rfind('\n');
        tree::Patterns patterns;
        patterns.add_lines(text.substr(0, cut == std::string_view::npos ? 0 : cut), "fuzz");
        const std::string_view path = cut == std::string_view::npos ? text : text.substr(cut + 1);
        static_cast<void>(patterns.excluded(path, true));
        static_cast<void>(patterns.excluded(path, false));
    });
}
