// SPDX-License-Identifier: Apache-2.0
// Times, ages, retention rules, sizes, generation numbers: what people type.
#include "base/generation.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "fuzz.hpp"
#include "store/retention.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run([&] {
        const std::string_view text = as_text(fuzz::bytes(data, size));
        if (const auto time = parse_utc(text)) static_cast<void>(format_utc(*time));
        static_cast<void>(parse_age(text));
        static_cast<void>(store::parse_rule(text));
        static_cast<void>(parse_size(text));
        static_cast<void>(parse_seconds(text));
        if (const auto g = Generation::parse(text); g && g->str() != text) __builtin_trap();
        if (!valid_utf8(printable(text))) __builtin_trap();
    });
}
