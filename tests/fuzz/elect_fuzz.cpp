// SPDX-License-Identifier: Apache-2.0
// What rs-elect reads: its configuration, what it remembers, what others answer, its log.
#include "elect/answers.hpp"
#include "elect/held.hpp"
#include "elect/journal.hpp"
#include "elect/memory.hpp"
#include "fuzz.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(as_text(fuzz::bytes(data, size)));
    const auto each = [&](auto parse) { return fuzz::run([&] { parse(); }); };
    each([&] { static_cast<void>(elect::settings_of(elect::parse_config(text, "/i", "conf"))); });
    each([&] {
        const elect::Memory memory = elect::parse_memory(text);
        if (elect::parse_memory(elect::format_memory(memory)) != memory) __builtin_trap();
    });
    each([&] {
        const elect::Held held = elect::parse_held(text);
        // Whatever is held can be bid.
        static_cast<void>(failover::format_bid(elect::bid_of({.instance = "Name1", .number = 1}, held, 0, false)));
    });
    each([&] { static_cast<void>(elect::parse_sight(text)); });
    each([&] { static_cast<void>(elect::parse_acquired(text)); });
    each([&] { static_cast<void>(elect::parse_proofs(text, "b1")); });
    each([&] { static_cast<void>(elect::parse_bid_of({1, "Name1"}, text)); });
    each([&] {
        if (const auto entry = elect::parse_entry(text)) static_cast<void>(elect::format_entry(*entry));
    });
    return 0;
}
